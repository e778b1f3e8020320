"""Mail that came in, on both databases: tickets, answers, machines, loops, and what cannot be read."""

from email.message import EmailMessage
from typing import Any

import pytest

from shared.auth import Role
from shared.events.rollout import PersonErased
from tests.integration.tickets.desk import HOUR, TicketsDesk, person
from tests.integration.tickets.mailbag import (
    address_of,
    comments,
    letter,
    mails,
    notices,
    path_of,
    post,
    show,
)

AGENT = "bob@example.org"


async def opened(desk: TicketsDesk, mail: EmailMessage | None = None) -> tuple[Any, str]:
    """A ticket by mail, and the address to which its receipt is answered."""
    await post(desk, mail or letter())
    receipt = (await notices(desk))[-1]
    return await desk.ticket(int(receipt["thread"])), address_of(desk, receipt)


async def agents(desk: TicketsDesk) -> None:
    body = {"email": "desk@example.org", "lead": "lea@example.org", "members": [AGENT]}
    put = await desk.ask("PUT", "/v1/teams/desk", Role.IT_LEAD, json=body)
    assert put.status_code in (200, 201), put.text


async def meaning(desk: TicketsDesk, delivery_id: str) -> tuple[str, str | None]:
    """What the gateway is told of a delivery, the last time."""
    told = [each for each in await desk.told("tickets.delivery.understood") if each["delivery_id"] == delivery_id]
    return told[-1]["outcome"], told[-1]["reason"]


async def test_a_mail_opens_a_ticket_and_its_sender_gets_a_receipt_in_the_same_conversation(desk: TicketsDesk) -> None:
    mail = letter("It stalls.\n-- \nAda", Subject="Re: AW: Video")
    mail.add_attachment(b"x" * 2000, maintype="image", subtype="png", filename="screen.png")
    delivery_id = await post(desk, mail)
    ticket = await desk.ticket(1)
    assert (ticket["subject"], ticket["tags"]) == ("Video", ["mail"])
    assert ticket["description"].endswith("[Attached, not kept here: screen.png (2 kB)]")
    assert ticket["requester"]["name"] == "Ada Lovelace"
    (receipt,) = await notices(desk)
    assert (receipt["to_email"], receipt["in_reply_to"]) == ("ada@example.com", mail["Message-ID"])
    assert await meaning(desk, delivery_id) == ("applied", None)
    (kept,) = await mails(desk)
    assert (kept["outcome"], kept["ticket_id"]) == ("opened", ticket["ticket_id"])
    assert kept["attachments"] == [{"name": "screen.png", "media_type": "image/png", "size": 2000}]


async def test_the_requesters_answer_is_a_word_on_the_ticket_without_the_quote_and_the_whole_is_kept(
    desk: TicketsDesk,
) -> None:
    ticket, address = await opened(desk)
    text = "Still so.\n\nOn Monday, Desk <help@example.org> wrote:\n> Please write your answer above this line."
    await post(desk, letter(text), address.upper())
    assert await comments(desk, ticket) == [("requester", True, "Still so.")]
    whole = (await desk.ask("GET", f"/v1/mails/{(await mails(desk))[-1]['mail_id']}")).json()
    assert "On Monday" in whole["text"]
    assert len((await desk.get("/v1/tickets"))["items"]) == 1
    assert len(await notices(desk)) == 1  # nobody is told what they said themselves


async def test_an_answer_finds_its_ticket_by_what_it_refers_to(desk: TicketsDesk) -> None:
    first = letter()
    ticket, _ = await opened(desk, first)
    (receipt,) = await notices(desk)
    own = f"<{receipt['notification_id']}@glide.example>"
    await post(desk, letter("By our notice", In_Reply_To=own))
    await post(desk, letter("By my own mail", References=f"<other@x> {first['Message-ID']}"))
    await post(desk, letter("By the header", To="Help <" + address_of(desk, receipt) + ">"))
    assert [body for _, _, body in await comments(desk, ticket)] == ["By our notice", "By my own mail", "By the header"]


