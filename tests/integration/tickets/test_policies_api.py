"""Policies over REST: proposed, signed by both sides, in force, superseded; compared, checked and chosen."""

from typing import Any

from shared.auth import Role
from tests.integration.tickets.desk import HOUR, TicketsDesk

OFFICE = {day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
PLAIN = {"zone": "UTC", "hours": OFFICE}
TARGETS = {f"P{each}": {"first_response_minutes": 30 * each, "resolution_minutes": 240 * each} for each in range(1, 5)}


def rule(name: str = "all", **said: Any) -> dict[str, Any]:
    return {"name": name, "calendar": PLAIN, "targets": TARGETS} | said


async def put(desk: TicketsDesk, *rules: Any, name: str = "standard", status: int = 200, **said: Any) -> Any:
    answer = await desk.ask("PUT", f"/v1/policies/{name}", Role.IT_LEAD, json={"rules": list(rules), **said})
    assert answer.status_code == status, answer.text
    return answer.json()


async def sign(
    desk: TicketsDesk, label: str, side: str, role: Role, status: int = 200, email: str | None = None
) -> Any:
    name, _, version = label.partition("@")
    path = f"/v1/policies/{name}/versions/{version}/sign"
    answer = await desk.ask("POST", path, role, json={"side": side}, email=email)
    assert answer.status_code == status, answer.text
    return answer.json()


async def sign_both(desk: TicketsDesk, label: str) -> Any:
    await sign(desk, label, "it", Role.IT_LEAD)
    return await sign(desk, label, "training", Role.TRAINING)


async def in_force(desk: TicketsDesk, **features: Any) -> tuple[str, str]:
    """The policy and rule that a new ticket would get."""
    answer = await desk.ask("POST", "/v1/policies/check", Role.VIEWER, json={"features": features})
    assert answer.status_code == 200, answer.text
    [matched] = [each["name"] for each in answer.json()["rules"] if each["matched"]] or ["none"]
    return answer.json()["policy"], matched


async def test_the_seeded_policy_is_in_force_without_signatures(desk: TicketsDesk) -> None:
    [standard] = (await desk.get("/v1/policies"))["items"]
    assert (standard["state"], standard["missing"], standard["order"]) == ("in_force", ["it", "training"], 100)
    assert await in_force(desk) == ("standard@1", "everything")


async def test_a_version_is_in_force_once_both_sides_have_signed_it(desk: TicketsDesk) -> None:
    made = await put(desk, rule())
    assert (made["version"], made["state"], made["missing"]) == (2, "proposed", ["it", "training"])
    assert await put(desk, rule()) == made
    first = await sign(desk, "standard@2", "training", Role.TRAINING)
    assert (first["state"], first["missing"]) == ("proposed", ["it"])
    assert await in_force(desk) == ("standard@1", "everything")
    both = await sign(desk, "standard@2", "it", Role.IT_LEAD)
    assert (both["state"], both["missing"], both["in_force_at"]) == ("in_force", [], "2026-11-23T09:00:00Z")
    assert [(each["side"], each["by"]) for each in both["signatures"]] == [("it", "it_lead"), ("training", "training")]
    assert await in_force(desk) == ("standard@2", "all")
    assert [each["state"] for each in (await desk.get("/v1/policies/standard/versions"))["items"]] == [
        "in_force",
        "superseded",
    ]


async def test_each_side_signs_for_itself_once_and_nobody_for_both(desk: TicketsDesk) -> None:
    await put(desk, rule())
    for side, role in (("it", Role.TRAINING), ("training", Role.IT_LEAD), ("it", Role.ADMIN)):
        assert (await sign(desk, "standard@2", side, role, 403))["code"] == "forbidden"
    await sign(desk, "standard@2", "it", Role.IT_LEAD, email="both@example.com")
    again = await sign(desk, "standard@2", "it", Role.IT_LEAD, 409)
    assert again["code"] == "signed_already"
    same = await sign(desk, "standard@2", "training", Role.TRAINING, 409, email="both@example.com")
    assert same["code"] == "one_signs_for_one_side"
    assert (await sign(desk, "standard@9", "it", Role.IT_LEAD, 404))["code"] == "policy_not_found"


async def test_an_admin_may_enforce_with_a_reason_that_stays_with_the_version(desk: TicketsDesk) -> None:
    await put(desk, rule())
    path = "/v1/policies/standard/versions/2/enforce"
    assert (await desk.ask("POST", path, Role.IT_LEAD, json={"reason": "we want it"})).status_code == 403
    assert (await desk.ask("POST", path, Role.ADMIN, json={"reason": " "})).status_code == 422
    done = (await desk.ask("POST", path, Role.ADMIN, json={"reason": "Training is on holiday"})).json()
    assert (done["state"], done["enforced_by"], done["enforced_reason"]) == (
        "in_force",
        "admin",
        "Training is on holiday",
    )
    assert await in_force(desk) == ("standard@2", "all")
    again = await desk.ask("POST", path, Role.ADMIN, json={"reason": "Once more"})
    assert again.json()["code"] == "signed_already"
    later = await sign_both(desk, "standard@2")
    assert (later["missing"], later["enforced_by"]) == ([], "admin")


async def test_an_older_version_is_not_put_in_force_after_a_newer_one(desk: TicketsDesk) -> None:
    await put(desk, rule())
    await put(desk, rule("other"))
    await sign_both(desk, "standard@3")
    assert (await sign(desk, "standard@2", "it", Role.IT_LEAD, 409))["code"] == "version_superseded"
    answer = await desk.ask("POST", "/v1/policies/standard/versions/2/enforce", Role.ADMIN, json={"reason": "Back"})
    assert answer.json()["code"] == "version_superseded"


async def test_a_ticket_gets_the_first_policy_by_order_then_name_and_standard_last(desk: TicketsDesk) -> None:
    await sign_both(desk, f"standard@{(await put(desk, rule(), order=1))['version']}")
    for name, order, when in (
        ("vip", 20, {"tags": ["vip"]}),
        ("zebra", 10, {"tags": ["zoo"]}),
        ("ant", 10, {"tags": ["zoo", "vip"], "priority": ["P1"]}),
        ("draft", 1, {"tags": ["vip"]}),
    ):
        await put(desk, rule(name), name=name, order=order, when=when)
        if name != "draft":
            await sign_both(desk, f"{name}@1")
    assert await in_force(desk, tags=["VIP"]) == ("vip@1", "vip")
    assert await in_force(desk, tags=["vip", "zoo"]) == ("zebra@1", "zebra")
    assert await in_force(desk, tags=["vip"], priority="P1") == ("ant@1", "ant")
    assert await in_force(desk) == ("standard@2", "all")
    assert (await desk.open_ticket(tags=["vip"], priority="P2"))["policy"] == "vip@1"
    assert (await desk.open_ticket(priority="P2"))["policy"] == "standard@2"


async def test_mistakes_are_refused_all_at_once_by_their_places(desk: TicketsDesk) -> None:
    bad = [
        rule("a", calendar={"zone": "Mars/Olympus", "hours": OFFICE}),
        rule("a", targets={}),
        rule("c", calendar="nowhere", escalations=[{"at": "later", "to": "lead"}]),
    ]
    problem = await put(desk, *bad, status=422)
    assert [error["pointer"] for error in problem["errors"]] == [
        "/rules/0/calendar/zone",
        "/rules/1/name",
        "/rules/1/targets",
        "/rules/2/calendar",
        "/rules/2/escalations/0/at",
    ]
    shapes = [
        ({"rules": []}, "/rules"),
        ({"rules": [rule(calendar={"zone": "UTC"})]}, "/rules/0/calendar/hours"),
        ({"rules": [rule(calendar="Berlin@x")]}, "/rules/0/calendar"),
        ({"rules": [rule(pause_on={"agent_work": ["pending"]})]}, "/rules/0/pause_on/agent_work/[key]"),
        ({"rules": [rule(when={"colour": ["red"]})]}, "/rules/0/when/colour/[key]"),
        ({"rules": [rule()], "calendar": PLAIN}, "/"),
    ]
    for document, pointer in shapes:
        answer = await desk.ask("PUT", "/v1/policies/standard", Role.IT_LEAD, json=document)
        assert answer.status_code == 422, answer.text
        assert pointer in [error["pointer"] for error in answer.json()["errors"]], answer.text
    assert len((await desk.get("/v1/policies"))["items"]) == 1


async def test_a_check_changes_nothing_and_says_what_a_ticket_would_get_and_when(desk: TicketsDesk) -> None:
    document = {
        "rules": [
            rule("vip", when={"tags": ["vip"]}),
            rule("board", when={"tags": ["vip"], "kind": ["incident"]}),
            rule(),
        ]
    }
    body = {"policy": document, "features": {"priority": "P2"}, "opened_at": "2026-11-27T16:30:00Z"}
    answer = (await desk.ask("POST", "/v1/policies/check", Role.VIEWER, json=body)).json()
    assert answer["problems"] == []
    assert [each["pointer"] for each in answer["warnings"]] == ["/rules/1"]
    assert [(each["name"], each["matched"], each["reason"]) for each in answer["rules"]] == [
        ("vip", False, "no tag is vip"),
        ("board", False, "no tag is vip"),
        ("all", True, "it holds for every ticket"),
    ]
    assert [(each["target"], each["due_at"]) for each in answer["promises"]] == [
        ("first_response", "2026-11-30T09:30:00Z"),
        ("resolution", "2026-11-30T16:30:00Z"),
    ]
    broken = {"policy": {"rules": [rule(targets={})]}, "features": {}}
    answer = (await desk.ask("POST", "/v1/policies/check", Role.VIEWER, json=broken)).json()
    assert [each["pointer"] for each in answer["problems"]] == ["/rules/0/targets"]
    assert len((await desk.get("/v1/policies"))["items"]) == 1


async def test_the_difference_between_two_versions_is_said_in_sentences(desk: TicketsDesk) -> None:
    targets = {**TARGETS, "P1": {"first_response_minutes": 15, "next_response_minutes": 90}}
    await put(desk, rule("vip", when={"tags": ["vip"]}), rule())
    await put(desk, rule("all", targets=targets, pause_on=["pending"]), rule("new"), order=50)
    diff = await desk.get("/v1/policies/standard/versions/3/diff")
    assert (diff["before"], diff["after"]) == ("standard@2", "standard@3")
    assert [each["sentence"] for each in diff["changes"]] == [
        "order is now 50 instead of 100.",
        "all: P1 first response is now 15 min instead of 30 min.",
        "all: P1 next response is now 1 h 30 min, and was not said before.",
        "all: P1 resolution is no longer said; it was 4 h.",
        "all: where it is paused: is now pending, and was not said before.",
        "The rule new is new.",
        "The rule vip is gone.",
    ]
    first = await desk.get("/v1/policies/standard/versions/2/diff?against=1")
    assert first["changes"][-1]["sentence"] == "The rule everything is gone."


async def test_a_policy_that_nobody_is_asked_for_is_a_warning(desk: TicketsDesk) -> None:
    await put(desk, rule(), name="first", order=1)
    await sign_both(desk, "first@1")
    made = await put(desk, rule(), name="second", when={"kind": ["request"]})
    assert [each["pointer"] for each in made["warnings"]] == ["/when"]


async def test_an_explanation_says_which_policy_and_rule_and_why_and_adds_up(desk: TicketsDesk) -> None:
    await put(desk, rule("vip", when={"tags": ["vip"]}), rule())
    await sign_both(desk, "standard@2")
    await put(desk, rule(), name="training", when={"course": ["42"]})
    await sign_both(desk, "training@1")
    desk.clock.advance(9 * HOUR)
    ticket = await desk.open_ticket(priority="P2", system="Vidstream")
    desk.clock.advance(16 * HOUR)
    told = await desk.get(f"/v1/tickets/{ticket['number']}/explain")
    assert (told["ticket_id"], told["policy"], told["rule"]) == (ticket["ticket_id"], "standard@2", "all")
    assert [(each["name"], each["matched"]) for each in told["policies"]] == [
        ("training@1", False),
        ("standard@2", True),
    ]
    assert [(each["name"], each["matched"]) for each in told["rules"]] == [("vip", False), ("all", True)]
    assert told["features"]["system"] == "Vidstream"
    first = next(clock for clock in told["clocks"] if clock["target"] == "first_response")
    assert (first["started_at"], first["counting_since"]) == ("2026-11-23T18:00:00Z", "2026-11-24T09:00:00Z")
    assert (first["elapsed_seconds"], first["remaining_seconds"]) == (3600, 0)
    assert [(each["kind"], each["seconds"]) for each in first["segments"]] == [("closed", 15 * 3600), ("running", 3600)]
    assert {kind: seconds for kind, seconds in first["sums"].items() if seconds} == {
        "closed": 15 * 3600,
        "running": 3600,
    }
    assert first["promise"]
    assert first["sentences"]
    assert (await desk.ask("GET", "/v1/tickets/999/explain", Role.VIEWER)).status_code == 404


async def test_an_explanation_compares_with_the_policies_of_the_time_when_the_ticket_came(desk: TicketsDesk) -> None:
    ticket = await desk.open_ticket(priority="P2")
    desk.clock.advance(HOUR)
    await put(desk, rule(), name="later")
    await sign_both(desk, "later@1")
    told = await desk.get(f"/v1/tickets/{ticket['ticket_id']}/explain")
    assert [each["name"] for each in told["policies"]] == ["standard@1"]
    assert (await desk.open_ticket(priority="P2"))["policy"] == "later@1"
