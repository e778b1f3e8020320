"""What learning systems delivered to the gateway, and how its sources are set up."""

from services.rollout.ports.learning import LearningUnit
from services.rollout.usecases.learning import LearningDesk
from shared.consumer import Handler
from shared.events.envelope import Event
from shared.events.gateway import LmsDelivered, SourceChanged


def learning_handlers() -> dict[type[Event], Handler[LearningUnit]]:
    """For `Runtime.consume("rollout-learning", stream="gateway", handlers=...)`."""
    desk = LearningDesk()
    return {SourceChanged: desk.learn_source, LmsDelivered: desk.take_delivery}
