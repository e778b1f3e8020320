"""Clocks in a terminal: what is drawn says the same in signs, words and sums."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from glidepath.drawing.clocks import bar, clock_block, legend, segment_table, stands, target_words
from glidepath.drawing.spans import exactly, moment, span, when, zone_name

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def clock(**fields: Any) -> dict[str, Any]:
    return {"target": "first_response", "cycle": 1, "state": "running", "due_at": "2026-11-23T10:00:00Z"} | fields


def piece(kind: str, seconds: float) -> dict[str, Any]:
    return {"kind": kind, "began_at": "2026-11-23T09:00:00Z", "ended_at": "2026-11-23T10:00:00Z", "seconds": seconds}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.25, "0.25s"), (59.9, "59s"), (60, "1m"), (3_600, "1h"), (4_325, "1h 12m"), (90_000, "1d 1h"),
     (86_460, "1d"), (-1_800, "30m")],
)  # fmt: skip
def test_a_length_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00:00"), (5_400, "01:30:00"), (90_061, "1d 01:01:01"), (0.000001, "00:00:00.000001"), (-60, "-00:01:00")],
)
def test_a_length_to_be_added_up_keeps_every_microsecond(seconds: float, text: str) -> None:
    assert exactly(seconds) == text


@pytest.mark.usefixtures("in_berlin")
def test_instants_are_shown_in_the_terminals_zone_and_only_as_much_of_them_as_is_needed() -> None:
    assert when("2026-11-23T10:00:00Z", NOW) == "11:00"
    assert when("2026-11-25T10:00:00Z", NOW) == "Wed 11:00"
    assert when("2026-12-25T10:00:00Z", NOW) == "2026-12-25 11:00"
    assert when(None, NOW) == "-"
    assert moment("2026-11-23T10:00:00.000001Z") == "Mon 2026-11-23 11:00:00.000001"
    assert zone_name(NOW) == "CET"


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "▶ in 30m  (due 11:00)"),
        ({"due_at": "2026-11-23T09:29:00Z"}, "✖ due 10:29, 1m ago"),
        ({"state": "paused", "due_at": None, "remaining_seconds": 900}, "‖ paused, 15m left"),
        ({"state": "paused", "breached_at": "2026-11-23T09:00:00Z", "remaining_seconds": -900},
         "✖ breached 10:00, 15m over, paused"),
        ({"breached_at": "2026-11-23T09:00:00Z"}, "✖ breached 10:00, now due 11:00"),
        ({"breached_at": "2026-11-23T09:00:00Z", "unconfirmed": True, "due_at": "2026-11-23T09:00:00Z"},
         "✖ breached 10:00 (unconfirmed)"),
        ({"state": "settled", "settled_at": "2026-11-23T09:15:00Z"}, "✔ met 10:15"),
        ({"state": "settled", "settled_at": "2026-11-23T09:15:00Z", "breached_at": "2026-11-23T09:00:00Z"},
         "✖ breached 10:00, done 10:15"),
        ({"state": "cancelled", "cancelled_because": "merged"}, "⊘ cancelled (merged)"),
        ({"state": "cancelled"}, "⊘ cancelled"),
    ],
)  # fmt: skip
def test_where_a_clock_stands_is_said_in_words_not_in_colour_alone(fields: dict[str, Any], words: str) -> None:
    assert stands(clock(**fields), NOW).plain == words


def test_a_clock_is_named_with_its_team_and_its_cycle() -> None:
    assert target_words(clock()) == "first response"
    assert target_words(clock(target="next_response", cycle=3)) == "next response (cycle 3)"
    assert target_words(clock(target="ola", team="network")) == "ola network"


@given(st.lists(st.floats(min_value=0.000001, max_value=1e7), min_size=1, max_size=60))
def test_every_piece_is_seen_and_the_bar_is_as_long_as_it_should_be(lengths: list[float]) -> None:
    kinds = ["running", "paused", "closed", "settled"]
    pieces = [piece(kinds[index % 4], seconds) for index, seconds in enumerate(lengths)]
    drawn = bar(pieces, width=48).plain
    assert len(drawn) == max(48, len(pieces))
    changes = 1 + sum(1 for before, after in pairwise(drawn) if before != after)
    assert changes == len(pieces)


def test_the_legend_names_only_what_is_drawn_and_its_times_make_the_whole() -> None:
    pieces = [piece("running", 600), piece("closed", 3_600), piece("running", 300)]
    assert legend(pieces).plain == "█ counted 15m  · outside business hours 1h"


@pytest.mark.usefixtures("in_berlin")
def test_a_block_says_what_was_counted_of_what_is_promised_and_since_when() -> None:
    drawn = clock(
        elapsed_seconds=1800, target_seconds=3600, started_at="2026-11-21T12:00:00Z",
        counting_since="2026-11-23T09:00:00Z", segments=[piece("closed", 162_000), piece("running", 1800)],
    )  # fmt: skip
    text = "\n".join(str(line) for line in clock_block(drawn, NOW))
    assert "counted 00:30:00 of 01:00:00" in text
    assert "opened Sat 2026-11-21 13:00:00, counting since Mon 2026-11-23 10:00:00" in text


def test_the_table_of_segments_adds_up_as_it_goes() -> None:
    pieces = [piece("running", 1800), piece("paused", 60), piece("running", 0.000001)]
    screen = Console(width=200, record=True, color_system=None, force_terminal=False)
    with screen.capture() as captured:
        screen.print(segment_table(clock(segments=pieces)))
    lines = captured.get().splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["00:30:00", "00:01:00", "00:30:00.000001"]


def test_an_hour_before_the_deadline_the_style_changes_too() -> None:
    near = stands(clock(due_at=(NOW + timedelta(minutes=59)).isoformat()), NOW)
    far = stands(clock(due_at=(NOW + timedelta(minutes=61)).isoformat()), NOW)
    assert near.style != far.style
