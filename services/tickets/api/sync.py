"""REST: what a connector does and did: runs, orders, conflicts, quarantine; and a ticket at its helpdesk."""

from typing import Annotated

from fastapi import Query, Request, Response

from services.tickets.api.connectors import ConnectorName, Files
from services.tickets.api.reading import Name, TicketId, Unit
from services.tickets.domain.sync import RemoteWrite, WriteState
from services.tickets.ports import TicketsUnit
from services.tickets.schemas.sync import (
    ConflictOut,
    ProblemOut,
    RemoteIn,
    RemoteOut,
    ReplayedOut,
    RunIn,
    RunOut,
    SettledOut,
    WriteOut,
    conflict_out,
    owned,
    problem_out,
    remote_out,
    run_out,
    write_out,
)
from services.tickets.usecases.syncing.linking import link_ticket, unlink_ticket
from services.tickets.usecases.syncing.mending import dismiss_problem, replay_problem
from services.tickets.usecases.syncing.running import (
    ask_for_run,
    discard_write,
    discard_writes,
    retry_write,
    retry_writes,
)
from services.tickets.usecases.syncing.showing import show_conflicts, show_remote, show_writes
from services.tickets.usecases.syncing.vendors import Vendors
from shared.auth import STAFF, Identity
from shared.errors import FieldProblem, InvalidRequest
from shared.rest import Caller, Now, Page, Paging, RealNow, Router, page_of

router = Router(tags=["helpdesks"])
States = Annotated[str | None, Query(max_length=200, description="Only these, parted by commas: waiting,refused")]


@router.post("/v1/connectors/{name}/runs", status_code=202)
async def post_run(
    name: ConnectorName, wanted: RunIn, unit: Unit, caller: Caller, real_now: RealNow, response: Response
) -> RunOut:
    """Read the helpdesk now; a worker does it. A dry run looks at everything and changes nothing, here or there."""
    run = await ask_for_run(unit, name, dry=wanted.dry, whole=wanted.whole, by=caller.name, now=real_now)
    response.headers["Location"] = f"/v1/sync-runs/{run.run_id}"
    return run_out(run)


@router.get("/v1/sync-runs/{run_id}")
async def get_run(run_id: Name, unit: Unit) -> RunOut:
    """How far it is, and what came of it."""
    return run_out(await unit.sync_records.get_run(run_id))


@router.get("/v1/connectors/{name}/writes")
async def get_writes(
    name: ConnectorName,
    request: Request,
    response: Response,
    unit: Unit,
    files: Files,
    caller: Caller,
    paging: Paging,
    state: States = None,
) -> Page[WriteOut]:
    """What the helpdesk was and is to be told, the newest first: every write before the first one happens."""
    await unit.connectors.get(name)
    found, after = await unit.remote_writes.page(paging, connector=name, states=_states(state))
    return page_of(await _shown(unit, files, found, caller), after, request, response)


@router.post("/v1/connectors/{name}/writes/retry")
async def post_retry_all(name: ConnectorName, unit: Unit, real_now: RealNow) -> SettledOut:
    """Try everything again that was refused."""
    return SettledOut(writes=await retry_writes(unit, name, real_now))


@router.post("/v1/connectors/{name}/writes/discard")
async def post_discard_all(name: ConnectorName, unit: Unit, real_now: RealNow) -> SettledOut:
    """Tell nothing of what waits."""
    return SettledOut(writes=await discard_writes(unit, name, real_now))


@router.post("/v1/remote-writes/{write_id}/retry")
async def post_retry(write_id: Name, unit: Unit, files: Files, caller: Caller, real_now: RealNow) -> WriteOut:
    """Try an order again that was refused."""
    return (await _shown(unit, files, [await retry_write(unit, write_id, real_now)], caller))[0]


@router.post("/v1/remote-writes/{write_id}/discard")
async def post_discard(write_id: Name, unit: Unit, files: Files, caller: Caller, real_now: RealNow) -> WriteOut:
    """Never tell this. A ticket that is then not made there is linked no more."""
    return (await _shown(unit, files, [await discard_write(unit, write_id, real_now)], caller))[0]


