"""How often the people of a wave asked for help before it opened, and since."""

from datetime import timedelta
from typing import Any

from shared.events.rollout import WaveChanged
from tests.integration.tickets.desk import HOUR, START, TicketsDesk, enrolment, person, plan, wave

PATH = "/v1/waves/safety-video/north/baseline"


def opening(at: Any, audience: int = 2) -> WaveChanged:
    return wave(opened_at=at).model_copy(update={"audience_size": audience})


async def audience(desk: TicketsDesk) -> None:
    """Ada and Eve are members; Max is known and none."""
    for name in ("ada", "eve", "max"):
        await desk.hand_in(person(f"p-{name}", f"{name}@example.com"))
    await desk.hand_in(plan(), wave(opened_at=None), enrolment("p-ada"))


async def ask(desk: TicketsDesk, name: str, **fields: Any) -> None:
    await desk.open_ticket(requester={"email": f"{name}@example.com"}, priority="P4", **fields)


async def test_the_baseline_is_what_the_audience_asked_in_the_four_weeks_before(desk: TicketsDesk) -> None:
    await audience(desk)
    await ask(desk, "ada")
    desk.clock.advance(timedelta(days=7))
    await ask(desk, "ada", subject="Printer")
    await ask(desk, "eve")
    await ask(desk, "max")
    desk.clock.advance(timedelta(days=22))
    await desk.hand_in(enrolment("p-eve"))
    assert (await desk.ask("GET", PATH)).json()["code"] == "baseline_not_measured"
    opened_at = START + timedelta(days=29)
    await desk.hand_in(opening(opened_at))
    [measured] = await desk.told("tickets.baseline.measured")
    assert (measured["people"], measured["tickets"], measured["per_100_per_week"]) == (2, 2, 25.0)
    desk.clock.advance(timedelta(days=7))
    for _ in range(2):
        await ask(desk, "eve", course="42")
    await ask(desk, "ada", subject="Mouse")
    desk.clock.advance(timedelta(seconds=1))
    told = await desk.get(PATH)
    assert (told["per_100_per_week"], told["people_now"], told["tickets_since"], told["attributed"]) == (25.0, 2, 3, 2)
    assert round(told["per_100_per_week_now"]) == 150
    assert round(told["ratio"], 3) == 6.0


async def test_it_waits_for_everybody_and_is_measured_once(desk: TicketsDesk) -> None:
    await audience(desk)
    desk.clock.advance(HOUR)
    await desk.hand_in(opening(desk.clock.now()))
    assert await desk.told("tickets.baseline.measured") == []
    await ask(desk, "eve")
    await desk.hand_in(enrolment("p-eve"))
    [measured] = await desk.told("tickets.baseline.measured")
    assert (measured["people"], measured["tickets"]) == (2, 0)
    desk.clock.advance(2 * HOUR)
    await desk.hand_in(opening(START + HOUR, audience=3), enrolment("p-max"))
    assert len(await desk.told("tickets.baseline.measured")) == 1


async def test_it_does_not_wait_for_ever(desk: TicketsDesk) -> None:
    await audience(desk)
    await desk.hand_in(opening(START, audience=50))
    desk.clock.advance(HOUR)
    await desk.hand_in(opening(START, audience=50))
    [measured] = await desk.told("tickets.baseline.measured")
    assert measured["people"] == 1
