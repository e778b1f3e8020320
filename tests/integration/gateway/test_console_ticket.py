"""A ticket's page with the real tickets service behind it: what is shown, what may be done, and what nobody overwrites."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.auth import Role
from shared.clock import FixedClock
from tests.support.desk_console import MONDAY, DeskConsole, desk_console


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
async def desk(tmp_path: Path, clock: FixedClock) -> AsyncIterator[DeskConsole]:
    async with desk_console(tmp_path, clock=clock) as running:
        yield running


async def reply(desk: DeskConsole, ticket: Any, **fields: str) -> str:
    at = f"/tickets/{ticket['number']}"
    page = await desk.page(at)
    version = page.split('name="version" value="', 1)[1].split('"', 1)[0]
    status = page.split('name="was_status" value="', 1)[1].split('"', 1)[0]
    return await desk.follow(
        await desk.send(f"{at}/reply", seen=page, **{"version": version, "was_status": status} | fields)
    )


def counted(table: str) -> list[int]:
    """The seconds of each row's last column, the sum of the foot last."""
    cells = re.findall(r'<td class="figure">(\d+):(\d\d):(\d\d)</td></tr>', table)
    return [3600 * int(hours) + 60 * int(minutes) + int(seconds) for hours, minutes, seconds in cells]


async def test_the_conversation_tells_public_from_internal(desk: DeskConsole) -> None:
    ticket = await desk.open_ticket(description="It stalls at minute 3.", priority="P2")
    await desk.console.sign_in(Role.IT_AGENT)
    said = await reply(desk, ticket, body="We look into it.")
    assert "Your reply was sent." in said
    noted = await reply(desk, ticket, body="It is the cache again.", audience="internal")
    assert "Only the desk sees it." in noted
    internal = noted.split("It is the cache again.")[0].rsplit("<li", 1)[1]
    assert "is-internal" in internal
    assert "Internal: only the desk sees this" in internal
    assert "is-internal" not in noted.split("We look into it.")[0].rsplit("<li", 1)[1]
    assert "It stalls at minute 3." in noted


async def test_send_and_solve_and_send_and_wait_do_both(desk: DeskConsole) -> None:
    ticket = await desk.open_ticket()
    await desk.console.sign_in(Role.IT_AGENT)
    assert "waits for the requester" in await reply(desk, ticket, body="Which browser?", then="wait")
    assert (await desk.call("GET", f"tickets/{ticket['ticket_id']}"))["status"] == "pending"
    assert "the ticket is solved" in await reply(desk, ticket, body="Cleared the cache.", then="solve")
    assert (await desk.call("GET", f"tickets/{ticket['ticket_id']}"))["status"] == "solved"


async def test_the_pieces_of_a_clock_add_up_to_what_was_used(desk: DeskConsole, clock: FixedClock) -> None:
    ticket = await desk.open_ticket(priority="P2")
    await desk.console.sign_in(Role.IT_AGENT)
    clock.advance(timedelta(minutes=7, seconds=13, microseconds=600_000))
    await reply(desk, ticket, body="Which browser?", then="wait")
    clock.advance(timedelta(minutes=20))
    page = await desk.page(f"/tickets/{ticket['number']}")
    assert 'class="seg seg-running"' in page
    assert 'class="seg seg-paused"' in page
    tables = re.findall(r'<table class="plain">.*?</table>', page, re.DOTALL)
    assert len(tables) >= 2
    for table in tables:
        *pieces, total = counted(table)
        assert sum(pieces) == total > 0
    clocks = await desk.call("GET", f"tickets/{ticket['ticket_id']}/clocks")
    paused = next(clock for clock in clocks if clock["state"] == "paused")
    assert any(counted(table)[-1] == round(paused["elapsed_seconds"]) for table in tables)
    assert " style=" not in page