@router.get("/v1/connectors/{name}/conflicts")
async def get_conflicts(
    name: ConnectorName, request: Request, response: Response, unit: Unit, paging: Paging
) -> Page[ConflictOut]:
    """Fields that were changed on both sides, and whose word stands, the newest first."""
    await unit.connectors.get(name)
    found, after = await unit.remote_links.page_conflicts(paging, connector=name)
    told = [conflict_out(conflict, number) for conflict, number in await show_conflicts(unit, found)]
    return page_of(told, after, request, response)


@router.get("/v1/connectors/{name}/problems")
async def get_problems(
    name: ConnectorName, request: Request, response: Response, unit: Unit, caller: Caller, paging: Paging
) -> Page[ProblemOut]:
    """Items of its answers that could not be understood, the newest first."""
    await unit.connectors.get(name)
    found, after = await unit.sync_records.page_problems(paging, connector=name)
    with_item = bool(caller.roles & STAFF)
    return page_of([problem_out(each, with_item=with_item) for each in found], after, request, response)


@router.post("/v1/sync-problems/{problem_id}/replay")
async def post_replay(problem_id: Name, unit: Unit, files: Files, now: Now, real_now: RealNow) -> ReplayedOut:
    """Understand an item with the vendor file as it is now, and apply what it says."""
    facts = await replay_problem(unit, files, problem_id, now=now, real_now=real_now)
    return ReplayedOut(facts=len(facts), external_ids=list(dict.fromkeys(fact.ticket.id for fact in facts)))


@router.post("/v1/sync-problems/{problem_id}/dismiss", status_code=204)
async def post_dismissal(problem_id: Name, unit: Unit, real_now: RealNow) -> None:
    """Nothing is to be made of an item."""
    await dismiss_problem(unit, problem_id, real_now=real_now)


@router.get("/v1/tickets/{ticket_id}/remote")
async def get_remote(ticket_id: TicketId, unit: Unit, files: Files, caller: Caller) -> RemoteOut:
    """A ticket at its helpdesk: field by field, what was told, and where both sides differed."""
    return await _remote(unit, files, ticket_id, caller)


@router.put("/v1/tickets/{ticket_id}/remote")
async def put_remote(
    ticket_id: TicketId, wanted: RemoteIn, unit: Unit, files: Files, caller: Caller, now: Now
) -> RemoteOut:
    """Have a ticket at a helpdesk as well, with its comments; or say whose word counts for one that is there."""
    await link_ticket(unit, files, ticket_id, wanted.connector, owned(wanted.ownership), by=caller.name, now=now)
    return await _remote(unit, files, ticket_id, caller)


@router.delete("/v1/tickets/{ticket_id}/remote", status_code=204)
async def delete_remote(ticket_id: TicketId, unit: Unit, caller: Caller, now: Now, real_now: RealNow) -> None:
    """Tell its helpdesk nothing more of a ticket. It stays on both sides."""
    await unlink_ticket(unit, ticket_id, by=caller.name, now=now, real_now=real_now)


async def _remote(unit: TicketsUnit, files: Vendors, ticket_id: str, caller: Identity) -> RemoteOut:
    return remote_out(await show_remote(unit, files, ticket_id, internal_too=bool(caller.roles & STAFF)))


async def _shown(unit: TicketsUnit, files: Vendors, writes: list[RemoteWrite], caller: Identity) -> list[WriteOut]:
    shown = await show_writes(unit, files, writes, internal_too=bool(caller.roles & STAFF))
    return [write_out(each) for each in shown]


def _states(told: str | None) -> set[WriteState]:
    words = [word.strip() for word in (told or "").split(",") if word.strip()]
    try:
        return {WriteState(word) for word in words}
    except ValueError as error:
        known = ", ".join(state.value for state in WriteState)
        raise InvalidRequest(
            f"query/state: {error}.", errors=[FieldProblem("query/state", f"known are {known}")]
        ) from error
