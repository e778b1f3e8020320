"""Facts that come late: bounded by the ticket's opening and now, put where they belong, with both times kept (ADR 0013)."""

from typing import Any

from services.tickets.domain.moment import MomentKind, in_order
from shared.clock import render_instant
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk, comment_fact, source, ticket_fact


async def moments(desk: TicketsDesk, ticket: Any) -> list[Any]:
    async with desk.database.unit() as unit:
        return in_order((await unit.tickets.load([ticket["ticket_id"]]))[0].moments)


async def test_a_fact_from_before_the_last_one_known_counts_at_its_own_time(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    desk.clock.advance(40 * MINUTE)
    await desk.deliver(ticket_fact(START + 30 * MINUTE, status="pending"))
    await desk.deliver(comment_fact(START + 10 * MINUTE))
    clock = await desk.clock_of(await desk.ticket())
    assert (clock["outcome"], clock["settled_at"]) == ("met", "2026-11-23T09:10:00Z")


async def test_a_fact_from_before_the_opening_counts_at_the_opening_and_keeps_its_own_time(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    desk.clock.advance(40 * MINUTE)
    await desk.deliver(ticket_fact(START))
    await desk.deliver(comment_fact(START - HOUR))
    ticket = await desk.ticket()
    [comment] = (await desk.get(f"/v1/tickets/{ticket['ticket_id']}/comments"))["items"]
    assert (comment["at"], comment["said_at"]) == ("2026-11-23T09:00:00Z", "2026-11-23T08:00:00Z")
    [answered] = [each for each in await moments(desk, ticket) if each.kind is MomentKind.ANSWERED]
    assert (answered.at, answered.detail["said_at"]) == (START, render_instant(START - HOUR))
    assert answered.observed_at == START + 40 * MINUTE


async def test_a_fact_from_the_future_counts_now_and_keeps_its_own_time(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START))
    desk.clock.advance(10 * MINUTE)
    await desk.deliver(ticket_fact(START + HOUR, status="solved"))
    solved = [each for each in await moments(desk, await desk.ticket()) if each.value == "solved"]
    assert [(each.at, each.detail["said_at"]) for each in solved] == [
        (START + 10 * MINUTE, render_instant(START + HOUR))
    ]


async def test_tags_of_a_helpdesk_are_features_at_the_time_they_were_set(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    desk.clock.advance(40 * MINUTE)
    await desk.deliver(ticket_fact(START + 20 * MINUTE, tags=["b"]))
    await desk.deliver(ticket_fact(START + 10 * MINUTE, tags=["a"]))
    ticket = await desk.ticket()
    assert ticket["tags"] == ["b"]
    told = [(each.at, each.detail["tags"]) for each in await moments(desk, ticket) if each.kind is MomentKind.FEATURES]
    assert sorted(told) == [(START + 10 * MINUTE, ["a"]), (START + 20 * MINUTE, ["b"])]


async def test_what_the_rules_look_at_is_on_record_from_the_opening_on(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket(team="video", tags=["a"], course="42", kind="request")
    desk.clock.advance(10 * MINUTE)
    ticket = await desk.patch(ticket, team="network", kind="incident", priority="P2")
    await desk.patch(ticket, subject="Only words")
    opened, *rest = await moments(desk, ticket)
    assert opened.detail["policy"] == "standard@1"
    features = opened.detail["features"]
    assert {name: features[name] for name in ("team", "tags", "course", "kind", "priority")} == {
        "team": "video",
        "tags": ["a"],
        "course": "42",
        "kind": "request",
        "priority": "P1",
    }
    assert [(each.kind.value, each.at, each.value, dict(each.detail)) for each in rest] == [
        ("priority", START + 10 * MINUTE, "P2", {}),
        ("features", START + 10 * MINUTE, "", {"kind": "incident", "team": "network"}),
    ]


async def test_a_change_says_what_was_before_and_after(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket(tags=["a"])
    await desk.patch(ticket, team="network", tags=["a", "b"], minutes_lost=90, cause="A cable")
    [*_, entry] = (await desk.get(f"/v1/tickets/{ticket['ticket_id']}/history"))["items"]
    assert (entry["kind"], entry["actor"]) == ("changed", "it_agent")
    assert entry["detail"] == {
        "cause": {"before": None, "after": "A cable"},
        "minutes_lost": {"before": None, "after": 90},
        "tags": {"before": ["a"], "after": ["a", "b"]},
        "team": {"before": None, "after": "network"},
    }


async def test_a_p1_states_its_impact(desk: TicketsDesk) -> None:
    body = {"subject": "Everything is down", "priority": "P1"}
    answer = await desk.ask("POST", "/v1/tickets", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "impact_missing")
    assert answer.json()["errors"][0]["pointer"] == "/impact"
    calm = await desk.open_ticket(priority="P3", impact=None)
    path, headers = f"/v1/tickets/{calm['ticket_id']}", {"If-Match": 'W/"1"'}
    refused = await desk.ask("PATCH", path, json={"priority": "P1"}, headers=headers)
    assert refused.json()["errors"][0]["pointer"] == "/impact"
    urgent = await desk.patch(calm, priority="P1", impact="Nobody can log in")
    assert (urgent["priority"], urgent["impact"]) == ("P1", "Nobody can log in")
    headers = {"If-Match": f'W/"{urgent["version"]}"'}
    assert (await desk.ask("PATCH", path, json={"impact": None}, headers=headers)).status_code == 422
