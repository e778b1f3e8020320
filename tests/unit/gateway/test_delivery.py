"""How a delivery is recognised and carried."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.delivery import as_text, content_hash, dedupe_key, from_text, kept_headers, readable


@given(st.binary(max_size=2000))
def test_an_event_gives_back_the_very_bytes_that_came(body: bytes) -> None:
    assert from_text(*as_text(body)) == body


def test_the_vendors_delivery_id_goes_before_the_content() -> None:
    assert dedupe_key("abc", content_hash(b"1")) == dedupe_key(" abc ", content_hash(b"2"))
    assert dedupe_key(None, content_hash(b"1")) != dedupe_key(None, content_hash(b"2"))
    assert dedupe_key("", content_hash(b"1")) == dedupe_key(None, content_hash(b"1"))


def test_a_delivery_id_cannot_pass_for_a_content_hash() -> None:
    hashed = content_hash(b"body")
    assert dedupe_key(f"sha256:{hashed}", "other") != dedupe_key(None, hashed)


def test_two_long_delivery_ids_with_one_beginning_stay_two() -> None:
    assert dedupe_key("x" * 5000 + "1", "h") != dedupe_key("x" * 5000 + "2", "h")
    assert len(dedupe_key("x" * 5000, "h")) < 256


@given(st.text())
def test_any_delivery_id_gives_a_key_that_both_databases_can_store(text: str) -> None:
    key = dedupe_key(text, "h")
    assert "\x00" not in key
    assert len(key) <= 210
    key.encode()


def test_a_credential_is_not_handed_on_even_if_the_vendor_file_names_it() -> None:
    headers = {"authorization": "Bearer x", "x-event": "a\x00b", "x-other": "1"}
    assert kept_headers(headers, ["Authorization", "X-Event"]) == {"x-event": "a\ufffdb"}


def test_text_that_no_database_takes_is_made_readable() -> None:
    assert readable("a\x00\ud800") == "a\ufffd?"
