from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.tickets.domain.sync import (
    Connector,
    Filters,
    marker_of,
    retry_in,
    same_words,
    silent_since,
    usual_gap,
)

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def connector(**changes: object) -> Connector:
    values: dict[str, object] = {
        "name": "desk", "vendor": "zendesk", "base_url": "https://desk.example", "created_at": AT, "changed_at": AT
    }  # fmt: skip
    return Connector(**{**values, **changes})  # type: ignore[arg-type]


def test_filters_that_are_empty_let_everything_in() -> None:
    assert Filters().admit(created_at=None, queue=None, tags=None) is True


def test_filters_look_at_queue_tags_and_age_in_any_case_of_letters() -> None:
    filters = Filters(since=AT, queues=("Training",), tags=("lms",))
    assert filters.admit(created_at=AT, queue="TRAINING", tags=("LMS", "urgent")) is True
    assert filters.admit(created_at=AT - MINUTE, queue="training", tags=("lms",)) is False
    assert filters.admit(created_at=AT, queue="billing", tags=("lms",)) is False
    assert filters.admit(created_at=AT, queue="training", tags=()) is False


def test_filters_say_so_when_too_little_was_told_to_know() -> None:
    filters = Filters(queues=("training",))
    assert filters.admit(created_at=AT, queue=None, tags=None) is None


def test_a_marker_is_short_and_the_same_on_every_try() -> None:
    marker = marker_of("0192f3c4-0000-7000-8000-000000000001")
    assert marker == marker_of("0192f3c4-0000-7000-8000-000000000001")
    assert len(marker) == 17
    assert marker.startswith("gp-")


@given(failures=st.integers(1, 10_000), spread=st.floats(0, 1))
def test_waits_grow_to_a_quarter_of_an_hour_and_are_never_shorter_than_half(failures: int, spread: float) -> None:
    wait = retry_in(failures, spread=spread)
    assert timedelta(seconds=1) <= wait <= timedelta(minutes=15)
    assert wait <= retry_in(failures, spread=1)
    assert retry_in(failures, spread=1) <= 2 * retry_in(failures, spread=0)


def test_words_are_the_same_whatever_a_helpdesk_did_to_their_markup() -> None:
    assert same_words("Hello,\n\nplease *restart* it.", "<p>Hello,</p><p>please <b>restart</b> it.</p>")
    assert same_words("Fish & chips", "Fish &amp; chips")
    assert not same_words("Please restart it.", "Please do not restart it.")


def test_signs_alone_are_compared_as_they_stand() -> None:
    assert same_words("👍", "<p>👍</p>")
    assert not same_words("👍", "👎")


def test_a_desk_that_usually_sends_every_four_minutes_is_silent_after_three_hours() -> None:
    busy = connector(delivered_at=AT, usual_gap_for=4 * MINUTE)
    assert silent_since(busy, AT + 40 * MINUTE) is None
    assert silent_since(busy, AT + 180 * MINUTE) == AT


def test_a_desk_that_never_sent_anything_is_not_silent() -> None:
    assert silent_since(connector(), AT + timedelta(days=9)) is None


def test_the_usual_gap_follows_slowly() -> None:
    assert usual_gap(None, MINUTE) == MINUTE
    assert usual_gap(MINUTE, 11 * MINUTE) == 2 * MINUTE
