"""Promises in the requester's words."""

from datetime import UTC, datetime, timedelta

import pytest

from services.tickets.domain.promise import spoken, time_left

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_an_instant_is_spoken_in_the_zone_of_who_reads_it() -> None:
    assert spoken(AT, "Europe/Berlin") == "Monday 23 November 2026, 11:00 (Europe/Berlin)"
    assert spoken(AT, "America/New_York") == "Monday 23 November 2026, 05:00 (America/New York)"
    assert spoken(AT, "Mars/Olympus") == spoken(AT, "UTC") == "Monday 23 November 2026, 10:00 (UTC)"
    assert spoken(AT, "../etc/passwd").endswith("(UTC)")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "now"),
        (1, "in 1 minute"),
        (125, "in 2 hours and 5 minutes"),
        (60, "in 1 hour"),
        (3 * 24 * 60 + 61, "in 3 days and 1 hour"),
        (-2 * 24 * 60, "2 days ago"),
    ],
)
def test_what_is_left_is_told_in_the_two_largest_parts(minutes: int, words: str) -> None:
    assert time_left(AT + timedelta(minutes=minutes), AT) == words
