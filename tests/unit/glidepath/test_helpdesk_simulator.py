"""The simulated helpdesk signs its webhooks and answers the incremental export."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from glidepath.demo.simulators.helpdesk import Helpdesk, HelpdeskWebhooks, helpdesk_app
from glidepath.demo.simulators.journal import Journal
from shared.clock import FixedClock

NINE = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def desk(clock: FixedClock, journal: Journal | None = None) -> Helpdesk:
    helpdesk = Helpdesk(clock, journal)
    helpdesk.add_user(1, "Ada Adler", "ada@example.com")
    helpdesk.add_user(2, "Ben Bauer", "ben@example.com", staff=True)
    return helpdesk


def file_ticket(helpdesk: Helpdesk) -> int:
    return helpdesk.open_ticket(
        requester=1, subject="Video stutters", description="All of us", priority="urgent", tags=["rollout:safety-video"]
    )


async def get(helpdesk: Helpdesk, path: str, *, token: str = "t") -> httpx.Response:
    transport = httpx.ASGITransport(helpdesk_app(helpdesk, account="bot@example.com", token="t"))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk.example", auth=("bot@example.com/token", token)
    ) as http:
        return await http.get(path)


def test_an_event_writes_ids_as_text_and_states_in_capitals() -> None:
    helpdesk = desk(FixedClock(NINE))
    number = file_ticket(helpdesk)
    helpdesk.answer(number, agent=2, body="We are on it.")
    created, commented = helpdesk.unsent.values()
    assert created["type"] == "zen:event-type:ticket.created"
    assert (created["detail"]["id"], created["detail"]["status"]) == (str(number), "NEW")
    assert created["time"] == "2026-03-03T09:00:00Z"
    assert commented["event"]["comment"]["author"]["is_staff"] is True


def test_a_signature_covers_the_stamp_and_the_raw_body_with_the_secret_verbatim() -> None:
    webhooks = HelpdeskWebhooks(desk(FixedClock(NINE)), "http://hooks.example", "c2VjcmV0", real=FixedClock(NINE))
    headers = webhooks.headers(b'{"a": 1}', "event-1")
    webhooks.close()
    expected = hmac.new(b"c2VjcmV0", b'2026-03-03T09:00:00Z{"a": 1}', hashlib.sha256).digest()
    assert headers["X-Zendesk-Webhook-Signature"] == base64.b64encode(expected).decode()
    assert headers["X-Zendesk-Webhook-Invocation-Id"] == "event-1"


async def test_the_export_pages_by_an_opaque_cursor_until_the_end_of_the_stream() -> None:
    clock = FixedClock(NINE)
    helpdesk = desk(clock)
    numbers = []
    for _ in range(3):
        numbers.append(file_ticket(helpdesk))
        clock.advance(timedelta(minutes=1))
    path = "/api/v2/incremental/tickets/cursor.json"
    page: dict[str, Any] = (await get(helpdesk, f"{path}?start_time=0&per_page=2")).json()
    assert ([ticket["id"] for ticket in page["tickets"]], page["end_of_stream"]) == (numbers[:2], False)
    page = (await get(helpdesk, f"{path}?cursor={page['after_cursor']}&per_page=2")).json()
    assert ([ticket["id"] for ticket in page["tickets"]], page["end_of_stream"]) == (numbers[2:], True)
    helpdesk.set_status(numbers[0], "solved", agent=2)
    page = (await get(helpdesk, f"{path}?cursor={page['after_cursor']}")).json()
    assert [(ticket["id"], ticket["status"]) for ticket in page["tickets"]] == [(numbers[0], "solved")]


async def test_a_ticket_and_its_people_can_be_asked_for_one_by_one() -> None:
    helpdesk = desk(FixedClock(NINE))
    number = file_ticket(helpdesk)
    assert (await get(helpdesk, f"/api/v2/tickets/{number}.json")).json()["ticket"]["priority"] == "urgent"
    assert (await get(helpdesk, "/api/v2/users/1.json")).json()["user"]["email"] == "ada@example.com"
    assert (await get(helpdesk, "/api/v2/tickets/9.json")).status_code == 404
    assert (await get(helpdesk, f"/api/v2/tickets/{number}.json", token="wrong")).status_code == 401


def test_what_was_not_acknowledged_before_a_kill_is_still_to_be_sent(tmp_path: Path) -> None:
    path = tmp_path / "desk.jsonl"
    first = desk(FixedClock(NINE), Journal(path))
    number = file_ticket(first)
    created = next(iter(first.unsent))
    first.answer(number, agent=2, body="We are on it.")
    first.sent(created)
    again = desk(FixedClock(NINE), Journal(path))
    assert [event["type"] for event in again.unsent.values()] == ["zen:event-type:ticket.comment_added"]
    assert again.tickets[number]["assignee_id"] == 2
