"""Migrations of open tickets: in chunks, one runner, resumed after a kill, never two over the same tickets, back to the byte."""

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.tickets.ports import Phase
from services.tickets.usecases.policies import MigrationRunner
from shared.auth import Role
from tests.integration.tickets.desk import HOUR, MINUTE, TicketsDesk
from tests.integration.tickets.test_calendars_api import BERLIN, close, put_calendar
from tests.integration.tickets.test_policies_api import put, rule, sign_both
from tests.support import migration_process
from tests.support.processes import ended, start

QUICK = {f"P{each}": {"first_response_minutes": 10 * each, "resolution_minutes": 300 * each} for each in range(1, 5)}


async def order(desk: TicketsDesk, path: str, status: int = 202, **said: Any) -> Any:
    answer = await desk.ask("POST", f"/v1/migrations{path}", Role.IT_LEAD, json=said)
    assert answer.status_code == status, answer.text
    return answer.json()


async def order_preview(desk: TicketsDesk, old: str, new: str, **said: Any) -> Any:
    said |= {"from": old, "to": new}
    return await order(desk, "", **said)


async def preview(desk: TicketsDesk, old: str, new: str, **said: Any) -> Any:
    made = await order_preview(desk, old, new, **said)
    assert made["state"] == "previewing"
    await run(desk)
    return await desk.get(f"/v1/migrations/{made['migration_id']}")


async def run(desk: TicketsDesk, at_once: int = 2) -> int:
    """The runner until nothing is left, a few tickets at a time; how many chunks."""
    runner = MigrationRunner(desk.database, business=desk.runtime.business, at_once=at_once)
    chunks = 0
    while await runner.step():
        chunks += 1
    return chunks


async def dump(desk: TicketsDesk, table: str = "clocks") -> list[tuple[Any, ...]]:
    async with desk.database.read_work() as work:
        found = await work.session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))  # our own names
        return [tuple(row) for row in found]


async def published(desk: TicketsDesk, targets: Any = QUICK, **said: Any) -> str:
    made = await put(desk, rule(targets=targets, **said))
    await sign_both(desk, f"standard@{made['version']}")
    return f"standard@{made['version']}"


async def opened(desk: TicketsDesk, count: int) -> list[Any]:
    return [await desk.open_ticket(priority=f"P{index % 4 + 1}") for index in range(count)]


async def test_chunks_go_through_every_ticket_once_and_progress_can_be_read(desk: TicketsDesk) -> None:
    await opened(desk, 5)
    new = await published(desk)
    made = await order_preview(desk, "standard@1", new)
    assert made["progress"] == {"done": 0, "total": 5}
    runner = MigrationRunner(desk.database, business=desk.runtime.business, at_once=2)
    seen = []
    while await runner.step():
        found = await desk.get(f"/v1/migrations/{made['migration_id']}")
        seen.append((found["state"], found["progress"]["done"]))
    assert seen == [("previewing", 2), ("previewing", 4), ("previewed", 5)]
    done = await desk.get(f"/v1/migrations/{made['migration_id']}")
    assert (done["counts"]["tickets"], done["counts"]["clocks"]) == (5, 10)
    assert len(done["samples"]) == 10
    sample = done["samples"][0]
    assert (sample["effect"], sample["number"], sample["due_before"], sample["due_after"]) == (
        "earlier",
        1,
        "2026-11-23T10:00:00Z",
        "2026-11-23T09:10:00Z",
    )


