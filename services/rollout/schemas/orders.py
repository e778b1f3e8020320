"""What the orders of people take and answer."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.rollout.schemas.rollouts import WaveOut

_PLAIN = r"^[^\x00]*$"
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000, pattern=_PLAIN)]
GivenReason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=_PLAIN)]
Planned = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
"""An instant that somebody may mean; far ones cannot be turned into other zones."""


class Body(BaseModel):
    """What a caller sends: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class PromoteBody(Body):
    """`full` skips gates and bake time, and needs a reason."""

    reason: Reason = ""
    full: bool = False


class ReasonBody(Body):
    reason: Reason = ""


class PauseBody(Body):
    reason: Reason = ""
    expires_at: Planned | None = None


class HoldBody(Body):
    reason: GivenReason
    next_step: Reason = ""
    expires_at: Planned | None = None


class AbortBody(Body):
    """`roll_back` also un-enrols whoever has not begun."""

    reason: Reason = ""
    roll_back: bool = False


class OrderOut(BaseModel):
    """A wave before and after an order."""

    rollout: str
    wave: str
    before: WaveOut
    after: WaveOut
