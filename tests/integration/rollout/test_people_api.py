"""People and connections over REST, on both databases."""

import json
from typing import Any

import httpx
import pytest

from shared.auth import Role
from tests.integration.rollout.rollout_desk import RolloutDesk

TOKEN = "0123456789abcdef-an-example"


async def send_csv(desk: RolloutDesk, body: bytes, content_type: str = "text/csv", **headers: str) -> httpx.Response:
    sent = desk.identity(Role.TRAINING) | {"content-type": content_type} | headers
    return await desk.http.post("/v1/people/import", content=body, headers=sent)


async def put(desk: RolloutDesk, body: dict[str, Any], role: Role = Role.ADMIN) -> httpx.Response:
    return await desk.http.put("/v1/connections/moodle", json=body, headers=desk.identity(role))


async def test_a_csv_file_is_imported_and_found_again(rollouts: RolloutDesk) -> None:
    answer = await send_csv(rollouts, b"\xef\xbb\xbfID;Name;E-Mail\r\n1;Ada;ada@example.test\r\n")
    assert (answer.status_code, answer.json()) == (200, {"created": 1, "changed": 0, "unchanged": 0})
    page = await rollouts.get("/v1/people?search=ADA")
    assert [person["email"] for person in page["items"]] == ["ada@example.test"]
    person = await rollouts.get(f"/v1/people/{page['items'][0]['id']}")
    assert {(name["source"], name["scheme"], name["value"]) for name in person["identities"]} == {
        ("*", "email", "ada@example.test"),
        ("*", "external_id", "1"),
    }
    assert person["changed_at"].endswith("Z")


async def test_bad_rows_are_named_and_nothing_is_imported(rollouts: RolloutDesk) -> None:
    answer = await send_csv(rollouts, b"id,name,email\n1,Ada,nonsense\n2,,b@example.test\n3,Cy,c@example.test\n")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "import_refused")
    assert [error["pointer"] for error in problem["errors"]] == ["/line/2/email", "/line/3/name"]
    assert (await rollouts.get("/v1/people"))["items"] == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "text/csv", 422),
        (b"id,name\n1,\xff\xfe\n", "text/csv", 400),
        ("id,name\n1,Ada\n".encode("utf-16"), "text/csv", 400),
        (b'{"people": [{"id": "1", "name": ""}]}', "application/json", 422),
        (b'{"people": [1]}', "application/json", 422),
        (b'{"people": ', "application/json", 422),
        (b"[]", "application/json", 422),
        (b"id,name\n1,Ada\n", "application/xml", 400),
        (b"id,name\n1,A\x00da\n", "text/csv", 422),
        ("id,name\n1,\ud800\n".encode("utf-8", "surrogatepass"), "text/csv", 400),
        (b'{"people": [{"id": "1", "name": "\\ud800"}]}', "application/json", 422),
    ],
)
async def test_what_cannot_be_read_is_refused_with_a_plain_reason(
    rollouts: RolloutDesk, body: bytes, content_type: str, status: int
) -> None:
    answer = await send_csv(rollouts, body, content_type)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


async def test_an_import_repeated_with_its_key_is_answered_and_not_done_again(rollouts: RolloutDesk) -> None:
    key = {"idempotency-key": "import-1"}
    first = await send_csv(rollouts, b"id,name\n1,Ada\n", **key)
    again = await send_csv(rollouts, b"id,name\n1,Ada\n", **key)
    assert first.json() == again.json() == {"created": 1, "changed": 0, "unchanged": 0}


async def test_pages_of_people_follow_each_other(rollouts: RolloutDesk) -> None:
    await rollouts.import_people()
    seen: list[str] = []
    path: str | None = "/v1/people?limit=7&region=North"
    while path is not None:
        page = await rollouts.get(path)
        seen += [person["name"] for person in page["items"]]
        path = f"/v1/people?limit=7&region=North&cursor={page['next']}" if page["next"] else None
    assert len(seen) == len(set(seen)) == 14
    assert seen == sorted(seen)


async def test_people_and_names_that_are_not_there_are_not_found(rollouts: RolloutDesk) -> None:
    for path in ("/v1/people/nobody",):
        answer = await rollouts.http.get(path, headers=rollouts.identity(Role.TRAINING))
        assert (answer.status_code, answer.json()["code"]) == (404, "person_not_found")
    problem = await rollouts.post("/v1/unknown-identities/none/link", {"person_id": "x"}, expect=404)
    assert problem["code"] == "identity_not_found"


async def test_members_of_a_wave_are_listed_with_what_the_system_was_told(rollouts: RolloutDesk) -> None:
    await rollouts.open_it()
    page = await rollouts.get("/v1/rollouts/video/enrolments?wave=it&limit=2")
    assert [(item["state"], item["push"]) for item in page["items"]] == [("invited", "enrol")] * 2
    assert page["next"]
    assert (await rollouts.get("/v1/rollouts/video/enrolments?wave=it&failed=true"))["items"] == []


async def test_a_token_goes_in_and_never_comes_out(rollouts: RolloutDesk, caplog: pytest.LogCaptureFixture) -> None:
    body = {"vendor": "moodle", "base_url": "http://lms.example.test/moodle/", "token": TOKEN}
    answer = await put(rollouts, body)
    assert answer.status_code == 200, answer.text
    listed = await rollouts.get("/v1/connections")
    assert listed["items"][0]["base_url"] == "http://lms.example.test/moodle"
    kept = await put(rollouts, {key: value for key, value in body.items() if key != "token"})
    assert kept.json()["version"] == 2
    for text in (answer.text, json.dumps(listed), kept.text, caplog.text):
        assert TOKEN not in text


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"token": None}, "/token"),
        ({"vendor": "sakai"}, "/vendor"),
        ({"base_url": "ftp://lms.example.test"}, "/base_url"),
        ({"base_url": "https://user:secret@lms.example.test"}, "/base_url"),
        ({"base_url": "https://lms.example.test/?wstoken=1"}, "/base_url"),
        ({"base_url": "https://[not-an-address"}, "/base_url"),
        ({"batch_size": 500}, "/batch_size"),
        ({"colour": "red"}, "/colour"),
    ],
)
async def test_a_wrong_connection_is_refused_at_the_place_that_is_wrong(
    rollouts: RolloutDesk, change: dict[str, Any], pointer: str
) -> None:
    body = {"vendor": "moodle", "base_url": "http://lms.example.test", "token": TOKEN} | change
    answer = await put(rollouts, body)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert TOKEN not in answer.text
    assert "secret" not in answer.text
    assert (await rollouts.get("/v1/connections"))["items"] == []


async def test_a_poll_is_asked_for_by_name(rollouts: RolloutDesk) -> None:
    await put(rollouts, {"vendor": "moodle", "base_url": "http://lms.example.test", "token": TOKEN})
    answer = await rollouts.post("/v1/connections/moodle/poll", expect=202)
    assert answer["poll_wanted"] is True
    assert (await rollouts.post("/v1/connections/canvas/poll", expect=404))["code"] == "connection_not_found"
