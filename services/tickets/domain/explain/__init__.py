"""Why a ticket's clocks read as they do: which policy, which rule and why none before it, what is promised, every segment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tickets.domain.calendar import NeverDue
from services.tickets.domain.clock import Clock, run_clocks
from services.tickets.domain.clock.replay import Replay
from services.tickets.domain.condition import Features
from services.tickets.domain.explain.sentences import promise_said, story_of, ticket_said
from services.tickets.domain.moment import Moment, MomentKind, Opening, in_order, played, with_retractions
from services.tickets.domain.policy import Policy, RuleCheck
from services.tickets.domain.policy import in_order as as_asked
from services.tickets.domain.segment import Segment, SegmentKind, segments

_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCheck:
    """How a policy compared with the ticket when it was opened; `reason` says why it does or does not apply."""

    policy: str
    matched: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockExplained:
    """One clock. The segments adjoin from its start to `until` (or to where it ended) and the running ones add up to `elapsed`.

    `sums` has every kind of segment; `remaining` is None where nothing is promised, negative once overdue.
    """

    clock: Clock
    promise: str
    counting_since: datetime | None
    segments: tuple[Segment, ...]
    sums: Mapping[SegmentKind, timedelta]
    elapsed: timedelta
    remaining: timedelta | None
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`policy`, `rule` and `features` are as they are now; the policy was chosen when the ticket was opened."""

    ticket_id: str
    policy: str
    rule: str | None
    features: Features
    policy_checks: tuple[PolicyCheck, ...]
    rule_checks: tuple[RuleCheck, ...]
    clocks: tuple[ClockExplained, ...]
    sentences: tuple[str, ...]


def explain(
    ticket_id: str,
    moments: Iterable[Moment],
    book: Mapping[str, Policy],
    until: datetime,
    otherwise: Opening | None = None,
    *,
    offered: Iterable[Policy] = (),
) -> Explanation:
    """Everything that made the clocks read so at `until`.

    `offered` are the policies that a ticket like this could be opened under; without any, only its own is compared. Raises
    `UnknownPolicy`, `NeverDue`, and `ValueError` without an opening.
    """
    known = tuple(moments)
    standing = [moment for moment in with_retractions(known) if moment.taken_back_at is None]
    if not any(moment.kind is MomentKind.OPENED for moment in standing):
        raise ValueError(f"Nothing says when the ticket {ticket_id} was opened.")
    opening = Opening.of(played(standing)[0][1], otherwise)
    replay = Replay(book, otherwise)
    replay.play(standing, until)
    assert replay.policy is not None
    clocks = run_clocks(ticket_id, known, book, until, otherwise)
    happened = in_order(known)
    return Explanation(
        ticket_id=ticket_id,
        policy=replay.policy.label,
        rule=None if replay.rule is None else replay.rule.name,
        features=replay.features,
        policy_checks=tuple(_compared(opening, tuple(offered) or (book[opening.policy],))),
        rule_checks=tuple(replay.policy.checks(replay.features)),
        clocks=tuple(
            explain_clock(clock, happened, until)
            for clock in sorted(clocks.values(), key=lambda clock: (clock.started_at, clock.target, clock.cycle))
        ),
        sentences=tuple(ticket_said(opening, known, replay.policy, replay.rule, replay.features)),
    )


def explain_clock(clock: Clock, happened: Iterable[Moment], until: datetime) -> ClockExplained:
    """One clock; `happened` are the moments that stand, which say what it started and changed by."""
    end = clock.settled_at or max(until, clock.started_at)
    drawn = tuple(segments(clock, end))
    sums = dict.fromkeys(SegmentKind, _NOTHING)
    for segment in drawn:
        sums[segment.kind] += segment.ended_at - segment.began_at
    elapsed = sums[SegmentKind.RUNNING]
    return ClockExplained(
        clock=clock,
        promise=promise_said(clock),
        counting_since=_counting_since(clock),
        segments=drawn,
        sums=sums,
        elapsed=elapsed,
        remaining=None if clock.target_for is None else clock.target_for - elapsed,
        sentences=tuple(story_of(clock, sums, list(happened), end)),
    )


def _counting_since(clock: Clock) -> datetime | None:
    try:
        return clock.counting_since
    except NeverDue:
        return None


def _compared(opening: Opening, offered: Iterable[Policy]) -> Iterable[PolicyCheck]:
    """The policies in the order in which they are asked; the first that holds is the ticket's."""
    matched: str | None = None
    for policy in as_asked(offered):
        problem = policy.when.check(opening.features)
        if matched is not None:
            yield PolicyCheck(policy=policy.label, matched=False, reason=f"{matched} comes before it")
        elif problem is not None:
            yield PolicyCheck(policy=policy.label, matched=False, reason=problem)
        else:
            matched = policy.label
            reason = "it holds for every ticket" if not policy.when.asks else f"it holds for this {policy.when.asks}"
            yield PolicyCheck(policy=policy.label, matched=True, reason=reason)


__all__ = ["ClockExplained", "Explanation", "PolicyCheck", "explain", "explain_clock"]
