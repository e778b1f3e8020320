"""What may be sent. Whatever is not known here is refused."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.tickets.domain.policy import Priority, Status
from services.tickets.domain.ticket import Kind

STORABLE = r"^[^\x00]*$"
"""PostgreSQL's texts hold every character but NUL."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=STORABLE)]
Text = Annotated[str, StringConstraints(max_length=60_000, pattern=STORABLE)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=STORABLE)]
Tags = Annotated[list[Tag], Field(max_length=100)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")]
Hours = Annotated[str, StringConstraints(max_length=11)]
DAY_NAMES = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MOST_MINUTES = 2 * 366 * 24 * 60


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RequesterIn(_In):
    """Who needs help, when it is not the caller."""

    email: Email
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=STORABLE)] = ""


class TicketIn(_In):
    subject: Line
    description: Text = ""
    priority: Priority = Priority.P3
    kind: Kind = Kind.INCIDENT
    requester: RequesterIn | None = None
    tags: Tags = []
    course: Line | None = None
    """The course's id in its learning system, where the ticket is about one."""
    system: Line | None = None
    """The system that is affected."""


class WaveIn(_In):
    rollout: Line
    wave: Line


class TicketPatch(_In):
    """JSON Merge Patch: what is sent is changed, null clears where something can be empty."""

    subject: Line = ""
    description: Text = ""
    status: Status = Status.OPEN
    priority: Priority = Priority.P3
    assignee: Line | None = None
    tags: Tags | None = None
    course: Line | None = None
    system: Line | None = None
    attribution: WaveIn | None = None


class CommentIn(_In):
    """`author_role` is for those who write on behalf of somebody; without it, the caller's role decides."""

    body: Annotated[Text, StringConstraints(min_length=1)]
    public: bool = True
    author_role: Literal["agent", "requester", "bot"] | None = None
    author: RequesterIn | None = None


class HoursIn(_In):
    """Wall-clock windows like `09:00-17:00`, ascending; a window over midnight is written as two, `24:00` ends a day."""

    zone: Annotated[str, StringConstraints(max_length=100)]
    hours: dict[DAY_NAMES, Annotated[list[Hours], Field(max_length=24)]]
    holidays: Annotated[list[date], Field(max_length=5_000)] = []


class TargetsIn(_In):
    """Minutes of business time; an absent target promises nothing."""

    first_response_minutes: Annotated[int, Field(gt=0, le=MOST_MINUTES)] | None = None
    resolution_minutes: Annotated[int, Field(gt=0, le=MOST_MINUTES)] | None = None


class PolicyIn(_In):
    calendar: HoursIn
    targets: dict[Priority, TargetsIn]
    pause_on: Annotated[list[Literal["pending", "on_hold"]], Field(max_length=2)] = ["pending", "on_hold"]

    @model_validator(mode="after")
    def _needs_targets(self) -> "PolicyIn":
        if not self.targets:
            raise ValueError("a policy needs targets for at least one priority")
        return self