async def test_the_same_mail_by_two_ways_counts_once_and_replaying_it_changes_nothing(desk: TicketsDesk) -> None:
    mail = letter()
    first = await post(desk, mail)
    again = await post(desk, mail)
    assert len((await desk.get("/v1/tickets"))["items"]) == 1
    assert (await meaning(desk, again))[0] == "ignored"
    await post(desk, mail, delivery_id=first)
    assert (await meaning(desk, first))[0] == "applied"
    assert len(await notices(desk)) == 1


async def test_a_team_members_answer_to_the_signed_address_is_the_response_the_clock_waits_for(
    desk: TicketsDesk,
) -> None:
    await agents(desk)
    ticket, address = await opened(desk)
    await post(desk, letter("Choose 480p", From=f"Bob <{AGENT}>"), address, sender=AGENT)
    assert await comments(desk, ticket) == [("agent", True, "Choose 480p")]
    assert (await desk.clock_of(ticket))["outcome"] == "met"
    assert "Choose 480p" in (await notices(desk))[-1]["body"]


async def test_a_team_member_without_the_signed_address_writes_for_the_desk_only(desk: TicketsDesk) -> None:
    await agents(desk)
    first = letter()
    ticket, _ = await opened(desk, first)
    await post(desk, letter("Trust me", From=AGENT, In_Reply_To=first["Message-ID"]), sender=AGENT)
    assert await comments(desk, ticket) == [("agent", False, "Trust me")]
    assert (await desk.clock_of(ticket))["outcome"] is None
    assert (await mails(desk))[-1]["outcome"] == "noted"


async def test_a_stranger_who_names_a_mail_gets_a_ticket_of_their_own_and_learns_nothing(desk: TicketsDesk) -> None:
    first = letter("My secret")
    ticket, _ = await opened(desk, first)
    stranger = letter("Let me in", From="eve@example.net", In_Reply_To=first["Message-ID"])
    await post(desk, stranger, sender="eve@example.net")
    assert await comments(desk, ticket) == []
    other = await desk.ticket(2)
    assert other["requester"]["email"] == "eve@example.net"
    receipt = (await notices(desk))[-1]
    assert "My secret" not in (await show(desk, path_of(desk, receipt))).text
    forged = letter("By a forged address", From="eve@example.net")
    await post(desk, forged, "help+1.aaaaaaaaaaaaaaaa@example.org", sender="eve@example.net")
    assert await comments(desk, ticket) == []


async def test_a_colleague_who_was_handed_the_address_speaks_for_the_requester_and_answers_no_clock(
    desk: TicketsDesk,
) -> None:
    ticket, address = await opened(desk)
    await post(desk, letter("Same here", From="carl@example.com"), address, sender="carl@example.com")
    assert await comments(desk, ticket) == [("requester", True, "Same here")]
    assert (await desk.clock_of(ticket))["outcome"] is None


MACHINES: list[tuple[str, dict[str, str], str]] = [
    ("an absence", {"Auto_Submitted": "auto-replied", "Subject": "Out of office"}, "ada@example.com"),
    ("a bounce", {"From": "MAILER-DAEMON@example.com"}, ""),
    ("a list", {"Precedence": "list", "List_Id": "<all.example.com>"}, "ada@example.com"),
    ("exchange", {"X_Auto_Response_Suppress": "All"}, "ada@example.com"),
    ("ourselves", {"From": "Desk <help+1.abc@example.org>"}, "help@example.org"),
]


@pytest.mark.parametrize(("headers", "sender"), [each[1:] for each in MACHINES], ids=[each[0] for each in MACHINES])
async def test_a_machine_opens_nothing_answers_nothing_and_is_not_answered(
    desk: TicketsDesk, headers: dict[str, str], sender: str
) -> None:
    lone = await post(desk, letter(**headers), sender=sender)
    assert (await desk.get("/v1/tickets"))["items"] == []
    outcome, reason = await meaning(desk, lone)
    assert outcome == "ignored"
    assert (reason or "").startswith("A machine's:")
    ticket, address = await opened(desk)
    count = len(await notices(desk))
    await post(desk, letter("I am away", **headers), address, sender=sender)
    ((_, public, body),) = await comments(desk, ticket)
    assert public is False
    assert "not counted as a response" in body
    assert (await desk.clock_of(ticket))["outcome"] is None
    assert len(await notices(desk)) == count
    assert (await desk.ticket(1))["status"] == "new"


