"""Reports, the monthly review and a wave's support channel with the real tickets service behind their pages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.auth import Role
from shared.clock import FixedClock
from tests.integration.tickets.desk import enrolment, person, plan, wave
from tests.support.desk_console import MONDAY, DeskConsole, desk_console

NORTH = "/rollouts/safety-video/north/support"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
async def desk(tmp_path: Path, clock: FixedClock) -> AsyncIterator[DeskConsole]:
    async with desk_console(tmp_path, clock=clock) as running:
        await running.hear(plan(), wave("north"), person(email="ada@example.test"), enrolment())
        yield running


async def answered(desk: DeskConsole, clock: FixedClock, *, after: timedelta, subject: str = "Video stalls") -> int:
    """A ticket of the wave that was answered and solved; its number."""
    ticket = await desk.open_ticket(subject=subject, priority="P2", tags=["rollout:safety-video", "wave:north"])
    clock.advance(after)
    said = {"body": "Clear the cache of the browser, then begin again.", "status": "solved"}
    await desk.call("POST", f"tickets/{ticket['ticket_id']}/comments", said)
    return int(ticket["number"])


async def test_figures_say_counts_where_there_are_few_and_tell_raw_from_forgiven(
    desk: DeskConsole, clock: FixedClock
) -> None:
    await answered(desk, clock, after=timedelta(minutes=10))
    late = await answered(desk, clock, after=timedelta(hours=3))
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page("/reports?by=target")
    assert "First response" in page
    assert "1 of 2" in page
    clocks = await desk.call("GET", f"tickets/{late}/clocks")
    broken = next(clock for clock in clocks if clock["target"] == "first_response")
    ticket = await desk.page(f"/tickets/{late}")
    assert "Forgive this breach" in ticket
    form = {"clock": broken["clock_id"], "reason": "The building was closed for a fire drill."}
    forgiven = await desk.follow(await desk.send(f"/tickets/{late}/exempt", seen=ticket, **form))
    assert "The building was closed for a fire drill." in forgiven
    assert "Forgiven" in forgiven
    page = await desk.page("/reports?by=priority")
    assert "left out" in page
    for by in ("team", "policy", "rollout", "wave", "agent"):
        assert (await desk.client.get(f"/reports?by={by}&from=2026-11-01&to=2026-11-30")).status_code == 200
    assert "Nothing was decided in these days." in await desk.page("/reports?from=2020-01-01&to=2020-01-31")
    assert (await desk.client.get("/reports?by=nonsense&from=never")).status_code == 200


async def test_a_month_is_signed_by_both_sides_once_it_is_over(desk: DeskConsole, clock: FixedClock) -> None:
    await answered(desk, clock, after=timedelta(minutes=10))
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page("/reports/2026-11")
    assert "It can be signed once the month is over." in page
    remarked = await desk.send("/reports/2026-11/comments", seen=page, body="The link of the north was slow.")
    assert "The link of the north was slow." in await desk.follow(remarked)
    clock.advance(timedelta(days=10))
    desk.client.cookies.clear()
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page("/reports/2026-11")
    assert "for Training" not in page
    offered = page.split('name="fingerprint" value="', 1)[1].split('"', 1)[0]
    signed = await desk.send("/reports/2026-11/sign", seen=page, side="it", fingerprint=offered)
    assert "IT: signed by Tina Training" in await desk.follow(signed)
    wrong = await desk.send("/reports/2026-11/sign", seen=page, side="it", fingerprint="0" * 32)
    assert wrong.status_code in (409, 412)
    assert (await desk.client.get("/reports/november")).status_code == 404


async def test_a_wave_shows_its_tickets_live_and_keeps_answers(desk: DeskConsole, clock: FixedClock) -> None:
    number = await answered(desk, clock, after=timedelta(minutes=10))
    await desk.open_ticket(subject="No sound in the north", tags=["rollout:safety-video", "wave:north"])
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page(NORTH)
    for said in ("No sound in the north", "/help/safety-video/north", "No answer yet."):
        assert said in page, said
    ticket = await desk.page(f"/tickets/{number}")
    kept = {"question": "The video stalls", "answer": "Clear the cache of the browser.", "reviewed": "1"}
    await desk.follow(await desk.send(f"/tickets/{number}/faq", seen=ticket, **kept))
    page = await desk.page(NORTH)
    assert "Clear the cache of the browser." in page
    entry = page.split(f'action="{NORTH}/faq/', 1)[1].split('"', 1)[0]
    changed = {"question": "The video stalls", "answer": "Use another browser.", "reviewed": "1", "version": "1"}
    done = await desk.follow(await desk.send(f"{NORTH}/faq/{entry}", seen=page, **changed))
    assert "Use another browser." in done
    stale = await desk.send(f"{NORTH}/faq/{entry}", seen=page, **changed | {"answer": "Mine instead."})
    assert stale.status_code == 412
    assert "Somebody else changed this answer meanwhile." in stale.text
    suggested = await desk.page("/tickets/new?subject=video+stalls&rollout=safety-video&wave=north")
    assert "rollout:safety-video, wave:north" in suggested
    assert "Use another browser." in suggested
    gone = await desk.follow(await desk.send(f"{NORTH}/faq/{entry}", seen=page, do="take"))
    assert "Nobody is shown this answer any more." in gone


async def test_a_wave_that_is_not_known_has_no_support_page(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.VIEWER)
    assert (await desk.client.get("/rollouts/safety-video/nowhere/support")).status_code == 404
