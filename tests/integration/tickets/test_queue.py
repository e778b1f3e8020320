"""The queue: words that are looked for, filters, orders, saved views, tabs and teams."""

from typing import Any

from shared.auth import Role
from shared.events.rollout import PersonErased
from tests.integration.tickets.desk import (
    HOUR,
    MINUTE,
    START,
    TicketsDesk,
    comment_fact,
    enrolment,
    person,
    plan,
    source,
    ticket_fact,
    wave,
)


async def numbers(desk: TicketsDesk, query: str, role: Role = Role.IT_AGENT, **kwargs: Any) -> list[int]:
    answer = await desk.ask("GET", f"/v1/tickets?{query}", role, **kwargs)
    assert answer.status_code == 200, answer.text
    return [ticket["number"] for ticket in answer.json()["items"]]


async def comment(desk: TicketsDesk, ticket: Any, body: str, **fields: Any) -> Any:
    path = f"/v1/tickets/{ticket['ticket_id']}/comments"
    return (await desk.ask("POST", path, json={"body": body} | fields)).json()


async def test_everything_that_was_written_can_be_found(desk: TicketsDesk) -> None:
    first = await desk.open_ticket(subject="Größe des Videos", description="Der Player ruckelt", system="Vidstream")
    await desk.open_ticket(subject="Keyboard", requester={"email": "eve@example.com", "name": "Eve Müller"})
    await comment(desk, first, "Please clear the browser cache")
    for words in ("grosse", "PLAYER ruck", "vidstr", "browser cache", "grosse cach", "clear"):
        assert await numbers(desk, f"q={words}") == [1], words
    for words in ("muller", "eve@example.com", "keyb"):
        assert await numbers(desk, f"q={words}") == [2], words
    for words in ("player keyboard", "ache", "' & | ! :*", "nothing"):
        assert await numbers(desk, f"q={words}") == [], words


