"""What the list of tickets is asked for: filters in the address, or those of a saved view."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from services.tickets.api.reading import ON_BEHALF
from services.tickets.domain.policy import Priority, Status
from services.tickets.domain.ticket import Kind
from services.tickets.ports import Sla, Sort, TicketFilter
from services.tickets.schemas import STORABLE
from shared.auth import Identity
from shared.errors import FieldProblem, InvalidRequest

AT_RISK_FOR = timedelta(hours=4)
"""Due within this (real) time: the same as `GET /v1/clocks/at-risk` takes where nobody says otherwise."""
ME, NOBODY = "me", "none"
Short = Annotated[str, StringConstraints(max_length=300, pattern=STORABLE)]


class QueueQuery(BaseModel):
    """The filters by their names in the address. None and [] do not cut."""

    model_config = ConfigDict(extra="forbid")
    status: Annotated[list[Status], Field(max_length=20)] = []
    priority: Annotated[list[Priority], Field(max_length=20)] = []
    kind: Annotated[list[Kind], Field(max_length=20)] = []
    team: Annotated[list[Short], Field(max_length=50)] = []
    assignee: Short | None = None
    source: Short | None = None
    rollout: Short | None = None
    wave: Short | None = None
    requester: Short | None = None
    sla: Sla | None = None
    q: Annotated[str, StringConstraints(max_length=200, pattern=STORABLE)] | None = None
    sort: Sort | None = None

    def over(self, other: "QueueQuery") -> "QueueQuery":
        """This one's filters, and the other's where this one has none."""
        mine = {name: value for name, value in self if value not in (None, [])}
        return other.model_copy(update=mine)

    def cut(self, caller: Identity, now: datetime) -> TicketFilter:
        """As the repository takes it. Only the desk's own people find what only they can read."""
        assignee = self.assignee
        if assignee == ME:
            assignee = caller.email or caller.name
        return TicketFilter(
            statuses=tuple(self.status),
            priorities=tuple(self.priority),
            kinds=tuple(self.kind),
            teams=tuple("" if team == NOBODY else team for team in self.team),
            assignee="" if assignee == NOBODY else assignee,
            source=self.source,
            rollout=self.rollout,
            wave=self.wave,
            requester=self.requester,
            sla=self.sla,
            text=self.q,
            internal_too=bool(caller.roles & ON_BEHALF),
            sort=self.sort,
            now=now,
            at_risk_until=now + AT_RISK_FOR,
        )


def _read(
    status: Annotated[list[Status] | None, Query(description="May be repeated.")] = None,
    priority: Annotated[list[Priority] | None, Query(description="May be repeated.")] = None,
    kind: Annotated[list[Kind] | None, Query(description="May be repeated.")] = None,
    team: Annotated[list[Short] | None, Query(description="May be repeated; `none` for tickets of no team.")] = None,
    assignee: Annotated[Short | None, Query(description="As tickets name them; `me`, or `none` for nobody.")] = None,
    source: Annotated[Short | None, Query(description="The helpdesk it was synced from.")] = None,
    rollout: Annotated[Short | None, Query()] = None,
    wave: Annotated[Short | None, Query()] = None,
    requester: Annotated[
        Short | None, Query(description="An e-mail address, or the id of a contact or person.")
    ] = None,
    sla: Annotated[
        Sla | None, Query(description="How the ticket's clocks stand; at risk: due within four hours.")
    ] = None,
    q: Annotated[
        str | None,
        Query(max_length=200, pattern=STORABLE, description="All of these words; the last may be a beginning."),
    ] = None,
    sort: Annotated[
        Sort | None, Query(description="Newest first unless there are words to look for: then the best match first.")
    ] = None,
) -> QueueQuery:
    return QueueQuery(
        status=status or [],
        priority=priority or [],
        kind=kind or [],
        team=team or [],
        assignee=assignee,
        source=source,
        rollout=rollout,
        wave=wave,
        requester=requester,
        sla=sla,
        q=q,
        sort=sort,
    )


Cut = Annotated[QueueQuery, Depends(_read)]
_LISTS = ("status", "priority", "kind", "team")


def read_saved(query: str) -> QueueQuery:
    """What a saved view asks for. Raises `InvalidRequest` for what the list does not know."""
    given = parse_qs(query.removeprefix("?"), keep_blank_values=False)
    values: dict[str, Any] = {name: found if name in _LISTS else found[-1] for name, found in given.items()}
    try:
        return QueueQuery.model_validate(values)
    except ValidationError as problem:
        places = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problem.errors()]
        raise InvalidRequest(
            "The view asks for something that the list of tickets does not know.",
            errors=[FieldProblem("/query", place) for place in places],
        ) from problem
