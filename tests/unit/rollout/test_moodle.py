"""The Moodle client against bodies of the shapes that a real Moodle 5.1 was seen to send."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import SecretStr

from services.rollout.adapters.moodle import MoodlePlatform, OutsidePlatforms
from services.rollout.ports.learning import AccountRefused, Connection, CourseRefused, CourseStatus
from shared.errors import PermanentFailure, TemporaryFailure
from shared.mapping import load_vendor
from shared.vault import Vault

FIXTURES = Path(__file__).resolve().parents[3].parent / "shared" / "fixtures" / "moodle-rest"


def error(code: str) -> str:
    return json.dumps(
        {"exception": "core\\exception\\moodle_exception", "errorcode": code, "message": "in any language"}
    )


MOODLE = load_vendor("moodle")


def platform(send: Any, **more: Any) -> MoodlePlatform:
    return MoodlePlatform(send, MOODLE, **more)


class ScriptedMoodle:
    """Answers each call with what `answer` makes of it, and remembers the forms."""

    def __init__(self, answer: Any) -> None:
        self.forms: list[dict[str, str]] = []
        self._answer = answer

    async def __call__(self, form: Mapping[str, str]) -> str:
        self.forms.append(dict(form))
        answer = self._answer(form) if callable(self._answer) else self._answer
        return answer if isinstance(answer, str) else json.dumps(answer)


def enrolled_ids(form: Mapping[str, str]) -> list[str]:
    return [value for name, value in form.items() if name.endswith("[userid]")]


async def test_an_error_in_a_200_is_read_by_its_code_and_never_by_its_words() -> None:
    kinds = {
        "sitemaintenance": TemporaryFailure,
        "userdeleted": AccountRefused,
        "invalidrecordunknown": AccountRefused,
        "wsnoinstance": CourseRefused,
        "nocriteriaset": CourseRefused,
        "invalidtoken": PermanentFailure,
        "accessexception": PermanentFailure,
    }
    for code, kind in kinds.items():
        with pytest.raises(kind, match=code) as caught:
            await platform(ScriptedMoodle(error(code))).find_status("2", "4")
        assert type(caught.value) is kind


async def test_a_code_that_is_a_piece_of_html_is_not_repeated() -> None:
    with pytest.raises(PermanentFailure) as caught:
        await platform(ScriptedMoodle(error("<div>Passwords must…</div>"))).find_status("2", "4")
    assert "<div>" not in str(caught.value)


async def test_an_answer_that_is_not_json_or_not_the_documented_shape_is_a_plain_failure() -> None:
    for body in ("<html>login</html>", "[1]", ""):
        with pytest.raises(PermanentFailure):
            await platform(ScriptedMoodle(body)).find_status("2", "4")


async def test_enrolling_goes_out_in_calls_of_fifty_with_the_student_role() -> None:
    moodle = ScriptedMoodle("null")
    refused = await platform(moodle, student_role_id=7).enrol("2", [str(number) for number in range(120)])
    assert refused == {}
    assert [len(enrolled_ids(form)) for form in moodle.forms] == [50, 50, 20]
    assert moodle.forms[0]["enrolments[0][roleid]"] == "7"
    assert moodle.forms[0]["enrolments[49][courseid]"] == "2"


async def test_one_unknown_account_in_a_batch_is_found_and_the_others_are_enrolled() -> None:
    enrolled: set[str] = set()

    def answer(form: Mapping[str, str]) -> Any:
        if {"13", "31"} & set(enrolled_ids(form)):
            return error("invalidrecordunknown")  # and Moodle rolls the whole call back
        enrolled.update(enrolled_ids(form))
        return "null"

    refused = await platform(ScriptedMoodle(answer)).enrol("2", [str(number) for number in range(50)])
    assert set(refused) == {"13", "31"}
    assert enrolled == {str(number) for number in range(50)} - {"13", "31"}


async def test_a_course_that_cannot_be_enrolled_in_is_not_searched_account_by_account() -> None:
    moodle = ScriptedMoodle(error("wsnoinstance"))
    with pytest.raises(CourseRefused, match="manual enrolment"):
        await platform(moodle).enrol("1", ["4", "5", "6"])
    assert len(moodle.forms) == 1


async def test_addresses_are_tried_as_written_and_then_in_lower_case() -> None:
    users = {"ada@example.test": {"id": 4, "username": "ada", "email": "ada@example.test"}}

    def answer(form: Mapping[str, str]) -> Any:
        return [users[value] for name, value in form.items() if name.startswith("values") and value in users]

    found = await platform(ScriptedMoodle(answer)).find_accounts("email", ["Ada@Example.test", "x@example.test"])
    assert {value: [account.id for account in accounts] for value, accounts in found.items()} == {
        "Ada@Example.test": ["4"]
    }
    assert found["Ada@Example.test"][0].names == {"username": "ada"}


async def test_an_idnumber_that_two_accounts_carry_gives_both() -> None:
    users = [{"id": 4, "username": "a", "idnumber": "E-1"}, {"id": 10, "username": "b", "idnumber": "E-1"}]
    found = await platform(ScriptedMoodle(users)).find_accounts("idnumber", ["E-1"])
    assert [account.id for account in found["E-1"]] == ["4", "10"]


async def test_a_user_name_that_moodle_does_not_accept_hides_no_other() -> None:
    def answer(form: Mapping[str, str]) -> Any:
        values = [value for name, value in form.items() if name.startswith("values")]
        if "b d" in values:
            return error("invalidparameter")
        return [{"id": 4, "username": value} for value in values if value == "ada"]

    found = await platform(ScriptedMoodle(answer)).find_accounts("username", ["Ada", "B d"])
    assert list(found) == ["Ada"]


async def test_participants_are_read_page_by_page_and_a_server_that_ignores_pages_does_not_trap_us() -> None:
    everyone = [{"id": number} for number in range(1203)]

    def paged(form: Mapping[str, str]) -> Any:
        values = {form[f"options[{n}][name]"]: form[f"options[{n}][value]"] for n in range(4)}
        start = int(values["limitfrom"])
        return everyone[start : start + int(values["limitnumber"])]

    moodle = ScriptedMoodle(paged)
    assert len(await platform(moodle).list_participants("2")) == 1203
    assert len(moodle.forms) == 3
    for whole in (everyone, everyone[:500]):
        assert len(await platform(ScriptedMoodle(whole)).list_participants("2")) == len(whole)


async def test_an_unknown_course_is_a_matter_of_the_course_and_not_of_a_person() -> None:
    with pytest.raises(CourseRefused):
        await platform(ScriptedMoodle(error("invalidrecordunknown"))).list_participants("999")


async def test_not_enrolled_is_no_failure_and_no_verdict() -> None:
    status = await platform(ScriptedMoodle(error("usernotenroled"))).find_status("2", "4")
    assert status == CourseStatus(enrolled=False)


async def status_of(completed: bool, criteria: list[dict[str, Any]]) -> CourseStatus:
    answer = {"completionstatus": {"completed": completed, "completions": criteria}, "warnings": []}
    return await platform(ScriptedMoodle(answer)).find_status("2", "4")


async def test_the_time_of_completion_is_the_latest_of_the_criteria() -> None:
    criteria: list[dict[str, Any]] = [
        {"type": 4, "complete": True, "timecompleted": 1795327507},
        {"type": 4, "complete": True, "timecompleted": 1795327600},
        {"type": 4, "complete": False, "timecompleted": None},
    ]
    done = await status_of(True, criteria)
    assert done.completed_at == datetime.fromtimestamp(1795327600, UTC)
    # In between two runs of Moodle's task every criterion says yes while the course says no: not yet is never no.
    assert await status_of(False, criteria[:2]) == CourseStatus(enrolled=True, completed=False, started=True)
    assert await status_of(False, criteria[2:]) == CourseStatus(enrolled=True)
    assert await status_of(True, []) == CourseStatus(enrolled=True, completed=True)


async def test_a_status_without_its_body_is_no_status() -> None:
    with pytest.raises(PermanentFailure):
        await platform(ScriptedMoodle({"warnings": []})).find_status("2", "4")


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the real payloads of ../shared/fixtures are not here")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("08_completion_before_any_cron", (True, False, False)),
        ("10_completion_right_after_manual", (True, True, True)),
        ("16_two_steps_one_done", (True, False, True)),
        ("20c_two_complete", (True, True, True)),
        ("21c_after_undo_and_cron", (True, True, True)),
        ("22b_completion_after_unenrol", (False, False, False)),
        ("23b_completion_suspended_enrolment", (False, False, False)),
        ("19c_date_after", (True, True, True)),
    ],
)
async def test_a_real_status_is_read(name: str, expected: tuple[bool, bool, bool]) -> None:
    body = (FIXTURES / f"{name}.json").read_text()
    status = await platform(ScriptedMoodle(body)).find_status("2", "4")
    assert (status.enrolled, status.completed, status.started) == expected
    assert (status.completed_at is not None) == status.completed


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the real payloads of ../shared/fixtures are not here")
def test_no_real_error_is_taken_for_data() -> None:
    for path in sorted(FIXTURES.glob("e*.json")):
        document = json.loads(path.read_text())
        if path.name.endswith(".meta.json") or not isinstance(document, dict) or "exception" not in document:
            continue
        with pytest.raises((TemporaryFailure, PermanentFailure)):
            _run(platform(ScriptedMoodle(document)).enrol("2", ["4"]), document)


def _run(work: Any, document: dict[str, Any]) -> None:
    try:
        work.send(None)
    except StopIteration as finished:
        # A refusal of one account comes back as a value.
        raise AccountRefused(str(finished.value)) from None


VAULT = Vault(SecretStr("an example key of some length"))


def connection(base_url: str = "https://lms.example.test/moodle") -> Connection:
    return Connection(
        id="c1",
        source="moodle",
        vendor="moodle",
        base_url=base_url,
        sealed_token=VAULT.seal_text("s3cret-token", owner="c1"),
    )


async def ask(handler: Any) -> Any:
    platforms = OutsidePlatforms(VAULT, transport=httpx.MockTransport(handler))
    async with platforms.open(connection()) as opened:
        return await opened.find_status("2", "4")


async def test_the_token_travels_in_the_form_and_never_in_the_address() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"completionstatus": {"completed": False, "completions": []}})

    await ask(handler)
    form = parse_qs(seen[0].content.decode())
    assert str(seen[0].url) == "https://lms.example.test/moodle/webservice/rest/server.php"
    assert form["wstoken"] == ["s3cret-token"]
    assert form["moodlewsrestformat"] == ["json"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, "", PermanentFailure),
        (503, "busy", TemporaryFailure),
        (429, "", TemporaryFailure),
        (301, "", PermanentFailure),
    ],
)
async def test_http_errors_are_sorted_into_later_and_never(status: int, body: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        await ask(lambda _: httpx.Response(status, text=body, headers={"Location": "https://elsewhere.test"}))
    assert "s3cret" not in str(caught.value)


async def test_a_system_that_cannot_be_reached_is_tried_later() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(TemporaryFailure):
        await ask(handler)
