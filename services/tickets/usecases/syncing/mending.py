"""Items of answers that could not be understood: understood again once the vendor file is mended, or dismissed."""

from datetime import datetime

from services.tickets.errors import StillNotUnderstood
from services.tickets.ports import TicketsUnit
from services.tickets.ports.sync import Problem
from services.tickets.usecases.applying import Arrival
from services.tickets.usecases.delivering import apply_facts
from services.tickets.usecases.syncing.vendors import Vendors
from shared.errors import FieldProblem, PermanentFailure
from shared.events.facts import HelpdeskFact
from shared.mapping import NotUnderstood, VendorFile, understand_item


async def replay_problem(
    unit: TicketsUnit, vendors: Vendors, problem_id: str, *, now: datetime, real_now: datetime
) -> list[HelpdeskFact]:
    """Understand an item with the vendor file as it is now, and apply what it says; its facts.

    It was so when it was read, and may be no more: its tickets are read anew as well. Raises `SyncProblemNotFound`,
    `StillNotUnderstood` with the expression that fails.
    """
    problem = await unit.sync_records.get_problem(problem_id)
    connector = await unit.connectors.get(problem.connector)
    try:
        vendor = await vendors.of(unit, connector)
    except PermanentFailure as failure:
        raise StillNotUnderstood(str(failure)) from failure
    facts = _understood(vendor, problem)
    arrival = Arrival(
        source=connector.name,
        delivery_id=problem.problem_id,
        received_at=problem.last_at or now,
        says=vendor.calls.says if vendor.calls is not None else {},
    )
    await apply_facts(unit, arrival, facts, now)
    await unit.remote_links.want_reads(connector.name, {fact.ticket.id for fact in facts})
    await unit.sync_records.solve_problem(problem_id, real_now)
    return facts


async def dismiss_problem(unit: TicketsUnit, problem_id: str, *, real_now: datetime) -> None:
    """Nothing is to be made of it. Raises `SyncProblemNotFound`. Read again, it is back."""
    await unit.sync_records.get_problem(problem_id)
    await unit.sync_records.solve_problem(problem_id, real_now)


def _understood(vendor: VendorFile, problem: Problem) -> list[HelpdeskFact]:
    try:
        found = understand_item(vendor, problem.answer, problem.item, context=problem.context)
    except NotUnderstood as failure:
        raise StillNotUnderstood(f"It fails still: {failure}") from failure
    if found.problems:
        first = found.problems[0]
        raise StillNotUnderstood(
            f"It fails still, at {first.expression}: {first.detail}",
            errors=[FieldProblem(each.expression, each.detail) for each in found.problems],
        )
    return [fact for fact in found.facts if isinstance(fact, HelpdeskFact)]