async def test_undo_brings_every_clock_back_to_the_byte_and_takes_back_what_was_newly_breached(
    desk: TicketsDesk,
) -> None:
    tickets = await opened(desk, 6)
    desk.clock.advance(5 * MINUTE)
    await desk.patch(tickets[1], status="pending")
    desk.clock.advance(25 * MINUTE)
    await desk.patch(await desk.ticket(2), status="open")
    await desk.patch(tickets[2], status="solved")
    await desk.patch(tickets[3], status="on_hold")
    # Other hours, other targets, a new promise and one that is dropped.
    hours = {"zone": "Europe/Berlin", "hours": {"monday": ["08:00-14:00"], "friday": ["22:00-06:00"]}}
    targets = {f"P{each}": {"first_response_minutes": 20, "next_response_minutes": 30} for each in (1, 2)} | {
        f"P{each}": {"first_response_minutes": 500, "resolution_minutes": 600} for each in (3, 4)
    }
    new = await published(desk, targets, calendar=hours)
    before, numbers = await dump(desk), [ticket["number"] for ticket in tickets]
    found = await preview(desk, "standard@1", new)
    assert await dump(desk) == before
    path = f"/{found['migration_id']}"
    desk.clock.advance(MINUTE)
    await order(desk, f"{path}/apply")
    assert await run(desk) == 4
    between = await dump(desk)
    assert between != before
    assert {(await desk.ticket(number))["policy"] for number in numbers} == {new}
    breached = await desk.told("tickets.clock.breached")
    assert {(each["cause"], each["breached_at"]) for each in breached} == {("retarget", "2026-11-23T09:31:00Z")}
    applied = await desk.get(f"/v1/migrations{path}")
    assert applied["applied"]["newly_breached"] == len(breached) == found["counts"]["newly_breached"] > 0
    assert applied["applied"]["cancelled"] == found["counts"]["cancelled"] > 0
    desk.clock.advance(MINUTE)
    await order(desk, f"{path}/undo")
    await run(desk)
    assert await dump(desk) == before
    assert (await desk.get(f"/v1/migrations{path}"))["state"] == "undone"
    assert len(await desk.told("tickets.clock.breach_withdrawn")) == len(breached)
    assert {(await desk.ticket(number))["policy"] for number in numbers} == {"standard@1"}
    kinds = [entry["kind"] for entry in (await desk.get(f"/v1/tickets/{tickets[0]['ticket_id']}/history"))["items"]]
    assert (kinds.count("policy"), kinds.count("policy_undone")) == (1, 1)
    # The same moments again are no news: what comes next counts under the old promise.
    assert (await desk.clock_of(tickets[0]))["due_at"] == "2026-11-23T10:00:00Z"


async def test_a_ticket_that_was_finished_meanwhile_keeps_what_it_was_finished_under(desk: TicketsDesk) -> None:
    first, second = await opened(desk, 2)
    new = await published(desk)
    found = await preview(desk, "standard@1", new)
    await order(desk, f"/{found['migration_id']}/apply")
    await run(desk)
    desk.clock.advance(5 * MINUTE)
    solved = await desk.patch(await desk.ticket(first["number"]), status="solved")
    clocks = await desk.get(f"/v1/tickets/{first['ticket_id']}/clocks")
    await order(desk, f"/{found['migration_id']}/undo")
    await run(desk)
    assert await desk.get(f"/v1/tickets/{first['ticket_id']}/clocks") == clocks
    assert (solved["policy"], (await desk.ticket(first["number"]))["policy"]) == (new, new)
    assert (await desk.ticket(second["number"]))["policy"] == "standard@1"
    assert (await desk.get(f"/v1/migrations/{found['migration_id']}"))["applied"]["kept"] == 1


async def test_orders_come_in_their_order_or_not_at_all(desk: TicketsDesk) -> None:
    await opened(desk, 1)
    proposed = f"standard@{(await put(desk, rule(targets=QUICK)))['version']}"
    made = await order_preview(desk, "standard@1", proposed)
    path = f"/{made['migration_id']}"
    assert (await order(desk, f"{path}/apply", 409))["code"] == "migration_not_ready"
    await run(desk)
    unsigned = await order(desk, f"{path}/apply", 409)
    assert (unsigned["code"], "signed" in unsigned["detail"] or "sign" in unsigned["detail"]) == (
        "migration_not_ready",
        True,
    )
    assert (await order(desk, f"{path}/undo", 409))["code"] == "migration_not_ready"
    await sign_both(desk, proposed)
    await order(desk, f"{path}/apply")
    await run(desk)
    assert (await order(desk, f"{path}/apply", 409))["code"] == "migration_not_ready"
    assert (await order(desk, "/none/apply", 404))["code"] == "migration_not_found"
    assert (await order(desk, "", 404, **{"from": "gold@1", "to": proposed}))["code"] == "policy_not_found"
    assert (await order(desk, "", 422, **{"from": proposed, "to": proposed}))["errors"][0]["pointer"] == "/to"
    assert (await order(desk, "", 422, **{"from": "standard", "to": proposed}))["errors"][0]["pointer"] == "/from"


async def test_two_migrations_never_run_over_the_same_tickets(desk: TicketsDesk) -> None:
    await opened(desk, 3)
    second, third = await published(desk), await published(desk, {"P1": {"resolution_minutes": 100}})
    one, two = await preview(desk, "standard@1", second), await preview(desk, "standard@1", third)
    onward = await preview(desk, second, third)
    await order(desk, f"/{one['migration_id']}/apply")
    for other in (two, onward):
        refused = await order(desk, f"/{other['migration_id']}/apply", 409)
        assert (refused["code"], one["migration_id"] in refused["detail"]) == ("migrations_overlap", True)
    await run(desk)
    desk.clock.advance(MINUTE)
    await order(desk, f"/{onward['migration_id']}/apply")
    await run(desk)
    refused = await order(desk, f"/{one['migration_id']}/undo", 409)
    assert (refused["code"], onward["migration_id"] in refused["detail"]) == ("migrations_overlap", True)
    for each in (onward, one):
        desk.clock.advance(MINUTE)
        await order(desk, f"/{each['migration_id']}/undo")
        await run(desk)
    assert (await desk.ticket(1))["policy"] == "standard@1"


