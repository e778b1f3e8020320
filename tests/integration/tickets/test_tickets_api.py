"""Tickets over REST on both databases."""

import copy
from collections.abc import Callable
from typing import Any

from services.tickets.permissions import PERMISSIONS
from shared.auth import Role
from shared.events.rollout import PersonErased
from tests.integration.tickets.desk import HOUR, MINUTE, START, TicketsDesk, enrolment, person, plan, wave
from tests.support.permission_walk import walk


async def test_a_new_ticket_has_a_number_an_etag_clocks_and_a_contact(desk: TicketsDesk) -> None:
    first = await desk.open_ticket()
    second = await desk.open_ticket(subject="Second", priority="P3")
    assert (first["number"], second["number"]) == (1, 2)
    assert first["requester"] == {
        "contact_id": second["requester"]["contact_id"],
        "name": "ada@example.com",
        "email": "ada@example.com",
        "person_id": None,
    }
    assert [(clock["target"], clock["due_at"]) for clock in first["clocks"]] == [
        ("first_response", "2026-11-23T10:00:00Z"),
        ("resolution", "2026-11-23T13:00:00Z"),
    ]
    answer = await desk.ask("GET", f"/v1/tickets/{first['ticket_id']}")
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.json() == first
    assert [told["number"] for told in await desk.told("tickets.ticket.changed")] == [1, 2]
    assert len(await desk.told("tickets.ticket.opened")) == 2


