"""What may be sent. Whatever is not known here is refused."""

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
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000, pattern=STORABLE)]
MinutesLost = Annotated[int, Field(ge=0, le=100_000_000)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")]


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
    team: Line | None = None
    assignee: Line | None = None
    impact: Paragraph | None = None
    """Who cannot do what because of it; a P1 needs it."""
    cause: Paragraph | None = None
    minutes_lost: MinutesLost | None = None
    """Working time lost so far, of everybody together."""


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
    kind: Kind = Kind.INCIDENT
    team: Line | None = None
    impact: Paragraph | None = None
    cause: Paragraph | None = None
    minutes_lost: MinutesLost | None = None
    major: bool = False
    """A major incident: its children wait for it and are solved with it."""
    attribution: WaveIn | None = None


Body = Annotated[Text, StringConstraints(min_length=1)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000, pattern=STORABLE)]


class CommentIn(_In):
    """`author_role` is for those who write on behalf of somebody; without it, the caller's role decides.

    `status` is set with the comment in one act: answered and solved. `notify_children` says a public comment on a major
    incident on each of its children too.
    """

    body: Body
    public: bool = True
    author_role: Literal["agent", "requester", "bot"] | None = None
    author: RequesterIn | None = None
    status: Status | None = None
    notify_children: bool = False


class CommentPatch(_In):
    """What it said before is kept. A comment made internal answers nobody any more."""

    body: Body = ""
    public: bool = True


class RetractionIn(_In):
    reason: Reason


class MergeIn(_In):
    """`into` is the id or the number of the ticket that goes on."""

    into: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=STORABLE)]
    reason: Reason


class UnmergeIn(_In):
    reason: Reason


class BulkChange(_In):
    """As `TicketPatch`; tags can be added and taken away without touching the others."""

    status: Status = Status.OPEN
    priority: Priority = Priority.P3
    kind: Kind = Kind.INCIDENT
    team: Line | None = None
    assignee: Line | None = None
    impact: Paragraph | None = None
    cause: Paragraph | None = None
    system: Line | None = None
    course: Line | None = None
    attribution: WaveIn | None = None
    tags: Tags | None = None
    add_tags: Tags = []
    remove_tags: Tags = []


class BulkComment(_In):
    body: Body
    public: bool = True


class BulkIn(_In):
    """`tickets` are ids or numbers. `versions` names the version that was read where a change must not overwrite another."""

    tickets: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=STORABLE)]],
        Field(min_length=1, max_length=500),
    ]
    versions: Annotated[dict[str, int], Field(max_length=500)] = {}
    change: BulkChange = BulkChange()
    comment: BulkComment | None = None

    @model_validator(mode="after")
    def _does_something(self) -> "BulkIn":
        if not self.change.model_fields_set and self.comment is None:
            raise ValueError("say what shall change, or what shall be written")
        return self


class TeamIn(_In):
    """`members` and `lead` are e-mail addresses, as `assignee` is; `email` reaches the whole team."""

    email: Email | None = None
    lead: Email | None = None
    members: Annotated[list[Email], Field(max_length=1_000)] = []


class ViewIn(_In):
    """`query` is what follows the `?` of `GET /v1/tickets`."""

    query: Annotated[str, StringConstraints(max_length=2_000, pattern=STORABLE)]
    shared: bool = False
