"""Why a clock reads as it does, in a form that can be shown and in words."""

from datetime import timedelta

import pytest

from services.tickets.domain.condition import Condition
from services.tickets.domain.explain import Explanation, explain
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import Policy, Priority, Status, Target
from services.tickets.domain.segment import SegmentKind
from tests.unit.tickets.histories import (
    ALWAYS,
    HOUR,
    answered,
    asked,
    at,
    became,
    changed,
    moment,
    moved,
    opened,
    policy,
    raised,
    retracted,
    rule,
)

BOOK = policy(
    rule({Target.FIRST_RESPONSE: HOUR}, name="vip", when={"tags": ("vip",)}),
    rule({Target.FIRST_RESPONSE: 2 * HOUR}, name="urgent", when={"priority": ("P1", "P2")}),
    rule({Target.FIRST_RESPONSE: 4 * HOUR, Target.NEXT_RESPONSE: HOUR, Target.RESOLUTION: 9 * HOUR}, name="rest"),
    rule({}, name="never reached"),
)


def told(*moments: Moment, hours: float, versions: tuple[Policy, ...] = (BOOK,)) -> Explanation:
    return explain("t1", moments, {each.label: each for each in versions}, at(hours))


def story(*moments: Moment, hours: float, place: int = 0, versions: tuple[Policy, ...] = (BOOK,)) -> str:
    return " ".join(told(*moments, hours=hours, versions=versions).clocks[place].sentences)


def test_it_says_which_rule_holds_and_why_none_before_it() -> None:
    explanation = told(opened(priority=Priority.P3, team="net"), hours=1)
    assert (explanation.policy, explanation.rule) == ("standard@1", "rest")
    assert [(check.rule, check.matched, check.reason) for check in explanation.rule_checks] == [
        ("vip", False, "no tag is vip"),
        ("urgent", False, "the priority is P3, not P1 or P2"),
        ("rest", True, "it holds for every ticket"),
        ("never reached", False, "rest comes before it"),
    ]


def test_the_rules_are_compared_with_the_ticket_as_it_is_now() -> None:
    explanation = told(opened(priority=Priority.P3), raised(Priority.P2, at(1)), changed(at(2), tags=["VIP"]), hours=2)
    assert (explanation.rule, explanation.features.priority, explanation.features.tags) == ("vip", "P2", ("VIP",))


def test_it_says_why_the_ticket_came_under_its_policy() -> None:
    board = Policy(name="board", version=3, order=1, when=Condition(when={"tags": ("board",)}), rules=BOOK.rules)
    moments = [opened(priority=Priority.P3), moved(1, at(1), retroactive=True)]
    explanation = explain("t1", moments, {"standard@1": BOOK}, at(2), offered=[BOOK, board])
    assert [(check.policy, check.matched, check.reason) for check in explanation.policy_checks] == [
        ("board@3", False, "no tag is board"),
        ("standard@1", True, "it holds for every ticket"),
    ]
    assert explanation.sentences == (
        "The ticket was opened under standard@1.",
        "It was moved to standard@1 at 2026-11-23 10:00 UTC, which counts for the past as well.",
        "Of standard@1 the rule rest is the first that holds for it.",
    )


def test_the_sums_of_the_segments_are_the_whole_life_of_the_clock() -> None:
    moments = [opened(at(-1), Priority.P3), became(Status.PENDING, at(1)), became(Status.OPEN, at(2))]
    moments += [became(Status.SOLVED, at(3)), became(Status.OPEN, at(4))]
    [resolution] = [each for each in told(*moments, hours=5).clocks if each.clock.target is Target.RESOLUTION]
    assert resolution.sums == {
        SegmentKind.CLOSED: HOUR,
        SegmentKind.RUNNING: 3 * HOUR,
        SegmentKind.PAUSED: HOUR,
        SegmentKind.SETTLED: HOUR,
    }
    assert (resolution.elapsed, resolution.remaining) == (3 * HOUR, 6 * HOUR)
    assert resolution.counting_since == at(0)
    assert " ".join((resolution.promise, *resolution.sentences)) == (
        "Resolution within 9 h of the hours office@1 (UTC), by rule rest of standard@1. "
        "It started at 2026-11-23 08:00 UTC, when the ticket was opened. "
        "That was outside hours: it counts since 2026-11-23 09:00 UTC. "
        "It has used 3 h; not counted: 1 h outside hours, 1 h paused, 1 h solved. "
        "It is due at 2026-11-24 12:00 UTC, with 6 h left."
    )


def test_it_says_how_a_breach_came_about() -> None:
    assert "It was breached at 2026-11-23 11:00 UTC: the time was used up then. It is overdue by 1 h." in story(
        opened(), hours=3
    )
    change = [opened(priority=Priority.P3), raised(Priority.P1, at(3))]
    assert "breached at 2026-11-23 12:00 UTC, when what is promised changed" in story(*change, hours=3)
    answer = answered(at(1))
    assert "when what had stopped it until then was taken back" in story(
        opened(), answer, retracted(answer, at(3)), hours=3
    )
    absorbed = moment(MomentKind.ABSORBED, at(3), "t0", started_at=at(0).isoformat())
    merged = story(opened(at(2)), absorbed, hours=3)
    assert "when a ticket that was merged into it was opened" in merged
    assert "when a ticket that had been opened earlier was merged in" in merged


def test_it_says_how_a_cycle_began() -> None:
    moments = [opened(priority=Priority.P3), answered(at(0.5)), asked(at(1)), answered(at(1.5))]
    assert "when the requester wrote" in story(*moments, hours=2, place=2)
    moments += [became(Status.SOLVED, at(2)), asked(at(3)), became(Status.OPEN, at(3))]
    assert "when the ticket was reopened" in story(*moments, hours=3, place=3)


def test_it_says_how_a_clock_stands_or_ended() -> None:
    assert "It ended at 2026-11-23 10:00 UTC with 1 h left." in story(opened(), answered(at(1)), hours=3)
    assert "with nothing left, and exactly when it is due is too late" in story(opened(), answered(at(2)), hours=3)
    paused = story(opened(), became(Status.PENDING, at(1)), hours=3)
    assert "It is paused with 1 h left, so when it is due moves." in paused
    gone = story(opened(), moment(MomentKind.MERGED, at(1), "t2"), hours=3)
    assert "when the ticket was merged into another; it is out of the figures." in gone
    none = policy(rule({Target.RESOLUTION: HOUR}), version=2)
    explanation = told(opened(), moved(2, at(1)), hours=2, versions=(BOOK, none))
    assert explanation.clocks[0].promise == "First response: nothing is promised any more."
    assert explanation.clocks[0].remaining is None


def test_it_says_where_the_hours_changed() -> None:
    newer = policy(rule({Target.FIRST_RESPONSE: 2 * HOUR}, calendar=ALWAYS), version=2)
    words = story(opened(), moved(2, at(1)), hours=1.5, versions=(BOOK, newer))
    assert "At 2026-11-23 10:00 UTC the ticket was moved to standard@2." in words
    assert "From 2026-11-23 10:00 UTC on it counts in the hours always@1." in words


def test_a_ticket_of_which_nobody_knows_when_it_was_opened_cannot_be_explained() -> None:
    with pytest.raises(ValueError, match="Nothing says when"):
        explain("t1", [answered(at(1))], {"standard@1": BOOK}, at(2) + timedelta(hours=1))
