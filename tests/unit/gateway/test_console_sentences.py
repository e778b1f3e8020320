"""What the console says: gates, holds, waits and figures in words, made from a recorded tree."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.console.order_forms import affected, order_form
from services.gateway.console.sentences import say_evidence, say_measure
from services.gateway.console.views import ASSESSMENTS, PHASES, RolloutView, WaveView, progress_of, rollout_view
from tests.support.staged_rollouts import ladder_training, safety_video


@pytest.fixture
def rollout() -> RolloutView:
    return rollout_view(safety_video())


def wave(rollout: RolloutView, name: str) -> WaveView:
    found = rollout.wave(name)
    assert found is not None
    return found


def test_where_a_rollout_stands_is_told_by_what_holds_it(rollout: RolloutView) -> None:
    standing, waits_for, until = rollout.standing
    assert standing == "Region North is holding."
    assert waits_for.startswith("1 first response target missed")
    assert until == "2026-03-25T09:04:00Z"


def test_a_rollout_that_waits_says_for_what_and_until_when() -> None:
    assert rollout_view(ladder_training()).standing == (
        "Pilot in Kiel is waiting.",
        "IT has notice until Mon 6 Apr 2026 09:00 (Europe/Berlin).",
        "2026-04-06T07:00:00Z",
    )


def test_a_rollout_whose_waves_are_all_over_says_so() -> None:
    tree = safety_video()
    for one in tree["waves"]:
        one.update(phase="completed", holds=[], waits=[])
    assert rollout_view(tree).standing == ("Every wave is completed.", "", None)
    tree["waves"][2]["phase"] = "aborted"
    assert rollout_view(tree).standing[0] == "Region North was stopped."


def test_every_phase_and_assessment_has_an_icon_and_a_word_of_its_own() -> None:
    for looks in (PHASES, ASSESSMENTS):
        assert len({look.word for look in looks.values()}) == len(looks)
        assert len({look.icon for look in looks.values()}) >= len(looks)
        assert all(look.icon and look.word for look in looks.values())


def test_a_phase_that_this_version_does_not_know_is_shown_by_its_word() -> None:
    view = rollout_view({"name": "x", "waves": [{"wave": "a", "phase": "skipped_ahead"}]})
    assert view.waves[0].look.word == "Skipped ahead"
    assert view.waves[0].title == "a"


@pytest.mark.parametrize(
    ("kind", "actual", "threshold", "words"),
    [
        ("completion", 0.8996, 0.9, ("89.9 %", "at least 90 %")),
        ("completion", 1.0, 1.0, ("100 %", "at least 100 %")),
        ("survey", None, 0.6, ("Nothing yet", "at least 60 %")),
        ("survey", 0.825, 0.6, ("82.5 %", "at least 60 %")),
        ("sla", 1.0, 0.0, ("1", "at most 0")),
        ("tickets", 2.5, 1.5, ("2.5", "at most 1.5")),
        ("signoff", 2.0, 3.0, ("2", "of 3 roles")),
        ("signoff", 0.0, 1.0, ("0", "of 1 role")),
        ("calendar", None, None, ("", "")),
        ("metric", 7.0, 5.0, ("7", "against 5")),
    ],
)
def test_a_gate_is_told_as_actual_against_threshold(
    kind: str, actual: float | None, threshold: float | None, words: tuple[str, str]
) -> None:
    assert say_measure(kind, actual, threshold) == words


def test_evidence_is_told_in_words(rollout: RolloutView) -> None:
    [breach] = wave(rollout, "north").gates[0].evidence
    assert breach == (
        "P2 ticket #12 “Video portal does not load in the warehouse” missed its first response",
        "2026-03-24T09:04:00+00:00",
    )
    signed = [words for words, _ in wave(rollout, "rehearsal").gates[0].evidence]
    assert signed[1] == "Nils Netz (network) approved with conditions: “Not before eight in the morning.”"
    assert wave(rollout, "north").gates[1].evidence[0][0] == "42 of 417 have completed; 3 could not be enrolled"
    assert wave(rollout, "everyone").gates[0].evidence[0][0] == "Freeze “quarter-end” until"
    assert say_evidence({"some_thing": 3, "nothing": None}) == ("some thing: 3", None)
    assert say_evidence({"signoff_id": "s", "name": "A", "role": "dba", "decision": None})[0].endswith(
        "has not answered yet"
    )


def test_what_the_holds_say_is_not_said_again_among_what_a_wave_waits_for(rollout: RolloutView) -> None:
    assert wave(rollout, "north").other_waits == []
    assert [wait["sentence"] for wait in wave(rollout, "it").other_waits] == [
        "Bake time runs until Wed 25 Mar 2026 17:00 (Europe/Berlin)."
    ]


def test_progress_is_rounded_down_so_that_nearly_all_never_reads_as_all() -> None:
    counts = {"members": 1500, "completed": 1499, "passed": 0, "failed": 0, "started": 0, "push_failed": 0}
    progress = progress_of({"counts": counts})
    assert (progress.sentence, progress.rest) == ("1,499 of 1,500 done (99 %)", "1 not begun")


def test_a_wave_without_counts_is_told_by_its_two_figures() -> None:
    progress = progress_of({"audience_size": 40, "completed": 10})
    assert (progress.sentence, progress.rest) == ("10 of 40 done (25 %)", "30 not begun")
    assert progress_of({}).sentence == "Nobody yet"


people = st.integers(min_value=0, max_value=5000)


@given(people, people, people, people)
def test_the_parts_of_a_bar_lie_side_by_side_and_inside(done: int, failed: int, started: int, rest: int) -> None:
    members = done + failed + started + rest
    counts = {"members": members, "completed": done, "passed": 0, "failed": failed, "started": started}
    at = 0.0
    for part in progress_of({"counts": counts}).segments:
        assert part.start == pytest.approx(at, abs=0.02)
        assert part.length >= 0
        at = part.start + part.length
    assert at <= 100.02


def test_promoting_past_the_gates_names_each_gate_that_is_skipped(rollout: RolloutView) -> None:
    form = order_form(rollout, wave(rollout, "north"), "promote-full")
    assert form is not None
    assert form.needs_typing
    skipped = [line for line in form.says if line.startswith("Skipped")]
    assert [line.split("”")[0] for line in skipped] == ["Skipped: “first-response", "Skipped: “completed"]
    assert form.says[-1] == "It still waits for 1 hold that a gate did not place."


def test_only_an_abort_and_a_promotion_past_the_gates_must_be_typed(rollout: RolloutView) -> None:
    verbs = ("promote", "promote-full", "pause", "resume", "hold", "abort", "retry")
    forms = [order_form(rollout, wave(rollout, "north"), verb) for verb in verbs]
    assert [form.verb for form in forms if form and form.needs_typing] == ["promote-full", "abort"]
    assert order_form(rollout, wave(rollout, "north"), "explode") is None


def test_rolling_back_is_offered_only_where_somebody_could_be_un_enrolled(rollout: RolloutView) -> None:
    def offer(name: str) -> str:
        form = order_form(rollout, wave(rollout, name), "abort")
        return form.offers_roll_back if form else ""

    assert offer("north") == "Also un-enrol the 301 people who have not begun. Progress is kept."
    assert offer("everyone") == ""  # it has not opened
    assert offer("it") == ""  # all have begun


def test_who_is_affected_is_said_in_people(rollout: RolloutView) -> None:
    assert affected(rollout, wave(rollout, "north")) == [
        "417 people are in this wave: 42 done; 74 under way, 301 not begun.",
        "After it comes: Everybody else.",
    ]
    assert affected(rollout, wave(rollout, "everyone")) == [
        "1,031 people are in this wave; none of them has begun.",
    ]
    ladders = rollout_view(ladder_training())
    assert affected(ladders, wave(ladders, "sites"))[0].startswith("Nobody is in this wave yet")


def test_lifting_a_gates_hold_says_what_it_does_and_what_stays(rollout: RolloutView) -> None:
    north = wave(rollout, "north")
    form = order_form(rollout, north, "lift", hold=north.holds[0])
    assert form is not None
    assert form.says[1:] == (
        "It is lifted only if the gate passes; the bake time after it is then skipped.",
        "1 other hold stays in force.",
    )
    assert order_form(rollout, north, "lift", hold=None) is None


def test_a_tree_with_nothing_in_it_breaks_nothing() -> None:
    empty: dict[str, Any] = {"name": "x", "waves": [{"wave": "a", "gates": [{}], "counts": {}, "holds": [{}]}]}
    view = rollout_view(empty)
    assert view.waves[0].gates[0].sentence == "Not looked at yet."
    assert view.current is not None
