"""Following a ticket by the mailed link, on both databases: what is shown to whom, and what may be done."""

import re
from datetime import timedelta
from typing import Any

from shared.auth import Role
from shared.events.messages import SignedLink
from tests.integration.tickets.desk import HOUR, MINUTE, TicketsDesk
from tests.integration.tickets.mailbag import comments, hidden, notices, path_of, raise_ticket, send, show


async def raised(desk: TicketsDesk, **fields: str) -> tuple[Any, str]:
    """A ticket by the form, and the path of its page."""
    await raise_ticket(desk, **fields)
    notice = (await notices(desk))[-1]
    return await desk.ticket(int(notice["thread"])), path_of(desk, notice)


async def answer(desk: TicketsDesk, ticket: Any, body: str, **fields: Any) -> None:
    path = f"/v1/tickets/{ticket['ticket_id']}/comments"
    said = await desk.ask("POST", path, Role.IT_AGENT, email="bob@example.org", json={"body": body, **fields})
    assert said.status_code == 201, said.text


async def press(desk: TicketsDesk, path: str, do: str, text: str = "") -> Any:
    page = await show(desk, path)
    return await send(desk, path, **{**hidden(page), "do": do, "text": text})


async def test_the_page_tells_how_it_stands_what_is_promised_and_what_was_said_in_public(desk: TicketsDesk) -> None:
    ticket, path = await raised(desk)
    page = await show(desk, path)
    assert "We have it." in page.text
    assert re.search(r"A first answer is promised by Monday 23 November 2026, \d\d:\d\d \(UTC\): in ", page.text)
    assert "After three minutes, always." in page.text
    await answer(desk, ticket, "Looking into it")
    await answer(desk, ticket, "He is slow", public=False)
    page = await show(desk, path)
    assert "Looking into it" in page.text
    assert "He is slow" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex"


async def test_a_promise_that_was_missed_is_said_so(desk: TicketsDesk) -> None:
    _, path = await raised(desk)
    desk.clock.advance(30 * 24 * HOUR)
    await desk.run_due()
    assert "We are late" in (await show(desk, path)).text


async def test_looking_changes_nothing(desk: TicketsDesk) -> None:
    ticket, path = await raised(desk)
    for _ in range(3):
        await show(desk, path)
    assert (await desk.ticket())["version"] == ticket["version"]


async def test_the_requester_writes_once_however_often_the_button_is_pressed(desk: TicketsDesk) -> None:
    ticket, path = await raised(desk)
    fields = {**hidden(await show(desk, path)), "do": "say", "text": "It is worse now"}
    answers = [await send(desk, path, **fields) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].headers["location"].startswith("/public/tickets/")
    assert await comments(desk, ticket) == [("requester", True, "It is worse now")]
    assert "What you wrote was sent." in (await show(desk, answers[0].headers["location"])).text
    empty = await press(desk, path, "say", " ")
    assert empty.status_code == 422
    assert "Please write something" in empty.text
    unknown = await press(desk, path, "explode")
    assert unknown.status_code == 422


async def test_the_requester_says_that_it_is_solved_and_that_it_is_not(desk: TicketsDesk) -> None:
    ticket, path = await raised(desk)
    await press(desk, path, "solve")
    assert (await desk.ticket())["status"] == "solved"
    page = await show(desk, path)
    assert "It is marked as solved." in page.text
    assert "This is not solved" in page.text
    await press(desk, path, "reopen", "It came back")
    assert (await desk.ticket())["status"] == "open"
    assert ("requester", True, "It came back") in await comments(desk, ticket)
    assert len(await desk.told("tickets.ticket.reopened")) == 1


async def test_thanks_on_a_solved_ticket_arm_no_clock_and_more_than_thanks_asks_the_desk(desk: TicketsDesk) -> None:
    ticket, path = await raised(desk)
    await answer(desk, ticket, "Choose 480p")
    await press(desk, path, "solve")
    before = [(clock["target"], clock["cycle"]) for clock in (await desk.ticket())["clocks"]]
    await press(desk, path, "say", "Thank you!")
    thanked = await desk.ticket()
    assert thanked["status"] == "solved"
    assert [(clock["target"], clock["cycle"]) for clock in thanked["clocks"]] == before
    assert "answered-after-solved" not in thanked["tags"]
    await press(desk, path, "say", "But what about the other course?")
    asked = await desk.ticket()
    assert asked["status"] == "solved"
    assert [(clock["target"], clock["cycle"]) for clock in asked["clocks"]] == before
    assert "answered-after-solved" in asked["tags"]


