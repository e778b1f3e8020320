"""Times as vendors write them."""

import contextlib
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.times import TimeFormat, read_time, zone

AT = datetime(2019, 2, 16, 3, 15, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-02-15T19:15:40-0800", AT),
        ("2019-02-16T03:15:40Z", AT),
        ("2019-02-16t03:15:40z", AT),
        ("2019-02-16 03:15:40 UTC", AT),
        ("2019-02-16T04:15:40+01", AT),
        ("2019-02-16T04:15:40 +0100", AT),
        ("2019-02-16T03:15:40.123456789Z", AT.replace(microsecond=123456)),
        ("2019-02-16T03:15:40,5Z", AT.replace(microsecond=500000)),
    ],
)
def test_an_instant_with_its_zone_is_read_in_every_usual_spelling(text: str, expected: datetime) -> None:
    assert read_time(text, ["iso"], UTC) == (expected, False)


def test_a_time_without_a_zone_is_read_in_the_files_zone_and_says_so() -> None:
    assert read_time("2019-02-16 04:15:40", ["iso"], ZoneInfo("Europe/Berlin")) == (AT, True)
    assert read_time("2019-02-16", ["iso"], UTC) == (datetime(2019, 2, 16, tzinfo=UTC), True)


@pytest.mark.parametrize(
    ("value", "form"),
    [(1550286940, "epoch_s"), ("1550286940", "epoch_s"), (1550286940.0, "epoch_s"), (1550286940000, "epoch_ms")],
)
def test_unix_times_are_read_as_numbers_and_as_digits(value: Any, form: TimeFormat) -> None:
    assert read_time(value, [form], UTC) == (AT, False)


@pytest.mark.parametrize("value", [None, "", "  ", 0, "0"])
def test_what_the_vendor_did_not_set_stays_unset(value: Any) -> None:
    assert read_time(value, ["epoch_s", "iso"], UTC) is None


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "16/02/2019",
        "2019-02-30T00:00:00Z",
        "2019-02-16T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        True,
        [],
        {},
        1e30,
    ],
)
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        read_time(value, ["epoch_s", "epoch_ms", "iso"], UTC)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_we_write_ourselves_is_read_back(at: datetime) -> None:
    assert read_time(at.isoformat(), ["iso"], UTC) == (at, False)


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_nothing_raises_anything_but_a_value_error(value: Any) -> None:
    with contextlib.suppress(ValueError):
        read_time(value, ["epoch_s", "epoch_ms", "iso"], UTC)


def test_zones_are_named_or_offsets_and_nothing_else() -> None:
    assert zone("+05:30").utcoffset(AT) == zone("Asia/Kolkata").utcoffset(AT)
    for name in ("Mars/Olympus", "../etc/passwd", ""):
        with pytest.raises(ValueError, match="no time zone"):
            zone(name)
