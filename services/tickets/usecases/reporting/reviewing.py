"""The monthly review: made of both sides' figures, commented, signed by both, and kept as it was signed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.tickets.domain.period import Period, PeriodInvalid, month_of
from services.tickets.domain.report import By, Figures, nearest_rank
from services.tickets.domain.review import (
    SECOND,
    Difference,
    Opened,
    Side,
    Signature,
    Snapshot,
    Wait,
    differences,
    fingerprint,
    waits,
)
from services.tickets.errors import MonthNotOver, OneSignsForOneSide, ReviewChangedMeanwhile, SignedAlready
from services.tickets.ports import Cut, Percentiles, TicketsUnit
from services.tickets.ports.reviews import InForce, Load, Remark
from shared.auth import Identity, Role
from shared.clock import new_id, render_instant
from shared.errors import FieldProblem, Forbidden, InvalidRequest

MOST_ROWS = 500
"""Rows of each part of a review; what lies beyond is said by count."""
MOST_COMMENTS = 200
TICKETS_AT_ONCE = 1_000
SIGNS_FOR = {Side.IT: Role.IT_LEAD, Side.TRAINING: Role.TRAINING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """`content` is as things stand; `snapshot` what was signed, and `since` how the two differ."""

    month: str
    over: bool
    content: Mapping[str, Any]
    fingerprint: str
    snapshot: Snapshot | None
    signatures: Sequence[Signature]
    since: Sequence[Difference]
    comments: Sequence[Remark]


def read_month(name: str, now: datetime) -> Period:
    """A month that has begun. Raises `InvalidRequest`."""
    try:
        period = month_of(name)
    except PeriodInvalid as problem:
        raise InvalidRequest(str(problem), errors=[FieldProblem("path/month", str(problem))]) from problem
    if period.began_at > now:
        detail = f"{name} has not begun."
        raise InvalidRequest(detail, errors=[FieldProblem("path/month", detail)])
    return period


async def review_month(unit: TicketsUnit, month: str, now: datetime) -> Review:
    """The review as things stand, beside what was signed of it. Raises `InvalidRequest`."""
    period = read_month(month, now)
    content = await _content(unit, period)
    snapshot = await unit.reviews.find_snapshot(month)
    return Review(
        month=month,
        over=period.ended_at <= now,
        content=content,
        fingerprint=fingerprint(content),
        snapshot=snapshot,
        signatures=await unit.reviews.signatures(month),
        since=[] if snapshot is None else list(differences(snapshot.content, content)),
        comments=await unit.reviews.comments(month, MOST_COMMENTS),
    )


async def comment_review(unit: TicketsUnit, month: str, body: str, *, by: str, now: datetime) -> Remark:
    read_month(month, now)
    remark = Remark(comment_id=new_id(), at=now, author=by, body=body)
    await unit.reviews.comment(month, remark)
    return remark


async def sign_review(
    unit: TicketsUnit, month: str, side: Side, read: str, *, caller: Identity, now: datetime
) -> Review:
    """Sign what was read (its fingerprint): the snapshot that the other side has signed, or the figures as they stand.

    The latter replaces a snapshot that is not frozen; what was signed under it has lapsed. Frozen once both have signed.
    Raises `MonthNotOver`, `ReviewChangedMeanwhile`, `SignedAlready`, `OneSignsForOneSide`, `Forbidden`.
    """
    if SIGNS_FOR[side] not in caller.roles:
        raise Forbidden(f"{side} is signed for by somebody with the role {SIGNS_FOR[side]}.")
    await unit.reviews.hold(month)
    review = await review_month(unit, month, now)
    if not review.over:
        raise MonthNotOver(f"{month} is not over; it can be signed from the first day of the next month on (UTC).")
    if review.snapshot is not None and review.snapshot.frozen_at is not None:
        raise SignedAlready(f"Both sides have signed {month}; what was corrected since is shown beside it.")
    snapshot = _chosen(review, read, now)
    valid = [each for each in review.signatures if each.fingerprint == snapshot.fingerprint]
    if any(each.subject == caller.subject and each.side is not side for each in valid):
        raise OneSignsForOneSide(f"{caller.name} has signed {month} for the other side.")
    signature = Signature(
        side=side, fingerprint=snapshot.fingerprint, signed_at=now, signed_by=caller.name, subject=caller.subject
    )
    if not await unit.reviews.sign(month, signature):
        raise SignedAlready(f"{month} has been signed for {side} already.")
    if {each.side for each in valid} | {side} == set(Side):
        snapshot = replace(snapshot, frozen_at=now)
    await unit.reviews.keep_snapshot(snapshot)
    return await review_month(unit, month, now)


def _chosen(review: Review, read: str, now: datetime) -> Snapshot:
    if review.snapshot is not None and review.snapshot.fingerprint == read:
        return review.snapshot
    if review.fingerprint == read:
        return Snapshot(month=review.month, fingerprint=read, content=review.content, taken_at=now)
    raise ReviewChangedMeanwhile(
        f"The figures of {review.month} are not those you read; read them again and sign {review.fingerprint}."
    )


async def _content(unit: TicketsUnit, period: Period) -> dict[str, Any]:
    return {
        "it": {
            "by_target": await _figures(unit, By.TARGET, period),
            "by_team": await _figures(unit, By.TEAM, period),
        },
        "training": {
            "notice": [_notice(each) for each in await unit.reviews.opened_waves(period, MOST_ROWS)],
            "requester_wait": await _requester_wait(unit, period),
            "waves": [_load(each) for each in await unit.reviews.loads(period, MOST_ROWS)],
        },
        "exemptions": await _exemptions(unit, period),
        "policies": [_policy(each) for each in await unit.reviews.policies_in_force(period, MOST_ROWS)],
    }


async def _figures(unit: TicketsUnit, by: By, period: Period) -> list[dict[str, Any]]:
    figures = await unit.reports.figures(by, period, Cut())
    elapsed, overdue = await unit.reports.percentiles(by, period, Cut())
    return [
        {
            "key": group[0],
            "target": group[1],
            **figures[group].named(),
            "elapsed": _percentiles(elapsed.get(group)),
            "overdue": _percentiles(overdue.get(group)),
        }
        for group in sorted(figures)[:MOST_ROWS]
    ]


def figures_in(row: Mapping[str, Any]) -> Figures:
    """The figures that a row of a review was written from."""
    return Figures(**{name: row[name] for name in Figures().named()})


def _percentiles(percentiles: Percentiles | None) -> dict[str, float] | None:
    if percentiles is None:
        return None
    return {"p50_seconds": percentiles.p50, "p90_seconds": percentiles.p90, "p95_seconds": percentiles.p95}


def _notice(opened: Opened) -> dict[str, Any]:
    given, promised = opened.given_for, opened.promised_for
    return {
        "rollout": opened.rollout,
        "title": opened.title,
        "wave": opened.wave,
        "opened_at": render_instant(opened.opened_at),
        "announced_at": None if opened.announced_at is None else render_instant(opened.announced_at),
        "promised_seconds": None if promised is None else promised / SECOND,
        "given_seconds": None if given is None else given / SECOND,
        "kept": opened.kept,
    }


def _load(load: Load) -> dict[str, Any]:
    return {
        "rollout": load.rollout,
        "wave": load.wave,
        "tickets": load.tickets,
        "learners": load.learners,
        "per_100_learners": None if not load.learners else round(100 * load.tickets / load.learners, 1),
    }


async def _requester_wait(unit: TicketsUnit, period: Period) -> dict[str, Any]:
    """Piece by piece: a ticket's statuses are never split between two pieces."""
    found: list[Wait] = []
    after: str | None = ""
    while after is not None:
        turns, after = await unit.reviews.turns(period, after, TICKETS_AT_ONCE)
        found += waits(turns, period)
    seconds = sorted(each.waited_for / SECOND for each in found)
    by_rollout: dict[str, list[float]] = {}
    for each in found:
        by_rollout.setdefault(each.rollout, []).append(each.waited_for / SECOND)
    return {
        "tickets": len(found),
        "seconds": sum(seconds),
        "p50_seconds": nearest_rank(seconds, 50),
        "p90_seconds": nearest_rank(seconds, 90),
        "by_rollout": [
            {"rollout": rollout, "tickets": len(each), "seconds": sum(sorted(each))}
            for rollout, each in sorted(by_rollout.items())
        ],
    }


async def _exemptions(unit: TicketsUnit, period: Period) -> dict[str, Any]:
    given = await unit.exemptions.given_in(period, MOST_ROWS + 1)
    shown = given[:MOST_ROWS]
    return {
        "more": len(given) > MOST_ROWS,
        "by": [{"name": name, "given": count} for name, count in sorted(Counter(e.given_by for e in shown).items())],
        "items": [
            {
                "exemption_id": each.exemption_id,
                "clock_id": each.clock_id,
                "target": each.target,
                "reason": each.reason,
                "given_by": each.given_by,
                "given_at": render_instant(each.given_at),
                "revoked_by": each.revoked_by,
            }
            for each in shown
        ],
    }


def _policy(version: InForce) -> dict[str, Any]:
    return {
        "policy": version.policy,
        "since": render_instant(version.since),
        "until": None if version.until is None else render_instant(version.until),
        "enforced_by": version.enforced_by,
        "signed": {side.value: version.signatures.get(side.value) for side in Side},
    }