async def test_what_only_the_desk_reads_is_found_by_the_desk_only(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket()
    note = await comment(desk, ticket, "Suspect the firewall", public=False)
    assert await numbers(desk, "q=firewall") == [1]
    assert await numbers(desk, "q=firewall", Role.VIEWER) == []
    assert await numbers(desk, "q=video firewall", Role.MANAGER) == []
    path = f"/v1/tickets/{ticket['ticket_id']}/comments/{note['comment_id']}"
    await desk.ask("PATCH", path, json={"public": True})
    assert await numbers(desk, "q=firewall", Role.VIEWER) == [1]
    await desk.ask("POST", f"{path}/retract", json={"reason": "wrong"})
    assert await numbers(desk, "q=firewall") == []


async def test_search_knows_what_changed_in_the_same_instant(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket(subject="Old words")
    await desk.patch(ticket, subject="New words", tags=["firmware"])
    assert await numbers(desk, "q=old") == []
    assert await numbers(desk, "q=new") == await numbers(desk, "q=firmw") == [1]


async def test_the_subject_weighs_more_than_a_comment_and_the_newest_comes_first(desk: TicketsDesk) -> None:
    in_comment = await desk.open_ticket(subject="Something else")
    await comment(desk, in_comment, "printer " + "and other words " * 20)
    for _ in range(2):
        desk.clock.advance(MINUTE)
        await desk.open_ticket(subject="Printer", description="")
    assert await numbers(desk, "q=printer") == [3, 2, 1]
    assert await numbers(desk, "q=printer&sort=updated") == [3, 2, 1]
    seen: list[int] = []
    path = "/v1/tickets?q=printer&limit=1"
    while path:
        page = await desk.get(path)
        seen += [ticket["number"] for ticket in page["items"]]
        path = f"/v1/tickets?q=printer&limit=1&cursor={page['next']}" if page["next"] else ""
    assert seen == [3, 2, 1]


async def test_a_number_or_key_alone_finds_its_ticket(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START, ticket={"id": "10081", "key": "ITSM-42"}))
    for _ in range(11):
        await desk.open_ticket(subject="Something")
    assert await numbers(desk, "q=%231") == [1]
    assert await numbers(desk, "q=12") == [12]
    assert await numbers(desk, "q=itsm-42") == await numbers(desk, "q=10081") == [1]
    assert (await desk.get("/v1/tickets/12"))["number"] == 12
    assert (await desk.ask("GET", "/v1/tickets/13")).status_code == 404


async def test_what_a_helpdesk_delivers_is_found_too(desk: TicketsDesk) -> None:
    await desk.hand_in(source())
    await desk.deliver(ticket_fact(START), comment_fact(START, body="Reboot the beamer"))
    assert await numbers(desk, "q=beamer") == [1]
    await desk.deliver(ticket_fact(START + MINUTE, subject="Sound is missing", tags=["audio"]))
    desk.clock.advance(MINUTE)
    await desk.deliver(ticket_fact(START + MINUTE, subject="Sound is gone"))
    assert await numbers(desk, "q=sound gone beamer") == [1]


async def test_the_queue_is_cut_by_every_filter(desk: TicketsDesk) -> None:
    await desk.hand_in(source(), plan(), wave(), person(), enrolment())
    await desk.open_ticket(team="video", assignee="bob", kind="request", priority="P3")
    await desk.open_ticket(course="42", requester={"email": "Ada@Example.com"})
    await desk.deliver(ticket_fact(START, requester={"scheme": "account", "value": "77"}))
    for query, expected in {
        "team=video": [1],
        "team=none": [3, 2],
        "team=none&team=video": [3, 2, 1],
        "assignee=bob": [1],
        "assignee=none": [3, 2],
        "kind=request": [1],
        "source=desk": [3],
        "requester=ada@example.com": [2, 1],
        "requester=p-ada": [2, 1],
        "rollout=safety-video&wave=north": [2],
        "status=new&priority=P1": [2],
        "status=open": [3],
    }.items():
        assert sorted(await numbers(desk, query)) == sorted(expected), query
    assert (await desk.ask("GET", "/v1/tickets?sort=mood")).status_code == 422


async def test_what_is_due_first_comes_first_and_what_is_never_due_last(desk: TicketsDesk) -> None:
    later = await desk.open_ticket(priority="P2")
    soon = await desk.open_ticket()
    done = await desk.patch(await desk.open_ticket(), status="solved")
    assert await numbers(desk, "sort=due") == [soon["number"], later["number"], done["number"]]
    desk.clock.advance(MINUTE)
    await comment(desk, soon, "On it")
    assert await numbers(desk, "sort=due") == [later["number"], soon["number"], done["number"]]
    assert (await numbers(desk, "sort=updated"))[0] == soon["number"]
    seen: list[int] = []
    path = "/v1/tickets?sort=due&limit=1"
    while path:
        page = await desk.get(path)
        seen += [ticket["number"] for ticket in page["items"]]
        path = f"/v1/tickets?sort=due&limit=1&cursor={page['next']}" if page["next"] else ""
    assert seen == [later["number"], soon["number"], done["number"]]


async def test_the_queue_is_cut_by_how_the_clocks_stand(desk: TicketsDesk) -> None:
    urgent = await desk.open_ticket()
    calm = await desk.open_ticket(priority="P4")
    waiting = await desk.patch(await desk.open_ticket(), status="pending")
    assert await numbers(desk, "sla=at_risk") == [urgent["number"]]
    assert sorted(await numbers(desk, "sla=running")) == [urgent["number"], calm["number"]]
    assert await numbers(desk, "sla=overdue") == []
    desk.clock.advance(HOUR)
    assert await numbers(desk, "sla=overdue") == [urgent["number"]]
    await desk.run_due()
    assert await numbers(desk, "sla=overdue") == await numbers(desk, "sla=breached") == [urgent["number"]]
    assert waiting["number"] not in await numbers(desk, "sla=running")


async def test_the_tabs_count_what_is_open(desk: TicketsDesk) -> None:
    await desk.open_ticket(assignee="it_agent")
    await desk.open_ticket(priority="P4")
    await desk.patch(await desk.open_ticket(), status="solved")
    counts = (await desk.ask("GET", "/v1/tickets/counts")).json()
    told = {name: counts[name] for name in ("open", "mine", "unassigned", "overdue", "at_risk", "by_status")}
    assert told == {"open": 2, "mine": 1, "unassigned": 1, "overdue": 0, "at_risk": 1, "by_status": {"new": 2}}
    assert counts["by_priority"] == {"P1": 1, "P4": 1}
    desk.clock.advance(HOUR)
    assert (await desk.ask("GET", "/v1/tickets/counts")).json()["overdue"] == 1


async def test_a_saved_view_is_the_queue_cut_so_and_the_address_overrides_it(desk: TicketsDesk) -> None:
    await desk.open_ticket(team="video", assignee="it_agent")
    await desk.open_ticket(team="video", priority="P4")
    await desk.open_ticket(team="network")
    saved = await desk.ask("PUT", "/v1/views/our videos", json={"query": "?team=video&sort=due&assignee=me"})
    assert saved.json()["query"] == "team=video&sort=due&assignee=me"
    assert await numbers(desk, "view=our videos") == [1]
    assert await numbers(desk, "view=our videos&assignee=none") == [2]
    refused = await desk.ask("PUT", "/v1/views/x", json={"query": "mood=bad"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query")
    assert (await desk.ask("GET", "/v1/tickets?view=nothing")).json()["code"] == "view_not_found"


async def test_views_are_ones_own_unless_shared(desk: TicketsDesk) -> None:
    await desk.open_ticket(team="video")
    await desk.ask("PUT", "/v1/views/mine", json={"query": "team=video"})
    await desk.ask("PUT", "/v1/views/all", json={"query": "team=video", "shared": True})
    assert (await desk.ask("GET", "/v1/tickets?view=mine", Role.TRAINING)).status_code == 404
    assert await numbers(desk, "view=all", Role.TRAINING) == [1]
    [seen] = (await desk.ask("GET", "/v1/views", Role.TRAINING)).json()["items"]
    assert (seen["name"], seen["mine"], seen["owner_name"]) == ("all", False, "it_agent")
    taken = await desk.ask("PUT", "/v1/views/all", Role.TRAINING, json={"query": "", "shared": True})
    assert (taken.status_code, taken.json()["code"]) == (409, "view_name_taken")
    own = await desk.ask("PUT", "/v1/views/all", Role.TRAINING, json={"query": "team=none"})
    assert own.status_code == 200
    assert await numbers(desk, "view=all", Role.TRAINING) == []
    assert (await desk.ask("DELETE", "/v1/views/all", Role.TRAINING)).status_code == 204
    assert (await desk.ask("DELETE", "/v1/views/all", Role.TRAINING)).status_code == 404
    assert (await desk.ask("DELETE", "/v1/views/all", Role.IT_LEAD)).status_code == 204
    assert [view["name"] for view in (await desk.ask("GET", "/v1/views")).json()["items"]] == ["mine"]


async def test_a_team_says_who_works_on_its_tickets(desk: TicketsDesk) -> None:
    body = {"email": "Video@Example.com", "lead": "lea@example.com", "members": ["bob@example.com", "Bob@example.com"]}
    made = await desk.ask("PUT", "/v1/teams/video", Role.IT_LEAD, json=body)
    assert (made.json()["members"], made.json()["email"]) == (["bob@example.com"], "video@example.com")
    again = await desk.ask("PUT", "/v1/teams/video", Role.IT_LEAD, json=body | {"lead": None})
    assert (again.json()["version"], again.json()["lead"]) == (2, None)
    assert [team["name"] for team in (await desk.get("/v1/teams"))["items"]] == ["video"]
    assert (await desk.get("/v1/teams/video"))["members"] == ["bob@example.com"]
    assert (await desk.ask("GET", "/v1/teams/nobody")).json()["code"] == "team_not_found"


async def test_nothing_of_an_erased_person_is_found_or_quoted(desk: TicketsDesk) -> None:
    await desk.hand_in(plan(), wave(), person(), enrolment())
    ticket = await desk.open_ticket(subject="Video", description="I am Ada and my hip hurts", impact="My hip")
    ticket = await desk.patch(ticket, description="I am Ada and my knee hurts")
    path = f"/v1/tickets/{ticket['ticket_id']}"
    said = {"json": {"body": "It is my elbow"}, "email": "ada@example.com"}
    mine = (await desk.ask("POST", f"{path}/comments", Role.MANAGER, **said)).json()
    await desk.ask("PATCH", f"{path}/comments/{mine['comment_id']}", json={"body": "It is my shoulder"})
    await comment(desk, ticket, "Rest, please")
    await desk.hand_in(PersonErased(person_id="p-ada", erased_at=START))
    for words in ("ada", "hip", "knee", "elbow", "shoulder"):
        assert await numbers(desk, f"q={words}") == [], words
    assert await numbers(desk, "q=rest please") == [1]
    seen = str(
        [await desk.get(each) for each in (path, f"{path}/comments", f"{path}/history")]
        + [(await desk.ask("GET", f"{path}/comments/{mine['comment_id']}/edits")).json()]
    ).casefold()
    for words in ("ada@", "am ada", "hip", "knee", "elbow", "shoulder"):
        assert words not in seen, words
    assert "rest, please" in seen
