"""Which requests are let through, and with which headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.passage import (
    Passage,
    find_passage,
    forwarded_headers,
    is_unambiguous,
    outward,
    returned_headers,
)

SERVICES = ("rollout", "tickets", "survey", "gateway")


@pytest.mark.parametrize(
    ("path", "passage"),
    [
        (b"/api/tickets/v1/tickets", Passage("tickets", b"/v1/tickets")),
        (b"/api/tickets/v1", Passage("tickets", b"/v1")),
        (b"/api/rollout/v1/rollouts/a%20b", Passage("rollout", b"/v1/rollouts/a%20b")),
        (b"/signoff/abc.def", Passage("rollout", b"/public/signoffs/abc.def", public=True)),
        (b"/survey/abc", Passage("survey", b"/public/invitations/abc", public=True)),
        (b"/survey/abc/page/2", Passage("survey", b"/public/invitations/abc/page/2", public=True)),
        (b"/survey/assets/page.css", Passage("survey", b"/public/assets/page.css", public=True)),
        (b"/help/", Passage("tickets", b"/public/help", public=True, sends_form=True)),
        (b"/help", Passage("tickets", b"/public/help", public=True, sends_form=True)),
        (
            b"/help/safety-video/north",
            Passage("tickets", b"/public/help/safety-video/north", public=True, sends_form=True),
        ),
        (b"/help/assets/support.css", Passage("tickets", b"/public/assets/support.css", public=True, sends_form=True)),
        (b"/ticket/abc.def", Passage("tickets", b"/public/tickets/abc.def", public=True, sends_form=True)),
    ],
)
def test_a_plain_path_reaches_its_service(path: bytes, passage: Passage) -> None:
    assert find_passage(path, SERVICES) == passage


@pytest.mark.parametrize(
    "path",
    [
        b"/api",
        b"/api/",
        b"/api/tickets",
        b"/api/tickets/",
        b"/api/tickets/v10/x",
        b"/api/tickets/metrics",
        b"/api/tickets/public/x",
        b"/api/nobody/v1/x",
        b"/api/tickets/v1/../metrics",
        b"/api/tickets/v1/./x",
        b"/api/tickets/v1/%2e%2e/metrics",
        b"/api/tickets/v1/..%2fmetrics",
        b"/api/tickets/v1/%2E./metrics",
        b"/api/tickets/v1/x%00y",
        b"/api/tickets/v1/x%0d%0aHost:y",
        b"/api/tickets/v1/x\\y",
        b"/api/tickets/v1/%5cx",
        b"/api/tickets//v1/x",
        b"/api/tickets/v1/x y",
        b"/api/tickets/v1/%zz",
        b"/api/tickets/v1/\xff",
        b"/signoff/",
        b"/survey",
        b"/metrics",
        b"api/tickets/v1/x",
        b"",
        b"/api/tickets/v1/" + b"x" * 5000,
    ],
)
def test_a_path_that_can_be_read_in_two_ways_or_leads_elsewhere_reaches_nobody(path: bytes) -> None:
    assert find_passage(path, SERVICES) is None


@given(st.binary(max_size=80))
def test_no_path_escapes_its_service(rest: bytes) -> None:
    found = find_passage(b"/api/tickets/v1/" + rest, SERVICES)
    if found is not None:
        assert found.service == "tickets"
        assert found.path.startswith(b"/v1/")
        assert b".." not in found.path.split(b"/")
        assert is_unambiguous(found.path)


def test_identity_credentials_and_hop_by_hop_headers_do_not_pass() -> None:
    headers = [
        (b"X-Glidepath-Identity", b"forged"),
        (b"X_Glidepath_Identity", b"forged"),
        (b"Authorization", b"Bearer gp_x"),
        (b"Cookie", b"a=b"),
        (b"Connection", b"keep-alive, X-Secret-Hop"),
        (b"X-Secret-Hop", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"X-Forwarded-For", b"10.0.0.1"),
        (b"Forwarded", b"for=1"),
        (b"Host", b"evil"),
        (b"Content-Length", b"5"),
        (b"Content-Type", b"application/json"),
        (b"Idempotency-Key", b"k"),
        (b"If-Match", b'"1"'),
        (b"traceparent", b"00-1"),
    ]
    assert forwarded_headers(headers) == [
        (b"content-type", b"application/json"),
        (b"idempotency-key", b"k"),
        (b"if-match", b'"1"'),
        (b"traceparent", b"00-1"),
    ]


def test_a_service_sets_no_cookies_and_its_connection_stays_behind() -> None:
    headers = [(b"Set-Cookie", b"a=b"), (b"Connection", b"x-a"), (b"X-A", b"1"), (b"ETag", b'"1"'), (b"Server", b"s")]
    assert returned_headers(headers) == [(b"etag", b'"1"')]


@pytest.mark.parametrize(
    ("service", "inside", "outside"),
    [
        ("tickets", b"/v1/tickets/1", b"/api/tickets/v1/tickets/1"),
        ("tickets", b"http://tickets:8000/v1/tickets?cursor=a", b"/api/tickets/v1/tickets?cursor=a"),
        ("rollout", b"/public/signoffs/tok", b"/signoff/tok"),
        ("survey", b"http://s/public/invitations/tok", b"/survey/tok"),
        ("survey", b"/public/assets/a.css", b"/survey/assets/a.css"),
        (
            "tickets",
            b'<http://h/v1/a?x=1>; rel="next", </v1/b>; rel="up"',
            b'</api/tickets/v1/a?x=1>; rel="next", </api/tickets/v1/b>; rel="up"',
        ),
        ("tickets", b"https://elsewhere.example/page", b"https://elsewhere.example/page"),
        ("tickets", b"/v10/x", b"/v10/x"),
    ],
)
def test_a_services_own_paths_become_those_of_the_public_door(service: str, inside: bytes, outside: bytes) -> None:
    assert outward([(b"location", inside), (b"etag", inside)], service) == [(b"location", outside), (b"etag", inside)]
