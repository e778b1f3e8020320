"""The conventions that every route of every service gets from `shared.rest`, tried over HTTP on both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from shared.auth import IDENTITY_HEADER, Identities, Identity, Role
from shared.clock import FixedClock
from shared.runtime import Runtime
from tests.support.echo import EchoUnit, create_tables, make_echo_app, make_runtime, make_settings

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
async def runtime(database_url: str) -> AsyncIterator[Runtime[EchoUnit]]:
    made = make_runtime(database_url, clock=FixedClock(AT))
    await create_tables(made)
    yield made
    await made.database.dispose()
    made.telemetry.shutdown()


@pytest.fixture
async def client(runtime: Runtime[EchoUnit]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_echo_app(runtime, AT), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://echo") as made:
        yield made


def as_role(role: Role, *, audience: str = "tickets", key: str | None = None) -> dict[str, str]:
    settings = make_settings("sqlite://")
    identities = Identities(settings.identity_key if key is None else make_key(key))
    identity = Identity(subject=f"key:{role}", kind="key", name=role.value, roles=frozenset({role}))
    return {IDENTITY_HEADER: identities.mint(identity, audience=audience, now=AT)}


def make_key(text: str):  # type: ignore[no-untyped-def]
    from pydantic import SecretStr

    return SecretStr(text)


TRAINING = as_role(Role.TRAINING)


async def notes_of(runtime: Runtime[EchoUnit]) -> list[str]:
    async with runtime.database.read() as unit:
        return await unit.notes()


async def test_a_request_that_does_not_come_through_the_gateway_is_refused(client: httpx.AsyncClient) -> None:
    for headers in (
        {},
        {IDENTITY_HEADER: "garbage"},
        as_role(Role.ADMIN, audience="survey"),
        as_role(Role.ADMIN, key="another-key-altogether"),
    ):
        answer = await client.get("/v1/notes", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "unauthenticated"


async def test_an_expired_identity_is_refused(runtime: Runtime[EchoUnit], client: httpx.AsyncClient) -> None:
    clock = runtime.clock
    assert isinstance(clock, FixedClock)
    from datetime import timedelta

    clock.advance(timedelta(minutes=5))
    assert (await client.get("/v1/notes", headers=TRAINING)).status_code == 401


async def test_a_role_without_a_row_is_refused_and_told_which_roles_may(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/notes", json={"text": "x"}, headers=as_role(Role.VIEWER))
    assert answer.status_code == 403
    assert "admin, training" in answer.json()["detail"]


async def test_what_was_answered_with_201_is_committed(runtime: Runtime[EchoUnit], client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/notes", json={"text": "hello"}, headers=TRAINING)
    assert (answer.status_code, await notes_of(runtime)) == (201, ["hello"])


async def test_a_route_that_fails_after_its_write_leaves_nothing(
    runtime: Runtime[EchoUnit], client: httpx.AsyncClient
) -> None:
    answer = await client.post("/v1/notes", json={"text": "fail"}, headers=TRAINING)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert await notes_of(runtime) == []


async def test_broken_json_and_wrong_fields_are_named_by_place(client: httpx.AsyncClient) -> None:
    broken = await client.post(
        "/v1/notes", content=b'{"text": ', headers={**TRAINING, "content-type": "application/json"}
    )
    wrong = await client.post("/v1/notes", json={"text": "", "colour": "red"}, headers=TRAINING)
    assert (broken.status_code, wrong.status_code) == (400, 422)
    assert "not JSON" in broken.json()["detail"]
    assert "at character 9" in broken.json()["detail"]
    assert {problem["pointer"] for problem in wrong.json()["errors"]} == {"/text", "/colour"}


async def test_the_same_idempotency_key_has_one_effect_and_one_answer(
    runtime: Runtime[EchoUnit], client: httpx.AsyncClient
) -> None:
    headers = {**TRAINING, "Idempotency-Key": "k1"}
    first = await client.post("/v1/notes", json={"text": "once"}, headers=headers)
    second = await client.post("/v1/notes", json={"text": "once"}, headers=headers)
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await notes_of(runtime) == ["once"]


async def test_an_idempotency_key_on_another_body_is_refused(
    runtime: Runtime[EchoUnit], client: httpx.AsyncClient
) -> None:
    headers = {**TRAINING, "Idempotency-Key": "k1"}
    await client.post("/v1/notes", json={"text": "once"}, headers=headers)
    other = await client.post("/v1/notes", json={"text": "twice"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await notes_of(runtime) == ["once"]


async def test_two_callers_may_use_the_same_idempotency_key(
    runtime: Runtime[EchoUnit], client: httpx.AsyncClient
) -> None:
    for role in (Role.TRAINING, Role.ADMIN):
        headers = {**as_role(role), "Idempotency-Key": "k1"}
        assert (await client.post("/v1/notes", json={"text": role.value}, headers=headers)).status_code == 201
    assert await notes_of(runtime) == ["training", "admin"]


async def test_a_failed_request_does_not_use_up_its_idempotency_key(
    runtime: Runtime[EchoUnit], client: httpx.AsyncClient
) -> None:
    headers = {**TRAINING, "Idempotency-Key": "k1"}
    assert (await client.post("/v1/notes", json={"text": ""}, headers=headers)).status_code == 422
    assert (await client.post("/v1/notes", json={"text": "better"}, headers=headers)).status_code == 201


async def test_many_at_once_with_one_key_have_one_effect(runtime: Runtime[EchoUnit], client: httpx.AsyncClient) -> None:
    headers = {**TRAINING, "Idempotency-Key": "storm"}
    answers = await asyncio.gather(
        *[client.post("/v1/notes", json={"text": "storm"}, headers=headers) for _ in range(20)]
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await notes_of(runtime) == ["storm"]


async def test_an_answer_that_bears_a_secret_is_not_kept_for_a_replay(client: httpx.AsyncClient) -> None:
    headers = {**as_role(Role.ADMIN), "Idempotency-Key": "k1"}
    first = await client.post("/v1/secrets", headers=headers)
    second = await client.post("/v1/secrets", headers=headers)
    assert first.json() == {"secret": "s3cret"}
    assert (second.status_code, second.json()["code"]) == (409, "answer_not_kept")


async def test_pages_follow_each_other_without_gap_or_repeat_while_rows_are_added(
    runtime: Runtime[EchoUnit], client: httpx.AsyncClient
) -> None:
    async with runtime.database.unit() as unit:
        for number in range(7):
            await unit.add_note(f"n{number}", AT)
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/notes", params=query, headers=TRAINING)).json()
        seen += page["items"]
        cursor = page["next"]
    assert seen == [f"n{number}" for number in range(7)]
    assert cursor is None


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "eyJhIjoxfQ", "%%%"])
async def test_a_foreign_cursor_is_refused_by_name(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/v1/notes", params={"cursor": cursor}, headers=TRAINING)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query/cursor"


async def test_a_change_must_name_the_version_it_was_made_on(client: httpx.AsyncClient) -> None:
    admin = as_role(Role.ADMIN)
    without = await client.patch("/v1/notes/1", headers=admin)
    stale = await client.patch("/v1/notes/1", headers={**admin, "If-Match": 'W/"6"'})
    right = await client.patch("/v1/notes/1", headers={**admin, "If-Match": 'W/"7"'})
    assert [without.status_code, stale.status_code, right.status_code] == [428, 412, 200]


async def test_a_public_route_needs_the_gateway_but_no_role(client: httpx.AsyncClient) -> None:
    from shared.auth import ANONYMOUS

    identities = Identities(make_settings("sqlite://").identity_key)
    headers = {IDENTITY_HEADER: identities.mint(ANONYMOUS, audience="tickets", now=AT)}
    assert (await client.get("/public/hello", headers=headers)).json() == {"hello": "anybody"}
    assert (await client.get("/public/hello")).status_code == 401
    assert (await client.get("/v1/notes", headers=headers)).status_code == 401


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body


@pytest.mark.parametrize("says_its_length", [True, False])
async def test_a_body_above_the_limit_is_refused_and_the_limit_named(
    says_its_length: bool, runtime: Runtime[EchoUnit], client: httpx.AsyncClient
) -> None:
    body = b"x" * (9 * 1024 * 1024)
    sent = body if says_its_length else in_pieces(body)
    answer = await client.post("/v1/notes", content=sent, headers={**TRAINING, "content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["detail"]) == ("too_large", "The body may have 8388608 bytes at most.")
    assert await notes_of(runtime) == []


async def test_a_body_that_is_nested_without_end_is_refused_in_words(client: httpx.AsyncClient) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    answer = await client.post("/v1/notes", content=deep, headers={**TRAINING, "content-type": "application/json"})
    problem = answer.json()
    assert (answer.status_code, problem["code"], "nested too deeply" in problem["detail"]) == (400, "bad_request", True)


async def test_health_tells_whether_the_process_works(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).status_code == 200
    ready = await client.get("/readyz")
    assert (ready.status_code, "NATS has not been reached" in ready.text) == (503, True)
    assert "http_server" in (await client.get("/metrics")).text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/v1/notes", b'{"text": "a\\u0000b"}', id="escaped in the body"),
        pytest.param("/v1/notes?x=%00", b'{"text": "a"}', id="in the query"),
    ],
)
async def test_a_nul_character_is_refused_in_plain_words_on_both_databases(
    runtime: Runtime[EchoUnit], client: httpx.AsyncClient, path: str, body: bytes
) -> None:
    answer = await client.post(path, content=body, headers={**TRAINING, "content-type": "application/json"})
    assert (answer.status_code, "NUL" in answer.json()["detail"]) == (422, True)
    assert await notes_of(runtime) == []


async def test_a_text_that_only_speaks_of_nul_is_kept(runtime: Runtime[EchoUnit], client: httpx.AsyncClient) -> None:
    headers = {**TRAINING, "content-type": "application/json"}
    assert (await client.post("/v1/notes", content=b'{"text": "\\\\u0000"}', headers=headers)).status_code == 201
    assert await notes_of(runtime) == ["\\u0000"]
