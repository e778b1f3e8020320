"""What a connector does and did, over the wire: runs, orders, conflicts, quarantine, and a ticket at its helpdesk."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from services.tickets.domain.sync import Conflict, Owner, WriteKind, WriteState
from services.tickets.ports.sync import Problem, SyncRun
from services.tickets.schemas.requests import STORABLE
from services.tickets.schemas.sync.connectors import Ownership
from services.tickets.usecases.syncing.showing import Remote, ShownWrite


class RunIn(BaseModel):
    """`dry` looks at everything and changes nothing; `whole` reads everything within the filters anew."""

    model_config = ConfigDict(extra="forbid")
    dry: bool = False
    whole: bool = False


class RunOut(BaseModel):
    """`fresh` are tickets that were new here, or would be; `writes` orders that wait to be told."""

    run_id: str
    connector: str
    dry: bool
    whole: bool
    wanted_at: AwareDatetime
    wanted_by: str
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    pages: int
    tickets: int
    fresh: int
    problems: int
    writes: int
    failure: str | None


class WriteOut(BaseModel):
    """`payload` of what waits is what would be told now. A comment has `body` and `public`, its body only for who may read it."""

    write_id: str
    connector: str
    ticket_id: str
    number: int
    subject: str
    kind: WriteKind
    state: WriteState
    payload: dict[str, str]
    comment_id: str | None
    says: str
    recorded_at: AwareDatetime
    recorded_by: str
    attempted_at: AwareDatetime | None
    attempts: int
    done_at: AwareDatetime | None
    external_id: str | None
    problem: str | None


class SettledOut(BaseModel):
    """How many orders it was."""

    writes: int


class ConflictOut(BaseModel):
    """A field that was changed on both sides. `kept` says whose word stands, by which rule."""

    conflict_id: str
    ticket_id: str
    number: int
    field: str
    ours: str
    theirs: str
    ours_at: AwareDatetime | None
    theirs_at: AwareDatetime | None
    kept: Literal["ours", "theirs"]
    rule: Owner
    at: AwareDatetime


class ProblemOut(BaseModel):
    """An item of an answer as it came (for staff only), with the expression of the vendor file that fails on it."""

    problem_id: str
    answer: str
    item: dict[str, Any]
    expression: str
    reason: str
    at: AwareDatetime | None
    last_at: AwareDatetime | None
    times: int


class ReplayedOut(BaseModel):
    """What an item turned out to say: how many facts, of which tickets there."""

    facts: int
    external_ids: list[str]


class FieldOut(BaseModel):
    """`agreed`: nothing was changed here since both sides said the same."""

    field: str
    ours: str
    theirs: str | None
    owner: Owner
    agreed: bool


class RemoteIn(BaseModel):
    """Link a ticket, or say whose word counts for this one."""

    model_config = ConfigDict(extra="forbid")
    connector: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=STORABLE)]
    ownership: Ownership = {}


class RemoteOut(BaseModel):
    """A ticket at its helpdesk. `external_id` is null until it is known to be there."""

    connector: str
    external_id: str | None
    fields: list[FieldOut]
    seen_at: AwareDatetime | None
    read_wanted: bool
    gone_at: AwareDatetime | None
    linked_at: AwareDatetime
    writes: list[WriteOut]
    conflicts: list[ConflictOut]


def run_out(run: SyncRun) -> RunOut:
    return RunOut(
        run_id=run.run_id,
        connector=run.connector,
        dry=run.dry,
        whole=run.whole,
        wanted_at=run.wanted_at,
        wanted_by=run.wanted_by,
        started_at=run.started_at,
        finished_at=run.finished_at,
        pages=run.pages,
        tickets=run.tickets,
        fresh=run.fresh,
        problems=run.problems,
        writes=run.writes,
        failure=run.failure,
    )


def write_out(shown: ShownWrite) -> WriteOut:
    write = shown.write
    return WriteOut(
        write_id=write.write_id,
        connector=write.connector,
        ticket_id=write.ticket_id,
        number=shown.number,
        subject=shown.subject,
        kind=write.kind,
        state=write.state,
        payload=dict(shown.payload),
        comment_id=write.comment_id,
        says=shown.says,
        recorded_at=write.recorded_at,
        recorded_by=write.recorded_by,
        attempted_at=write.attempted_at,
        attempts=write.attempts,
        done_at=write.done_at,
        external_id=write.external_id,
        problem=write.problem,
    )


def conflict_out(conflict: Conflict, number: int) -> ConflictOut:
    return ConflictOut(
        conflict_id=conflict.conflict_id,
        ticket_id=conflict.ticket_id,
        number=number,
        field=conflict.field,
        ours=conflict.ours,
        theirs=conflict.theirs,
        ours_at=conflict.ours_at,
        theirs_at=conflict.theirs_at,
        kept=conflict.kept,
        rule=conflict.rule,
        at=conflict.at,
    )


def problem_out(problem: Problem, *, with_item: bool) -> ProblemOut:
    return ProblemOut(
        problem_id=problem.problem_id,
        answer=problem.answer,
        item=dict(problem.item) if with_item else {},
        expression=problem.expression,
        reason=problem.reason,
        at=problem.at,
        last_at=problem.last_at,
        times=problem.times,
    )


def remote_out(remote: Remote) -> RemoteOut:
    link = remote.link
    return RemoteOut(
        connector=link.connector,
        external_id=link.external_id,
        fields=[
            FieldOut(field=each.name, ours=each.ours, theirs=each.theirs, owner=each.owner, agreed=each.agreed)
            for each in remote.fields
        ],
        seen_at=link.seen_at,
        read_wanted=link.read_wanted,
        gone_at=link.gone_at,
        linked_at=link.linked_at,
        writes=[write_out(each) for each in remote.writes],
        conflicts=[conflict_out(conflict, number) for conflict, number in remote.conflicts],
    )
