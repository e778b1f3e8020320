"""A vendor file is checked whole when it is read, and says where it is wrong."""

import json
from typing import Any

import pytest

from shared.mapping import (
    NotUnderstood,
    RawDelivery,
    VendorFileError,
    load_vendor,
    parse_vendor,
    read_vendor_text,
    understand,
    vendor_names,
)
from tests.support.vendors import RECEIVED_AT


def file(**more: Any) -> dict[str, Any]:
    return {
        "vendor": "acme",
        "title": "Acme",
        "kind": "lms",
        "verify": {"scheme": "hmac", "digest": "sha256", "encoding": "hex", "header": "X-Sig"},
        "facts": [
            {"when": "body.done", "type": "completion", "person": {"email": "body.mail"}, "state": {"is": "completed"}}
        ],
        **more,
    }


def means(document: dict[str, Any], body: Any, headers: dict[str, str] | None = None) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return understand(
        parse_vendor(document), RawDelivery(body=raw, content_type="", headers=headers or {}, received_at=RECEIVED_AT)
    )


def test_every_vendor_that_comes_with_glidepath_is_well_formed_and_survives_travelling() -> None:
    assert {"canvas", "jira", "moodle", "rt", "servicenow", "standard-webhooks", "xapi", "zammad", "zendesk"} <= set(
        vendor_names()
    )
    for name in vendor_names():
        travelled = json.loads(json.dumps(load_vendor(name).document))
        assert parse_vendor(travelled).model_dump(exclude={"let", "facts"}, mode="python").keys()


@pytest.mark.parametrize(
    ("change", "place", "detail"),
    [
        ({"facts": []}, "facts", "at least 1"),
        ({"facts": [{"type": "completion", "state": "body.["}]}, "facts[0].state.value", "no JMESPath"),
        ({"facts": [{"when": "shout(body.x)", "ignore": "x"}]}, "facts[0].when", "no function"),
        ({"facts": [{"when": "lower(body.x, body.y)", "ignore": "x"}]}, "facts[0].when", "takes 1"),
        ({"facts": [{"when": "detail.id", "ignore": "x"}]}, "facts[0].when", "starts with 'detail'"),
        ({"facts": [{"when": "!body.a.b", "ignore": "x"}]}, "facts[0].when", "write `!(a.b)`"),
        ({"facts": [{"when": "body.x"}]}, "facts[0]", "one meaning"),
        ({"facts": [{"type": "completion", "ignore": "x"}]}, "facts[0]", "one meaning"),
        ({"facts": [{"type": "ticket"}]}, "", "cannot yield facts of type ticket"),
        ({"facts": [{"type": "completion", "subject": "body.x"}]}, "facts[0]", "cannot set subject"),
        ({"facts": [{"type": "completion", "state": {"value": "body.x", "map": "words"}}]}, "", "not under `maps`"),
        (
            {"facts": [{"type": "completion", "occurred_at": {"value": "body.x", "time": "sundial"}}]},
            "facts[0].occurred_at.time[0]",
            "iso",
        ),
        ({"facts": [{"type": "completion", "state": {}}]}, "facts[0].state", "either `value`"),
        ({"facts": [{"type": "completion", "vendor_event": 'headers."x-event"'}]}, "", "kept_headers does not name"),
        ({"kept_headers": ["Authorization"]}, "", "credential"),
        ({"verify": {"scheme": "handshake"}}, "verify[0]", "handshake"),
        (
            {"verify": {"scheme": "hmac", "digest": "md5", "encoding": "hex", "header": "X"}},
            "verify[0].digest",
            "sha1",
        ),
        (
            {"verify": {"scheme": "hmac", "digest": "sha1", "encoding": "hex", "header": "X", "signed": "x"}},
            "verify[0]",
            "{body}",
        ),
        ({"verify": {"scheme": "token"}}, "verify[0]", "either in a `header`"),
        ({"times": {"zone": "Mars/Olympus"}}, "", "no time zone"),
        ({"vendor": "../etc"}, "vendor", "pattern"),
        ({"surprise": 1}, "surprise", "not permitted"),
    ],
)
def test_a_mistake_is_named_with_its_place(change: dict[str, Any], place: str, detail: str) -> None:
    with pytest.raises(VendorFileError) as refused:
        parse_vendor(file(**change))
    assert refused.value.place == place
    assert detail in str(refused.value)
    assert "acme" in str(refused.value) or "vendor" in change


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "", "a: &x [*x]", "vendor: acme\nfacts: 2026-01-01"])
def test_what_is_no_vendor_file_is_refused(text: str) -> None:
    with pytest.raises(VendorFileError):
        read_vendor_text(text)


def test_an_unknown_vendor_is_told_which_there_are() -> None:
    with pytest.raises(VendorFileError, match="there are canvas, "):
        load_vendor("nobody")
    assert load_vendor("standard_webhooks").vendor == "standard-webhooks"


