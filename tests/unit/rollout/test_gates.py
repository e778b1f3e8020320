"""What evidence says of each kind of gate. Silence never passes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.assessment import Assessment, GateAssessment, worst
from services.rollout.domain.calendar import Freeze, free_from, freeze_at
from services.rollout.domain.gate import (
    CalendarGate,
    CompletionGate,
    Gate,
    OpenBreach,
    OpenTicket,
    SignoffGate,
    SlaGate,
    SurveyEvidence,
    SurveyGate,
    TicketsGate,
    WaveCounts,
    WaveEvidence,
    assess,
)
from services.rollout.domain.signoff import Signoff

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
P, F, E, I, U = (  # noqa: E741
    Assessment.PASSED,
    Assessment.FAILED,
    Assessment.ERROR,
    Assessment.INSUFFICIENT,
    Assessment.INCONCLUSIVE,
)


def look(gate: Gate, **evidence: object) -> GateAssessment:
    return assess(gate, replace(WaveEvidence(opened_at=NOW - DAY), **evidence), zone="Europe/Berlin", now=NOW)  # type: ignore[arg-type]


def test_the_order_of_assessments_is_ours() -> None:
    assert worst([P, U, I, E, F]) is F
    assert worst([P, U, I, E]) is E
    assert worst([P, U, I]) is I
    assert worst([P, U]) is U
    assert worst([]) is I, "nothing at all is no pass"


@pytest.mark.parametrize(
    ("done", "within", "expected"),
    [(9, None, P), (8, None, I), (8, 2 * DAY, I), (8, DAY, F), (9, DAY, P), (10, None, P)],
)
def test_completion_is_counted_in_whole_people_against_the_time_given(
    done: int, within: timedelta | None, expected: Assessment
) -> None:
    gate = CompletionGate(name="c", at_least=0.9, within=within)
    found = look(gate, counts=WaveCounts(completed=done, enrolled=10 - done))
    assert found.assessment is expected
    assert found.sentence.startswith(f"{done} of 10 ({done * 10} %) have completed; 90 % are needed")


def test_a_deadline_to_come_is_when_the_gate_is_looked_at_again() -> None:
    gate = CompletionGate(name="c", at_least=0.9, within=3 * DAY)
    found = look(gate, counts=WaveCounts(enrolled=10))
    assert found.next_look_at == NOW + 2 * DAY
    assert found.sentence.endswith("by Wed 4 Mar 2026 10:00 (Europe/Berlin).")


def test_the_withdrawn_leave_the_denominator_and_an_empty_wave_proves_nothing() -> None:
    gate = CompletionGate(name="c", at_least=1.0)
    assert look(gate, counts=WaveCounts(completed=3, withdrawn=7)).assessment is P
    assert look(gate, counts=WaveCounts(withdrawn=7)).assessment is I


def test_passed_is_not_the_same_as_completed() -> None:
    gate = CompletionGate(name="c", at_least=0.5, measure="passed")
    assert look(gate, counts=WaveCounts(completed=9, passed=1)).assessment is I


def ticket(number: int, priority: str = "P1") -> OpenTicket:
    return OpenTicket(
        ticket_id=f"t{number}", number=number, subject="Video does not play", priority=priority, opened_at=NOW
    )


def test_open_tickets_are_counted_by_priority_and_per_hundred() -> None:
    gate = TicketsGate(name="t", max_open=1, priorities=("P1",))
    begun = WaveCounts(started=200)
    assert look(gate, counts=begun, open_tickets=(ticket(1), ticket(2, "P3"))).assessment is P
    failed = look(gate, counts=begun, open_tickets=(ticket(1), ticket(2)))
    assert failed.assessment is F
    assert failed.sentence == "2 tickets of priority P1 of this wave are open; at most 1 may be."
    rate = TicketsGate(name="t", per_100=1.0)
    assert look(rate, counts=begun, open_tickets=tuple(map(ticket, range(2)))).assessment is P
    assert look(rate, counts=begun, open_tickets=tuple(map(ticket, range(3)))).assessment is F


def test_no_tickets_before_anybody_has_begun_prove_nothing() -> None:
    found = look(TicketsGate(name="t", max_open=0), counts=WaveCounts(enrolled=100))
    assert found.assessment is I
    assert "silence proves nothing yet" in found.sentence
    assert look(SlaGate(name="s"), counts=WaveCounts(enrolled=100)).assessment is I
    assert look(SlaGate(name="s"), counts=WaveCounts(started=1)).assessment is P


def breach(target: str = "first_response") -> OpenBreach:
    return OpenBreach(
        clock_id="c",
        cycle=1,
        ticket_id="t",
        ticket_number=17,
        ticket_subject="Down",
        target=target,
        priority="P1",
        breached_at=NOW,
    )


def test_a_missed_target_fails_the_sla_gate_of_that_target() -> None:
    gate = SlaGate(name="s", target="first_response")
    found = look(gate, open_breaches=(breach(),))
    assert found.assessment is F, "a breach is bad evidence even if nobody has begun"
    assert "#17 “Down” missed its first response on Mon 2 Mar 2026 10:00 (Europe/Berlin)" in found.sentence
    assert look(gate, counts=WaveCounts(started=1), open_breaches=(breach("resolution"),)).assessment is P


def test_attainment_waits_for_enough_settled_clocks() -> None:
    gate = SlaGate(name="s", attainment=0.9, min_settled=10)
    begun = WaveCounts(started=1)
    few = {("first_response", "met"): 9}
    assert look(gate, counts=begun, settled=few).assessment is I
    enough = {("first_response", "met"): 9, ("resolution", "breached"): 1}
    assert look(gate, counts=begun, settled=enough).assessment is P
    assert look(gate, counts=begun, settled=enough | {("resolution", "breached"): 2}).assessment is F


@pytest.mark.parametrize(("verdict", "expected"), [("pass", P), ("fail", F), ("undecided", U), (None, I)])
def test_the_survey_gate_says_what_the_survey_found(verdict: str | None, expected: Assessment) -> None:
    gate = SurveyGate(name="v", instrument="readiness", measure="ready", at_least=0.6, closes_after=DAY)
    asked = SurveyEvidence(request_id="r", requested_at=NOW, closes_at=NOW + DAY, verdict=verdict, estimate=0.75)
    found = look(gate, surveys={"v": asked})
    assert found.assessment is expected
    assert (found.next_look_at is not None) is (verdict is None)
    assert look(gate).assessment is I, "not even asked"


def signoff(role: str, decision: str | None) -> Signoff:
    return Signoff(id=f"{role}{decision}", role=role, name=role.title(), decision=decision)


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ({"dba": ["approve"], "security": ["approve_with_conditions", None]}, P),
        ({"dba": ["approve"], "security": [None, None]}, I),
        ({"dba": ["approve"], "security": ["approve", "reject"]}, F),
        ({"dba": ["abstain"], "security": ["approve", None]}, U),
        ({"dba": ["abstain"], "security": [None, None]}, I),
        ({}, U),
    ],
)
def test_roles_sign_off_by_quorum_and_one_rejection_vetoes(
    decisions: dict[str, list[str | None]], expected: Assessment
) -> None:
    gate = SignoffGate(name="o", quorum={"dba": 1, "security": 1})
    asked = tuple(signoff(role, decision) for role, several in decisions.items() for decision in several)
    assert look(gate, signoffs={"o": asked}).assessment is expected


def freeze(name: str, start: int, end: int) -> Freeze:
    return Freeze(name=name, from_at=NOW + start * DAY, to_at=NOW + end * DAY, reason="Books are closed")


def test_a_freeze_in_force_stops_and_one_to_come_does_not() -> None:
    gate = CalendarGate(name="k")
    assert look(gate, freezes=(freeze("later", 1, 2),)).assessment is P
    found = look(gate, freezes=(freeze("now", -1, 1), freeze("next", 1, 3)))
    assert found.assessment is F
    assert found.next_look_at == NOW + 3 * DAY, "windows that touch are one"
    assert look(CalendarGate(name="k", freezes=("other",)), freezes=(freeze("now", -1, 1),)).assessment is P


@given(st.lists(st.tuples(st.integers(-5, 20), st.integers(1, 5)), max_size=8))
def test_the_first_free_instant_is_free_and_nothing_before_it_is(spans: list[tuple[int, int]]) -> None:
    freezes = [freeze("f", start, start + length) for start, length in spans]
    free = free_from(freezes, NOW)
    assert freeze_at(freezes, free) is None
    hours = range(int((free - NOW) / timedelta(hours=1)))
    assert all(freeze_at(freezes, NOW + timedelta(hours=hour)) for hour in hours)