async def test_a_half_applied_migration_can_be_taken_back(desk: TicketsDesk) -> None:
    await opened(desk, 5)
    new = await published(desk)
    before = await dump(desk)
    found = await preview(desk, "standard@1", new)
    await order(desk, f"/{found['migration_id']}/apply")
    runner = MigrationRunner(desk.database, business=desk.runtime.business, at_once=2)
    await runner.step()
    assert await dump(desk) != before
    await order(desk, f"/{found['migration_id']}/undo")
    await run(desk)
    assert await dump(desk) == before


async def test_a_runner_that_does_not_know_yet_that_another_one_took_over_does_nothing(desk: TicketsDesk) -> None:
    await opened(desk, 4)
    found = await preview(desk, "standard@1", await published(desk))
    await order(desk, f"/{found['migration_id']}/apply")

    class Slow:
        """Gives the other runner time to do the same chunk between finding it and doing it."""

        @asynccontextmanager
        async def read(self) -> AsyncIterator[Any]:
            async with desk.database.read() as unit:
                yield unit
            runner = MigrationRunner(desk.database, business=desk.runtime.business, at_once=2)
            await runner.step()

        def unit(self) -> Any:
            return desk.database.unit()

    await MigrationRunner(Slow(), business=desk.runtime.business, at_once=2).step()
    assert (await desk.get(f"/v1/migrations/{found['migration_id']}"))["progress"]["done"] == 2
    await run(desk)
    moments = [row for row in await dump(desk, "moments") if "policy" in row]
    assert len(moments) == 4


