"""Open clocks of all tickets over REST: lists, counts, and which will probably be missed."""

from datetime import timedelta
from typing import Any

from shared.auth import Role
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk


def short(items: list[Any]) -> list[tuple[int, str]]:
    return [(each["ticket_number"], each["target"]) for each in items]


async def test_running_clocks_are_listed_with_what_is_due_soonest_first(desk: TicketsDesk) -> None:
    await desk.open_ticket(priority="P2")
    await desk.open_ticket(priority="P1")
    items = (await desk.get("/v1/clocks"))["items"]
    assert short(items) == [(2, "first_response"), (1, "first_response"), (2, "resolution"), (1, "resolution")]
    first = items[0]
    assert (first["due_at"], first["remaining_seconds"], first["policy"]) == (
        "2026-11-23T10:00:00Z",
        3600,
        "standard@1",
    )
    desk.clock.advance(10 * MINUTE)
    [first] = (await desk.get("/v1/clocks?due_before=2026-11-23T10:30:00Z"))["items"]
    assert (first["elapsed_seconds"], first["remaining_seconds"]) == (600, 3000)


async def test_pages_of_clocks_skip_and_repeat_nothing(desk: TicketsDesk) -> None:
    for _ in range(5):
        await desk.open_ticket()
    seen: list[str] = []
    page = await desk.get("/v1/clocks?limit=3")
    while True:
        seen += [each["clock_id"] for each in page["items"]]
        if page["next"] is None:
            break
        page = await desk.get(f"/v1/clocks?limit=3&cursor={page['next']}")
    assert len(seen) == len(set(seen)) == 10


async def test_overdue_and_paused_clocks_have_lists_of_their_own(desk: TicketsDesk) -> None:
    late = await desk.open_ticket()
    paused = await desk.open_ticket(priority="P4")
    await desk.patch(paused, status="pending")
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    [overdue] = (await desk.get("/v1/clocks?state=overdue"))["items"]
    assert (overdue["ticket_id"], overdue["remaining_seconds"]) == (late["ticket_id"], -3600)
    assert (overdue["breached_at"], overdue["unconfirmed"]) == ("2026-11-23T10:00:00Z", False)
    assert short((await desk.get("/v1/clocks?state=paused"))["items"]) == [(2, "first_response"), (2, "resolution")]
    assert short((await desk.get("/v1/clocks"))["items"]) == [(1, "resolution")]
    assert await desk.get("/v1/clocks/summary") == {
        "running": 1,
        "due_within_an_hour": 0,
        "due_within_a_day": 1,
        "paused": 2,
        "overdue": 1,
        "unconfirmed": 0,
        "most": 10_000,
    }


async def test_lists_are_cut_down_to_a_team_or_a_rollout(desk: TicketsDesk) -> None:
    await desk.open_ticket()
    ticket = await desk.open_ticket(team="video")
    await desk.patch(ticket, attribution={"rollout": "safety-video", "wave": "north"})
    assert {each[0] for each in short((await desk.get("/v1/clocks?team=video"))["items"])} == {2}
    assert {each[0] for each in short((await desk.get("/v1/clocks?rollout=safety-video"))["items"])} == {2}
    assert (await desk.get("/v1/clocks?team=nobody"))["items"] == []


async def answer_after(desk: TicketsDesk, minutes: int) -> None:
    """A P1 ticket that is answered after so many minutes."""
    desk.clock.at = START
    ticket = await desk.open_ticket()
    desk.clock.advance(MINUTE * minutes)
    await desk.ask("POST", f"/v1/tickets/{ticket['ticket_id']}/comments", json={"body": "On it"})
    await desk.patch(await desk.get(f"/v1/tickets/{ticket['ticket_id']}"), status="solved")


async def test_what_work_of_its_kind_has_taken_says_which_clock_will_be_missed(desk: TicketsDesk) -> None:
    """Eight answers took 10, 20 … 80 minutes. Of the six that took half an hour, three took an hour or longer."""
    for minutes in range(10, 90, 10):
        await answer_after(desk, minutes)
    desk.clock.at = START + timedelta(days=1)
    old = await desk.open_ticket()
    desk.clock.advance(25 * MINUTE)
    young = await desk.open_ticket()
    desk.clock.advance(5 * MINUTE)
    found = await desk.get("/v1/clocks/at-risk?within_minutes=60")
    assert [(each["ticket_id"], each["alike"], each["enough"]) for each in found["items"]] == [
        (old["ticket_id"], 6, False),
        (young["ticket_id"], 8, False),
    ]
    assert [each["probability_to_miss"] for each in found["items"]] == [3 / 6, 3 / 8]
    assert (found["considered"], found["within_minutes"]) == (2, 60)
    assert len((await desk.get("/v1/clocks/at-risk?within_minutes=60&limit=1"))["items"]) == 1


async def test_where_nothing_is_known_the_forecast_says_so(desk: TicketsDesk) -> None:
    await desk.open_ticket()
    [item] = (await desk.get("/v1/clocks/at-risk?within_minutes=61"))["items"]
    assert (item["probability_to_miss"], item["alike"], item["enough"]) == (None, 0, False)


async def test_only_administrators_keep_webhooks_and_only_leads_read_of_them(desk: TicketsDesk) -> None:
    assert (await desk.ask("GET", "/v1/webhooks", Role.IT_AGENT)).status_code == 403
    body = {"url": "https://example.org/"}
    assert (await desk.ask("PUT", "/v1/webhooks/pager", Role.IT_LEAD, json=body)).status_code == 403