async def test_a_withdrawn_ticket_is_closed_for_good(desk: TicketsDesk) -> None:
    _, path = await raised(desk)
    assert (await press(desk, path, "withdraw")).status_code == 303
    assert (await desk.ticket())["status"] == "closed"
    page = await show(desk, path)
    assert "It is closed." in page.text
    assert '<textarea id="text"' not in page.text
    refused = await press(desk, path, "reopen", "wait")
    assert refused.status_code == 422
    assert "closed for good" in refused.text


async def test_a_forged_link_shows_nothing_and_one_for_another_purpose_neither(desk: TicketsDesk) -> None:
    _, path = await raised(desk)
    assert (await show(desk, f"{path}x")).status_code == 404
    link = SignedLink(purpose="survey", subject="s", expires_at=desk.clock.now() + HOUR)
    assert (await show(desk, f"/public/tickets/{desk.runtime.links.mint(link)}")).status_code == 404
    gone = SignedLink(purpose="ticket", subject="nobody", expires_at=desk.clock.now() + HOUR)
    assert (await show(desk, f"/public/tickets/{desk.runtime.links.mint(gone)}")).status_code == 404


async def test_an_expired_link_offers_a_new_one_which_goes_to_the_requester_and_not_too_often(
    desk: TicketsDesk,
) -> None:
    _, path = await raised(desk)
    desk.clock.advance(timedelta(days=366))
    over = await show(desk, path)
    assert over.status_code == 410
    assert "Send a new link" in over.text
    assert "three minutes" not in over.text
    assert "example.com" not in over.text
    assert (await send(desk, path, do="say", text="x")).status_code == 410
    count = len(await notices(desk))
    for _ in range(3):
        assert "on its way" in (await send(desk, path, do="renew")).text
    sent = (await notices(desk))[count:]
    assert [(each["to_email"], each["subject"]) for each in sent] == [("ada@example.com", "[#1] The video stalls")]
    assert (await show(desk, path_of(desk, sent[0]))).status_code == 200
    desk.clock.advance(11 * MINUTE)
    await send(desk, path, do="renew")
    assert len(await notices(desk)) == count + 2


async def test_a_link_in_other_hands_can_be_stopped(desk: TicketsDesk) -> None:
    ticket, path = await raised(desk)
    stopped = await press(desk, path, "replace")
    assert "This link is stopped" in stopped.text
    over = await show(desk, path)
    assert over.status_code == 410
    assert "three minutes" not in over.text
    assert (await send(desk, path, do="say", text="me again")).status_code == 410
    fresh = path_of(desk, (await notices(desk))[-1])
    assert fresh != path
    assert (await show(desk, fresh)).status_code == 200
    by_staff = await desk.ask("POST", f"/v1/tickets/{ticket['ticket_id']}/follow-link", json={"revoke": True})
    assert (by_staff.status_code, by_staff.json()["sent"]) == (202, True)
    assert (await show(desk, fresh)).status_code == 410


async def test_each_public_answer_and_the_solving_are_told_with_the_words_and_a_way_back(desk: TicketsDesk) -> None:
    ticket, _ = await raised(desk)
    await answer(desk, ticket, "Choose {link} 480p")
    await answer(desk, ticket, "internal", public=False)
    await desk.patch(await desk.ticket(), status="solved")
    told = await notices(desk)
    assert [each["thread"] for each in told] == ["1", "1", "1"]
    assert "bob@example.org wrote:\n\nChoose { link } 480p" in told[1]["body"]
    assert told[1]["body"].count("{link}") == 1
    assert "internal" not in told[1]["body"] + told[2]["body"]
    assert "Is it not solved?" in told[2]["body"]
    assert [each["follows"] for each in told] == [
        [],
        [told[0]["notification_id"]],
        [told[0]["notification_id"], told[1]["notification_id"]],
    ]
    assert all(each["body"].startswith("{reply}") for each in told)


async def test_a_merged_ticket_tells_where_it_goes_on_without_showing_what_others_wrote(desk: TicketsDesk) -> None:
    mine, path = await raised(desk)
    theirs, _ = await raised(desk, email="eve@example.com", subject="Same", description="Eve's own words")
    merged = await desk.ask(
        "POST", f"/v1/tickets/{mine['ticket_id']}/merge", json={"into": theirs["ticket_id"], "reason": "same"}
    )
    assert merged.status_code == 200, merged.text
    notice = (await notices(desk))[-1]
    assert notice["to_email"] == "ada@example.com"
    assert "is about the same as ticket #2" in notice["body"]
    await answer(desk, theirs, "Dear Eve, about your salary")
    page = await show(desk, path)
    assert "goes on there" in page.text
    assert "Eve" not in page.text
