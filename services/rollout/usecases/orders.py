"""What people order of a wave. Each order is noted with its reason; the state machine then looks at what it means."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.rollout.domain.gate import SignoffGate
from services.rollout.domain.hold import Hold, owner_for
from services.rollout.domain.rollout import Wave
from services.rollout.domain.transition import OVER, OrderRefused, Promotion, Transition, aborted, retried
from services.rollout.errors import HoldNotFound, HoldNotYours, OrderNotPossible
from services.rollout.ports import RolloutUnit
from services.rollout.ports.rollouts import TimelineEntry
from services.rollout.usecases.announcing import announce_transition
from services.rollout.usecases.evaluation import Looker
from services.rollout.usecases.plans import ask_for_signoff
from shared.auth import Identity
from shared.clock import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who orders what of which wave, and why."""

    rollout: str
    wave: str
    by: Identity
    reason: str
    now: datetime


async def promote_wave(unit: RolloutUnit, order: Order, *, full: bool) -> None:
    """Let a wave go on: past waiting times, with `full` past gates too; never past what other people hold."""
    looker = await Looker.lock(unit, order.rollout, order.now)
    wave = looker.wave(order.wave)
    unopened = wave.phase in ("pending", "waiting")
    promotion = Promotion(to="open" if unopened else "completed", full=full, by=order.by.name, reason=order.reason)
    words = "promoted in full" if full else "promoted"
    await _note(looker, order, "promoted", f"{order.by.name} {words}: {order.reason}", {"full": full})
    await looker.promote(order.wave, promotion)


async def hold_wave(
    unit: RolloutUnit, order: Order, *, pause: bool, expires_at: datetime | None, next_step: str
) -> None:
    """Put a hold on a wave in the caller's name; `pause` marks it as what `resume` lifts. On an ended wave: refused."""
    looker = await Looker.lock(unit, order.rollout, order.now)
    wave = looker.wave(order.wave)
    if wave.phase in OVER:
        raise OrderNotPossible(f"“{wave.name}” is {wave.phase.replace('_', ' ')}: there is nothing to hold.")
    if expires_at is not None and expires_at <= order.now:
        raise OrderNotPossible("The hold would have expired already; expires_at must lie ahead.")
    if pause and any(hold.pause for hold in await _holds(unit, wave)):
        raise OrderNotPossible(f"“{wave.name}” is paused already.")
    hold = Hold(
        id=new_id(),
        owner=owner_for(order.by.roles),
        reason=order.reason,
        next_step=next_step or ("Resume it when it may go on." if pause else "Lift the hold when it may go on."),
        placed_at=order.now,
        placed_by=order.by.name,
        expires_at=expires_at,
        pause=pause,
    )
    words = "paused" if pause else "held"
    await _note(looker, order, words, f"{order.by.name} {words} it: {order.reason}", {"hold_id": hold.id})
    await looker.place(wave, hold)
    await looker.look([order.wave])


async def lift_hold(unit: RolloutUnit, order: Order, hold_id: str) -> None:
    """Lift one hold; the others stay. A gate's hold only once the gate passes again: lifting it then skips the bake time."""
    looker = await Looker.lock(unit, order.rollout, order.now)
    wave = looker.wave(order.wave)
    hold = next((one for one in await _holds(unit, wave) if one.id == hold_id), None)
    if hold is None:
        raise HoldNotFound(f"“{wave.name}” has no hold {hold_id} in force.")
    await looker.look([order.wave])  # the gate as it stands now, not as it stood at the last look
    await _lift(looker, order, [hold])


async def resume_wave(unit: RolloutUnit, order: Order) -> None:
    """Take back a pause."""
    looker = await Looker.lock(unit, order.rollout, order.now)
    wave = looker.wave(order.wave)
    pauses = [hold for hold in await _holds(unit, wave) if hold.pause]
    if not pauses:
        raise OrderNotPossible(f"“{wave.name}” is not paused. Holds are lifted one by one.")
    await _lift(looker, order, pauses)


async def _lift(looker: Looker, order: Order, holds: list[Hold]) -> None:
    wave = looker.wave(order.wave)
    failing = {gate.gate: gate for gate in wave.gates if not gate.passed}
    for hold in holds:
        if not hold.liftable_by(order.by.roles):
            raise HoldNotYours(f"Only {hold.lifted_by} can lift this hold: {hold.reason}")
        if hold.gate in failing:
            raise OrderNotPossible(
                f"The gate “{hold.gate}” does not pass: {failing[hold.gate].sentence} {hold.next_step}"
                " To go on regardless, promote the wave in full."
            )
    for hold in holds:
        looker.touched.add(wave.name)
        await looker.unit.rollouts.lift_hold(hold.id, by=order.by.name, reason=order.reason, now=order.now)
        sentence = f"{order.by.name} lifted the hold “{hold.reason}”: {order.reason}"
        await _note(looker, order, "lifted", sentence, {"hold_id": hold.id})
    await looker.look([order.wave])


