"""The timer's short way through a breach says what a replay of the ticket says, whoever else is at work."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from services.tickets.adapters.tables import BreachRow, ClockRow
from services.tickets.timers import breach_due_clocks
from services.tickets.usecases.attributing import attribute_again
from services.tickets.usecases.filing import Folder, close_folders
from shared.auth import Role
from tests.bench.stock import Stock, clock_id, fill, ticket_id
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk
from tests.integration.tickets.test_timer import clocks_of


async def ledger(desk: TicketsDesk) -> list[tuple[str, str, Any, str]]:
    """Standing breaches, by what the ticket's number, the clock and the instant are, since ids are never the same twice."""
    async with desk.database.read_work() as work:
        statement = (
            select(col(BreachRow.clock_id), col(BreachRow.breached_at), col(BreachRow.cause))
            .where(col(BreachRow.withdrawn_at).is_(None))
            .order_by(col(BreachRow.breached_at), col(BreachRow.clock_id))
        )
        rows = (await work.session.execute(statement)).all()
    return [(row[0].split(":")[1], row[0].split(":")[2], row[1], row[2]) for row in rows]


async def replay(desk: TicketsDesk, *ticket_ids: str) -> None:
    """Nothing new happened; every clock is run again from the moments."""
    async with desk.database.unit() as unit:
        folders = [Folder.of(dossier) for dossier in await unit.tickets.load(ticket_ids)]
        await close_folders(unit, folders, desk.clock.now())


async def live(desk: TicketsDesk, seed: int, *, with_timer: bool) -> str:
    """One ticket's life: random acts at random times. The id of the ticket."""
    random = Random(seed)
    ticket = await desk.open_ticket(priority=random.choice(["P1", "P2", "P3"]))
    path = f"/v1/tickets/{ticket['ticket_id']}"
    for _ in range(12):
        desk.clock.advance(MINUTE * random.choice([7, 30, 60, 61, 240, 600, 1440]))
        if with_timer:
            await desk.run_due()
        act = random.choice(["answer", "ask", "pending", "on_hold", "open", "solved", "P1", "P3", "P4"])
        if act in ("answer", "ask"):
            role = Role.IT_AGENT if act == "answer" else Role.INTEGRATION
            said = {"body": "Well"} | ({} if act == "answer" else {"author": {"email": "ada@example.com"}})
            await desk.ask("POST", f"{path}/comments", role, json=said)
        else:
            field = "priority" if act.startswith("P") else "status"
            ticket = await desk.patch(await desk.get(path), **{field: act})
    desk.clock.advance(timedelta(days=9))
    return str(ticket["ticket_id"])


@pytest.fixture
async def pair(service_database: Callable[[str], str]) -> AsyncIterator[tuple[TicketsDesk, TicketsDesk]]:
    """Two services that know nothing of each other."""
    made = TicketsDesk(service_database("tickets")), TicketsDesk(service_database("tickets"))
    yield made
    for each in made:
        await each.stop()


@pytest.mark.parametrize("seed", range(4))
async def test_what_the_timer_wrote_is_what_the_replay_says(seed: int, pair: tuple[TicketsDesk, TicketsDesk]) -> None:
    desk, other = pair
    lived = await live(desk, seed, with_timer=True)
    await desk.run_due()
    known = await ledger(desk)
    await replay(desk, lived)
    assert await ledger(desk) == known
    assert await desk.told("tickets.clock.breach_withdrawn") == []
    told = [each["clock_id"] for each in await desk.told("tickets.clock.breached")]
    assert len(told) == len(set(told)) == len(known)

    await replay(other, await live(other, seed, with_timer=False))
    assert await ledger(other) == known


async def test_tickets_that_somebody_changes_at_this_moment_are_left_to_them(desk: TicketsDesk) -> None:
    """On PostgreSQL the timer waits for nobody; what is held is breached by its holder, or by the next tick."""
    if desk.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    held, free = [await desk.open_ticket() for _ in range(2)]
    desk.clock.advance(HOUR)
    async with desk.database.unit() as unit:
        await unit.tickets.load([held["ticket_id"]])
        async with asyncio.timeout(5):
            assert await clocks_of(desk).step()
            assert not await clocks_of(desk).step()
    assert [each["ticket_id"] for each in await desk.told("tickets.clock.breached")] == [free["ticket_id"]]
    assert await clocks_of(desk).step()
    assert len(await desk.told("tickets.clock.breached")) == 2


