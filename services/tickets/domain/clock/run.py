"""The clocks of a ticket from its moments, and what a moment that was taken back leaves behind.

What was taken back counts as never having happened. Yet nobody could act on what was not so then: while an answer stood that
was retracted later, nobody owed one. So a breach of the history as it stands is dated at the first instant at which, by
what stood at that instant, the clock was breached. A clock that was breached either way keeps its instant.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.tickets.domain.clock.hand import Hand
from services.tickets.domain.clock.replay import Replay
from services.tickets.domain.clock.values import FOREVER, Cause, Clock, ClockKey
from services.tickets.domain.moment import Moment, MomentKind, Opening, with_retractions
from services.tickets.domain.policy import Policy, Target


def run_clocks(
    ticket_id: str,
    moments: Iterable[Moment],
    book: Mapping[str, Policy],
    until: datetime,
    otherwise: Opening | None = None,
) -> dict[ClockKey, Clock]:
    """The clocks of a ticket as they stand at `until`, or at its last moment if that is later. What was never promised is
    left out.

    `book` holds the versions that the moments name, by label; `otherwise` is what an opening was that does not say it itself.
    The result does not depend on the order of `moments`. Raises `UnknownPolicy`, `NeverDue`.
    """
    said = with_retractions(moments)
    standing = [moment for moment in said if moment.taken_back_at is None]
    replay = Replay(book, otherwise)
    until = replay.play(standing, until)
    if len(standing) < len(said):
        _date_breaches(replay.hands, said, book, until, otherwise)
    clocks = {}
    for hand in replay.hands:
        clock = hand.frozen(ticket_id, until)
        if clock is not None:
            clocks[clock.target, clock.cycle] = clock
    return clocks


def _date_breaches(
    hands: list[Hand], said: list[Moment], book: Mapping[str, Policy], until: datetime, otherwise: Opening | None
) -> None:
    believed = _Believed(said, book, until, otherwise)
    for hand in hands:
        if hand.breached_at is not None:
            hand.breached_at, hand.cause = believed.breach(hand, hand.breached_at)


class _Believed:
    """What stood at an instant: everything but what had been taken back by then. Each such world is played when needed."""

    def __init__(
        self, said: list[Moment], book: Mapping[str, Policy], until: datetime, otherwise: Opening | None
    ) -> None:
        self._said = said
        self._book = book
        self._until = until
        self._otherwise = otherwise
        self._ends = sorted({each.taken_back_at for each in said if each.taken_back_at is not None})
        self._worlds: dict[datetime, dict[tuple[Target, datetime], Hand]] = {}

    def breach(self, hand: Hand, breached_at: datetime) -> tuple[datetime, Cause]:
        """When and why the clock counts as breached, which in the history as it stands it is at `breached_at`."""
        at, cause = breached_at, hand.cause
        for ends_at in self._ends:
            if ends_at <= at:
                continue
            if not any(each.at <= at for each in self._taken_back(ends_at)):
                # Nothing that is gone by now had begun to count: up to here, what stood is what stands.
                return at, cause
            then = self._world(ends_at).get((hand.target, hand.began_at))
            if then is not None and then.breached_at is not None and then.breached_at < ends_at:
                return (at, cause) if then.breached_at <= at else (then.breached_at, then.cause)
            at, cause = ends_at, self._cause(ends_at)
        return at, cause

    def _taken_back(self, since: datetime) -> Iterable[Moment]:
        """What was taken back at `since` or later."""
        return (each for each in self._said if each.taken_back_at is not None and each.taken_back_at >= since)

    def _world(self, ends_at: datetime) -> dict[tuple[Target, datetime], Hand]:
        """The clocks by what stood until `ends_at`."""
        world = self._worlds.get(ends_at)
        if world is None:
            replay = Replay(self._book, self._otherwise)
            replay.play((each for each in self._said if (each.taken_back_at or FOREVER) >= ends_at), self._until)
            world = self._worlds[ends_at] = {(hand.target, hand.began_at): hand for hand in replay.hands}
        return world

    def _cause(self, ends_at: datetime) -> Cause:
        kinds = {each.kind for each in self._said if each.taken_back_at == ends_at}
        return Cause.RETARGET if MomentKind.POLICY in kinds else Cause.RETRACTED
