"""The simulated Moodle answers as the real one was measured."""

from pathlib import Path
from typing import Any

import httpx

from glidepath.demo.simulators.journal import Journal
from glidepath.demo.simulators.moodle import MoodleSite, MoodleUser, ToolTrigger, moodle_app

COURSE = 21


def person(number: int) -> MoodleUser:
    return MoodleUser(
        id=number,
        username=f"user{number}",
        firstname="User",
        lastname=str(number),
        email=f"user{number}@example.com",
        idnumber=f"E{number}",
    )


def site(people: int = 3, journal: Journal | None = None) -> MoodleSite:
    return MoodleSite("Test", [person(number) for number in range(1, people + 1)], {COURSE: "Safety"}, journal)


async def call(of: MoodleSite, function: str, form: dict[str, str], *, token: str = "right") -> Any:
    transport = httpx.ASGITransport(moodle_app(of, token="right"))
    async with httpx.AsyncClient(transport=transport, base_url="http://moodle.example") as http:
        query = {"wstoken": token, "wsfunction": function, "moodlewsrestformat": "json"}
        answer = await http.post("/webservice/rest/server.php", data=query | form)
        assert answer.status_code == 200
        return answer.json()


def enrolment(index: int, user: int, course: int = COURSE, role: int = 5) -> dict[str, str]:
    prefix = f"enrolments[{index}]"
    return {f"{prefix}[roleid]": str(role), f"{prefix}[userid]": str(user), f"{prefix}[courseid]": str(course)}


async def test_errors_come_with_status_200() -> None:
    answer = await call(site(), "core_webservice_get_site_info", {}, token="wrong")
    assert answer["errorcode"] == "invalidtoken"
    assert (await call(site(), "no_such_function", {}))["errorcode"] == "invalidrecordunknown"


async def test_without_a_format_the_answer_is_xml() -> None:
    transport = httpx.ASGITransport(moodle_app(site(), token="right"))
    async with httpx.AsyncClient(transport=transport, base_url="http://moodle.example") as http:
        answer = await http.get("/webservice/rest/server.php", params={"wstoken": "wrong"})
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<ERRORCODE>invalidtoken</ERRORCODE>" in answer.text


async def test_enrolling_answers_null_also_for_those_who_are_in_already() -> None:
    moodle = site()
    for _ in range(2):
        assert await call(moodle, "enrol_manual_enrol_users", enrolment(0, 1)) is None
    assert [user["id"] for user in await call(moodle, "core_enrol_get_enrolled_users", {"courseid": "21"})] == [1]


async def test_one_bad_entry_rolls_the_whole_batch_back() -> None:
    moodle = site()
    answer = await call(moodle, "enrol_manual_enrol_users", enrolment(0, 1) | enrolment(1, 99))
    assert answer["errorcode"] == "invalidrecordunknown"
    assert await call(moodle, "core_enrol_get_enrolled_users", {"courseid": "21"}) == []


async def test_the_tail_past_max_input_vars_is_lost_without_a_word() -> None:
    moodle = site(people=400)
    form: dict[str, str] = {}
    for index in range(400):
        form |= enrolment(index, index + 1)
    answer = await call(moodle, "enrol_manual_enrol_users", form)
    assert answer is None or answer["errorcode"] == "invalidparameter"
    assert 0 <= len(moodle.enrolled[COURSE]) < 400


async def test_completion_shows_only_for_those_enrolled_and_comes_back_with_them() -> None:
    moodle = site()
    status = "core_completion_get_course_completion_status"
    form = {"courseid": "21", "userid": "1"}
    assert (await call(moodle, status, form))["errorcode"] == "usernotenroled"
    moodle.enrol([(COURSE, 1)])
    assert (await call(moodle, status, form))["completionstatus"]["completed"] is False
    moodle.complete(COURSE, 1, 1_800_000_000)
    moodle.unenrol([(COURSE, 1)])
    assert (await call(moodle, status, form))["errorcode"] == "usernotenroled"
    moodle.enrol([(COURSE, 1)])
    shown = (await call(moodle, status, form))["completionstatus"]
    assert (shown["completed"], shown["completions"][0]["timecompleted"]) == (True, 1_800_000_000)


async def test_people_are_found_by_exact_field_only() -> None:
    moodle = site()
    found = await call(
        moodle, "core_user_get_users_by_field", {"field": "idnumber", "values[0]": "E2", "values[1]": "?"}
    )
    assert [user["id"] for user in found] == [2]
    by_email = await call(moodle, "core_user_get_users_by_field", {"field": "email", "values[0]": "USER1@example.com"})
    assert by_email == []


def test_a_killed_demo_finds_its_moodle_as_it_left_it(tmp_path: Path) -> None:
    path = tmp_path / "moodle.jsonl"
    first = site(journal=Journal(path))
    first.enrol([(COURSE, 1), (COURSE, 2)])
    first.unenrol([(COURSE, 2)])
    first.complete(COURSE, 1, 5)
    path.write_bytes(path.read_bytes() + b'{"did": "enr')
    again = site(journal=Journal(path))
    assert (again.enrolled, again.completed) == ({COURSE: {1}}, {(COURSE, 1): 5})


def test_the_webhook_plugin_writes_every_value_as_text() -> None:
    trigger = ToolTrigger(site(), "http://hooks.example/hooks/moodle", "secret")
    body = trigger.body("course_completed", COURSE, 1, 1_800_000_000)
    trigger.close()
    assert all(isinstance(value, str) for value in body.values())
