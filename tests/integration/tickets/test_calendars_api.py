"""Calendars over REST: versions, closed days from a country, a file or by hand, and the policies that follow."""

from typing import Any

from shared.auth import Role
from tests.integration.tickets.desk import HOUR, TicketsDesk
from tests.integration.tickets.test_policies_api import OFFICE, put, rule, sign, sign_both

BERLIN = {"zone": "Europe/Berlin", "hours": OFFICE}


async def put_calendar(desk: TicketsDesk, document: Any, name: str = "berlin", status: int = 200, **query: Any) -> Any:
    answer = await desk.ask("PUT", f"/v1/calendars/{name}", Role.IT_LEAD, json=document, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


async def close(desk: TicketsDesk, status: int = 200, name: str = "berlin", **said: Any) -> Any:
    answer = await desk.ask("POST", f"/v1/calendars/{name}/holidays", Role.IT_LEAD, json=said)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_calendar_is_named_versioned_and_never_changed(desk: TicketsDesk) -> None:
    made = await put_calendar(desk, BERLIN)
    assert (made["calendar"], made["policies"]) == ("berlin@1", {})
    same = await put_calendar(desk, BERLIN)
    assert (same["calendar"], same["notes"]) == ("berlin@1", ["Nothing is different; there is no new version."])
    shifted = {**BERLIN, "shifts": {"2026-12-24": ["09:00-12:00"]}, "closures": {"2026-11-27": ["14:00-16:00"]}}
    tried = await put_calendar(desk, shifted, dry_run=True)
    assert (tried["calendar"], [each["on"] for each in tried["upcoming"]]) == (None, ["2026-11-27", "2026-12-24"])
    assert (await desk.get("/v1/calendars/berlin"))["version"] == 1
    assert (await put_calendar(desk, shifted))["calendar"] == "berlin@2"
    assert (await desk.get("/v1/calendars/berlin?version=1"))["calendar"] == {**BERLIN, "holidays": []}
    assert [each["version"] for each in (await desk.get("/v1/calendars/berlin/versions"))["items"]] == [2, 1]
    await put_calendar(desk, BERLIN, "tokyo")
    assert [(each["name"], each["version"]) for each in (await desk.get("/v1/calendars"))["items"]] == [
        ("berlin", 2),
        ("tokyo", 1),
    ]
    missing = await desk.ask("GET", "/v1/calendars/paris", Role.VIEWER)
    assert (missing.status_code, missing.json()["code"]) == (404, "calendar_not_found")


async def test_what_is_wrong_with_a_calendar_is_named_by_its_places(desk: TicketsDesk) -> None:
    bad = {
        "zone": "Mars/Olympus",
        "hours": {"monday": ["9-17"]},
        "shifts": {"2026-12-24": ["12:00-10:00", "11:00-13:00"]},
        "closures": {"2026-12-24": ["25:00-26:00"]},
    }
    problem = await put_calendar(desk, bad, status=422)
    assert problem["code"] == "calendar_not_usable"
    assert [each["pointer"] for each in problem["errors"]] == [
        "/zone",
        "/hours/monday/0",
        "/shifts",
        "/closures/2026-12-24/0",
    ]
    never = {"zone": "UTC", "hours": {}, "shifts": {"2020-12-24": ["09:00-10:00"]}}
    assert [each["pointer"] for each in (await put_calendar(desk, never, status=422))["errors"]] == ["/hours"]


async def test_a_countrys_holidays_are_kept_as_they_were_with_the_librarys_version(desk: TicketsDesk) -> None:
    await put_calendar(desk, BERLIN)
    tried = await close(desk, country="DE", subdivision="BE", years=[2027], dry_run=True)
    assert (tried["calendar"], len(tried["added"])) == (None, 10)
    made = await close(desk, country="DE", subdivision="BE", years=[2027])
    assert (made["calendar"], made["added"], made["migration_id"]) == ("berlin@2", tried["added"], None)
    stored = await desk.get("/v1/calendars/berlin")
    assert "2027-03-08" in stored["calendar"]["holidays"]
    assert stored["calendar"]["names"]["2027-12-25"]
    because = stored["because"]
    assert (because["country"], because["subdivision"], because["years"]) == ("DE", "BE", [2027])
    assert because["library"].startswith("holidays ")
    again = await close(desk, country="DE", years=[2027])
    assert (again["calendar"], again["added"], len(again["already"])) == ("berlin@2", [], 9)


async def test_a_calendar_file_closes_days_and_parts_of_days(desk: TicketsDesk) -> None:
    await put_calendar(desk, BERLIN)
    lines = [
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y",
        "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261226\nSUMMARY:Christmas\nEND:VEVENT",
        "BEGIN:VEVENT\nUID:2\nDTSTART:20261127T130000Z\nDURATION:PT90M\nSUMMARY:Staff meeting\nEND:VEVENT",
        "END:VCALENDAR\n",
    ]
    made = await close(desk, ics="\n".join(lines))
    assert made["added"] == ["2026-11-27", "2026-12-24", "2026-12-25"]
    upcoming = await desk.get("/v1/calendars/berlin/upcoming")
    assert (upcoming["open_now"], upcoming["next_change_at"]) == (True, "2026-11-23T16:00:00Z")
    shown = [(each["on"], each["kind"], each["name"], each["remaining"]) for each in upcoming["items"]]
    assert shown == [
        ("2026-11-27", "closure", "Staff meeting", ["09:00-14:00", "15:30-17:00"]),
        ("2026-12-24", "holiday", "Christmas", []),
        ("2026-12-25", "holiday", "Christmas", []),
    ]
    refused = await close(desk, 422, ics="hello")
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("calendar_file_not_usable", "/ics")


async def test_closed_days_come_from_one_source_at_a_time(desk: TicketsDesk) -> None:
    await put_calendar(desk, BERLIN)
    for said in ({}, {"dates": ["2026-12-24"], "ics": "x"}, {"country": "DE"}, {"country": "de", "years": [2026]}):
        assert (await close(desk, 422, **said))["code"] == "invalid_request"
    assert (await close(desk, 422, country="XX", years=[2026]))["errors"][0]["pointer"] == "/country"


async def test_an_edited_calendar_makes_versions_of_the_policies_that_use_it_and_signatures_carry_over(
    desk: TicketsDesk,
) -> None:
    await put_calendar(desk, BERLIN)
    await put(desk, rule(calendar="berlin"))
    await sign_both(desk, "standard@2")
    await put(desk, rule("vip", calendar="berlin@1"), name="vip", when={"tags": ["vip"]})
    await sign(desk, "vip@1", "it", Role.IT_LEAD)
    desk.clock.advance(HOUR)
    made = await close(desk, dates=["2026-12-24"], name="berlin", migrate="no")
    assert made["policies"] == {"standard@2": "standard@3", "vip@1": "vip@2"}
    standard = await desk.get("/v1/policies/standard/versions/3")
    assert standard["policy"]["rules"][0]["calendar"] == "berlin@2"
    assert (standard["state"], standard["in_force_at"]) == ("in_force", "2026-11-23T10:00:00Z")
    assert standard["because"] == {"kind": "calendar", "of": 2, "calendars": {"berlin@1": "berlin@2"}}
    assert [(each["side"], each["carried_from"], each["signed_at"]) for each in standard["signatures"]] == [
        ("it", 2, "2026-11-23T09:00:00Z"),
        ("training", 2, "2026-11-23T09:00:00Z"),
    ]
    vip = await desk.get("/v1/policies/vip/versions/2")
    assert (vip["state"], vip["missing"], vip["signatures"][0]["carried_from"]) == ("proposed", ["training"], 1)
    assert (await desk.get("/v1/calendars/berlin"))["used_by"] == ["standard@3", "vip@2"]
    later = await close(desk, dates=["2026-12-31"], migrate="no")
    assert later["policies"] == {"standard@3": "standard@4", "vip@2": "vip@3"}
    assert (await desk.get("/v1/policies/standard/versions/4"))["signatures"][0]["carried_from"] == 2


async def test_old_versions_under_which_tickets_are_open_follow_too_and_new_tickets_get_the_newest(
    desk: TicketsDesk,
) -> None:
    await put_calendar(desk, BERLIN)
    await sign_both(desk, f"standard@{(await put(desk, rule(calendar='berlin')))['version']}")
    await desk.open_ticket(priority="P2")
    await sign_both(desk, f"standard@{(await put(desk, rule('other', calendar='berlin')))['version']}")
    await put(desk, rule("draft", calendar="berlin"))
    made = await close(desk, dates=["2026-12-24"], migrate="no")
    assert made["policies"] == {"standard@2": "standard@5", "standard@3": "standard@6", "standard@4": "standard@7"}
    states = {each["version"]: each["state"] for each in (await desk.get("/v1/policies/standard/versions"))["items"]}
    assert states == {
        1: "superseded",
        2: "superseded",
        3: "superseded",
        4: "superseded",
        5: "superseded",
        6: "in_force",
        7: "proposed",
    }
    assert (await desk.open_ticket(priority="P2"))["policy"] == "standard@6"


async def test_days_that_have_passed_need_to_be_meant(desk: TicketsDesk) -> None:
    await put_calendar(desk, BERLIN)
    refused = await close(desk, 409, dates=["2026-11-20", "2026-12-24"])
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("past_days", "/retroactive")
    assert "2026-11-20" in refused["detail"]
    made = await close(desk, dates=["2026-11-20", "2026-12-24"], retroactive=True)
    assert made["calendar"] == "berlin@2"
