"""What a hostile or broken client sends is refused with a reason; a 500 would be a mistake of ours."""

from typing import Any

import pytest

from shared.auth import Role
from tests.integration.tickets.desk import TicketsDesk

V1 = "/v1/policies"
REFUSED: list[tuple[str, str, Any, str]] = [
    ("PUT", f"{V1}/standard", {"rules": None}, ""),
    ("PUT", f"{V1}/standard", {"when": {}, "rules": None}, ""),
    ("PUT", f"{V1}/standard", {"rules": [{"name": "a", "calendar": {"zone": "x" * 90, "hours": {}}}]}, ""),
    ("POST", f"{V1}/check", {"opened_at": "0001-01-01T00:00:00Z"}, "/opened_at"),
    ("POST", f"{V1}/check", {"opened_at": "9999-12-31T23:59:59Z"}, "/opened_at"),
    ("POST", "/v1/tickets", {"subject": "x" * 301}, "/subject"),
    ("POST", "/v1/tickets", {"subject": "x", "tags": ["x"] * 101}, "/tags"),
    ("POST", "/v1/tickets", {"subject": "x", "requester": {"email": "a@" + "b" * 300}}, "/requester/email"),
    ("POST", "/v1/tickets", {"subject": "x", "minutes_lost": 10**30}, "/minutes_lost"),
    ("POST", "/v1/tickets", [], ""),
    ("POST", "/v1/tickets", "x", ""),
]


@pytest.mark.parametrize(("method", "path", "body", "pointer"), REFUSED)
async def test_what_cannot_be_meant_is_refused(
    desk: TicketsDesk, method: str, path: str, body: Any, pointer: str
) -> None:
    answer = await desk.ask(method, path, Role.ADMIN, json=body)
    assert answer.status_code in (400, 422), answer.text
    assert pointer in [each["pointer"] for each in answer.json().get("errors", [])] or not pointer


BROKEN = [
    b"{broken",
    b"",
    b"\xff\xfe",
    b"[1,",
    b'{"subject": "a\\u0000b"}',
    b"[" * 50_000,
    b'{"subject":' * 2_000,
    b"nan",
    b'{"subject": "\\ud800"}',
]


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: repr(content[:20]))
async def test_a_body_that_is_no_json_is_refused(desk: TicketsDesk, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await desk.ask("POST", "/v1/tickets", content=content, headers=headers)
    assert answer.status_code in (400, 422), answer.text


QUERIES = [
    "q=%25%25%25", "q=NEAR(", "q=%22unclosed", "q=a%20AND", "q=*", "q=-", "q=%27", "q=%F0%9F%A6%84", "q=" + "x" * 200,
    "q=%5C", "q=:", "requester=%25", "assignee=", "sort=due&sla=overdue", "cursor=e30",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
async def test_a_search_is_words_and_never_a_program(desk: TicketsDesk, query: str) -> None:
    await desk.open_ticket(subject='100% "quoted" NEAR( AND *')
    answer = await desk.ask("GET", f"/v1/tickets?{query}")
    assert answer.status_code in (200, 422), answer.text


async def test_nobody_overwrites_anybody(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    path = f"/v1/tickets/{ticket['ticket_id']}"
    for tag, expected in (('W/"1"', 200), ('W/"1"', 412), ('W/"0"', 412), (f'W/"{10**30}"', 412), ('"abc"', 422)):
        answer = await desk.ask("PATCH", path, json={"subject": f"Read {tag}"}, headers={"If-Match": tag})
        assert answer.status_code == expected, answer.text
    assert (await desk.get(path))["version"] == 2
