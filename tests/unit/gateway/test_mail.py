"""Our own address, what is left of a large mail, and what a letter says of its conversation."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.mail import LEFT_OUT, Mailbox, slimmed
from services.gateway.domain.notice import REPLY_HINT, with_reply_hint
from shared.links import LinkSigner
from shared.settings import ServiceSettings

BOX = Mailbox("help@example.org")


def test_the_box_takes_its_own_address_with_anything_added_and_postmaster() -> None:
    for address in ("help@example.org", "HELP+42.abc@Example.ORG", "postmaster@example.org", "Postmaster"):
        assert BOX.refusal(address) is None
    assert (BOX.refusal("helper@example.org") or "").startswith("550 5.1.1")
    for address in (
        "help@example.com",
        "help@sub.example.org",
        "help",
        "help@example.org@evil.example",
        "@example.com:help",
    ):
        assert BOX.refusal(address) is not None


def test_a_large_mail_keeps_its_text_and_the_names_of_what_was_attached() -> None:
    mail = EmailMessage()
    mail["From"] = "a@b"
    mail.set_content("Grüße")
    mail.add_alternative("<p>Grüße</p>", subtype="html")
    mail.add_attachment(b"\0" * 500_000, maintype="image", subtype="png", filename="größe.png")
    light = message_from_bytes(slimmed(mail.as_bytes(policy=policy.SMTP), 100_000), policy=policy.default)
    body = light.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Grüße"
    (attached,) = light.iter_attachments()
    assert (attached.get_filename(), attached[LEFT_OUT], attached.get_payload()) == ("größe.png", "500000", "")


def test_a_text_without_end_is_cut() -> None:
    mail = EmailMessage()
    mail["From"] = "a@b"
    mail.set_content("line of text\n" * 100_000)
    light = slimmed(mail.as_bytes(policy=policy.SMTP), 300_000)
    assert len(light) <= 300_000
    assert message_from_bytes(light)[LEFT_OUT] == "1400000"


@given(st.binary(max_size=2_000), st.integers(1, 500))
def test_no_mail_whatsoever_grows_above_the_limit_or_fails(raw: bytes, most: int) -> None:
    assert len(slimmed(raw, most)) <= most


def test_the_sentence_on_answering_is_there_only_where_answering_works() -> None:
    assert with_reply_hint("{reply}\n\nHello", True) == f"{REPLY_HINT}\n\nHello"
    assert with_reply_hint("{reply}\n\nHello", False).strip() == "Hello"
    assert with_reply_hint("Hello", True) == "Hello"


SIGNER = LinkSigner(
    ServiceSettings(database_url="x", identity_key="identity-key-of-tests", link_key="link-key-of-all-tests").link_key
)


def test_a_thread_is_read_back_in_any_case_and_fits_a_local_part() -> None:
    token = SIGNER.thread_token("1234567890")
    assert SIGNER.read_thread(token.upper()) == "1234567890"
    assert len(BOX.reply_address(token).partition("@")[0]) <= 64


@pytest.mark.parametrize("token", ["", ".", "42", "42.", "42.aaaaaaaaaaaaaaaa", ".aaaaaaaaaaaaaaaa", "42.ünïcode"])
def test_a_thread_that_nobody_signed_is_none(token: str) -> None:
    assert SIGNER.read_thread(token) is None


def test_a_signature_is_for_one_thread_only() -> None:
    signature = SIGNER.thread_token("42").partition(".")[2]
    assert SIGNER.read_thread(f"43.{signature}") is None
