"""The counters are what a recount of the results says, whatever happened and whoever else was writing."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.tickets.domain.exemption import Exemption
from services.tickets.domain.report import Result, Standing
from shared.auth import Role
from shared.clock import new_id
from shared.rest import PagingRequest
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk
from tests.integration.tickets.test_reports import answer_ticket, figures, is_consistent, report

TARGETS = ("first_response", "resolution")
DAYS = (START.date() - timedelta(days=400), START.date() + timedelta(days=400))


def drawn(dice: random.Random, clock_id: str) -> Result:
    """Any result that an engine might tell of the clock."""
    at = START + dice.randrange(0, 200) * HOUR
    broken, over = dice.random() < 0.5, dice.random() < 0.6
    finished = over or not broken
    return Result(
        clock_id=clock_id,
        ticket_id=clock_id.partition(":")[0],
        standing=Standing(
            policy="standard",
            policy_version=dice.randint(1, 2),
            team=dice.choice(["", "network"]),
            agent=dice.choice(["", "ann@example.com", "bob@example.com"]),
            priority=dice.choice(["P1", "P2"]),
            target=clock_id.split(":")[1],
            rollout=dice.choice(["", "safety"]),
            wave=dice.choice(["", "north"]),
        ),
        target_seconds=3600.0,
        breached_at=at if broken else None,
        finished_at=at + dice.randrange(0, 30) * HOUR if finished else None,
        elapsed_seconds=float(dice.randrange(0, 90_000)) if finished else None,
        cancelled_because=dice.choice([None, None, "merged", "policy", "deleted"]) if finished else None,
    )


class Killed(Exception):
    """As if the process had died before the commit."""


async def note_and_die(desk: TicketsDesk, result: Result) -> None:
    async with desk.database.unit() as unit:
        await unit.reports.note([result])
        raise Killed


async def differing(desk: TicketsDesk) -> list[Any]:
    async with desk.database.read() as unit:
        kept, counted = await unit.reports.counters(*DAYS), await unit.reports.recount(*DAYS)
    return [key for key in {*kept, *counted} if kept.get(key) != counted.get(key)]


async def take_step(unit: Any, dice: random.Random, clocks: list[str]) -> None:
    clock_id = dice.choice(clocks)
    known = await unit.reports.find(clock_id)
    match dice.choice(["told", "told", "told", "taken back", "exempted", "revoked", "moved", "folded"]):
        case "told":
            await unit.reports.note([drawn(dice, each) for each in dice.sample(clocks, dice.randint(1, 4))])
        case "taken back":
            await unit.reports.note([], undecided=dice.sample(clocks, 2))
        case "exempted" if known is not None:
            await unit.exemptions.add(exemption(clock_id))
            await unit.reports.note([known])
        case "revoked":
            for each in (await unit.exemptions.page(PagingRequest(50, None), clock_id=clock_id))[0]:
                await unit.exemptions.revoke(each.exemption_id, START, "lead", "not so")
            if known is not None:
                await unit.reports.note([known])
        case "moved" if known is not None:
            await unit.reports.note([replace(known, standing=replace(known.standing, rollout="other", wave="it"))])
        case "folded":
            await unit.reports.fold_counters(dice.randint(1, 30))


def exemption(clock_id: str) -> Exemption:
    return Exemption(
        exemption_id=new_id(),
        clock_id=clock_id,
        ticket_id=clock_id.partition(":")[0],
        target="resolution",
        breached_at=START,
        reason="The building had no power",
        given_at=START,
        given_by="lead",
        given_by_subject="key:lead",
    )


@pytest.mark.parametrize("seed", range(3))
async def test_counters_equal_a_recount_after_any_sequence(desk: TicketsDesk, seed: int) -> None:
    """Told, corrected, taken back, exempted, revoked, moved to another wave, folded; in any order, several to a transaction."""
    dice = random.Random(seed)
    tickets = [(await desk.open_ticket())["ticket_id"] for _ in range(3)]
    clocks = [f"{ticket}:{target}:{cycle}" for ticket in tickets for target in TARGETS for cycle in (1, 2)]
    for _ in range(15):
        async with desk.database.unit() as unit:
            for _ in range(dice.randint(1, 6)):
                await take_step(unit, dice, clocks)
        assert await differing(desk) == []
    async with desk.database.unit() as unit:
        await unit.reports.fold_counters(10_000)
    assert await differing(desk) == []


async def test_the_same_result_told_again_changes_nothing(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    result = drawn(random.Random(1), f"{ticket['ticket_id']}:resolution:1")
    for _ in range(3):
        async with desk.database.unit() as unit:
            await unit.reports.note([result])
    async with desk.database.read() as unit:
        counted = await unit.reports.counters(*DAYS)
    assert sum(each.met + each.breached + each.cancelled for each in counted.values()) == 2, (
        "the desk's and the agent's"
    )


async def test_a_transaction_that_dies_leaves_neither_result_nor_counter(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    with pytest.raises(Killed):
        await note_and_die(desk, drawn(random.Random(1), f"{ticket['ticket_id']}:resolution:1"))
    async with desk.database.read() as unit:
        assert await unit.reports.counters(*DAYS) == {}
        assert await unit.reports.recount(*DAYS) == {}


async def test_many_who_write_at_once_count_every_ticket_once(desk: TicketsDesk) -> None:
    """Requests, the timer and the folding of counters side by side: nobody waits crosswise, nothing is lost."""
    tickets = [await desk.open_ticket() for _ in range(12)]
    desk.clock.advance(HOUR + MINUTE)
    timer = next(one for one in desk.runtime.timers if one.name == "sla clocks")

    async def fold() -> int:
        async with desk.database.unit() as unit:
            return int(await unit.reports.fold_counters(100))

    answers = [answer_ticket(desk, ticket) for ticket in tickets]
    await asyncio.gather(*answers[:6], timer.step(), fold(), *answers[6:], timer.step(), fold())
    await desk.run_due()
    assert (await figures(desk))["first_response", "first_response"] == (0, 12, 0, 0)
    assert await is_consistent(desk)


async def test_a_merged_ticket_is_out_of_the_figures_and_its_survivor_carries_the_breach(desk: TicketsDesk) -> None:
    source = await desk.open_ticket()
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    survivor = await desk.open_ticket()
    assert (await figures(desk))["first_response", "first_response"] == (0, 1, 0, 1)
    body = {"into": survivor["ticket_id"], "reason": "The same outage"}
    answer = await desk.ask("POST", f"/v1/tickets/{source['ticket_id']}/merge", json=body)
    assert answer.status_code == 200, answer.text
    assert (await figures(desk))["first_response", "first_response"] == (0, 1, 0, 1)
    whole = (await report(desk, "by=target", Role.VIEWER))["whole"]
    assert (whole["breached"], whole["cancelled"]) == (1, 2)
    back = await desk.ask("POST", f"/v1/tickets/{source['ticket_id']}/unmerge", json={"reason": "It was another one"})
    assert back.status_code == 200, back.text
    assert (await report(desk, "by=target", Role.VIEWER))["whole"]["cancelled"] == 0
    assert await is_consistent(desk)
