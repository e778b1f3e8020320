"""Clocks that run out: at the exact instant, once, however late and however often anybody looks."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from services.tickets.adapters.tables import BreachRow
from services.tickets.timers import breach_due_clocks
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk, source, ticket_fact


class Killed(Exception):
    """As if the process had died before the commit."""


async def breach_and_die(desk: TicketsDesk) -> None:
    async with desk.database.unit() as unit:
        assert await breach_due_clocks(unit, desk.clock.now()) == 1
        raise Killed


async def ledger(desk: TicketsDesk) -> list[BreachRow]:
    async with desk.database.work() as work:
        rows = (await work.session.execute(select(BreachRow).order_by(BreachRow.breached_at))).scalars()  # type: ignore[arg-type]
        return list(rows)


async def test_a_breach_is_exact_and_told_once_however_late_the_timer_was(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    assert await desk.run_due() == 0
    desk.clock.advance(timedelta(days=3))
    assert await desk.run_due() == 1
    assert await desk.run_due() == 0
    told = await desk.told("tickets.clock.breached")
    assert [(each["target"], each["breached_at"], each["detected_at"]) for each in told] == [
        ("first_response", "2026-11-23T10:00:00Z", "2026-11-26T09:00:00Z"),
        ("resolution", "2026-11-23T13:00:00Z", "2026-11-26T09:00:00Z"),
    ]
    assert told[0]["clock_id"] == ticket["clocks"][0]["clock_id"]
    assert (told[0]["policy"], told[0]["cause"], told[0]["priority"]) == ("standard@1", "elapsed", "P1")
    assert [row.detected_at for row in await ledger(desk)] == [START + timedelta(days=3)] * 2
    [*_, changed] = await desk.told("tickets.ticket.changed")
    assert [clock["breached_at"] for clock in changed["clocks"]] == ["2026-11-23T10:00:00Z", "2026-11-23T13:00:00Z"]


async def test_the_timer_knows_the_next_instant_and_forgets_what_is_paused_or_answered(desk: TicketsDesk) -> None:
    [timer] = desk.runtime.timers
    assert await timer.due_at() is None
    ticket = await desk.open_ticket()
    assert await timer.due_at() == START + HOUR
    ticket = await desk.patch(ticket, status="pending")
    assert await timer.due_at() is None
    desk.clock.advance(HOUR)
    await desk.patch(ticket, status="open")
    assert await timer.due_at() == START + 2 * HOUR
    await desk.ask("POST", f"/v1/tickets/{ticket['ticket_id']}/comments", json={"body": "On it"})
    assert await timer.due_at() == START + 5 * HOUR


async def test_what_is_breached_by_a_request_is_not_breached_again_by_the_timer(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(2 * HOUR)
    await desk.ask("POST", f"/v1/tickets/{ticket['ticket_id']}/comments", json={"body": "Sorry for the delay"})
    await desk.run_due()
    [told] = await desk.told("tickets.clock.breached")
    assert (told["breached_at"], told["detected_at"]) == ("2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z")
    [settled] = await desk.told("tickets.clock.settled")
    assert (settled["outcome"], settled["elapsed_seconds"]) == ("breached", 7200)


async def test_more_than_one_batch_is_due_at_once(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(*(ticket_fact(START, ticket={"id": f"t{number}"}) for number in range(230)))
    desk.clock.advance(HOUR)
    assert await desk.run_due() == 2
    told = await desk.told("tickets.clock.breached")
    assert len({each["clock_id"] for each in told}) == len(told) == 230


async def test_two_runners_at_once_breach_once(desk: TicketsDesk) -> None:
    """A standby that takes over while the old leader still works must not tell it twice."""
    for _ in range(5):
        await desk.open_ticket()
    desk.clock.advance(HOUR)
    [timer] = desk.runtime.timers
    await asyncio.gather(*(timer.step() for _ in range(4)), return_exceptions=False)
    assert len(await desk.told("tickets.clock.breached")) == 5
    assert len(await ledger(desk)) == 5


async def test_an_answer_at_the_same_time_as_the_timer_leaves_one_truth(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(HOUR + MINUTE)
    [timer] = desk.runtime.timers
    path = f"/v1/tickets/{ticket['ticket_id']}/comments"
    await asyncio.gather(timer.step(), *(desk.ask("POST", path, json={"body": "On it"}) for _ in range(3)))
    assert len(await desk.told("tickets.clock.breached")) == 1
    assert [each["outcome"] for each in await desk.told("tickets.clock.settled")] == ["breached"]


async def test_a_transaction_that_dies_leaves_nothing_and_is_done_again(desk: TicketsDesk) -> None:
    await desk.open_ticket()
    desk.clock.advance(HOUR)
    [timer] = desk.runtime.timers

    with pytest.raises(Killed):
        await breach_and_die(desk)
    assert await desk.told("tickets.clock.breached") == []
    assert await timer.step()
    assert len(await desk.told("tickets.clock.breached")) == 1


async def test_the_due_query_reads_the_partial_index(desk: TicketsDesk) -> None:
    """Cost grows with what is due, not with what is open: the plan names the index that holds pending clocks only."""
    where = "state = 'running' AND breached_at IS NULL AND due_at IS NOT NULL"
    query = f"SELECT min(due_at) FROM clocks WHERE {where}"
    async with desk.database.work() as work:
        if work.dialect == "sqlite":
            plan = (await work.session.execute(text(f"EXPLAIN QUERY PLAN {query}"))).all()
        else:
            await work.session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = (await work.session.execute(text(f"EXPLAIN {query}"))).all()
    assert "ix_clocks_due" in str(plan)
