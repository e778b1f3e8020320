"""The FAQ and a wave's support channel over REST, on both databases."""

from typing import Any

import pytest

from shared.auth import Role
from tests.integration.tickets.desk import HOUR, TicketsDesk, enrolment, person, plan, wave

TAGS = ["rollout:safety-video", "wave:north"]


async def solved(desk: TicketsDesk, answer: str | None = "Choose 480p.", **fields: Any) -> Any:
    ticket = await desk.open_ticket(**{"impact": "x", **fields})
    if answer is not None:
        path = f"/v1/tickets/{ticket['ticket_id']}/comments"
        said = await desk.ask("POST", path, Role.IT_AGENT, email="bob@example.org", json={"body": answer})
        assert said.status_code == 201, said.text
    current = await desk.get(f"/v1/tickets/{ticket['ticket_id']}")
    return await desk.patch(current, status="solved")


async def publish(desk: TicketsDesk, ticket: Any, question: str = "Why does it stall?", **fields: Any) -> Any:
    body = {"ticket_id": ticket["ticket_id"], "question": question, "answer": "Choose 480p.", **fields}
    return await desk.ask("POST", "/v1/faq", Role.TRAINING, json=body)


async def test_an_entry_is_made_of_a_solved_ticket_changed_in_versions_and_taken_off(desk: TicketsDesk) -> None:
    made = await publish(desk, await solved(desk))
    assert made.status_code == 201, made.text
    entry = made.json()
    assert (entry["scope"], entry["published"], entry["version"]) == ("everywhere", True, 1)
    path = f"/v1/faq/{entry['entry_id']}"
    assert (await desk.ask("PATCH", path, json={"answer": "x"})).status_code == 428
    changed = await desk.ask("PATCH", path, json={"answer": "Choose 360p."}, headers={"If-Match": 'W/"1"'})
    assert (changed.json()["answer"], changed.headers["etag"]) == ("Choose 360p.", 'W/"2"')
    same = await desk.ask("PATCH", path, json={"answer": "Choose 360p."}, headers={"If-Match": 'W/"2"'})
    assert same.json()["version"] == 2
    stale = await desk.ask("PATCH", path, json={"answer": "y"}, headers={"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    gone = await desk.ask("DELETE", path)
    assert (gone.json()["published"], gone.json()["version"]) == (False, 3)
    assert (await desk.ask("DELETE", path)).json()["version"] == 3
    assert (await desk.get("/v1/faq"))["items"] == []
    assert len((await desk.get("/v1/faq?published=false"))["items"]) == 1
    versions = (await desk.ask("GET", f"{path}/versions")).json()["items"]
    assert [(each["version"], each["answer"], each["published"]) for each in versions] == [
        (3, "Choose 360p.", False),
        (2, "Choose 360p.", True),
        (1, "Choose 480p.", True),
    ]
    back = await desk.ask("PATCH", path, json={"published": True}, headers={"If-Match": 'W/"3"'})
    assert back.json()["published"] is True


async def test_only_a_solved_ticket_becomes_an_entry_and_only_staff_make_one(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket(impact="x")
    refused = await publish(desk, ticket)
    assert (refused.status_code, refused.json()["code"]) == (409, "ticket_not_solved")
    assert (await publish(desk, {"ticket_id": "none"})).status_code == 404
    assert (await desk.ask("POST", "/v1/faq", Role.VIEWER, json={})).status_code == 403


async def test_names_and_addresses_are_pointed_out_before_anything_is_published(desk: TicketsDesk) -> None:
    ticket = await solved(desk, requester={"email": "ada@example.com", "name": "Ada Lovelace"})
    answer = "Ada was told by bob@example.org, +49 30 1234567"
    refused = await publish(desk, ticket, answer=answer)
    assert (refused.status_code, refused.json()["code"]) == (422, "names_people")
    assert [(each["pointer"], each["detail"]) for each in refused.json()["errors"]] == [
        ("/answer", "name: Ada"),
        ("/answer", "e-mail address: bob@example.org"),
        ("/answer", "telephone number: +49 30 1234567"),
    ]
    made = await publish(desk, ticket, answer=answer, reviewed=True)
    assert made.status_code == 201
    path = f"/v1/faq/{made.json()['entry_id']}"
    worse = await desk.ask("PATCH", path, json={"question": "What did Lovelace see?"}, headers={"If-Match": 'W/"1"'})
    assert worse.status_code == 422


async def test_an_entry_is_scoped_to_its_wave_its_rollout_or_everybody(desk: TicketsDesk) -> None:
    for event in (plan(), wave(), wave("it")):
        await desk.hand_in(event)
    ticket = await solved(desk, tags=TAGS)
    mine = (await publish(desk, ticket, "Of the wave")).json()
    assert (mine["scope"], mine["rollout"], mine["wave"]) == ("wave", "safety-video", "north")
    await publish(desk, ticket, "Of the rollout", scope="rollout")
    await publish(desk, ticket, "Of everybody", scope="everywhere")

    async def seen(query: str) -> set[str]:
        return {each["question"] for each in (await desk.get(f"/v1/faq{query}"))["items"]}

    assert await seen("") == {"Of everybody"}
    assert await seen("?rollout=safety-video") == {"Of the rollout", "Of everybody"}
    assert await seen("?rollout=safety-video&wave=north") == {"Of the wave", "Of the rollout", "Of everybody"}
    assert await seen("?rollout=safety-video&wave=north&q=wave") == {"Of the wave"}
    lone = await solved(desk)
    assert (await publish(desk, lone, scope="wave")).status_code == 422
    path = f"/v1/faq/{mine['entry_id']}"
    moved = await desk.ask("PATCH", path, json={"place": {}}, headers={"If-Match": 'W/"1"'})
    assert moved.json()["scope"] == "everywhere"
    place = {"rollout": "safety-video", "wave": "nowhere"}
    nowhere = await desk.ask("PATCH", path, json={"place": place}, headers={"If-Match": 'W/"2"'})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "wave_not_found")


async def test_the_faq_is_paged_and_searched(desk: TicketsDesk) -> None:
    ticket = await solved(desk)
    for number in range(5):
        assert (await publish(desk, ticket, f"Question {number} about printers")).status_code == 201
    await publish(desk, ticket, "Why does the video stall?")
    found = (await desk.get("/v1/faq?q=stalling%20videos"))["items"]
    assert [each["question"] for each in found] == ["Why does the video stall?"]
    assert found[0]["score"] > 0
    seen, path = [], "/v1/faq?limit=4"
    while path:
        page = await desk.get(path)
        seen += [each["question"] for each in page["items"]]
        path = f"/v1/faq?limit=4&cursor={page['next']}" if page["next"] else ""
    assert len(seen) == len(set(seen)) == 6


async def test_solved_tickets_that_are_alike_and_answered_are_suggested_until_there_is_an_entry(
    desk: TicketsDesk,
) -> None:
    alike = {"system": "Vidstream", "cause": "network"}
    await solved(desk, **alike)
    last = await solved(desk, "Choose 360p.", subject="Stalls again", **alike)
    await solved(desk, None, **alike)  # nobody answered
    await solved(desk, system="Printer")  # alone
    await desk.open_ticket(impact="x", **alike)  # not solved
    (found,) = (await desk.ask("GET", "/v1/faq/suggestions")).json()
    assert (found["system"], found["cause"], found["count"]) == ("Vidstream", "network", 2)
    assert (found["number"], found["answer"]) == (last["number"], "Choose 360p.")
    await publish(desk, last)
    assert (await desk.ask("GET", "/v1/faq/suggestions")).json() == []
    desk.clock.advance(91 * 24 * HOUR)
    await solved(desk, **alike)
    assert (await desk.ask("GET", "/v1/faq/suggestions")).json() == []


async def test_a_waves_channel_tells_its_tickets_their_clocks_their_causes_and_what_is_answered(
    desk: TicketsDesk,
) -> None:
    for event in (plan(), wave(), person(), enrolment()):
        await desk.hand_in(event)
    for number in range(3):
        await desk.hand_in(enrolment(f"p-{number}"))
    await desk.hand_in(enrolment("p-gone").model_copy(update={"state": "withdrawn"}))
    done = await solved(desk, tags=TAGS, cause="network", minutes_lost=30)
    await publish(desk, done)
    await desk.open_ticket(tags=TAGS, impact="x", cause="network", minutes_lost=15)
    await desk.open_ticket(tags=TAGS, priority="P4", cause="access")
    await desk.open_ticket(impact="x")  # another's
    desk.clock.advance(90 * HOUR / 60)
    await desk.run_due()
    channel = await desk.get("/v1/channels/safety-video/north")
    assert (channel["learners"], channel["tickets"], channel["open"]) == (4, 3, 2)
    assert channel["per_100_learners"] == 75.0
    assert channel["by_status"] == {"new": 2, "solved": 1}
    assert (channel["sla"]["overdue"], channel["sla"]["breached"], channel["sla"]["unconfirmed"]) == (1, 1, 0)
    assert channel["minutes_lost"] == 45
    assert channel["causes"] == [
        {"cause": "network", "tickets": 2, "minutes_lost": 45},
        {"cause": "access", "tickets": 1, "minutes_lost": 0},
    ]
    assert [each["priority"] for each in channel["live"]] == ["P1", "P4"]
    assert [each["question"] for each in channel["faq"]] == ["Why does it stall?"]
    assert channel["form_path"] == "/help/safety-video/north"


@pytest.mark.parametrize("path", ["/v1/channels/safety-video/south", "/v1/faq/none", "/v1/faq/none/versions"])
async def test_what_is_not_there_is_said_so(desk: TicketsDesk, path: str) -> None:
    assert (await desk.ask("GET", path)).status_code == 404
