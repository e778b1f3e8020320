"""Who keeps a copy of a row in memory is told after the commit that changed it: never before, never for a rollback."""

from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import event

from shared.database import UnitOfWork

Topic = Literal["sources", "keys", "notices"]


class ChangeBoard:
    """Listeners per topic, for one process. Other processes learn of a change when their copies grow old."""

    def __init__(self) -> None:
        self._listeners: dict[Topic, list[Callable[[], None]]] = {"sources": [], "keys": [], "notices": []}

    def listen(self, topic: Topic, listener: Callable[[], None]) -> None:
        self._listeners[topic].append(listener)

    def tell_after_commit(self, work: UnitOfWork, topic: Topic) -> None:
        """Call the topic's listeners once this transaction is committed."""

        def tell(_: Any) -> None:
            for listener in self._listeners[topic]:
                listener()

        event.listen(work.session.sync_session, "after_commit", tell, once=True)