async def test_the_same_post_twice_opens_one_ticket(desk: TicketsDesk) -> None:
    body = {"subject": "Once"}
    answers = [await desk.ask("POST", "/v1/tickets", json=body, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len((await desk.get("/v1/tickets"))["items"]) == 1


async def test_the_list_is_cut_and_paged(desk: TicketsDesk) -> None:
    for number in range(5):
        await desk.open_ticket(subject=f"Ticket 100% {number}", priority="P2" if number % 2 else "P4")
        desk.clock.advance(MINUTE)
    tagged = await desk.open_ticket(subject="Tagged", tags=["rollout:safety-video", "wave:it"])
    assert [t["subject"] for t in (await desk.get("/v1/tickets?priority=P2"))["items"]] == [
        "Ticket 100% 3",
        "Ticket 100% 1",
    ]
    assert len((await desk.get("/v1/tickets?priority=P2&priority=P4&status=new"))["items"]) == 5
    assert (await desk.get("/v1/tickets?status=solved"))["items"] == []
    assert [t["number"] for t in (await desk.get("/v1/tickets?q=100%25 4"))["items"]] == [5, 4]
    assert [t["number"] for t in (await desk.get("/v1/tickets?q=%236"))["items"]] == [6]
    found = (await desk.get("/v1/tickets?rollout=safety-video&wave=it"))["items"]
    assert [t["ticket_id"] for t in found] == [tagged["ticket_id"]]
    seen: list[int] = []
    path = "/v1/tickets?limit=4"
    while path:
        page = await desk.get(path)
        seen += [ticket["number"] for ticket in page["items"]]
        path = f"/v1/tickets?limit=4&cursor={page['next']}" if page["next"] else ""
    assert seen == [6, 5, 4, 3, 2, 1]


async def test_a_change_names_the_version_it_was_made_on(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    path = f"/v1/tickets/{ticket['ticket_id']}"
    assert (await desk.ask("PATCH", path, json={"subject": "x"})).status_code == 428
    assert (await desk.ask("PATCH", path, json={"subject": "x"}, headers={"If-Match": 'W/"7"'})).status_code == 412
    changed = await desk.patch(ticket, subject="Other", assignee="bob", tags=["a"])
    assert (changed["version"], changed["subject"], changed["assignee"], changed["tags"]) == (2, "Other", "bob", ["a"])
    cleared = await desk.patch(changed, assignee=None, tags=None)
    assert (cleared["assignee"], cleared["tags"]) == (None, [])
    assert (await desk.patch(cleared, subject="Other"))["version"] == cleared["version"]


BAD_PATCHES = [
    ({"subject": None}, "/subject"),
    ({"status": "asleep"}, "/status"),
    ({"mood": "bad"}, "/mood"),
    ({"subject": "a\x00b"}, "/subject"),
    ({"attribution": {"rollout": "x"}}, "/attribution/wave"),
]


async def test_a_bad_patch_is_refused_by_its_place(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    path = f"/v1/tickets/{ticket['ticket_id']}"
    for body, pointer in BAD_PATCHES:
        answer = await desk.ask("PATCH", path, json=body, headers={"If-Match": 'W/"1"'})
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await desk.ticket())["version"] == 1


async def test_what_is_not_there_is_not_found_and_what_no_database_takes_is_refused(desk: TicketsDesk) -> None:
    for path in ("/v1/tickets/nobody", "/v1/tickets/nobody/clocks", "/v1/tickets/nobody/history"):
        answer = await desk.ask("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "ticket_not_found")
    for path in ("/v1/tickets?q=%00", "/v1/tickets?wave=%00", "/v1/tickets/%00"):
        assert (await desk.ask("GET", path)).status_code == 422


async def test_a_closed_ticket_cannot_be_changed(desk: TicketsDesk) -> None:
    ticket = await desk.patch(await desk.open_ticket(), status="closed")
    headers = {"If-Match": f'W/"{ticket["version"]}"'}
    answer = await desk.ask("PATCH", f"/v1/tickets/{ticket['ticket_id']}", json={"status": "open"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "ticket_already_closed")
    comment = await desk.ask("POST", f"/v1/tickets/{ticket['ticket_id']}/comments", json={"body": "x"})
    assert comment.status_code == 409


async def test_an_answer_solving_and_reopening_move_the_clocks(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    desk.clock.advance(30 * MINUTE)
    path = f"/v1/tickets/{ticket['ticket_id']}"
    note = await desk.ask("POST", f"{path}/comments", json={"body": "internal", "public": False})
    thanks = await desk.ask("POST", f"{path}/comments", Role.MANAGER, json={"body": "me too"}, email="Ada@example.com")
    robot = await desk.ask("POST", f"{path}/comments", Role.INTEGRATION, json={"body": "auto-reply"})
    assert [answer.json()["author_role"] for answer in (note, thanks, robot)] == ["agent", "requester", "bot"]
    assert (await desk.clock_of(ticket))["state"] == "running"
    await desk.ask("POST", f"{path}/comments", json={"body": "We are on it"})
    assert (await desk.clock_of(ticket))["outcome"] == "met"
    solved = await desk.patch(await desk.ticket(), status="solved")
    assert solved["solved_at"] == "2026-11-23T09:30:00Z"
    desk.clock.advance(2 * HOUR)
    await desk.patch(solved, status="open")
    desk.clock.advance(30 * MINUTE)
    clock = await desk.clock_of(ticket, "resolution")
    assert (clock["elapsed_seconds"], clock["due_at"]) == (3600, "2026-11-23T15:00:00Z")
    assert [segment["kind"] for segment in clock["segments"]] == ["running", "settled", "running"]
    assert [event["outcome"] for event in await desk.told("tickets.clock.settled")] == ["met", "met"]
    assert len(await desk.told("tickets.ticket.resolved")) == 1
    [reopened] = await desk.told("tickets.ticket.reopened")
    assert reopened["reopened_at"] == "2026-11-23T11:30:00Z"
    history = (await desk.get(f"{path}/history"))["items"]
    assert [entry["kind"] for entry in history] == [
        "opened", "comment", "comment", "comment", "comment", "settled", "status", "settled", "status",
    ]  # fmt: skip
    seen = (await desk.ask("GET", f"{path}/comments", Role.VIEWER)).json()["items"]
    assert "internal" not in [comment["body"] for comment in seen]


async def test_pending_pauses_and_the_segments_add_up(desk: TicketsDesk) -> None:
    desk.clock.advance(7 * HOUR)
    ticket = await desk.open_ticket(priority="P2")
    desk.clock.advance(30 * MINUTE)
    ticket = await desk.patch(ticket, status="pending")
    assert [clock["due_at"] for clock in ticket["clocks"]] == [None, None]
    desk.clock.advance(MINUTE * 15)
    await desk.patch(ticket, status="open")
    desk.clock.advance(17 * HOUR)
    clock = await desk.clock_of(ticket)
    drawn = [(segment["kind"], segment["seconds"]) for segment in clock["segments"]]
    assert drawn == [("running", 1800), ("paused", 900), ("running", 900), ("closed", 57600), ("running", 2700)]
    assert clock["elapsed_seconds"] == 5400
    assert clock["remaining_seconds"] == 1800


async def test_a_ticket_opened_outside_hours_says_from_when_it_counts(desk: TicketsDesk) -> None:
    desk.clock.advance(10 * HOUR)
    clock = await desk.clock_of(await desk.open_ticket())
    assert clock["started_at"] == "2026-11-23T19:00:00Z"
    assert clock["counting_since"] == "2026-11-24T09:00:00Z"
    assert clock["due_at"] == "2026-11-24T10:00:00Z"


async def test_a_new_policy_version_is_for_new_tickets(desk: TicketsDesk) -> None:
    old = await desk.open_ticket()
    [standard] = (await desk.get("/v1/policies"))["items"]
    policy = standard["policy"]
    same = await desk.ask("PUT", "/v1/policies/standard", Role.IT_LEAD, json=policy)
    assert (same.json()["version"], same.json()["state"]) == (1, "in_force")
    policy["targets"]["P1"]["first_response_minutes"] = 15
    policy["calendar"]["hours"]["monday"] = ["08:00-12:00", "13:00-24:00"]
    made = await desk.ask("PUT", "/v1/policies/standard", Role.IT_LEAD, json=policy)
    assert (made.json()["version"], made.json()["state"]) == (2, "proposed")
    assert (await desk.open_ticket())["policy"] == "standard@1"
    for side, role in (("it", Role.IT_LEAD), ("training", Role.TRAINING)):
        await desk.ask("POST", "/v1/policies/standard/versions/2/sign", role, json={"side": side})
    new = await desk.open_ticket()
    assert (await desk.ticket(old["number"]))["policy"] == "standard@1"
    assert new["policy"] == "standard@2"
    assert (await desk.clock_of(new))["due_at"] == "2026-11-23T09:15:00Z"
    assert [each["version"] for each in (await desk.get("/v1/policies"))["items"]] == [2, 1]


BAD_POLICIES: list[tuple[Callable[[Any], None], str]] = [
    (lambda p: p["calendar"].update(zone="Mars/Olympus"), "/calendar"),
    (lambda p: p["calendar"]["hours"].update(monday=["9-17"]), "/calendar/hours/monday/0"),
    (lambda p: p["calendar"]["hours"].update(monday=["13:00-17:00", "09:00-12:00"]), "/calendar"),
    (lambda p: p["calendar"].update(hours={}), "/calendar"),
    (lambda p: p["targets"]["P1"].update(first_response_minutes=0), "/targets/P1/first_response_minutes"),
    (lambda p: p["targets"].update(P9={}), "/targets/P9/[key]"),
    (lambda p: p.update(pause_on=["solved"]), "/pause_on/0"),
]


async def test_a_policy_that_cannot_work_is_refused_by_its_place(desk: TicketsDesk) -> None:
    [standard] = (await desk.get("/v1/policies"))["items"]
    for change, pointer in BAD_POLICIES:
        policy = copy.deepcopy(standard["policy"])
        change(policy)
        answer = await desk.ask("PUT", "/v1/policies/standard", Role.IT_LEAD, json=policy)
        assert answer.status_code == 422, answer.text
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert len((await desk.get("/v1/policies"))["items"]) == 1


async def test_a_ticket_about_the_course_counts_for_the_requesters_wave(desk: TicketsDesk) -> None:
    await desk.hand_in(plan(), wave(), person(), enrolment())
    about = await desk.open_ticket(course="42")
    other = await desk.open_ticket(subject="My keyboard")
    stranger = await desk.open_ticket(course="42", requester={"email": "eve@example.com"})
    assert about["attribution"] == {"rollout": "safety-video", "wave": "north", "rule": "course"}
    assert about["requester"]["person_id"] == "p-ada"
    assert (other["attribution"], stranger["attribution"]) == (None, None)


async def test_what_the_desk_says_about_the_wave_stands(desk: TicketsDesk) -> None:
    await desk.hand_in(plan(), wave(), person(), enrolment())
    cleared = await desk.patch(await desk.open_ticket(course="42"), attribution=None)
    assert cleared["attribution"] is None
    assert (await desk.patch(cleared, system="Vidstream"))["attribution"] is None
    other = await desk.open_ticket(subject="My keyboard")
    moved = await desk.patch(other, attribution={"rollout": "safety-video", "wave": "it"})
    assert moved["attribution"] == {"rollout": "safety-video", "wave": "it", "rule": "hand"}
    [*_, told] = await desk.told("tickets.ticket.changed")
    assert told["attribution"]["rule"] == "hand"


async def test_facts_about_people_plans_and_waves_may_come_after_the_ticket(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket(subject="Vidstream is slow")
    assert ticket["attribution"] is None
    for late in (enrolment(), wave(), plan(), person()):
        assert (await desk.ticket())["attribution"] is None
        await desk.hand_in(late)
    assert (await desk.ticket())["attribution"] == {"rollout": "safety-video", "wave": "north", "rule": "system"}
    assert (await desk.ticket())["version"] == 2


async def test_every_route_lets_in_whom_the_table_says(desk: TicketsDesk) -> None:
    async def ask(method: str, path: str, role: Role | None) -> int:
        return (await desk.http.request(method, path, headers=desk.identity(role), json={})).status_code

    assert await walk(PERMISSIONS, ask) == []


async def test_only_staff_and_integrations_write_for_somebody_else(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    path = f"/v1/tickets/{ticket['ticket_id']}/comments"
    answer = await desk.ask("POST", path, Role.MANAGER, json={"body": "x", "author_role": "agent"})
    assert answer.status_code == 403
    spoken_for = {"body": "On it", "author_role": "agent", "author": {"email": "bob@example.com", "name": "Bob"}}
    answer = await desk.ask("POST", path, Role.INTEGRATION, json=spoken_for)
    assert answer.json()["author_name"] == "Bob"
    assert (await desk.clock_of(ticket))["outcome"] == "met"


async def test_an_erased_person_is_forgotten_and_a_late_event_does_not_bring_them_back(desk: TicketsDesk) -> None:
    await desk.hand_in(plan(), wave(), person(), enrolment())
    ticket = await desk.open_ticket(course="42")
    await desk.ask("POST", f"/v1/tickets/{ticket['ticket_id']}/comments", json={"body": "x"}, email="ada@example.com")
    await desk.hand_in(PersonErased(person_id="p-ada", erased_at=START))
    await desk.hand_in(person(), version=99)
    requester = (await desk.ticket())["requester"]
    assert (requester["name"], requester["email"]) == ("", None)
    [comment] = (await desk.get(f"/v1/tickets/{ticket['ticket_id']}/comments"))["items"]
    assert comment["author_name"] == ""
    assert (await desk.open_ticket(course="42"))["requester"]["person_id"] is None