async def test_only_what_differs_is_changed(desk: DeskConsole) -> None:
    ticket = await desk.open_ticket(tags=["video", "north"])
    await desk.console.sign_in(Role.IT_AGENT)
    at = f"/tickets/{ticket['number']}"
    page = await desk.page(at)
    form = {"version": ticket["version"], "subject": "Video stalls", "priority": "P2", "tags": "video, south"}
    changed = await desk.follow(await desk.send(f"{at}/change", seen=page, **form, assignee="ben@example.test"))
    assert "The ticket was changed." in changed
    now = await desk.call("GET", f"tickets/{ticket['ticket_id']}")
    assert (now["priority"], now["tags"], now["assignee"]) == ("P2", ["video", "south"], "ben@example.test")


async def test_somebody_who_was_faster_is_told_of_and_nothing_typed_is_lost(desk: DeskConsole) -> None:
    ticket = await desk.open_ticket()
    await desk.console.sign_in(Role.IT_AGENT)
    at = f"/tickets/{ticket['number']}"
    page = await desk.page(at)
    await desk.call("PATCH", f"tickets/{ticket['ticket_id']}", {"priority": "P2"}, **{"if-match": 'W/"1"'})
    answer = await desk.send(f"{at}/change", seen=page, version="1", subject="A better subject", priority="P3")
    assert answer.status_code == 409
    for said in ("Somebody was faster", "<td>P2</td><td>P3</td>", "A better subject", 'name="version" value="2"'):
        assert said in answer.text, said
    assert (await desk.call("GET", f"tickets/{ticket['ticket_id']}"))["subject"] == "Video stalls"
    again = await desk.send(f"{at}/change", seen=answer.text, version="2", subject="A better subject", priority="P3")
    assert "A better subject</h1>" in await desk.follow(again)


async def test_a_reply_that_would_solve_what_somebody_changed_is_kept_and_not_sent(desk: DeskConsole) -> None:
    ticket = await desk.open_ticket()
    await desk.console.sign_in(Role.IT_AGENT)
    at = f"/tickets/{ticket['number']}"
    page = await desk.page(at)
    await desk.call("PATCH", f"tickets/{ticket['ticket_id']}", {"status": "on_hold"}, **{"if-match": 'W/"1"'})
    form = {"version": "1", "was_status": "new", "body": "Solved it for you.", "then": "solve"}
    answer = await desk.send(f"{at}/reply", seen=page, **form)
    assert answer.status_code == 409
    assert "Solved it for you.</textarea>" in answer.text
    assert "Solved it for you." not in await desk.page(at)


async def test_a_ticket_is_attributed_by_hand_and_says_so(desk: DeskConsole) -> None:
    ticket = await desk.open_ticket()
    await desk.console.sign_in(Role.IT_AGENT)
    at = f"/tickets/{ticket['number']}"
    page = await desk.page(at)
    assert "No wave." in page
    half = await desk.send(f"{at}/attribute", seen=page, version="1", rollout="safety-video")
    assert half.status_code == 422
    assert "Name both the rollout and its wave." in half.text
    done = await desk.send(f"{at}/attribute", seen=page, version="1", rollout="safety-video", wave="north")
    assert "because the desk set it by hand" in await desk.follow(done)


async def test_a_new_ticket_is_opened_for_somebody_and_its_mistakes_stand_at_their_place(desk: DeskConsole) -> None:
    await desk.console.sign_in(Role.IT_AGENT)
    page = await desk.page("/tickets/new")
    wrong = await desk.send("/tickets/new", seen=page, subject="No sound", requester_email="nobody")
    assert wrong.status_code == 422
    assert 'value="No sound"' in wrong.text
    opened = await desk.send(
        "/tickets/new", seen=page, subject="No sound", requester_email="ada@example.test", kind="request"
    )
    made = await desk.follow(opened)
    assert "The ticket was opened." in made
    assert "No sound</h1>" in made


async def test_a_viewer_reads_and_is_offered_nothing(desk: DeskConsole) -> None:
    ticket = await desk.open_ticket()
    await desk.console.sign_in(Role.VIEWER)
    page = await desk.page(f"/tickets/{ticket['number']}")
    assert "/change" not in page
    assert "/reply" not in page
    forced = await desk.send(f"/tickets/{ticket['number']}/change", seen=page, version="1", priority="P1")
    assert forced.status_code == 403
    assert (await desk.client.get("/tickets/999")).status_code == 404
    assert (await desk.client.get("/tickets/..%2Fsecrets")).status_code == 404