async def test_a_timer_that_is_held_up_does_not_ask_without_a_pause(desk: TicketsDesk) -> None:
    if desk.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    ticket = await desk.open_ticket()
    desk.clock.advance(HOUR)
    async with desk.database.unit() as unit:
        await unit.tickets.load([ticket["ticket_id"]])
        assert not await clocks_of(desk).step()
        assert not clocks_of(desk).wake.is_set()


async def test_two_active_runners_of_two_processes_breach_each_clock_once(desk: TicketsDesk) -> None:
    """Leadership that was lost and not noticed yet: both fire, over connections of their own."""
    url = desk.database.url.render_as_string(hide_password=False)
    fill(url, Stock(tickets=2_500, soon=2_500, due_from=START + HOUR, window=MINUTE))
    other = TicketsDesk(url)
    try:
        for each in (desk, other):
            each.clock.advance(2 * HOUR)
        runners = [clocks_of(desk), clocks_of(other), clocks_of(desk), clocks_of(other)]

        async def run(timer: Any) -> None:
            while await timer.step() or not await timer.is_idle():
                pass

        await asyncio.gather(*map(run, runners))
        told = [each["clock_id"] for each in await desk.told("tickets.clock.breached")]
        assert sorted(told) == [clock_id(number) for number in range(2_500)]
        assert len(await ledger(desk)) == 2_500
    finally:
        await other.stop()


async def test_an_answer_in_time_that_is_committed_while_the_timer_fires_leaves_no_breach(desk: TicketsDesk) -> None:
    """The timer reads what is committed when it holds the ticket, not what was when it began to look."""
    url = desk.database.url.render_as_string(hide_password=False)
    fill(url, Stock(tickets=40, soon=40, due_from=START + HOUR, window=MINUTE))
    desk.clock.advance(HOUR - MINUTE)
    paths = [f"/v1/tickets/{ticket_id(number)}/comments" for number in range(0, 40, 4)]

    async def answer(path: str) -> None:
        assert (await desk.ask("POST", path, json={"body": "On it"})).status_code == 201

    async def fire() -> None:
        async with desk.database.unit() as unit:
            await breach_due_clocks(unit, desk.clock.now() + 3 * MINUTE)

    await asyncio.gather(*map(answer, paths), *(fire() for _ in range(4)))
    await fire()
    desk.clock.advance(4 * MINUTE)
    await replay(desk, *map(ticket_id, range(40)))
    async with desk.database.read_work() as work:
        clocks = (
            await work.session.execute(
                select(col(ClockRow.clock_id), col(ClockRow.breached_at)).where(
                    col(ClockRow.target) == "first_response"
                )
            )
        ).all()
    breached = {each[0] for each in clocks if each[1] is not None}
    standing = {each["clock_id"] for each in await desk.told("tickets.clock.breached")}
    withdrawn = {each["clock_id"] for each in await desk.told("tickets.clock.breach_withdrawn")}
    assert breached == standing - withdrawn
    assert len(await ledger(desk)) == len(breached)


async def test_what_stands_in_the_ledger_is_not_told_again(desk: TicketsDesk) -> None:
    """The ledger has the last word, even over a clock that was put back by hand."""
    await desk.open_ticket()
    desk.clock.advance(HOUR)
    assert await clocks_of(desk).step()
    async with desk.database.work() as work:
        await work.session.execute(update(ClockRow).values(breached_at=None))
    await clocks_of(desk).step()
    assert len(await desk.told("tickets.clock.breached")) == 1
    assert len(await ledger(desk)) == 1
    async with desk.database.read_work() as work:
        found = (await work.session.execute(text("SELECT count(*) FROM clocks WHERE breached_at IS NOT NULL"))).scalar()
    assert found == 1


async def test_a_breach_counts_in_the_figures_at_once(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(HOUR)
    await desk.run_due()
    async with desk.database.unit() as unit:
        result = await unit.reports.find(f"{ticket['ticket_id']}:first_response:1")
    assert result is not None
    assert (result.breached_at, result.outcome, result.standing.policy) == (START + HOUR, "breached", "standard")
    await replay(desk, ticket["ticket_id"])
    async with desk.database.unit() as unit:
        assert await unit.reports.find(f"{ticket['ticket_id']}:first_response:1") == result


async def test_looking_at_a_ticket_again_after_a_breach_is_no_news(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(HOUR)
    await desk.run_due()
    async with desk.database.unit() as unit:
        await attribute_again(unit, [ticket["ticket_id"]], desk.clock.now())
    assert len(await desk.told("tickets.clock.breached")) == 1
    assert (await desk.ticket())["version"] == ticket["version"]
