"""Escalation ladders: each step once, at its instant, to whom the policy says, again until somebody has done something."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from services.tickets.adapters.tables import ClockRow, OutgoingRow
from shared.auth import Role
from shared.timers import Timer
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk, person

WEEK = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


async def use_ladder(
    desk: TicketsDesk, *steps: dict[str, Any], first_response: int = 60, resolution: int = 2_400
) -> None:
    """A P1 is promised an answer within an hour of business time; these steps watch over it."""
    targets = {"first_response_minutes": first_response, "resolution_minutes": resolution}
    document = {
        "rules": [
            {
                "name": "urgent",
                "calendar": {"zone": "UTC", "hours": WEEK},
                "targets": dict.fromkeys(("P1", "P2", "P3", "P4"), targets),
                "escalations": list(steps),
            }
        ]
    }
    proposed = await desk.ask("PUT", "/v1/policies/standard", Role.IT_LEAD, json=document)
    assert proposed.status_code == 200, proposed.text
    version = proposed.json()["version"]
    path = f"/v1/policies/standard/versions/{version}/enforce"
    enforced = await desk.ask("POST", path, Role.ADMIN, json={"reason": "for this test"})
    assert enforced.status_code in (200, 204), enforced.text


async def keep_team(desk: TicketsDesk) -> None:
    body = {"email": "video@example.com", "lead": "lea@example.com", "members": ["dana@example.com"]}
    assert (await desk.ask("PUT", "/v1/teams/video", Role.IT_LEAD, json=body)).status_code == 200


def ladders_of(desk: TicketsDesk) -> Timer[Any]:
    return next(timer for timer in desk.runtime.timers if timer.name == "escalations")


async def climb(desk: TicketsDesk, to: datetime | None = None) -> list[tuple[str, str]]:
    """Go to an instant and fire what is due. To whom what was said so far, with its subject."""
    if to is not None:
        desk.clock.at = to
    await desk.run_due()
    return [(each["to_email"], each["subject"]) for each in await notices(desk)]


async def notices(desk: TicketsDesk) -> list[Any]:
    """Requests of ladders; the desk writes to requesters of its own accord."""
    told = await desk.told("tickets.notification.requested")
    return [each for each in told if each["notification_id"].startswith("escalation-")]


async def escalations(desk: TicketsDesk, ticket: Any) -> list[tuple[str, int, str, list[str]]]:
    found = await desk.get(f"/v1/tickets/{ticket['ticket_id']}/escalations")
    return [
        (each["threshold"].split()[0], each["occurrence"], each["fires_at"], each["told"])
        for each in found["items"]
        if "first_response" in each["clock_id"]
    ]


async def test_a_step_is_fired_at_its_share_of_the_time_and_once(desk: TicketsDesk) -> None:
    await use_ladder(desk, {"at": "75%", "to": "assignee"})
    ticket = await desk.open_ticket(assignee="dana@example.com")
    assert await ladders_of(desk).due_at() == START + 45 * MINUTE
    assert await climb(desk, START + 44 * MINUTE) == []
    told = await climb(desk, START + 46 * MINUTE)
    assert told == [("dana@example.com", "#1 P1: first response due 2026-11-23 10:00 UTC")]
    assert await climb(desk, START + 47 * MINUTE) == told
    assert await escalations(desk, ticket) == [("75%", 1, "2026-11-23T09:45:00Z", ["dana@example.com"])]
    [request] = await notices(desk)
    assert "Video stalls" in request["body"]
    assert f"/tickets/{ticket['ticket_id']}" in request["body"]
    assert "75% of the time is used up" in request["body"]
    assert request["not_before"] is None
    [entry] = [e for e in (await desk.get("/v1/tickets/1/history"))["items"] if e["kind"] == "escalated"]
    assert (entry["at"], entry["observed_at"]) == ("2026-11-23T09:45:00Z", "2026-11-23T09:46:00Z")
    assert entry["detail"]["told"] == ["dana@example.com"]
    # The resolution's own ladder waits for its share; the one that is done waits for nothing.
    assert await ladders_of(desk).due_at() == datetime.fromisoformat("2026-11-26T15:00:00Z")


async def test_steps_before_and_after_the_breach_come_in_order_even_if_the_timer_was_down(desk: TicketsDesk) -> None:
    await keep_team(desk)
    await use_ladder(
        desk,
        {"at": "-30m", "to": "assignee"},
        {"at": "+0m", "to": "lead"},
        {"at": "+2h", "to": "email:boss@example.com"},
        resolution=480,
    )
    ticket = await desk.open_ticket(assignee="dana@example.com", team="video")
    await climb(desk, START + 5 * HOUR)
    told = [each for each in await climb(desk) if "first response" in each[1]]
    assert [to for to, _ in told] == ["dana@example.com", "lea@example.com", "boss@example.com"]
    assert told[1][1] == "#1 P1: first response missed"
    assert await escalations(desk, ticket) == [
        ("-30m", 1, "2026-11-23T09:30:00Z", ["dana@example.com"]),
        ("+0m", 1, "2026-11-23T10:00:00Z", ["lea@example.com"]),
        ("+2h", 1, "2026-11-23T12:00:00Z", ["boss@example.com"]),
    ]


async def test_a_step_in_business_time_waits_for_the_morning_and_one_in_real_time_does_not(desk: TicketsDesk) -> None:
    await use_ladder(
        desk,
        {"at": "+2h", "time": "business", "to": "email:office@example.com"},
        {"at": "+2h", "time": "real", "to": "email:duty@example.com"},
        first_response=450,
    )
    ticket = await desk.open_ticket()
    await climb(desk, START + timedelta(days=2))
    assert await escalations(desk, ticket) == [
        ("+2h", 1, "2026-11-23T18:30:00Z", ["duty@example.com"]),
        ("+2h", 1, "2026-11-24T10:30:00Z", ["office@example.com"]),
    ]


async def test_what_repeats_is_said_again_until_somebody_of_the_desk_has_touched_the_ticket(desk: TicketsDesk) -> None:
    step = {"at": "+0m", "to": "email:duty@example.com", "repeat_every_minutes": 60, "until": "touched"}
    await use_ladder(desk, step, resolution=4_800)
    ticket = await desk.open_ticket()
    for hour in range(1, 4):
        await climb(desk, START + hour * HOUR)
    assert [each[1:3] for each in await escalations(desk, ticket)] == [
        (1, "2026-11-23T10:00:00Z"),
        (2, "2026-11-23T11:00:00Z"),
        (3, "2026-11-23T12:00:00Z"),
    ]
    [*_, last] = await notices(desk)
    assert "This is reminder 3." in last["body"]
    # The requester's own word is no doing of the desk.
    said = {"body": "Anybody?", "author": {"email": "ada@example.com"}, "author_role": "requester"}
    path = f"/v1/tickets/{ticket['ticket_id']}/comments"
    assert (await desk.ask("POST", path, Role.INTEGRATION, json=said)).status_code == 201
    await climb(desk, START + 4 * HOUR)
    assert len(await escalations(desk, ticket)) == 4
    desk.clock.advance(MINUTE)
    await desk.patch(await desk.ticket(), assignee="dana@example.com")
    await climb(desk, START + 6 * HOUR)
    assert len(await escalations(desk, ticket)) == 4


async def test_of_repetitions_that_were_missed_together_the_last_alone_is_said(desk: TicketsDesk) -> None:
    step = {"at": "+0m", "to": "email:duty@example.com", "repeat_every_minutes": 60}
    await use_ladder(desk, step, resolution=4_800)
    ticket = await desk.open_ticket()
    assert len(await climb(desk, START + 5 * HOUR)) == 1
    found = await escalations(desk, ticket)
    assert [each[1] for each in found] == [1, 2, 3, 4, 5]
    assert [each[3] for each in found] == [[], [], [], [], ["duty@example.com"]]


async def test_a_paused_clock_is_silent_and_goes_on_with_its_ladder_when_it_runs_again(desk: TicketsDesk) -> None:
    await use_ladder(desk, {"at": "50%", "to": "email:duty@example.com"})
    ticket = await desk.open_ticket()
    desk.clock.advance(10 * MINUTE)
    ticket = await desk.patch(ticket, status="pending")
    assert await climb(desk, START + 2 * HOUR) == []
    await desk.patch(await desk.ticket(), status="open")
    await climb(desk, START + 2 * HOUR + 19 * MINUTE)
    assert await escalations(desk, ticket) == []
    await climb(desk, START + 2 * HOUR + 20 * MINUTE)
    assert [each[2] for each in await escalations(desk, ticket)] == ["2026-11-23T11:20:00Z"]


async def test_a_threshold_that_was_crossed_is_not_crossed_again_when_the_target_changes(desk: TicketsDesk) -> None:
    await use_ladder(desk, {"at": "50%", "to": "email:duty@example.com"})
    ticket = await desk.open_ticket()
    await climb(desk, START + 30 * MINUTE)
    await desk.patch(await desk.ticket(), priority="P2")
    await climb(desk, START + 40 * MINUTE)
    assert len(await escalations(desk, ticket)) == 1


async def test_an_answer_ends_the_ladder(desk: TicketsDesk) -> None:
    await use_ladder(desk, {"at": "75%", "to": "email:duty@example.com"})
    ticket = await desk.open_ticket()
    await desk.ask("POST", f"/v1/tickets/{ticket['ticket_id']}/comments", json={"body": "On it"})
    await climb(desk, START + 2 * HOUR)
    assert await escalations(desk, ticket) == []


async def test_who_is_meant_is_looked_up_and_where_there_is_nobody_that_is_said(desk: TicketsDesk) -> None:
    await keep_team(desk)
    boss = person("p-boss", "boss@example.com")
    dana = person("p-dana", "dana@example.com").model_copy(update={"manager_id": "p-boss"})
    await desk.hand_in(boss, dana)
    steps = [{"at": f"{10 + index}%", "to": to} for index, to in enumerate(("assignee", "team", "lead", "manager"))]
    await use_ladder(desk, *steps)
    held = await desk.open_ticket(assignee="dana@example.com", team="video")
    of_team = await desk.open_ticket(team="video")
    alone = await desk.open_ticket()
    await climb(desk, START + 30 * MINUTE)
    assert [each[3] for each in await escalations(desk, held)] == [
        ["dana@example.com"],
        ["video@example.com"],
        ["lea@example.com"],
        ["boss@example.com"],
    ]
    assert [each[3] for each in await escalations(desk, of_team)] == [
        ["video@example.com"],
        ["video@example.com"],
        ["lea@example.com"],
        [],
    ]
    found = (await desk.get(f"/v1/tickets/{alone['ticket_id']}/escalations"))["items"]
    assert [each["told"] for each in found] == [[]] * 4
    assert found[0]["reason"] == "Nobody is assigned, and the ticket has no team."
    assert all(each["reason"] for each in found)


async def test_many_at_once_are_spread_out_but_the_breach_is_not(desk: TicketsDesk) -> None:
    await use_ladder(desk, {"at": "+0m", "to": "email:duty@example.com"})
    for _ in range(12):
        await desk.open_ticket()
    desk.clock.at = START + HOUR
    await desk.run_due()
    wishes = [each["not_before"] for each in await notices(desk)]
    assert len(wishes) == 12
    assert len(set(wishes)) > 6
    spread = [datetime.fromisoformat(wish) - (START + HOUR) for wish in wishes]
    assert all(timedelta(0) <= each <= timedelta(seconds=6) for each in spread)
    assert {each["detected_at"] for each in await desk.told("tickets.clock.breached")} == {"2026-11-23T10:00:00Z"}


async def test_a_step_to_a_webhook_waits_in_the_outgoing_table(desk: TicketsDesk) -> None:
    await use_ladder(desk, {"at": "50%", "to": "webhook:pager"}, {"at": "60%", "to": "webhook:nowhere"})
    put = await desk.ask("PUT", "/v1/webhooks/pager", Role.ADMIN, json={"url": "https://pager.example.org/in"})
    assert put.status_code == 200, put.text
    assert put.json()["secret"].startswith("whsec_")
    ticket = await desk.open_ticket()
    await climb(desk, START + 40 * MINUTE)
    found = (await desk.get(f"/v1/tickets/{ticket['ticket_id']}/escalations"))["items"]
    assert [(each["told"], each["reason"]) for each in found] == [
        (["webhook:pager"], None),
        ([], "There is no webhook nowhere."),
    ]
    async with desk.database.read_work() as work:
        [row] = (await work.session.execute(select(OutgoingRow))).scalars()
    assert row.message_id == f"msg_{found[0]['escalation_id']}"
    assert '"type":"clock.escalated"' in row.body
    assert f'"ticket_id":"{ticket["ticket_id"]}"' in row.body


async def test_what_has_no_ladder_wakes_nobody(desk: TicketsDesk) -> None:
    await desk.open_ticket()
    assert await ladders_of(desk).due_at() is None
    async with desk.database.read_work() as work:
        assert set((await work.session.execute(select(col(ClockRow.wakes_at)))).scalars()) == {None}


@pytest.mark.parametrize("times", [3])
async def test_several_runners_at_once_say_each_step_once(desk: TicketsDesk, times: int) -> None:
    await use_ladder(desk, {"at": "50%", "to": "email:duty@example.com"})
    tickets = [await desk.open_ticket() for _ in range(4)]
    desk.clock.at = START + 30 * MINUTE
    timer = ladders_of(desk)
    await asyncio.gather(*(timer.step() for _ in range(times)))
    while await timer.step():
        pass
    assert len(await notices(desk)) == 4
    for ticket in tickets:
        assert len(await escalations(desk, ticket)) == 1
