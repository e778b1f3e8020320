"""The command's REST client: problems become sentences with places, and a deployment that restarts is waited for."""

import httpx
import pytest

from glidepath.client import Client
from glidepath.faults import Fault, NotAllowed, NotThere, Unreachable


def client_answering(
    *answers: httpx.Response | Exception, patience_seconds: float = 0.0
) -> tuple[Client, list[httpx.Request]]:
    seen: list[httpx.Request] = []
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        given = waiting.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    client = Client(
        "http://glidepath.example/",
        "gp_example",
        patience_seconds=patience_seconds,
        transport=httpx.MockTransport(answer),
        pause=lambda _: None,
    )
    return client, seen


def test_a_problem_document_becomes_a_sentence_with_its_places() -> None:
    problem = {
        "title": "The request has a wrong value",
        "detail": "2 rows are wrong; nothing was imported.",
        "code": "invalid_request",
        "errors": [{"pointer": "line 3/email", "detail": "'x' is not an e-mail address"}],
    }
    client, _ = client_answering(httpx.Response(422, json=problem))
    with pytest.raises(Fault) as caught:
        client.send("/api/rollout/v1/people/import", b"name,email\n", "text/csv")
    assert caught.value.lines() == [
        "2 rows are wrong; nothing was imported.",
        "  line 3/email: 'x' is not an e-mail address",
    ]
    assert caught.value.code == "invalid_request"


@pytest.mark.parametrize(
    ("status", "kind", "exit_code"), [(401, NotAllowed, 4), (403, NotAllowed, 4), (404, NotThere, 5), (409, Fault, 1)]
)
def test_each_kind_of_refusal_has_its_exit_code(status: int, kind: type[Fault], exit_code: int) -> None:
    client, _ = client_answering(httpx.Response(status, text="not json"))
    with pytest.raises(kind) as caught:
        client.get("/api/rollout/v1/rollouts")
    assert caught.value.exit_code == exit_code


def test_an_impatient_client_says_at_once_that_nothing_answers() -> None:
    client, seen = client_answering(httpx.ConnectError("refused"))
    with pytest.raises(Unreachable, match="nothing answers there"):
        client.get("/readyz")
    assert len(seen) == 1


def test_a_patient_client_repeats_a_post_with_the_same_idempotency_key() -> None:
    client, seen = client_answering(
        httpx.ConnectError("refused"), httpx.Response(503), httpx.Response(201, json={"id": "1"}), patience_seconds=30
    )
    assert client.post("/api/tickets/v1/tickets", {"subject": "x"}) == {"id": "1"}
    assert len({request.headers["idempotency-key"] for request in seen}) == 1


def test_items_follow_the_pages_until_the_last_or_until_enough() -> None:
    pages = [
        httpx.Response(200, json={"items": [{"n": 1}, {"n": 2}], "next": "c2"}),
        httpx.Response(200, json={"items": [{"n": 3}], "next": None}),
    ]
    client, seen = client_answering(*pages)
    assert [item["n"] for item in client.items("/api/tickets/v1/tickets")] == [1, 2, 3]
    assert seen[1].url.params["cursor"] == "c2"
    client, seen = client_answering(pages[0])
    assert [item["n"] for item in client.items("/api/tickets/v1/tickets", most=2)] == [1, 2]
    assert len(seen) == 1


def test_an_answer_that_is_not_json_is_not_mistaken_for_glidepath() -> None:
    client, _ = client_answering(httpx.Response(200, text="<html>a router's login page</html>"))
    with pytest.raises(Fault, match="does not look like Glidepath"):
        client.get("/api/gateway/v1/about")
