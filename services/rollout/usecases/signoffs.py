"""Giving a sign-off by its signed link, and seeing what was asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from services.rollout.domain.signoff import NEEDS_COMMENT, Verdict
from services.rollout.errors import SignoffDecided, SignoffNotFound, SignoffVoid
from services.rollout.ports import RolloutUnit
from services.rollout.ports.rollouts import SignoffRequest, TimelineEntry
from services.rollout.usecases.evaluation import Looker
from shared.errors import FieldProblem, InvalidRequest
from shared.events.rollout import SignoffGiven
from shared.rest import PagingRequest

MAX_COMMENT = 4000
_SAID = {
    "approve": "approved",
    "approve_with_conditions": "approved with conditions",
    "reject": "rejected",
    "abstain": "abstained",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignoffSheet:
    """What somebody who is asked to sign off must know."""

    request: SignoffRequest
    title: str
    wave_title: str
    systems: tuple[str, ...]
    courses: tuple[str, ...]
    wave_titles: tuple[str, ...]
    people: int


async def find_signoff_sheet(unit: RolloutUnit, signoff_id: str) -> SignoffSheet:
    """The sign-off and what it is about. `SignoffNotFound`."""
    request = await unit.rollouts.signoffs.find(signoff_id)
    rollout = await unit.rollouts.find_rollout(request.rollout) if request else None
    if request is None or rollout is None:
        raise SignoffNotFound("There is no such sign-off (any more).")
    plan = (await unit.rollouts.get_plan(rollout)).plan
    titles = {wave.name: wave.title for wave in plan.waves}
    counts = await unit.people.counts(request.rollout, request.wave)
    return SignoffSheet(
        request=request,
        title=rollout.title,
        wave_title=titles.get(request.wave, request.wave),
        systems=plan.systems,
        courses=tuple(f"{course} on {source}" for source, course in plan.courses.items()),
        wave_titles=tuple(titles.values()),
        people=counts.members,
    )


async def give_signoff(unit: RolloutUnit, signoff_id: str, *, decision: str, comment: str, now: datetime) -> None:
    """Decide once and for all. `SignoffNotFound`, `SignoffVoid`, `SignoffDecided`, or `InvalidRequest` for a form half filled."""
    comment = comment.strip()
    _check(decision, comment)
    asked = await unit.rollouts.signoffs.find(signoff_id)
    if asked is None:
        raise SignoffNotFound("There is no such sign-off (any more).")
    # The rollout's lock comes first, as everywhere: two signers at once must not both see a quorum that one of them misses.
    looker = await Looker.lock(unit, asked.rollout, now)
    request = await unit.rollouts.signoffs.find(signoff_id, lock=True)
    if request is None or request.voided_at is not None:
        raise SignoffVoid((request.void_reason if request else None) or "It is void.")
    if request.decision is not None:
        raise SignoffDecided(f"{request.name} {_SAID[request.decision]} it already; a sign-off is given once.")
    await unit.rollouts.signoffs.decide(signoff_id, decision=decision, comment=comment, now=now)
    unit.record(
        SignoffGiven.model_validate(
            {
                "signoff_id": signoff_id,
                "rollout": request.rollout,
                "wave": request.wave,
                "gate": request.gate,
                "role": request.role,
                "decision": decision,
                "plan_hash": request.plan_hash,
                "given_at": now,
            }
        )
    )
    said = f": {comment}" if comment else "."
    await unit.rollouts.note(
        TimelineEntry(
            rollout=request.rollout,
            wave=request.wave,
            at=now,
            kind="signoff",
            actor=request.name,
            sentence=f"{request.name} ({request.role}) {_SAID[decision]} plan version {request.plan_version}{said}",
            evidence={"signoff_id": signoff_id, "decision": decision, "plan_hash": request.plan_hash},
        )
    )
    await looker.look([request.wave])


def _check(decision: str, comment: str) -> None:
    problems = []
    if decision not in get_args(Verdict):
        problems.append(FieldProblem("/decision", f"Choose one of {', '.join(get_args(Verdict))}."))
    if decision in NEEDS_COMMENT and not comment:
        words = "what the conditions are" if decision == "approve_with_conditions" else "why it is rejected"
        problems.append(FieldProblem("/comment", f"Write down {words}."))
    if len(comment) > MAX_COMMENT or "\x00" in comment:
        problems.append(FieldProblem("/comment", f"At most {MAX_COMMENT} characters of text."))
    if problems:
        raise InvalidRequest(" ".join(problem.detail for problem in problems), errors=problems)


async def list_signoffs(
    unit: RolloutUnit, paging: PagingRequest, *, rollout: str | None
) -> tuple[list[SignoffRequest], str | None]:
    """Newest first, void ones too."""
    return await unit.rollouts.signoffs.page(paging, rollout=rollout)
