"""The change calendar."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.rollout.domain.calendar import Freeze
from services.rollout.schemas.orders import Body, GivenReason, Planned

FreezeName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]


class FreezeBody(Body):
    from_: Planned = Field(alias="from")
    to: Planned
    reason: GivenReason


class FreezeOut(BaseModel):
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)
    name: str
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    reason: str
    in_force: bool

    @classmethod
    def of(cls, freeze: Freeze, now: datetime) -> "FreezeOut":
        return cls(
            name=freeze.name, from_=freeze.from_at, to=freeze.to_at, reason=freeze.reason, in_force=freeze.covers(now)
        )


class FreezesOut(BaseModel):
    items: list[FreezeOut]