async def test_two_machines_without_any_sign_stop_at_a_number_of_mails_in_an_hour(desk: TicketsDesk) -> None:
    ticket, address = await opened(desk)
    for number in range(31):
        await post(desk, letter(f"Your mail {number} was received"), address)
    assert len(await comments(desk, ticket)) == 29
    last = (await mails(desk))[-1]
    assert last["outcome"] == "quarantined"
    desk.clock.advance(2 * HOUR)
    await post(desk, letter("A person again"), address)
    assert (await mails(desk))[-1]["outcome"] == "commented"


async def test_what_cannot_be_read_is_quarantined_with_its_reason_and_can_be_handed_on_again(desk: TicketsDesk) -> None:
    delivery_id = await post(desk, b"Subject: who?\r\n\r\nno sender", sender="")
    outcome, reason = await meaning(desk, delivery_id)
    assert outcome == "quarantined"
    assert reason == "It names no sender that could be answered."
    assert [each["outcome"] for each in await mails(desk)] == ["quarantined"]
    await post(desk, b"Subject: who?\r\n\r\nno sender", sender="", delivery_id=delivery_id)
    assert len(await mails(desk)) == 1


async def test_a_mail_on_a_solved_ticket_asks_the_desk_and_reopens_only_where_that_is_set(desk: TicketsDesk) -> None:
    ticket, address = await opened(desk)
    await desk.patch(ticket, status="solved")
    await post(desk, letter("Thank you!"), address)
    assert (await desk.ticket(1))["tags"] == ["mail"]
    await post(desk, letter("It does not work"), address)
    asked = await desk.ticket(1)
    assert (asked["status"], asked["tags"]) == ("solved", ["mail", "answered-after-solved"])
    entries = (await desk.ask("GET", f"/v1/tickets/{ticket['ticket_id']}/history")).json()["items"]
    assert [each["detail"]["only_thanks"] for each in entries if each["kind"] == "answered_after_solved"] == [
        True,
        False,
    ]
    await post(desk, letter("Thanks a lot"), address, reopens=True)
    assert (await desk.ticket(1))["status"] == "solved"
    await post(desk, letter("It stalls again"), address, reopens=True)
    assert (await desk.ticket(1))["status"] == "open"


async def test_a_mail_on_a_closed_ticket_opens_one_that_follows_it(desk: TicketsDesk) -> None:
    ticket, address = await opened(desk)
    await desk.patch(ticket, status="closed")
    await post(desk, letter("There is more"), address)
    links = (await desk.ask("GET", f"/v1/tickets/{(await desk.ticket(2))['ticket_id']}/links")).json()["items"]
    assert [(each["kind"], each["number"]) for each in links] == [("follow_up_of", 1)]


async def test_a_mail_to_a_merged_ticket_goes_where_the_ticket_went(desk: TicketsDesk) -> None:
    first, address = await opened(desk)
    second, _ = await opened(desk, letter("The other one"))
    body = {"into": second["ticket_id"], "reason": "the same"}
    merged = await desk.ask("POST", f"/v1/tickets/{first['ticket_id']}/merge", json=body)
    assert merged.status_code == 200, merged.text
    await post(desk, letter("Here too"), address)
    assert ("requester", True, "Here too") in await comments(desk, second)


async def test_who_is_forgotten_leaves_no_mail_and_no_way_to_their_ticket(desk: TicketsDesk) -> None:
    await desk.hand_in(person(email="ada@example.com"))
    await opened(desk)
    path = path_of(desk, (await notices(desk))[0])
    assert (await show(desk, path)).status_code == 200
    await desk.hand_in(PersonErased(person_id="p-ada", erased_at=desk.clock.now()))
    assert await mails(desk) == []
    assert (await show(desk, path)).status_code == 404


async def test_mails_of_others_are_for_staff(desk: TicketsDesk) -> None:
    await opened(desk)
    assert (await desk.ask("GET", "/v1/mails", Role.VIEWER)).status_code == 403
    assert (await desk.ask("GET", "/v1/mails/none")).status_code == 404
    assert len((await desk.ask("GET", "/v1/mails?outcome=opened")).json()["items"]) == 1
    assert (await desk.ask("GET", "/v1/mails?outcome=noted")).json()["items"] == []
