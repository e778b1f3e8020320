"""Linting and applying plans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.rollout.domain.gate import SignoffGate
from services.rollout.domain.plan import Plan, PlanInvalid, Problem, WavePlan, parse_plan, plan_hash, render_plan
from services.rollout.domain.rollout import Rollout, Wave, wave_id
from services.rollout.domain.transition import OVER, UNDER_WAY
from services.rollout.errors import PlanRefused
from services.rollout.ports import RolloutUnit
from services.rollout.ports.rollouts import AppliedPlan, SignoffRequest, TimelineEntry
from services.rollout.usecases.evaluation import Looker
from services.rollout.usecases.notices import go_to_notice, signoff_request
from services.rollout.usecases.plan_document import PlanDocument, read_document
from shared.clock import new_id
from shared.errors import FieldProblem
from shared.events.rollout import PlanApplied, SignoffRequested


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """What linting found. `plan` and `plan_hash` only where there are no problems."""

    problems: tuple[FieldProblem, ...]
    plan: Plan | None = None
    plan_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """`changed` is False where the plan was in force already."""

    rollout: Rollout
    changed: bool


def lint_plan(text: str) -> Lint:
    """Everything that is wrong with the document by itself. `PlanNotReadable` if it is no YAML at all."""
    document = read_document(text)
    try:
        plan = parse_plan(document.value)
    except PlanInvalid as invalid:
        return Lint(problems=tuple(document.located(problem) for problem in invalid.problems))
    return Lint(problems=(), plan=plan, plan_hash=plan_hash(plan))


async def apply_plan(unit: RolloutUnit, text: str, *, by: str, now: datetime) -> Applied:
    """Put a plan into force. The same plan again changes nothing; another one is a new version and voids sign-offs.

    Raises `PlanNotReadable`, or `PlanRefused` naming every place, also where a wave under way may no longer be changed.
    """
    document = read_document(text)
    try:
        plan = parse_plan(document.value)
    except PlanInvalid as invalid:
        raise PlanRefused([document.located(problem) for problem in invalid.problems]) from invalid
    digest = plan_hash(plan)
    rollout = await unit.rollouts.lock_rollout(plan.name)
    if rollout is not None and rollout.plan_hash == digest:
        return Applied(rollout=rollout, changed=False)
    before: AppliedPlan | None = None
    waves: list[Wave] = []
    if rollout is not None:
        before, waves = await unit.rollouts.get_plan(rollout), await unit.rollouts.list_waves([rollout.id])
        _refuse_changes_under_way(document, plan, before.plan, waves)
    rollout = _next_version(rollout, plan, digest, before, waves, now)
    await unit.rollouts.save_rollout(rollout)
    applied = AppliedPlan(
        plan_version=rollout.plan_version,
        plan_hash=digest,
        plan=plan,
        document=render_plan(plan),
        source=text,
        applied_at=now,
        applied_by=by,
    )
    await unit.rollouts.add_plan(rollout.id, applied)
    looker = Looker(unit, rollout, plan, await _lay_out_waves(unit, rollout, plan, waves, now), now)
    looker.touched.update(looker.waves)  # every wave tells which version it follows
    await _note_applied(unit, rollout, applied, by)
    await _ask_for_signoffs(unit, looker)
    _tell_go_to_person(unit, looker)
    await looker.look([wave.name for wave in plan.waves])
    return Applied(rollout=rollout, changed=True)


def _next_version(
    rollout: Rollout | None, plan: Plan, digest: str, before: AppliedPlan | None, waves: Sequence[Wave], now: datetime
) -> Rollout:
    if rollout is None or before is None:
        made = new_id()
        return Rollout(
            id=made,
            name=plan.name,
            title=plan.title,
            salt=made,
            plan_version=1,
            plan_hash=digest,
            notice_from_at=now,
            created_at=now,
        )
    # Somebody who was not told has had no notice; once a wave has opened, notice is a thing of the past.
    untold = plan.go_to != before.plan.go_to and all(wave.opened_at is None for wave in waves)
    return replace(
        rollout,
        title=plan.title,
        plan_version=rollout.plan_version + 1,
        plan_hash=digest,
        notice_from_at=now if untold else rollout.notice_from_at,
        version=rollout.version + 1,
    )


def _refuse_changes_under_way(document: PlanDocument, plan: Plan, before: Plan, waves: Sequence[Wave]) -> None:
    """Who is in an open wave and where they learn stays as it is; gates, bake time and titles may change."""
    problems: list[Problem] = []
    planned = {wave.name: (index, wave) for index, wave in enumerate(plan.waves)}
    for wave in waves:
        if wave.phase not in UNDER_WAY and wave.phase not in OVER:
            continue
        if wave.name not in planned:
            detail = f"The wave {wave.name!r} is {wave.phase} and cannot be left out"
            problems.append(Problem(pointer="/spec/waves", detail=detail))
            continue
        index, new = planned[wave.name]
        old = before.wave(wave.name)
        for field in ("audience", "source"):
            if getattr(new, field) != getattr(old, field) and wave.phase in UNDER_WAY:
                detail = f"The wave is {wave.phase}: its {field} can no longer be changed"
                problems.append(Problem(pointer=f"/spec/waves/{index}/{field}", detail=detail))
    if problems:
        raise PlanRefused([document.located(problem) for problem in problems])


async def _lay_out_waves(
    unit: RolloutUnit, rollout: Rollout, plan: Plan, before: Sequence[Wave], now: datetime
) -> list[Wave]:
    """A row per wave of the plan: new ones pending, known ones where they stand, removed ones gone."""
    known = {wave.name: wave for wave in before}
    for name in known.keys() - {wave.name for wave in plan.waves}:
        gone = known[name]
        if gone.source is not None and gone.course_id is not None:
            await unit.people.withdraw_wave(rollout.name, name, gone.source, gone.course_id, now)
        await unit.rollouts.remove_wave(gone.id)
    laid = []
    for position, planned in enumerate(plan.waves):
        course = plan.course_of(planned)
        wave = known.get(planned.name) or _new_wave(rollout, planned, now)
        laid.append(
            replace(
                wave,
                title=planned.title,
                position=position,
                source=course[0] if course else None,
                course_id=course[1] if course else None,
            )
        )
    for wave in laid:
        await unit.rollouts.save_wave(wave)
    return laid


def _new_wave(rollout: Rollout, planned: WavePlan, now: datetime) -> Wave:
    return Wave(
        id=wave_id(rollout.name, planned.name),
        rollout_id=rollout.id,
        rollout=rollout.name,
        name=planned.name,
        title=planned.title,
        position=0,
        since=now,
    )


async def _note_applied(unit: RolloutUnit, rollout: Rollout, applied: AppliedPlan, by: str) -> None:
    plan = applied.plan
    await unit.rollouts.note(
        TimelineEntry(
            rollout=rollout.name,
            wave=None,
            at=applied.applied_at,
            kind="applied",
            actor=by,
            sentence=f"{by} applied version {rollout.plan_version} of the plan.",
            evidence={"plan_version": rollout.plan_version, "plan_hash": rollout.plan_hash},
        )
    )
    unit.record(
        PlanApplied(
            rollout=rollout.name,
            title=plan.title,
            plan_version=rollout.plan_version,
            plan_hash=rollout.plan_hash,
            courses=dict(plan.courses),
            systems=list(plan.systems),
            waves=[wave.name for wave in plan.waves],
            applied_at=applied.applied_at,
            announced_at=rollout.notice_from_at,
            notice_seconds=plan.notice_for.total_seconds(),
        ),
        aggregate_version=rollout.version,
    )


async def _ask_for_signoffs(unit: RolloutUnit, looker: Looker) -> None:
    """Void what was asked for an older version, and ask anew for every wave that is not over."""
    old = await unit.rollouts.signoffs.list_valid(looker.rollout.name)
    if old:
        reason = f"Version {looker.rollout.plan_version} of the plan replaced the one it was for."
        await unit.rollouts.signoffs.void([request.id for request in old], reason=reason, now=looker.now)
    for planned in looker.plan.waves:
        if looker.waves[planned.name].phase not in OVER:
            for gate in planned.gates:
                if isinstance(gate, SignoffGate):
                    await ask_for_signoff(looker, planned, gate)


async def ask_for_signoff(looker: Looker, planned: WavePlan, gate: SignoffGate) -> None:
    """One request, with a mail, for every signer of every role of the gate."""
    rollout, unit = looker.rollout, looker.unit
    for role in gate.quorum:
        for signer in looker.plan.signers[role]:
            request = SignoffRequest(
                id=new_id(),
                rollout=rollout.name,
                wave=planned.name,
                gate=gate.name,
                role=role,
                name=signer.name,
                email=signer.email,
                plan_version=rollout.plan_version,
                plan_hash=rollout.plan_hash,
                requested_at=looker.now,
            )
            await unit.rollouts.signoffs.add(request)
            unit.record(
                SignoffRequested(
                    signoff_id=request.id,
                    rollout=rollout.name,
                    wave=planned.name,
                    gate=gate.name,
                    role=role,
                    plan_hash=rollout.plan_hash,
                    requested_at=looker.now,
                )
            )
            unit.record(signoff_request(looker.plan, planned, request))


def _tell_go_to_person(unit: RolloutUnit, looker: Looker) -> None:
    plan, rollout = looker.plan, looker.rollout
    opens_at = rollout.notice_from_at + plan.notice_for
    for contact, deputy in ((plan.go_to, False), (plan.deputy, True)):
        if contact is not None:
            notice = go_to_notice(plan, contact, plan_version=rollout.plan_version, opens_at=opens_at, deputy=deputy)
            unit.record(notice)
