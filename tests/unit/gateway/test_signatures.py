"""Who sent a delivery: every scheme, what it takes and what it refuses."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.domain.signatures import NeedsKeySet, Rejected, Verified, verify
from shared.mapping import load_vendor, parse_vendor
from tests.support.vendors import FIXTURES

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
BODY = b'{"a": 1}\n'


def scheme(**section: Any) -> Any:
    document = {"vendor": "acme", "title": "Acme", "kind": "lms", "facts": [{"ignore": "x"}], "verify": section}
    return parse_vendor(document).verify[0]


def of_vendor(name: str, kind: str) -> Any:
    return next(section for section in load_vendor(name).verify if section.scheme == kind)


def why(
    spec: Any, secrets: Sequence[str | bytes], headers: Mapping[str, str], body: bytes = BODY, now: datetime = NOW
) -> str:
    judged = verify(spec, secrets, headers, body, now)
    assert isinstance(judged, Rejected)
    assert judged.reason
    return judged.why


GITHUB = {"scheme": "hmac", "digest": "sha256", "encoding": "hex", "header": "X-Hub-Signature-256", "prefix": "sha256="}


def hub(body: bytes, secret: str) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def test_an_hmac_over_the_raw_bytes_is_accepted_and_one_over_other_bytes_is_not() -> None:
    spec = scheme(**GITHUB)
    assert verify(spec, ["s"], hub(BODY, "s"), BODY, NOW) == Verified("hmac", 0)
    assert verify(spec, [b"s"], hub(BODY, "s"), BODY, NOW) == Verified("hmac", 0)
    assert why(spec, ["s"], hub(BODY, "s"), b'{"a":1}') == "mismatch"
    assert why(spec, ["other"], hub(BODY, "s")) == "mismatch"
    upper = {"x-hub-signature-256": "sha256=" + hub(BODY, "s")["x-hub-signature-256"][7:].upper()}
    assert isinstance(verify(spec, ["s"], upper, BODY, NOW), Verified)


def test_either_of_two_live_secrets_is_accepted_and_named() -> None:
    spec = scheme(**GITHUB)
    assert verify(spec, ["new", "old"], hub(BODY, "old"), BODY, NOW) == Verified("hmac", 1)
    assert verify(spec, ["new", "old"], hub(BODY, "new"), BODY, NOW) == Verified("hmac", 0)


@pytest.mark.parametrize("secrets", [[], [""], ["  "], [b""]])
@pytest.mark.parametrize(
    "section",
    [
        GITHUB,
        {"scheme": "standard_webhooks"},
        {"scheme": "basic"},
        {"scheme": "token", "header": "X-Token"},
        {"scheme": "none"},
    ],
)
def test_without_a_secret_everything_is_closed(section: dict[str, Any], secrets: list[str]) -> None:
    empty = base64.b64encode(hmac.new(b"", b"m.1770091506." + BODY, hashlib.sha256).digest()).decode()
    headers = {
        **hub(BODY, ""),
        "x-token": "",
        "authorization": "Basic " + base64.b64encode(b"").decode(),
        "webhook-id": "m",
        "webhook-timestamp": "1770091506",
        "webhook-signature": f"v1,{empty}",
    }
    assert why(scheme(**section), secrets, headers) == "no_secret"


@pytest.mark.parametrize("value", ["", "sha1=ab", "sha256=", "sha256=zz", "ab" * 32, "sha256=" + "a" * 63])
def test_what_is_no_signature_is_refused(value: str) -> None:
    assert why(scheme(**GITHUB), ["s"], {"x-hub-signature-256": value}) in ("missing", "mismatch")


def test_a_signature_has_one_spelling_only() -> None:
    spec = scheme(scheme="hmac", digest="sha256", encoding="base64", header="X-Sig")
    right = base64.b64encode(hmac.new(b"s", BODY, hashlib.sha256).digest()).decode()
    assert isinstance(verify(spec, ["s"], {"x-sig": right}, BODY, NOW), Verified)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    others = [right[:42] + letter + "=" for letter in alphabet if letter != right[42]]
    assert {why(spec, ["s"], {"x-sig": other}) for other in others} == {"mismatch"}


def test_what_is_signed_follows_the_template_and_needs_every_header_of_it() -> None:
    spec = scheme(scheme="hmac", digest="sha512", encoding="hex", header="X-Sig", signed="v0:{header:X-Time}:{body}!")
    signature = hmac.new(b"s", b"v0:7:" + BODY + b"!", hashlib.sha512).hexdigest()
    assert isinstance(verify(spec, ["s"], {"x-sig": signature, "x-time": "7"}, BODY, NOW), Verified)
    assert why(spec, ["s"], {"x-sig": signature, "x-time": "8"}) == "mismatch"
    assert why(spec, ["s"], {"x-sig": signature}) == "missing"


def test_a_template_in_the_body_is_not_filled_in() -> None:
    spec = scheme(scheme="hmac", digest="sha256", encoding="hex", header="X-Sig", signed="{body}{header:X-Time}")
    body = b"{header:X-Time}{body}"
    signature = hmac.new(b"s", body + b"7", hashlib.sha256).hexdigest()
    assert isinstance(verify(spec, ["s"], {"x-sig": signature, "x-time": "7"}, body, NOW), Verified)


@pytest.mark.parametrize(
    ("unit", "stamp"), [("s", "1770091506"), ("ms", "1770091506000"), ("iso", "2026-02-03T04:05:06Z")]
)
def test_age_counts_only_after_the_signature_matched(unit: str, stamp: str) -> None:
    spec = scheme(
        scheme="hmac", digest="sha256", encoding="hex", header="X-Sig", signed="{header:X-Time}{body}",
        timestamp={"header": "X-Time", "unit": unit, "window_seconds": 300},
    )  # fmt: skip
    headers = {"x-sig": hmac.new(b"s", stamp.encode() + BODY, hashlib.sha256).hexdigest(), "x-time": stamp}
    for seconds in (-300, 0, 300):
        assert isinstance(verify(spec, ["s"], headers, BODY, NOW + timedelta(seconds=seconds)), Verified)
    for seconds in (-301, 301):
        assert why(spec, ["s"], headers, now=NOW + timedelta(seconds=seconds)) == "stale"
        assert why(spec, ["wrong"], headers, now=NOW + timedelta(seconds=seconds)) == "mismatch"


@pytest.mark.parametrize("stamp", ["", "now", "1_000", "99999999999999999", "٣"])
def test_a_signed_time_that_cannot_be_read_is_stale(stamp: str) -> None:
    spec = scheme(
        scheme="hmac", digest="sha256", encoding="hex", header="X-Sig", signed="{body}",
        timestamp={"header": "X-Time", "unit": "s", "window_seconds": 300},
    )  # fmt: skip
    headers = {"x-sig": hmac.new(b"s", BODY, hashlib.sha256).hexdigest(), "x-time": stamp}
    assert why(spec, ["s"], headers) == "stale"


def standard(secret: bytes, *, at: str = "1770091506", extra: str = "") -> dict[str, str]:
    signature = base64.b64encode(hmac.new(secret, f"msg_1.{at}.".encode() + BODY, hashlib.sha256).digest()).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": at, "webhook-signature": f"{extra}v1,{signature}"}


def test_standard_webhooks_take_any_of_several_signatures_and_secrets_with_or_without_padding() -> None:
    spec = scheme(scheme="standard_webhooks")
    key = b"0123456789abcdef0123456789abcdef"
    text = base64.b64encode(key).decode()
    for secret in (f"whsec_{text}", text, f"whsec_{text.rstrip('=')}"):
        assert isinstance(verify(spec, [secret], standard(key, extra="v1a,xx v1,yy "), BODY, NOW), Verified)
    assert why(spec, ["whsec_!!!"], standard(key)) == "unusable"
    assert why(spec, [f"whsec_{text}"], standard(key), now=NOW + timedelta(seconds=301)) == "stale"
    assert why(spec, [f"whsec_{text}"], {**standard(key), "webhook-id": "msg_2"}) == "mismatch"
    assert why(spec, [f"whsec_{text}"], {"webhook-id": "msg_1"}) == "missing"


def test_basic_credentials_are_compared_whole() -> None:
    spec = scheme(scheme="basic")
    given = {"authorization": "basic " + base64.b64encode(b"lrs:p:w").decode()}
    assert isinstance(verify(spec, ["lrs:p:w"], given, BODY, NOW), Verified)
    assert why(spec, ["lrs:p"], given) == "mismatch"
    assert why(spec, ["lrs:p:w"], {"authorization": "Bearer x"}) == "missing"
    assert why(spec, ["lrs:p:w"], {"authorization": "Basic ???"}) == "mismatch"


def test_a_shared_token_comes_in_a_header_or_in_the_body() -> None:
    bearer = scheme(scheme="token", header="Authorization", prefix="Bearer ")
    assert isinstance(verify(bearer, ["t"], {"authorization": "bearer t"}, BODY, NOW), Verified)
    assert why(bearer, ["t"], {"authorization": "Token t"}) == "mismatch"
    assert why(bearer, ["t"], {}) == "missing"
    field = scheme(scheme="token", field="token")
    for body in (b'{"token": "t"}', b"a=1&token=t"):
        assert isinstance(verify(field, ["t"], {}, body, NOW), Verified)
    for body in (b'{"token": ""}', b'{"token": ["t"]}', b"[" * 100_000, b"\xff", b"", b'"t"'):
        assert why(field, ["t"], {}, body) == "missing"
    assert why(field, ["t"], {}, b'{"token": "u"}') == "mismatch"


def test_unsigned_senders_need_a_listed_network() -> None:
    spec = scheme(scheme="none")
    listed = ["allow:192.0.2.0/24, 2001:db8::/32", "another-secret"]
    for address in ("192.0.2.7", "2001:db8::1"):
        assert verify(spec, listed, {}, BODY, NOW, address=address) == Verified("none")
    refused: list[tuple[list[str], str | None, str]] = [
        (listed, "198.51.100.1", "mismatch"),
        (listed, None, "missing"),
        (["allow:nonsense"], "192.0.2.7", "unusable"),
        (["another-secret"], "192.0.2.7", "no_secret"),
    ]
    for live, sender, expected in refused:
        judged = verify(spec, live, {}, BODY, NOW, address=sender)
        assert isinstance(judged, Rejected)
        assert judged.why == expected


def test_an_allow_list_is_never_a_key() -> None:
    assert why(scheme(**GITHUB), ["allow:192.0.2.0/24"], hub(BODY, "allow:192.0.2.0/24")) == "no_secret"


def test_a_jwt_is_refused_until_its_key_set_was_asked() -> None:
    spec = of_vendor("canvas", "jwt")
    judged = verify(spec, [], {}, b'"a.b.c"', NOW)
    assert isinstance(judged, NeedsKeySet)
    assert isinstance(judged, Rejected)
    assert (judged.token, judged.algorithms) == ("a.b.c", ("RS256",))
    assert why(spec, [], {}, BODY) == "missing"


@given(
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from(["x-sig", "authorization", "webhook-id", "webhook-signature"]), st.text()),
)
@settings(deadline=None)
def test_no_request_raises(body: bytes, headers: dict[str, str]) -> None:
    for name in ("zendesk", "jira", "moodle", "xapi", "zammad", "canvas", "standard-webhooks"):
        for spec in load_vendor(name).verify:
            assert isinstance(verify(spec, ["s", "whsec_AAAA"], headers, body, NOW, address="::1"), Rejected)


VECTORS = sorted(FIXTURES.glob("*/*.meta.json")) if FIXTURES.is_dir() else []
SIGNED = [path for path in VECTORS if "signature" in json.loads(path.read_text("utf-8"))]


@pytest.mark.skipif(not SIGNED, reason="the real payloads of ../shared/fixtures are not here")
@pytest.mark.parametrize("path", SIGNED, ids=lambda path: f"{path.parent.name}/{path.name.removesuffix('.meta.json')}")
def test_the_vendors_own_vectors_verify_and_their_forgeries_do_not(path: Any) -> None:
    meta = json.loads(path.read_text("utf-8"))
    body = next(
        file for file in path.parent.glob(path.name.replace(".meta.json", ".*")) if not file.name.endswith(".meta.json")
    ).read_bytes()
    headers = {name.lower(): value for name, value in meta["headers"].items()}
    secret = meta["signature"]["secret"].split(" (")[0]
    spec = scheme(**GITHUB) if path.parent.name == "github" else load_vendor(path.parent.name).verify[0]
    now = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)  # the time of the one vector whose age counts
    assert isinstance(verify(spec, [secret], headers, body, now), Verified)
    assert why(spec, [secret], headers, body + b" ", now) == "mismatch"
    assert why(spec, [secret + "x"], headers, body, now) in ("mismatch", "unusable")
    if path.parent.name == "standard-webhooks":
        forged = {**headers, "webhook-signature": headers["webhook-signature"][:-2] + "A="}
        assert why(spec, [secret], forged, body, now) == "mismatch"
        assert why(spec, [secret], headers, body, now + timedelta(seconds=301)) == "stale"
