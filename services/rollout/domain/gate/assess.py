"""What the stored evidence says about a gate, in one sentence with actual against threshold. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial, singledispatch
from typing import Any

from services.rollout.domain.assessment import Assessment, GateAssessment, worst
from services.rollout.domain.calendar import free_from, freeze_at
from services.rollout.domain.gate.evidence import OpenBreach, WaveEvidence
from services.rollout.domain.gate.kinds import (
    CalendarGate,
    CompletionGate,
    Gate,
    SignoffGate,
    SlaGate,
    SurveyGate,
    TicketsGate,
)
from services.rollout.domain.signoff import standing
from services.rollout.domain.wording import say_count, say_instant, say_percent, say_share

EXAMPLES = 5
"""How many tickets an assessment names; the figures count them all."""


def assess(gate: Gate, evidence: WaveEvidence, *, zone: str, now: datetime) -> GateAssessment:
    """Assess one gate. Times in the sentence are wall time in `zone`."""
    return replace(
        _assess(gate, evidence, zone, now),
        gate=gate.name,
        kind=gate.kind,
        stage=gate.stage,
    )


_made = partial(GateAssessment, gate="", kind="", stage="")


@singledispatch
def _assess(gate: Gate, evidence: WaveEvidence, zone: str, now: datetime) -> GateAssessment:
    raise TypeError(f"no assessment for {type(gate).__name__}")


@_assess.register
def _(gate: CompletionGate, evidence: WaveEvidence, zone: str, now: datetime) -> GateAssessment:
    counts = evidence.counts
    done = counts.passed if gate.measure == "passed" else counts.done
    needed = say_percent(gate.at_least)
    if counts.members == 0:
        return _made(
            assessment=Assessment.INSUFFICIENT, sentence="Nobody is in this wave, so nothing can be completed."
        )
    share = done / counts.members
    ends_at = evidence.opened_at + gate.within if evidence.opened_at and gate.within else None
    figures = f"{say_share(done, counts.members)} have {gate.measure}; {needed} are needed"
    # Compared as whole people: 0.9 of 10 is 9, whatever floats make of it.
    if done >= gate.at_least * counts.members - 1e-9:
        assessment, sentence = Assessment.PASSED, f"{figures}."
    elif ends_at is not None and now >= ends_at:
        assessment, sentence = Assessment.FAILED, f"{figures}, and the time for it ended {say_instant(ends_at, zone)}."
    else:
        until = f" by {say_instant(ends_at, zone)}" if ends_at else ""
        assessment, sentence = Assessment.INSUFFICIENT, f"{figures}{until}."
    evidence_rows: tuple[Mapping[str, Any], ...] = (
        {"measure": gate.measure, "done": done, "members": counts.members, "push_failed": counts.push_failed},
    )
    return _made(
        assessment=assessment,
        sentence=sentence,
        evidence=evidence_rows,
        actual=round(share, 4),
        threshold=gate.at_least,
        next_look_at=ends_at if ends_at and ends_at > now else None,
    )


@_assess.register
def _(gate: TicketsGate, evidence: WaveEvidence, zone: str, now: datetime) -> GateAssessment:
    mine = [t for t in evidence.open_tickets if not gate.priorities or t.priority in gate.priorities]
    count, members = len(mine), evidence.counts.members
    limits: list[tuple[float, float, str]] = []
    if gate.max_open is not None:
        limits.append((count, gate.max_open, f"at most {gate.max_open} may be"))
    if gate.per_100 is not None and members:
        rate = 100 * count / members
        limits.append((rate, gate.per_100, f"{rate:.1f} per 100 learners, at most {gate.per_100:g} may be"))
    of_priority = f" of priority {', '.join(gate.priorities)}" if gate.priorities else ""
    said = f"{say_count(count, 'ticket')}{of_priority} of this wave {'is' if count == 1 else 'are'} open"
    limits_said = "; ".join(words for _, _, words in limits)
    over = any(actual > limit for actual, limit, _ in limits)
    assessment = Assessment.FAILED if over else _unless_silent(gate.min_started, evidence)
    actual, threshold, _words = limits[0] if limits else (count, None, "")
    return _made(
        assessment=assessment,
        sentence=f"{said}; {limits_said}{_silence(assessment, gate.min_started, evidence)}.",
        evidence=tuple(
            {"ticket_id": t.ticket_id, "number": t.number, "subject": t.subject, "priority": t.priority}
            for t in mine[:EXAMPLES]
        ),
        actual=round(actual, 4),
        threshold=threshold,
    )


@_assess.register
def _(gate: SlaGate, evidence: WaveEvidence, zone: str, now: datetime) -> GateAssessment:
    mine = [b for b in evidence.open_breaches if gate.target in ("any", b.target)]
    count = len(mine)
    over = count > gate.max_open_breaches
    parts = [Assessment.FAILED if over else _unless_silent(gate.min_started, evidence)]
    target = "" if gate.target == "any" else f"{gate.target.replace('_', ' ')} "
    missed = f"{say_count(count, f'{target}target')} missed and not yet settled{_doubt(mine)}"
    said = f"{missed}; at most {gate.max_open_breaches} may be"
    if gate.attainment is not None:
        assessed, words = _attainment(gate, gate.attainment, evidence)
        parts.append(assessed)
        said += f"; {words}"
    named = ", ".join(_breach(b, zone) for b in mine[:EXAMPLES]) if over else ""
    assessment = worst(parts)
    return _made(
        assessment=assessment,
        sentence=f"{said}{': ' + named if named else ''}{_silence(parts[0], gate.min_started, evidence)}.",
        evidence=tuple(
            {
                "clock_id": b.clock_id,
                "ticket_id": b.ticket_id,
                "number": b.ticket_number,
                "subject": b.ticket_subject,
                "target": b.target,
                "priority": b.priority,
                "breached_at": b.breached_at.isoformat(),
                **({"unconfirmed": True} if b.may_be_withdrawn else {}),
            }
            for b in mine[:EXAMPLES]
        ),
        actual=float(count),
        threshold=float(gate.max_open_breaches),
    )


def _doubt(breaches: Sequence[OpenBreach]) -> str:
    """It counts all the same: a wave is rather held for a moment than let go on a breach."""
    waiting = sum(breach.may_be_withdrawn for breach in breaches)
    if not waiting:
        return ""
    return f" ({waiting:,} of them unconfirmed: the helpdesk has not been read up to then yet)"


def _breach(breach: OpenBreach, zone: str) -> str:
    return (
        f"#{breach.ticket_number} “{breach.ticket_subject}” missed its {breach.target.replace('_', ' ')}"
        f" on {say_instant(breach.breached_at, zone)}"
    )


def _attainment(gate: SlaGate, needed: float, evidence: WaveEvidence) -> tuple[Assessment, str]:
    settled = {
        outcome: sum(
            n for (target, o), n in evidence.settled.items() if o == outcome and gate.target in ("any", target)
        )
        for outcome in ("met", "breached")
    }
    total = settled["met"] + settled["breached"]
    words = f"{say_share(settled['met'], total)} settled targets were met, {say_percent(needed)} are needed"
    if total < gate.min_settled:
        return Assessment.INSUFFICIENT, f"{words} of at least {gate.min_settled}"
    return (Assessment.PASSED if settled["met"] >= needed * total - 1e-9 else Assessment.FAILED), words


def _unless_silent(min_started: int, evidence: WaveEvidence) -> Assessment:
    """No tickets before anybody has begun prove nothing."""
    return Assessment.PASSED if evidence.counts.reached >= min_started else Assessment.INSUFFICIENT


def _silence(assessment: Assessment, min_started: int, evidence: WaveEvidence) -> str:
    if assessment is not Assessment.INSUFFICIENT or evidence.counts.reached >= min_started:
        return ""
    begun = evidence.counts.reached
    return f", but only {begun:,} of the wave have begun ({min_started:,} needed): silence proves nothing yet"


@_assess.register
def _(gate: SurveyGate, evidence: WaveEvidence, zone: str, now: datetime) -> GateAssessment:
    survey = evidence.surveys.get(gate.name)
    needed = say_percent(gate.at_least)
    if survey is None:
        return _made(
            assessment=Assessment.INSUFFICIENT,
            sentence=f"“{gate.instrument}” has not been sent yet; {needed} must be “{gate.measure}”.",
            threshold=gate.at_least,
        )
    answered = say_share(survey.answered, survey.invited)
    rows: tuple[Mapping[str, Any], ...] = (
        {"request_id": survey.request_id, "campaign_id": survey.campaign_id, "verdict": survey.verdict},
    )
    if survey.verdict is None:
        closes = say_instant(survey.closes_at, zone)
        return _made(
            assessment=Assessment.INSUFFICIENT,
            sentence=f"“{gate.instrument}” is being asked and decides by {closes}; {needed} must be “{gate.measure}”.",
            evidence=rows,
            threshold=gate.at_least,
            next_look_at=survey.closes_at if survey.closes_at > now else None,
        )
    assessment = {"pass": Assessment.PASSED, "fail": Assessment.FAILED}.get(survey.verdict, Assessment.INCONCLUSIVE)
    found = "no estimate" if survey.estimate is None else f"{say_percent(survey.estimate)} “{gate.measure}”"
    return _made(
        assessment=assessment,
        sentence=f"“{gate.instrument}”: {found} against {needed} needed; {answered} answered. {survey.explanation}".strip(),
        evidence=rows,
        actual=survey.estimate,
        threshold=gate.at_least,
    )


@_assess.register
def _(gate: SignoffGate, evidence: WaveEvidence, zone: str, now: datetime) -> GateAssessment:
    asked = evidence.signoffs.get(gate.name, ())
    standings = [standing(role, needed, asked) for role, needed in gate.quorum.items()]
    words = []
    for role in standings:
        verdicts = [f"{s.name}: {_said(s.decision)}" for s in asked if s.role == role.role and s.decision]
        told = f" ({', '.join(verdicts)})" if verdicts else ""
        words.append(f"{role.role} {role.approved} of {role.needed}{told}")
    stood = sum(role.assessment is Assessment.PASSED for role in standings)
    return _made(
        assessment=worst(role.assessment for role in standings),
        sentence=f"{stood} of {say_count(len(standings), 'role')} signed off: {'; '.join(words)}.",
        evidence=tuple(
            {
                "signoff_id": s.id,
                "role": s.role,
                "name": s.name,
                "decision": s.decision,
                "comment": s.comment,
                "given_at": s.given_at.isoformat() if s.given_at else None,
            }
            for s in asked
        ),
        actual=float(stood),
        threshold=float(len(standings)),
    )


def _said(decision: str | None) -> str:
    return {
        "approve": "approved",
        "approve_with_conditions": "approved with conditions",
        "reject": "rejected",
        "abstain": "abstained",
    }.get(decision or "", "not yet")


@_assess.register
def _(gate: CalendarGate, evidence: WaveEvidence, zone: str, now: datetime) -> GateAssessment:
    watched = [f for f in evidence.freezes if not gate.freezes or f.name in gate.freezes]
    freeze = freeze_at(watched, now)
    if freeze is None:
        coming = min((f for f in watched if f.from_at > now), key=lambda f: f.from_at, default=None)
        next_one = f"; “{coming.name}” begins {say_instant(coming.from_at, zone)}" if coming else ""
        return _made(assessment=Assessment.PASSED, sentence=f"No freeze is in force{next_one}.")
    ends_at = free_from(watched, now)
    return _made(
        assessment=Assessment.FAILED,
        sentence=f"“{freeze.name}” ({freeze.reason}) lets no wave open until {say_instant(ends_at, zone)}.",
        evidence=({"freeze": freeze.name, "from": freeze.from_at.isoformat(), "to": freeze.to_at.isoformat()},),
        next_look_at=ends_at,
    )
