"""Policies and calendars are edited while tickets are open: nothing moves by itself, and every move can be taken back."""

from typing import Any

from sqlalchemy import text

from shared.auth import Role
from tests.integration.tickets.desk import TicketsDesk
from tests.integration.tickets.semantics.case import (
    Case,
    calendar,
    go,
    mon,
    promise,
    rule,
    same_for_all,
    settle,
    tue,
    wed,
    written,
)


async def asked_as_lead(desk: TicketsDesk, method: str, path: str, body: Any = None) -> Any:
    answer = await desk.ask(method, path, Role.IT_LEAD, json=body or {})
    assert answer.status_code < 300, answer.text
    return answer.json()


async def previewed(desk: TicketsDesk, at: str, old: str, new: str, *, retroactive: bool = False) -> Any:
    """A migration's dry run, finished."""
    go(desk, at)
    body = {"from": old, "to": new, "retroactive": retroactive}
    job = await asked_as_lead(desk, "POST", "/v1/migrations", body)
    await settle(desk)
    return await desk.get(f"/v1/migrations/{job['migration_id']}")


async def ordered(desk: TicketsDesk, at: str, job: Any, verb: str) -> Any:
    """Apply or undo a migration, and wait until that is done."""
    go(desk, at)
    path = f"/v1/migrations/{job['migration_id']}"
    await asked_as_lead(desk, "POST", f"{path}/{verb}")
    await settle(desk)
    return await desk.get(path)


async def rows_of(desk: TicketsDesk, table: str) -> list[Any]:
    async with desk.database.work() as work:
        found = await work.session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))  # our own names
        return [tuple(row) for row in found]


async def test_a_dry_run_says_how_many_are_due_earlier_later_and_breached_and_changes_nothing(
    desk: TicketsDesk,
) -> None:
    was = {"P1": {"first_response": 60}, "P2": {"first_response": 120}, "P3": {"first_response": 240}}
    was["P4"] = {"resolution": 480}
    old = await promise(desk, rule("all", {priority: written(targets) for priority, targets in was.items()}))
    for priority in was:
        await Case.opened(desk, mon("09:00"), priority=priority)
    wanted = {"P1": {"first_response": 90}, "P2": {"first_response": 100}, "P3": {"first_response": 10}}
    new = await promise(desk, rule("all", {priority: written(targets) for priority, targets in wanted.items()}))
    before = await rows_of(desk, "clocks")
    job = await previewed(desk, mon("09:30"), old, new)
    assert job["state"] == "previewed"
    counts = {name: job["counts"].get(name, 0) for name in ("earlier", "later", "newly_breached", "cancelled")}
    assert counts == {"earlier": 1, "later": 1, "newly_breached": 1, "cancelled": 1}
    assert await rows_of(desk, "clocks") == before
    assert await desk.told("tickets.clock.breached") == []


async def test_a_migration_counts_forward_and_breaches_at_its_own_instant(desk: TicketsDesk) -> None:
    old = await promise(desk, rule("all", same_for_all({"first_response": 60, "resolution": 240})))
    case = await Case.opened(desk, mon("09:00"))
    later = calendar({"monday": ["09:00-10:00", "12:00-17:00"]})
    new = await promise(desk, rule("all", same_for_all({"first_response": 20, "resolution": 240}), calendar=later))
    job = await previewed(desk, mon("09:25"), old, new)
    done = await ordered(desk, mon("09:30"), job, "apply")
    assert (done["state"], (await case.ticket())["policy"]) == ("applied", new)
    assert await case.breaches() == [("first_response", 1, mon("09:30"), "retarget")]
    # An hour until ten, then from noon on: the new hours count from the migration.
    assert await case.due("resolution") == mon("15:00")


async def test_a_migration_that_is_undone_leaves_every_clock_as_it_was(desk: TicketsDesk) -> None:
    old = await promise(desk, rule("all", same_for_all({"first_response": 60, "resolution": 240})))
    cases = [await Case.opened(desk, mon("09:00"), priority=priority) for priority in ("P1", "P2")]
    await cases[0].set(mon("09:10"), status="pending")
    await cases[0].set(mon("09:20"), status="open")
    new = await promise(desk, rule("all", same_for_all({"first_response": 45, "next_response": 10})))
    before = await rows_of(desk, "clocks")
    job = await ordered(desk, mon("09:30"), await previewed(desk, mon("09:30"), old, new), "apply")
    assert await rows_of(desk, "clocks") != before
    undone = await ordered(desk, mon("09:40"), job, "undo")
    assert (undone["state"], await rows_of(desk, "clocks")) == ("undone", before)
    assert (await cases[0].ticket())["policy"] == old
    await settle(desk, mon("10:10"))
    assert await cases[0].breaches() == [("first_response", 1, mon("10:10"), "elapsed")]


async def test_a_finished_cycle_is_never_touched_by_a_migration(desk: TicketsDesk) -> None:
    old = await promise(desk, rule("all", same_for_all({"first_response": 60, "resolution": 240})))
    case = await Case.opened(desk, mon("09:00"))
    await case.answer(mon("09:30"))
    before = await case.clock("first_response")
    new = await promise(desk, rule("all", same_for_all({"first_response": 5, "resolution": 120})))
    for retroactive in (False, True):
        job = await previewed(desk, mon("09:40"), old, new, retroactive=retroactive)
        await ordered(desk, mon("09:40"), job, "apply")
        assert await case.clock("first_response") == before
        assert await case.due("resolution") == mon("11:00")
        await ordered(desk, mon("09:40"), job, "undo")
    assert await case.breaches() == []


