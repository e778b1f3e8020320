"""The desk's pages without a page: spans in words, strips that are filled, places in a text, filters in an address."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.console.desk.history_words import say_entry
from services.gateway.console.desk.places import place_in
from services.gateway.console.desk.policy_words import condition_words, rules_of
from services.gateway.console.desk.queue_view import current_tab, due_view, read_cut, tabs
from services.gateway.console.desk.strip import clock_view
from services.gateway.console.desk.week import week_view
from services.gateway.console.desk.words import say_due, say_span, whole_seconds
from shared.clock import render_instant

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (89, "89 s"), (7500, "2 h 5 min"), (90_000, "25 h"), (-300, "5 min")],
)
def test_a_span_is_said_in_hours_and_minutes_and_never_in_days(seconds: float, said: str) -> None:
    assert say_span(seconds) == said


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(hours=1, minutes=5, seconds=59), "due in 1 h 5 min"),
        (timedelta(seconds=1), "due in 1 s"),
        (timedelta(0), "overdue by 0 s"),  # exactly at its due time it is too late
        (timedelta(minutes=-12), "overdue by 12 min"),
        (timedelta(days=2, hours=3), "due in 2 d 3 h"),
    ],
)
def test_a_countdown_is_in_words(ahead: timedelta, said: str) -> None:
    assert say_due(NOON + ahead, NOON) == said


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=30))
def test_rounded_parts_add_up_to_the_rounded_sum(parts: list[float]) -> None:
    rounded = whole_seconds(parts)
    assert sum(rounded) == round(sum(parts)) or abs(sum(rounded) - sum(parts)) <= 0.500001
    assert all(abs(one - part) <= 1 for one, part in zip(rounded, parts, strict=True))


def _clock(pieces: list[tuple[str, float]], **more: Any) -> dict[str, Any]:
    """A clock with these segments, one after the other from noon on."""
    segments, at, elapsed = [], NOON, 0.0
    for kind, seconds in pieces:
        ended = at + timedelta(seconds=seconds)
        segments.append({"kind": kind, "began_at": render_instant(at), "ended_at": render_instant(ended)})
        elapsed += seconds if kind == "running" else 0
        at = ended
    promised = more.pop("target_seconds", 7200.0)
    rest = {"elapsed_seconds": elapsed, "remaining_seconds": promised - elapsed, "target_seconds": promised}
    return (
        {"target": "resolution", "state": "running", "started_at": render_instant(NOON), "segments": segments}
        | rest
        | more
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["running", "paused", "closed", "settled"]),
            st.integers(min_value=1, max_value=10**7).map(float),
        ),
        min_size=1,
        max_size=12,
    ),
    st.floats(min_value=1, max_value=10**7),
)
def test_a_strip_is_filled_without_gaps_and_its_rows_add_up(pieces: list[tuple[str, float]], promised: float) -> None:
    view = clock_view(_clock(pieces, target_seconds=promised))
    start = 0.0
    for piece in view.pieces:
        assert piece.start == pytest.approx(start, abs=0.01)
        start += piece.length
    assert start == pytest.approx(100, abs=0.05)
    assert sum(piece.counted for piece in view.rows) == sum(
        int(seconds) for kind, seconds in pieces if kind == "running"
    )
    assert all(piece.length > 0 for piece in view.rows)  # nothing that happened is invisible


def test_what_runs_after_the_breach_is_drawn_as_overdue_from_the_instant_on() -> None:
    due = render_instant(NOON + timedelta(hours=1))
    clock = _clock([("running", 5400)], target_seconds=3600.0, due_at=due, breached_at=due, cause="elapsed")
    view = clock_view(clock)
    assert [(piece.kind, piece.seconds) for piece in view.pieces] == [("running", 3600), ("late", 1800)]
    assert view.due is not None
    assert view.due.position == pytest.approx(view.pieces[1].start)
    assert view.look.word == "Overdue"


def test_a_breach_that_a_longer_promise_came_after_is_not_said_to_be_met() -> None:
    clock = _clock([("running", 3600)], state="settled", breached_at=render_instant(NOON), cause="elapsed")
    assert "It was breached; that stays" in clock_view(clock).standing


def test_a_long_night_does_not_hide_a_short_promise() -> None:
    view = clock_view(_clock([("running", 600), ("closed", 60 * 3600), ("running", 600)], target_seconds=1800.0))
    closed = next(piece for piece in view.pieces if piece.kind == "closed")
    assert closed.length < 15


@given(
    st.recursive(
        st.integers() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=12,
    ),
    st.data(),
)
def test_a_pointer_leads_to_the_line_of_what_it_names(document: Any, data: st.DataObject) -> None:
    text = json.dumps(document, indent=2)
    pointer, value = "", document
    while isinstance(value, dict | list) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        pointer += "/" + str(key).replace("~", "~0").replace("/", "~1")
        value = value[key]
    if "//" in pointer or pointer.endswith("/") or pointer == "":
        return  # an empty name at an end is not told from none
    place = place_in(text, pointer, "wrong")
    at = sum(len(line) + 1 for line in text.split("\n")[: place.line - 1]) + place.column - 1
    assert json.JSONDecoder().raw_decode(text, at)[0] == value


def test_a_pointer_to_what_is_missing_leads_to_what_is_around_it() -> None:
    text = '{\n  "rules": [\n    {"name": "x"}\n  ]\n}'
    assert place_in(text, "/rules/0/targets/P1", "missing").line == 3
    assert place_in(text, "/nothing", "missing").line == 1


def test_the_address_of_the_queue_holds_what_is_known_and_nothing_else() -> None:
    cut = read_cut([("status", "open"), ("status", "made-up"), ("q", " sound "), ("evil", "x"), ("sort", "wrong")])
    assert cut.query == "status=open&q=sound"
    assert read_cut([]).one("sort") == "due"
    assert read_cut([("q", "x" * 500)]).one("q") == ""


def test_a_narrowed_tab_stays_the_tab_and_names_its_filters() -> None:
    mine = next(tab for tab in tabs(read_cut([]), {"mine": 3, "most": 1000}) if tab.name == "mine")
    assert mine.number == 3
    cut = read_cut([*[("status", s) for s in ("new", "open", "pending", "on_hold", "unknown")], ("priority", "P1")])
    tab = current_tab(cut)
    assert tab is not None
    assert tab[0] == "open"
    assert cut.narrowed == [("priority", "P1")]


def test_what_is_due_soonest_counts_down_and_a_pause_is_named() -> None:
    clocks = [
        {"target": "resolution", "state": "running", "due_at": render_instant(NOON + timedelta(hours=5))},
        {"target": "first_response", "state": "running", "due_at": render_instant(NOON - timedelta(minutes=3))},
    ]
    due = due_view({"clocks": clocks}, NOON)
    assert (due.target, due.words, due.look.word) == ("First response", "overdue by 3 min", "Overdue")
    paused = due_view({"clocks": [{"target": "resolution", "state": "paused", "due_at": None}]}, NOON)
    assert (paused.at, paused.words) == (None, "paused with resolution open")
    assert due_view({"clocks": []}, NOON).look.word == "No promise"


def test_a_rule_reads_as_sentences_in_both_forms_of_a_policy() -> None:
    old = rules_of({"calendar": {"zone": "UTC"}, "targets": {"P1": {"resolution_minutes": 480}}, "pause_on": []})
    assert (old[0].applies, old[0].promises) == ("For every ticket.", (("P1", "resolution within 8 h"),))
    assert old[0].says == ("It never pauses.",)
    when = condition_words({"priority": ["P1", "P2"], "tags": ["vip"]}, {"source": ["zendesk"]})
    assert when == "When priority is P1 or P2 and it has the tag vip, unless source is zendesk."


def test_a_shift_over_midnight_is_drawn_on_both_of_its_days() -> None:
    week = week_view({"hours": {"sunday": ["22:00-06:00"]}})
    assert [(bar.start, bar.length) for bar in week[6].bars] == [(91.667, 8.333)]
    assert [(bar.start, bar.length) for bar in week[0].bars] == [(0, 25)]
    assert week[1].words == "closed"


@pytest.mark.parametrize(
    ("kind", "detail", "said"),
    [
        ("status", {"before": "new", "after": "on_hold", "moment_id": "x"}, "New → On hold"),
        ("linked", {"kind": "child", "ticket": 2}, "Ticket 2 is part of it now."),
        ("changed", {"major": {"before": False, "after": True}}, "It is a major incident now."),
        ("comment", {"public": False, "comment_id": "x"}, "Wrote an internal note."),
        ("breached", {"target": "resolution", "cause": "elapsed"}, "Resolution was missed. The time ran out."),
        ("something_new", {"thing_id": "x", "how": "well"}, "Something new: how well"),
    ],
)
def test_history_reads_as_sentences_and_keeps_ids_to_itself(kind: str, detail: dict[str, Any], said: str) -> None:
    assert say_entry(kind, detail) == said