def test_names_may_stand_in_any_order_since_a_database_keeps_none() -> None:
    names = {"c": "join('', [let.b, 'c'])", "b": "join('', [let.a, 'b'])", "a": "body.letter"}
    for let in (names, dict(sorted(names.items()))):
        vendor = file(kept_headers=["x-event"], let=let, facts=[{"ignore": "{c}"}])
        assert means(vendor, {"letter": "a"}).facts[0].reason == "abc"


def test_names_that_use_each_other_in_a_circle_are_refused() -> None:
    with pytest.raises(VendorFileError, match="in a circle: a, b"):
        parse_vendor(file(let={"a": "let.b", "b": "let.a", "c": "body.x"}, facts=[{"ignore": "x"}]))


def test_no_vendor_hangs_on_the_order_of_its_keys() -> None:
    for vendor in vendor_names():
        stored = parse_vendor(json.loads(json.dumps(load_vendor(vendor).document, sort_keys=True)))
        for meaning in (stored, *stored.answers.values()):
            known: set[str] = set()
            for name, spec in meaning.names():
                assert spec.value is None or spec.value.let_names() & set(meaning.let) <= known
                known.add(name)
            assert known == set(meaning.let)


def test_a_vendor_that_nobody_foresaw_needs_one_file_only() -> None:
    acme = file(
        batch=["body.payloads"],
        kept_headers=["x-event"],
        times={"formats": "iso", "zone": "Europe/Berlin"},
        maps={"state": {"1": "completed", "True": "passed"}},
        let={"what": {"value": 'headers."x-event"', "map": {"a": "b"}}},
        facts=[
            {"when": "let.what == 'ping'", "ignore": "a {what} of {nobody}"},
            {
                "type": "completion",
                "person": [{"email": "body.mail"}, {"external_id": "body.number"}],
                "course": {"id": "envelope.course"},
                "state": {"value": "body.state", "map": "state"},
                "occurred_at": "body.at",
            },
        ],
    )
    body = {
        "course": 7,
        "payloads": [{"number": 12.0, "state": 1, "at": "2026-07-01 12:00:00"}, {"mail": "a@b", "state": True}],
    }
    first, second = means(acme, body).facts
    assert (first.person.scheme, first.person.value, first.course.id, first.state) == (
        "external_id",
        "12",
        "7",
        "completed",
    )
    assert (first.occurred_at.isoformat(), first.zone_assumed) == ("2026-07-01T10:00:00+00:00", True)
    assert (second.person.value, second.state, second.zone_assumed) == ("a@b", "passed", False)
    assert means(acme, {}, {"X-Event": "ping"}).facts[0].reason == "a ping of (unset)"


def test_the_expression_that_failed_is_named() -> None:
    acme = file(facts=[{"type": "completion", "state": "max(body.numbers)"}])
    with pytest.raises(NotUnderstood) as refused:
        means(acme, {"numbers": [1, "two"]})
    assert refused.value.expression == "max(body.numbers)"


def test_an_empty_batch_is_ignored_and_a_huge_one_refused() -> None:
    assert means(file(), []).facts[0].reason == "the batch is empty"
    with pytest.raises(NotUnderstood, match="at most 2000"):
        means(file(), [1] * 2001)


def test_the_same_content_has_the_same_key_for_an_hour_when_it_has_no_time() -> None:
    first, again = (means(file(), {"done": True, "mail": "a@b"}).facts[0].dedupe_key for _ in range(2))
    assert first == again
    assert first.startswith("content:")
    delivery = RawDelivery(
        body=b'{"done": 1, "mail": "a@b"}', content_type="", headers={}, received_at=RECEIVED_AT.replace(hour=20)
    )
    assert understand(parse_vendor(file()), delivery).facts[0].dedupe_key != first


def test_the_name_of_the_source_becomes_the_courses() -> None:
    acme = file(facts=[{"type": "completion", "course": {"id": "body.id"}}])
    delivery = RawDelivery(
        body=b'{"id": 1}', content_type="", headers={}, received_at=RECEIVED_AT, source="moodle-test"
    )
    (fact,) = understand(parse_vendor(acme), delivery).facts
    assert fact.model_dump()["course"] == {"id": "1", "source": "moodle-test"}


def turned_round(value: Any) -> Any:
    """The same document with its keys the other way round, as a database may give it back."""
    if isinstance(value, dict):
        return {name: turned_round(value[name]) for name in reversed(value)}
    return [turned_round(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", vendor_names())
def test_names_are_computed_before_they_are_read_however_they_stand_in_the_file(name: str) -> None:
    vendor = parse_vendor(turned_round(load_vendor(name).document))
    for meaning in (vendor, *vendor.answers.values()):
        known: set[str] = set()
        for key, spec in meaning.names():
            read = spec.value.let_names() if spec.value is not None else set()
            assert read & meaning.let.keys() <= known
            known.add(key)
