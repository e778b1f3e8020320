"""E-mail notices."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.notice import RETRY_AFTER, message_id_of, one_line, retry_at, with_link

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_a_temporary_failure_is_tried_again_later_and_later_and_then_no_more() -> None:
    instants = [retry_at(attempts, NOW) for attempts in range(1, len(RETRY_AFTER) + 1)]
    assert instants == sorted(at for at in instants if at is not None)
    assert retry_at(len(RETRY_AFTER) + 1, NOW) is None


def test_a_mail_server_that_asks_for_more_patience_gets_it() -> None:
    assert retry_at(1, NOW, wish=timedelta(hours=1)) == NOW + timedelta(hours=1)


def test_the_message_id_stays_the_same_for_each_attempt_and_has_no_room_for_tricks() -> None:
    assert message_id_of("n-1", "glide.example") == "<n-1@glide.example>"
    assert message_id_of("a>\r\nBcc: x", "h") == "<a---Bcc--x@h>"


def test_the_link_stands_where_the_text_says_or_at_the_end() -> None:
    assert with_link("Go to {link} now", "https://x/1") == "Go to https://x/1 now"
    assert with_link("Hello", "https://x/1") == "Hello\n\nhttps://x/1\n"
    assert with_link("Hello {link}", None) == "Hello\n"
    assert with_link("Hello", None) == "Hello"


@given(st.text())
def test_a_header_never_has_a_line_break(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert "\n" not in line
    assert "\r" not in line