async def shared_calendar(desk: TicketsDesk, targets: dict[str, int]) -> str:
    """The calendar `office`, version 1, and a policy that counts in it; the policy's label."""
    await asked_as_lead(desk, "PUT", "/v1/calendars/office", calendar())
    return await promise(desk, rule("all", same_for_all(targets), calendar="office@1"))


async def close(desk: TicketsDesk, at: str, *dates: str, **fields: Any) -> Any:
    """Holidays for the calendar `office`; the answer, whatever it is."""
    go(desk, at)
    body = {"dates": list(dates), "reason": "Agreed with the works council"} | fields
    return await desk.ask("POST", "/v1/calendars/office/holidays", Role.IT_LEAD, json=body)


async def test_an_edited_calendar_leaves_open_tickets_as_they_are(desk: TicketsDesk) -> None:
    old = await shared_calendar(desk, {"resolution": 600})
    case = await Case.opened(desk, mon("09:00"))
    answer = await close(desk, mon("10:00"), "2026-11-24", migrate="no")
    assert answer.status_code < 300, answer.text
    new = answer.json()["policies"][old]
    assert ((await case.ticket())["policy"], await case.due("resolution")) == (old, tue("11:00"))
    fresh = await Case.opened(desk, mon("10:00"))
    assert (await fresh.ticket())["policy"] == new
    assert await fresh.due("resolution") == wed("12:00")


async def test_a_holiday_added_ahead_moves_the_due_time_once_the_ticket_is_migrated(desk: TicketsDesk) -> None:
    await shared_calendar(desk, {"resolution": 600})
    case = await Case.opened(desk, mon("09:00"))
    answer = await close(desk, mon("10:00"), "2026-11-24", migrate="preview")
    assert answer.status_code < 300, answer.text
    await settle(desk)
    job = await desk.get(f"/v1/migrations/{answer.json()['migration_id']}")
    assert (job["state"], job["counts"]["later"]) == ("previewed", 1)
    assert await case.due("resolution") == tue("11:00")
    await ordered(desk, mon("10:05"), job, "apply")
    assert await case.due("resolution") == wed("11:00")
    await ordered(desk, mon("10:10"), job, "undo")
    assert await case.due("resolution") == tue("11:00")


async def test_a_holiday_in_the_past_needs_retroactive(desk: TicketsDesk) -> None:
    await shared_calendar(desk, {"resolution": 240})
    answer = await close(desk, tue("10:00"), "2026-11-23")
    assert answer.status_code in (409, 422), answer.text
    assert "retroactive" in answer.text
    assert (await desk.get("/v1/calendars/office"))["version"] == 1


async def test_a_holiday_in_the_past_keeps_the_breach_and_flags_it(desk: TicketsDesk) -> None:
    await shared_calendar(desk, {"resolution": 240})
    case = await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("13:00"))
    answer = await close(desk, tue("10:00"), "2026-11-23", retroactive=True, migrate="apply")
    assert answer.status_code < 300, answer.text
    await settle(desk)
    clock = await case.clock("resolution", at=tue("10:00"))
    assert (clock["breached_at"], clock["would_not_have_breached"]) == (mon("13:00"), True)
    assert (clock["elapsed_seconds"], clock["due_at"]) == (3600, tue("13:00"))
    assert await case.breaches() == [("resolution", 1, mon("13:00"), "elapsed")]
    assert await case.withdrawn() == []


async def test_only_an_exemption_forgives_and_reports_give_both_figures(desk: TicketsDesk) -> None:
    case = await Case.opened(desk, mon("09:00"))
    await settle(desk, mon("10:00"))
    await case.set(mon("10:30"), priority="P4")
    await case.answer(mon("11:00"))
    clock = await case.clock("first_response")
    path = "/v1/reports/attainment?from=2026-11-23&to=2026-11-24&by=target"

    async def figures() -> tuple[int, int, str, str]:
        rows = (await desk.get(path))["rows"]
        [row] = [each for each in rows if each["target"] == "first_response"]
        return row["decided"], row["met"], row["raw_said"], row["adjusted_said"]

    assert await figures() == (1, 0, "0 of 1", "0 of 1")
    reason = {"reason": "The requester asked for another day"}
    answer = await desk.ask("POST", f"/v1/clocks/{clock['clock_id']}/exemptions", Role.IT_LEAD, json=reason)
    assert answer.status_code == 201, answer.text
    assert await figures() == (1, 0, "0 of 1", "none")
    assert (await case.clock("first_response"))["breached_at"] == mon("10:00")
    exemption_id = answer.json()["exemption_id"]
    answer = await desk.ask("POST", f"/v1/exemptions/{exemption_id}/revoke", Role.IT_LEAD, json=reason)
    assert answer.status_code < 300, answer.text
    assert await figures() == (1, 0, "0 of 1", "0 of 1")
