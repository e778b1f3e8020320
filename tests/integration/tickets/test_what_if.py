"""History replayed against another policy: in pieces, resumable, and without touching a ticket."""

from typing import Any

from sqlalchemy import text

from services.tickets.usecases.reporting import replaying
from shared.auth import Role
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk, source, ticket_fact

HOURS = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def document(minutes: int) -> dict[str, Any]:
    targets = {"P1": {"first_response_minutes": minutes, "resolution_minutes": 240}}
    return {"rules": [{"name": "all", "calendar": {"zone": "UTC", "hours": HOURS}, "targets": targets}]}


async def ask(desk: TicketsDesk, **wanted: Any) -> Any:
    body = {"from": "2026-11-01", "to": "2026-12-01"} | wanted
    return await desk.ask("POST", "/v1/what-if", Role.IT_LEAD, json=body)


async def run(desk: TicketsDesk) -> int:
    worker = next(one for one in desk.runtime.workers if one.name == "what-if")
    steps = 0
    while await worker.step():
        steps += 1
    return steps


async def finished(desk: TicketsDesk, asked: Any) -> Any:
    await run(desk)
    return await desk.get(f"/v1/what-if/{asked['what_if_id']}")


async def everything(desk: TicketsDesk) -> list[Any]:
    """All that a replay could have changed."""
    tables = ("tickets", "moments", "clocks", "breaches", "clock_results", "result_counts", "policies", "history")
    async with desk.database.work() as work:
        return [(await work.session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))).all() for table in tables]


async def test_a_draft_says_what_would_have_been_kept_and_broken(desk: TicketsDesk) -> None:
    quick, slow = await desk.open_ticket(), await desk.open_ticket()
    for ticket, minutes in ((quick, 10), (slow, 30)):
        desk.clock.advance(minutes * MINUTE)
        await desk.ask("POST", f"/v1/tickets/{ticket['ticket_id']}/comments", json={"body": "On it"})
    before = await everything(desk)
    answer = await ask(desk, document=document(20))
    assert answer.status_code == 202, answer.text
    asked = answer.json()
    assert (asked["state"], asked["total"], asked["policy"], asked["covered"]) == ("queued", 2, "draft@0", 0)
    assert answer.headers["location"] == f"/v1/what-if/{asked['what_if_id']}"
    done = await finished(desk, asked)
    assert (done["state"], done["done"], done["covered"]) == ("done", 2, 2)
    row = next(row for row in done["rows"] if row["target"] == "first_response")
    assert (row["priority"], row["then"]["attainment"], row["now"]["attainment"]) == ("P1", "2 of 2", "1 of 2")
    assert (done["changes"]["newly_breached"], done["changes"]["earlier"], done["changes"]["same"]) == (1, 1, 2)
    turned, moved = done["samples"]
    assert (turned["number"], turned["change"], turned["due_then"], turned["due_now"], turned["breached_now"]) == (
        slow["number"],
        "newly_breached",
        "2026-11-23T10:00:00Z",
        "2026-11-23T09:20:00Z",
        "2026-11-23T09:20:00Z",
    )
    assert (moved["number"], moved["change"]) == (quick["number"], "earlier")
    assert await everything(desk) == before
    assert [each["what_if_id"] for each in (await desk.get("/v1/what-if"))["items"]] == [asked["what_if_id"]]


async def test_a_version_is_replayed_for_the_tickets_of_its_own_policy(desk: TicketsDesk) -> None:
    await desk.open_ticket()
    desk.clock.advance(2 * HOUR)
    await desk.run_due()
    published = await desk.ask("PUT", "/v1/policies/standard", Role.IT_LEAD, json=document(180))
    assert published.status_code == 200, published.text
    asked = (await ask(desk, policy="standard@2")).json()
    assert (asked["policy"], asked["instead_of"]) == ("standard@2", "standard")
    done = await finished(desk, asked)
    assert (done["covered"], done["changes"]["saved"]) == (1, 1)
    nothing = await finished(desk, (await ask(desk, policy="standard@2", instead_of="vip")).json())
    assert (nothing["done"], nothing["covered"], nothing["rows"]) == (1, 0, [])


async def test_a_replay_goes_on_where_it_stood_and_two_runners_count_a_ticket_once(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(*(ticket_fact(START, ticket={"id": f"t{number}"}) for number in range(120)))
    asked = (await ask(desk, document=document(20))).json()
    first = replaying.Replayer(desk.database, desk.runtime.business)
    assert await first.step()
    halfway = await desk.get(f"/v1/what-if/{asked['what_if_id']}")
    assert (halfway["state"], halfway["done"], halfway["total"]) == ("running", 50, 120)
    # Another process takes over; a third one still holds what it read before.
    async with desk.database.read() as unit:
        stale = await unit.what_ifs.find_next()
    assert stale is not None
    assert await replaying.Replayer(desk.database, desk.runtime.business).step()
    async with desk.database.unit() as unit:
        assert not await unit.what_ifs.keep(stale, was_done=stale.done)
    done = await finished(desk, asked)
    assert (done["state"], done["done"], done["covered"]) == ("done", 120, 120)
    assert await run(desk) == 0


async def test_what_cannot_be_replayed_is_refused_with_its_place(desk: TicketsDesk) -> None:
    never = document(20)
    never["rules"][0]["calendar"]["hours"] = {"monday": []}
    for body, code, pointer in (
        ({"policy": "standard@1", "document": document(5)}, "invalid_request", "/"),
        ({"policy": "standard"}, "invalid_request", "/policy"),
        ({"policy": "standard@1", "to": "2026-11-01"}, "invalid_request", "/to"),
        ({"policy": "standard@1", "to": "2029-11-01"}, "invalid_request", "/to"),
        ({"document": never}, "policy_not_usable", "/document/rules/0/calendar"),
    ):
        answer = await ask(desk, **body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert (await ask(desk, policy="standard@77")).status_code == 404
    assert (await desk.ask("GET", "/v1/what-if/nobody", Role.VIEWER)).json()["code"] == "what_if_not_found"


async def test_no_more_replays_wait_than_can_be_worked_off(desk: TicketsDesk) -> None:
    for _ in range(replaying.MOST_WAITING):
        assert (await ask(desk, policy="standard@1")).status_code == 202
    refused = await ask(desk, policy="standard@1")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    await run(desk)
    assert (await ask(desk, policy="standard@1")).status_code == 202
