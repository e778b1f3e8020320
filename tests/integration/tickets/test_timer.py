"""Clocks that run out: at the exact instant, once, however late and however often anybody looks."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from services.tickets.adapters.tables import BreachRow
from services.tickets.timers import breach_due_clocks
from shared.timers import Timer
from tests.bench.stock import Stock, fill
from tests.bench.stock import clock_id as clock_id_of
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk


def clocks_of(desk: TicketsDesk) -> Timer[Any]:
    return next(timer for timer in desk.runtime.timers if timer.name == "sla clocks")


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
    assert [row.confirmed_at for row in await ledger(desk)] == [START + timedelta(days=3)] * 2


async def test_a_breach_alone_is_no_change_of_the_ticket(desk: TicketsDesk) -> None:
    """Whoever has read the ticket can still change it: time that passes overwrites nobody's work."""
    ticket = await desk.open_ticket()
    desk.clock.advance(2 * HOUR)
    assert await desk.run_due()
    assert len(await desk.told("tickets.ticket.changed")) == 1
    changed = await desk.patch(ticket, assignee="dana@example.com")
    assert changed["version"] == ticket["version"] + 1
    [_, snapshot] = await desk.told("tickets.ticket.changed")
    assert [clock["breached_at"] for clock in snapshot["clocks"]] == ["2026-11-23T10:00:00Z", None]
    assert len(await desk.told("tickets.clock.breached")) == 1


async def test_the_timer_knows_the_next_instant_and_forgets_what_is_paused_or_answered(desk: TicketsDesk) -> None:
    timer = clocks_of(desk)
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


async def test_more_than_one_batch_is_due_at_once_and_comes_in_the_order_in_which_it_was_due(desk: TicketsDesk) -> None:
    url = desk.database.url.render_as_string(hide_password=False)
    fill(url, Stock(tickets=1_200, soon=1_100, due_from=START + HOUR, window=MINUTE))
    desk.clock.advance(3 * HOUR)
    timer = clocks_of(desk)
    assert [await timer.step() for _ in range(4)] == [True, True, True, False]
    told = [(each["breached_at"], each["clock_id"]) for each in await desk.told("tickets.clock.breached")]
    assert told == sorted(told, key=lambda each: datetime.fromisoformat(each[0]))
    assert [clock_id for _, clock_id in told] == [clock_id_of(number) for number in range(1_100)]
    assert {each["detected_at"] for each in await desk.told("tickets.clock.breached")} == {"2026-11-23T12:00:00Z"}


async def test_two_runners_at_once_breach_once(desk: TicketsDesk) -> None:
    """A standby that takes over while the old leader still works must not tell it twice."""
    for _ in range(5):
        await desk.open_ticket()
    desk.clock.advance(HOUR)
    timer = clocks_of(desk)
    await asyncio.gather(*(timer.step() for _ in range(4)), return_exceptions=False)
    assert len(await desk.told("tickets.clock.breached")) == 5
    assert len(await ledger(desk)) == 5


async def test_an_answer_at_the_same_time_as_the_timer_leaves_one_truth(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(HOUR + MINUTE)
    timer = clocks_of(desk)
    path = f"/v1/tickets/{ticket['ticket_id']}/comments"
    await asyncio.gather(timer.step(), *(desk.ask("POST", path, json={"body": "On it"}) for _ in range(3)))
    assert len(await desk.told("tickets.clock.breached")) == 1
    assert [each["outcome"] for each in await desk.told("tickets.clock.settled")] == ["breached"]


async def test_a_transaction_that_dies_leaves_nothing_and_is_done_again(desk: TicketsDesk) -> None:
    await desk.open_ticket()
    desk.clock.advance(HOUR)
    timer = clocks_of(desk)

    with pytest.raises(Killed):
        await breach_and_die(desk)
    assert await desk.told("tickets.clock.breached") == []
    assert await timer.step()
    assert len(await desk.told("tickets.clock.breached")) == 1


@pytest.mark.parametrize(
    ("column", "where", "index"),
    [
        ("due_at", "state = 'running' AND breached_at IS NULL", "ix_clocks_due"),
        ("wakes_at", "wakes_at IS NOT NULL", "ix_clocks_wakes"),
    ],
)
async def test_what_the_timers_ask_is_read_from_a_partial_index(
    desk: TicketsDesk, column: str, where: str, index: str
) -> None:
    """Cost grows with what is due, not with what is open: the plan names the index that holds nothing else."""
    query = f"SELECT min({column}) FROM clocks WHERE {where}"
    async with desk.database.work() as work:
        if work.dialect == "sqlite":
            plan = (await work.session.execute(text(f"EXPLAIN QUERY PLAN {query}"))).all()
        else:
            await work.session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = (await work.session.execute(text(f"EXPLAIN {query}"))).all()
    assert index in str(plan)