@pytest.mark.timeout(300)
async def test_a_process_killed_in_the_middle_goes_on_where_it_was(
    service_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = service_database("tickets")
    desk = TicketsDesk(url)
    try:
        await opened(desk, 16)
        found = await preview(desk, "standard@1", await published(desk))
        before = await dump(desk)
        await order(desk, f"/{found['migration_id']}/apply")
        assert (
            await ended(await start(migration_process.run, url, 2, crash_at="migration.chunk:3"), 100)
            == -signal.SIGKILL
        )
        part = await desk.get(f"/v1/migrations/{found['migration_id']}")
        assert (part["state"], part["progress"]["done"]) == ("applying", 2 * 2)
        assert len([row for row in await dump(desk, "moments") if "policy" in row]) == part["progress"]["done"]
        await run(desk)
        done = await desk.get(f"/v1/migrations/{found['migration_id']}")
        assert (done["state"], done["applied"]["tickets"], done["applied"]["clocks"]) == ("applied", 16, 32)
        assert len([row for row in await dump(desk, "moments") if "policy" in row]) == 16
        await order(desk, f"/{found['migration_id']}/undo")
        assert (
            await ended(await start(migration_process.run, url, 2, crash_at="migration.committed:3"), 100)
            == -signal.SIGKILL
        )
        part = await desk.get(f"/v1/migrations/{found['migration_id']}")
        assert (part["state"], part["progress"]["done"]) == ("undoing", 3 * 2)
        await run(desk)
        assert await dump(desk) == before
    finally:
        await desk.stop()


async def test_a_day_that_has_passed_keeps_breaches_and_flags_those_that_need_not_have_been(desk: TicketsDesk) -> None:
    await put_calendar(desk, {"zone": "UTC", "hours": BERLIN["hours"]})
    await sign_both(desk, f"standard@{(await put(desk, rule(calendar='berlin')))['version']}")
    overdue = await desk.open_ticket(priority="P1")
    solved = await desk.open_ticket(priority="P1")
    closed = await desk.open_ticket(priority="P1")
    desk.clock.advance(HOUR)
    await desk.run_due()
    await desk.patch(await desk.ticket(solved["number"]), status="solved")
    await desk.patch(await desk.ticket(closed["number"]), status="closed")
    desk.clock.advance(timedelta(days=1) - HOUR + 10 * MINUTE)
    late = await desk.open_ticket(priority="P1")
    desk.clock.advance(40 * MINUTE)
    await desk.run_due()
    before = await dump(desk)
    tried = await close(desk, dates=["2026-11-23"], retroactive=True, migrate="preview")
    await run(desk)
    found = await desk.get(f"/v1/migrations/{tried['migration_id']}")
    assert found["counts"]["would_not_have_breached"] == 3
    await order(desk, f"/{tried['migration_id']}/apply")
    await run(desk)
    # By Tuesday 09:50 half an hour had passed in the corrected hours too, four hours had not.
    assert {row["clock_id"]: row["needless"] for row in await _ledger(desk)} == {
        f"{overdue['ticket_id']}:first_response:1": False,
        f"{overdue['ticket_id']}:resolution:1": True,
        f"{solved['ticket_id']}:first_response:1": True,
        f"{closed['ticket_id']}:first_response:1": True,
        f"{late['ticket_id']}:first_response:1": False,
    }
    assert await desk.told("tickets.clock.breach_withdrawn") == []
    assert (await desk.ticket(closed["number"]))["policy"] == "standard@2"
    desk.clock.advance(MINUTE)
    await order(desk, f"/{tried['migration_id']}/undo")
    await run(desk)
    assert await dump(desk) == before
    assert not any(row["needless"] for row in await _ledger(desk))


async def _ledger(desk: TicketsDesk) -> list[dict[str, Any]]:
    async with desk.database.read_work() as work:
        statement = text(
            "SELECT clock_id, would_not_have_breached AS needless FROM breaches WHERE withdrawn_at IS NULL"
        )
        return [
            {**row, "needless": bool(row["needless"])} for row in (await work.session.execute(statement)).mappings()
        ]


async def test_a_closed_day_ordered_with_its_migration_is_applied_without_being_asked_again(desk: TicketsDesk) -> None:
    await put_calendar(desk, {"zone": "UTC", "hours": BERLIN["hours"]})
    await sign_both(desk, f"standard@{(await put(desk, rule(calendar='berlin')))['version']}")
    ticket = await desk.open_ticket(priority="P4")
    due_at = (await desk.clock_of(ticket, "resolution"))["due_at"]
    made = await close(desk, dates=["2026-11-24"], migrate="apply")
    await run(desk)
    done = await desk.get(f"/v1/migrations/{made['migration_id']}")
    assert (done["from"], done["to"], done["state"], done["applied"]["later"]) == ("berlin@1", "berlin@2", "applied", 1)
    assert due_at == "2026-11-24T17:00:00Z"
    assert (await desk.clock_of(ticket, "resolution"))["due_at"] == "2026-11-25T17:00:00Z"


async def test_a_calendar_is_migrated_by_name_in_every_policy_that_uses_it(desk: TicketsDesk) -> None:
    await put_calendar(desk, {"zone": "UTC", "hours": BERLIN["hours"]})
    await sign_both(desk, f"standard@{(await put(desk, rule(calendar='berlin')))['version']}")
    await put(desk, rule(calendar="berlin"), name="vip", when={"tags": ["vip"]})
    await sign_both(desk, "vip@1")
    await desk.open_ticket(priority="P2")
    await desk.open_ticket(priority="P2", tags=["vip"])
    await close(desk, dates=["2026-11-24"], migrate="no")
    found = await preview(desk, "berlin@1", "berlin@2")
    assert found["moves"] == {"standard@2": "standard@3", "vip@1": "vip@2"}
    assert found["counts"]["tickets"] == 2
    refused = await order(desk, "", 404, **{"from": "berlin@1", "to": "berlin@9"})
    assert refused["code"] == "calendar_not_found"


async def test_what_stands_in_the_way_of_an_order_that_goes_on_leaves_it_to_people(desk: TicketsDesk) -> None:
    await opened(desk, 1)
    found = await preview(desk, "standard@1", f"standard@{(await put(desk, rule(targets=QUICK)))['version']}")
    async with desk.database.unit() as unit:
        migration = await unit.migrations.get(found["migration_id"])
        await unit.migrations.keep(replace(migration, phase=Phase.PREVIEWING, goes_on=True))
    await run(desk)
    assert (await desk.get(f"/v1/migrations/{found['migration_id']}"))["state"] == "previewed"


async def test_a_migration_that_cannot_go_on_says_why_and_lets_others_go_on(desk: TicketsDesk) -> None:
    await opened(desk, 5)
    new = await published(desk)
    found = await preview(desk, "standard@1", new)
    before = await dump(desk)
    await order(desk, f"/{found['migration_id']}/apply")
    runner = MigrationRunner(desk.database, business=desk.runtime.business, at_once=2)
    await runner.step()
    async with desk.database.unit() as unit:
        migration = await unit.migrations.get(found["migration_id"])
        await unit.migrations.keep(replace(migration, moves={"standard@1": "standard@99"}))
        broken = await unit.migrations.get(found["migration_id"])
    assert broken.moves == {"standard@1": "standard@99"}
    assert await runner.step()
    failed = await desk.get(f"/v1/migrations/{found['migration_id']}")
    assert (failed["state"], failed["progress"]["done"]) == ("failed", 2)
    assert "standard@99" in failed["problem"] or "version 99" in failed["problem"]
    other = await preview(desk, new, "standard@1")
    assert other["state"] == "previewed"
    await order(desk, f"/{found['migration_id']}/undo")
    await run(desk)
    assert await dump(desk) == before