async def abort_wave(unit: RolloutUnit, order: Order, *, roll_back: bool) -> None:
    """Stop a wave; rolled back, whoever has not begun is un-enrolled and progress is kept."""
    looker = await Looker.lock(unit, order.rollout, order.now)
    wave = looker.wave(order.wave)
    try:
        transition = aborted(wave.phase, roll_back=roll_back, by=order.by.name, reason=order.reason)
    except OrderRefused as refused:
        raise OrderNotPossible(str(refused)) from refused
    for hold in await _holds(unit, wave):
        await unit.rollouts.lift_hold(hold.id, by=order.by.name, reason="The wave was stopped.", now=order.now)
    if roll_back and wave.source is not None and wave.course_id is not None:
        await unit.people.withdraw_wave(wave.rollout, wave.name, wave.source, wave.course_id, order.now)
    await _move(looker, order, wave, transition, "aborted")


async def retry_wave(unit: RolloutUnit, order: Order) -> None:
    """Begin a stopped wave again; or ask again what was answered no, and enrol again whom the LMS refused."""
    looker = await Looker.lock(unit, order.rollout, order.now)
    wave = looker.wave(order.wave)
    again = list(wave.refused_gates)
    surveys = await unit.rollouts.evidence.find_surveys(wave.rollout, wave.name)
    stage = "entry" if wave.phase == "waiting" else "exit"
    # A survey that could not be sent, because nobody was in the wave yet, is sent by a retry as well.
    again += [
        gate.gate for gate in wave.gates if gate.kind == "survey" and gate.stage == stage and gate.gate not in surveys
    ]
    failed = await unit.people.retry_failed(wave.rollout, wave.name, order.now)
    try:
        transition = retried(
            wave.phase, asked_again=again, enrolled_again=failed, by=order.by.name, reason=order.reason
        )
    except OrderRefused as refused:
        raise OrderNotPossible(str(refused)) from refused
    for name in again:
        await _ask_again(looker, wave, name)
    if transition is not None:
        await _move(looker, order, wave, transition, "retried")
        return
    evidence = {"gates": again, "enrolled_again": failed}
    await _note(looker, order, "retried", f"{order.by.name} tries again: {order.reason}", evidence)
    await looker.look([order.wave])


async def _ask_again(looker: Looker, wave: Wave, gate_name: str) -> None:
    planned = looker.plan.wave(wave.name)
    gate = planned.gate(gate_name)
    if not isinstance(gate, SignoffGate):
        await looker.ask_survey(wave, gate_name)
        return
    signoffs = looker.unit.rollouts.signoffs
    old = [request.id for request in await signoffs.list_valid(wave.rollout, wave.name) if request.gate == gate_name]
    await signoffs.void(old, reason="It was asked again.", now=looker.now)
    await ask_for_signoff(looker, planned, gate)


async def _move(looker: Looker, order: Order, wave: Wave, transition: Transition, kind: str) -> None:
    """A transition that a person ordered, and what it means for the waves that come after."""
    steps = {"from": transition.source, "to": transition.target}
    await _note(looker, order, kind, f"{transition.source} → {transition.target}: {transition.reason}", steps)
    fresh = transition.target == "pending"
    moved = replace(
        wave,
        phase=transition.target,
        since=order.now,
        baking_since=None,
        opened_at=None if fresh else wave.opened_at,
        records={} if fresh else wave.records,
        waits=(),
        next_look_at=None,
    )
    looker.touched.add(wave.name)
    announce_transition(looker.unit, moved, transition, order.now)
    await looker.remember(moved)
    after = [planned.name for planned in looker.plan.waves if wave.name in planned.after]
    await looker.look([*([wave.name] if fresh else []), *after])


async def _holds(unit: RolloutUnit, wave: Wave) -> list[Hold]:
    return (await unit.rollouts.list_holds([wave.id]))[wave.id]


async def _note(looker: Looker, order: Order, kind: str, sentence: str, evidence: Mapping[str, object]) -> None:
    by = {"subject": order.by.subject, "roles": sorted(order.by.roles), "reason": order.reason}
    await looker.unit.rollouts.note(
        TimelineEntry(
            rollout=order.rollout,
            wave=order.wave,
            at=order.now,
            kind=kind,
            actor=order.by.name,
            sentence=sentence,
            evidence=by | dict(evidence),
        )
    )
