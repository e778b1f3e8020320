"""From bytes to documents, and what is refused."""

import base64
import json

import pytest

from shared.mapping.bodies import MAX_BYTES, read_body
from shared.mapping.errors import NotUnderstood

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def test_json_is_json_whatever_the_sender_calls_it() -> None:
    assert read_body(b'\xef\xbb\xbf {"a": 1}', FORM, ["json", "form"]) == {"a": 1}


def test_form_fields_nest_as_php_nests_them() -> None:
    body = (
        b"action=course_completion&course[0]=12&course[0]=FIRE-1&user[0]=4&user[1]=l.first&a[b][c]=%C3%A9+x&t[]=1&t[]=2"
    )
    assert read_body(body, FORM, ["json", "form"]) == {
        "action": "course_completion",
        "course": ["FIRE-1"],
        "user": ["4", "l.first"],
        "a": {"b": {"c": "é x"}},
        "t": ["1", "2"],
    }


def test_a_lone_payload_field_carries_json() -> None:
    assert read_body(b"payload=%7B%22a%22%3A1%7D", FORM, ["json", "form"]) == {"a": 1}


def test_a_jwt_body_is_its_claims_where_the_vendor_sends_them() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"metadata": {}, "sub": "ü?>"}).encode()).rstrip(b"=")
    token = b"eyJhbGciOiJSUzI1NiJ9." + claims + b".c2ln"
    assert read_body(token, "application/jwt", ["jwt", "json"]) == {"metadata": {}, "sub": "ü?>"}
    with pytest.raises(NotUnderstood):
        read_body(token, "application/jwt", ["json"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b'{"a": 1,}', "not JSON"),
        (b'{"a": NaN}', "no JSON number"),
        (b'{"a": -Infinity}', "no JSON number"),
        (b'{"a": 1e999}', "out of range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "5000 digits"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"[" * 100 + b"]" * 100, "nested deeper"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a": 1} trailing', "not JSON"),
        (b'{"n": "' + b"x" * MAX_BYTES + b'"}', "bytes"),
        (b"a%ff=1", "form is not UTF-8"),
        (b"&".join(b"a=1" for _ in range(3000)), "more than 2000 fields"),
        ("ünïcode without any mark".encode(), "not JSON"),
    ],
)
def test_what_is_not_clean_is_refused_with_a_plain_reason(body: bytes, reason: str) -> None:
    with pytest.raises(NotUnderstood, match=reason):
        read_body(body, JSON, ["json", "form"])


def test_characters_that_no_database_takes_are_replaced() -> None:
    assert read_body(b'{"a\\u0000": "x\\ud800y"}', JSON, ["json"]) == {"a�": "x�y"}
    assert read_body(b"a=%00", FORM, ["form"]) == {"a": "�"}
