"""What learning systems delivered to the gateway, and how its sources are set up."""

from services.rollout.ports.learning import LearningUnit
from services.rollout.usecases.learning import LearningDesk
from shared.clock import BusinessClock
from shared.consumer import Handler
from shared.events.envelope import Event
from shared.events.gateway import LmsDelivered, SourceChanged


def learning_handlers(business: BusinessClock | None = None) -> dict[type[Event], Handler[LearningUnit]]:
    """For `Runtime.consume("rollout-learning", stream="gateway", handlers=...)`.

    `business` orders facts that came without a time; without it their order is by real time.
    """
    desk = LearningDesk(business)
    return {SourceChanged: desk.learn_source, LmsDelivered: desk.take_delivery}
