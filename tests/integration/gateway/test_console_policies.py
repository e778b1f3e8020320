"""Policies, calendars and migrations with the real tickets service behind their pages."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.auth import Role
from tests.support.desk_console import DeskConsole, desk_console

CALENDAR: dict[str, Any] = {
    "zone": "Europe/Berlin",
    "hours": {"monday": ["09:00-12:00", "13:00-17:00"], "friday": ["22:00-06:00"]},
    "holidays": ["2026-12-25"],
}
POLICY: dict[str, Any] = {
    "order": 10,
    "when": {"team": ["network"]},
    "rules": [
        {
            "name": "urgent",
            "when": {"priority": ["P1"]},
            "unless": {"source": ["zendesk"]},
            "calendar": "berlin",
            "targets": {"P1": {"first_response_minutes": 30, "resolution_minutes": 480}},
            "escalations": [{"at": "75%", "to": "lead"}],
        }
    ],
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskConsole]:
    async with desk_console(tmp_path) as running:
        await running.call("PUT", "calendars/berlin", CALENDAR)
        yield running


async def propose(desk: DeskConsole, document: dict[str, Any] = POLICY, **fields: str) -> Any:
    page = await desk.page("/policies/new")
    form = {"name": "network", "text": json.dumps(document, indent=2), "do": "propose"} | fields
    return await desk.send("/policies/new", seen=page, **form)


async def test_a_policy_reads_as_sentences_with_its_week_and_its_try_out(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.follow(await propose(desk))
    for said in (
        "The version was proposed.",
        "When team is network.",
        "When priority is P1, unless source is zendesk.",
        "First response within 30 min and resolution within 8 h".lower(),
        "At 75 % of the time, the lead of the team is told.",
        "09:00 to 12:00, 13:00 to 17:00",
        "Wall time in Europe/Berlin.",
        "IT has not signed",
    ):
        assert said in page, said
    assert page.count('class="open"') == 4  # two windows on Monday, and Friday's shift on two days
    tried = await desk.page("/policies/network?try=1&priority=P1&team=network")
    assert "<strong>urgent</strong> decides" in tried
    assert "First response</th><td>30 min</td>" in tried
    other = await desk.page("/policies/network?try=1&priority=P4&team=network")
    assert "does not apply" in other
    assert "Nothing is promised to such a ticket" in other


async def test_mistakes_in_a_policy_are_shown_at_their_line(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.IT_LEAD)
    wrong = json.loads(json.dumps(POLICY))
    wrong["rules"][0]["targets"]["P1"]["first_response_minutes"] = -3
    answer = await propose(desk, wrong)
    assert answer.status_code == 422
    line = next(
        number
        for number, text in enumerate(json.dumps(wrong, indent=2).splitlines(), 1)
        if "first_response_minutes" in text
    )
    assert f"Line {line}, column " in answer.text
    assert "first_response_minutes&#34;: -3" in answer.text  # what was typed is kept
    broken = await propose(desk, text="{\n  oops")
    assert broken.status_code == 422
    assert "Line 2, column 3" in broken.text


async def test_each_side_is_offered_its_own_signature_and_both_put_it_in_force(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.follow(await propose(desk))
    assert "Sign for IT" in page
    assert "Sign for Training" not in page
    signed = await desk.follow(await desk.send("/policies/network/versions/1/sign", seen=page, side="it"))
    assert "Training has not signed" in signed
    desk.client.cookies.clear()
    await desk.console.sign_in(Role.VIEWER)
    assert "Sign for" not in await desk.page("/policies/network")


async def test_an_administrator_puts_a_version_in_force_and_says_why(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.follow(await propose(desk))
    done = await desk.follow(
        await desk.send("/policies/network/versions/1/enforce", seen=page, reason="The quarter begins tomorrow.")
    )
    assert "without both signatures: The quarter begins tomorrow." in done
    listed = await desk.page("/policies")
    assert "In force" in listed
    assert "berlin@1" in listed


async def test_days_are_closed_by_hand_and_from_a_file_after_a_look(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.IT_LEAD)
    page = await desk.page("/calendars/berlin")
    assert "Fri 25 Dec 2026" in page
    looked = await desk.send("/calendars/berlin/holidays", seen=page, dates="2027-05-14", name="Bridge day", do="look")
    assert looked.status_code == 200
    assert "Closed anew: 2027-05-14" in looked.text
    assert "berlin@1" in looked.text
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20270106\r\nSUMMARY:Epiphany\r\nEND:VEVENT\r\n"
    file = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event}END:VCALENDAR\r\n"
    answer = await desk.client.post(
        "/calendars/berlin/holidays",
        data={"csrf": desk.console.csrf(page), "do": "close", "migrate": "no"},
        files={"ics": ("days.ics", file, "text/calendar")},
    )
    done = await desk.follow(answer)
    assert "berlin@2" in done
    assert "Epiphany" in done
    nothing = await desk.send("/calendars/berlin/holidays", seen=page, do="close")
    assert nothing.status_code == 422
    assert "Name the days, or a country and years, or choose a calendar file." in nothing.text


async def test_a_migration_begins_with_a_dry_run_whose_page_says_how_far_it_is(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.ADMIN)
    page = await desk.follow(await propose(desk))
    page = await desk.follow(await desk.send("/policies/network/versions/1/enforce", seen=page, reason="For a test."))
    edited = await desk.page("/policies/network/edit")
    softer = json.loads(json.dumps(POLICY))
    softer["rules"][0]["targets"]["P1"]["first_response_minutes"] = 60
    form = {"text": json.dumps(softer), "do": "propose"}
    page = await desk.follow(await desk.send("/policies/network/edit", seen=edited, **form))
    assert "30 min" in page.split('id="diff-title"')[1]
    page = await desk.follow(await desk.send("/policies/network/versions/2/enforce", seen=page, reason="For a test."))
    begun = await desk.send("/migrations", seen=page, **{"from": "network@1", "to": "network@2"})
    shown = await desk.follow(begun)
    assert "network@1 → network@2" in shown
    assert 'role="progressbar"' in shown
    assert "Nothing is changed by it." in shown
