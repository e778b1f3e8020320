"""Explanations of clocks over the wire."""

from typing import Any

from pydantic import AwareDatetime, BaseModel

from services.tickets.domain.clock import CancelledBecause, Cause, ClockState
from services.tickets.domain.explain import ClockExplained, Explanation
from services.tickets.domain.policy import Target
from services.tickets.domain.segment import SegmentKind
from services.tickets.schemas.policies.answers import RuleCheckOut


class StretchOut(BaseModel):
    kind: SegmentKind
    began_at: AwareDatetime
    ended_at: AwareDatetime
    seconds: float


class ClockExplainedOut(BaseModel):
    """`segments` adjoin; those of each kind add up to its `sums`, the running ones to `elapsed_seconds`.

    `calendars` say which counts since when, the first from the beginning.
    """

    clock_id: str
    target: Target
    cycle: int
    state: ClockState
    policy: str
    rule: str
    team: str | None
    promise: str
    calendars: list[dict[str, str | None]]
    started_at: AwareDatetime
    counting_since: AwareDatetime | None
    target_seconds: float | None
    elapsed_seconds: float
    remaining_seconds: float | None
    due_at: AwareDatetime | None
    breached_at: AwareDatetime | None
    cause: Cause | None
    would_not_have_breached: bool
    settled_at: AwareDatetime | None
    cancelled_because: CancelledBecause | None
    sums: dict[SegmentKind, float]
    segments: list[StretchOut]
    sentences: list[str]


class ExplanationOut(BaseModel):
    """`policies` are those that were in force when the ticket came, `rules` those of the policy it is under now."""

    ticket_id: str
    policy: str
    rule: str | None
    features: dict[str, Any]
    policies: list[RuleCheckOut]
    rules: list[RuleCheckOut]
    sentences: list[str]
    clocks: list[ClockExplainedOut]


def explanation_out(explanation: Explanation) -> ExplanationOut:
    return ExplanationOut(
        ticket_id=explanation.ticket_id,
        policy=explanation.policy,
        rule=explanation.rule,
        features=explanation.features.written(),
        policies=[
            RuleCheckOut(name=each.policy, matched=each.matched, reason=each.reason)
            for each in explanation.policy_checks
        ],
        rules=[
            RuleCheckOut(name=each.rule, matched=each.matched, reason=each.reason) for each in explanation.rule_checks
        ],
        sentences=list(explanation.sentences),
        clocks=[_clock(each) for each in explanation.clocks],
    )


def _clock(explained: ClockExplained) -> ClockExplainedOut:
    clock = explained.clock
    pieces = enumerate(clock.hours.pieces)
    return ClockExplainedOut(
        clock_id=clock.clock_id,
        target=clock.target,
        cycle=clock.cycle,
        state=clock.state,
        policy=clock.policy,
        rule=clock.rule,
        team=clock.team,
        promise=explained.promise,
        calendars=[
            {"since": since.isoformat().replace("+00:00", "Z") if index else None, "calendar": calendar.label}
            for index, (since, calendar) in pieces
        ],
        started_at=clock.started_at,
        counting_since=explained.counting_since,
        target_seconds=None if clock.target_for is None else clock.target_for.total_seconds(),
        elapsed_seconds=explained.elapsed.total_seconds(),
        remaining_seconds=None if explained.remaining is None else explained.remaining.total_seconds(),
        due_at=clock.due_at,
        breached_at=clock.breached_at,
        cause=clock.cause if clock.breached_at is not None else None,
        would_not_have_breached=clock.would_not_have_breached,
        settled_at=clock.settled_at,
        cancelled_because=clock.cancelled_because,
        sums={kind: each.total_seconds() for kind, each in explained.sums.items()},
        segments=[
            StretchOut(
                kind=each.kind,
                began_at=each.began_at,
                ended_at=each.ended_at,
                seconds=(each.ended_at - each.began_at).total_seconds(),
            )
            for each in explained.segments
        ],
        sentences=list(explained.sentences),
    )
