"""Looking at waves: gather what is known, let the pure state machine decide, carry it out, remember what led to it."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from services.rollout.domain.assignment import assign
from services.rollout.domain.gate import SurveyEvidence, SurveyGate, WaveEvidence, assess
from services.rollout.domain.hold import Hold
from services.rollout.domain.plan import Plan
from services.rollout.domain.rollout import Rollout, Wave, notice_ends_at
from services.rollout.domain.signoff import Signoff
from services.rollout.domain.transition import (
    OVER,
    Ask,
    Decision,
    Effect,
    Enrol,
    LiftHold,
    PlaceHold,
    Promotion,
    TakeMembers,
    Transition,
    WaveFacts,
    next_state,
)
from services.rollout.errors import OrderNotPossible, RolloutNotFound, WaveNotFound
from services.rollout.ports import RolloutUnit
from services.rollout.usecases.announcing import announce_hold, announce_transition, announce_wave
from services.rollout.usecases.log import Inputs, decision_entry
from shared.clock import new_id
from shared.events.rollout import SurveyRequested

MAX_STEPS = 30
"""Far more than any wave can take at one instant; passing it is a fault of ours, not of a plan."""
SYSTEM = "glidepath"


class Looker:
    """One rollout under its lock, in one transaction: its plan, its waves, and the looks taken at them."""

    def __init__(self, unit: RolloutUnit, rollout: Rollout, plan: Plan, waves: Iterable[Wave], now: datetime) -> None:
        self.unit, self.rollout, self.plan, self.now = unit, rollout, plan, now
        self.waves = {wave.name: wave for wave in waves}
        self._saved = dict(self.waves)
        self.touched: set[str] = set()
        """Waves whose holds changed: worth telling even if nothing else about them did."""

    @classmethod
    async def lock(cls, unit: RolloutUnit, name: str, now: datetime) -> "Looker":
        """`RolloutNotFound`."""
        rollout = await unit.rollouts.lock_rollout(name)
        if rollout is None:
            raise RolloutNotFound(f"There is no rollout {name!r}.")
        applied = await unit.rollouts.get_plan(rollout)
        return cls(unit, rollout, applied.plan, await unit.rollouts.list_waves([rollout.id]), now)

    def wave(self, name: str) -> Wave:
        """`WaveNotFound`."""
        if name not in self.waves:
            known = ", ".join(self.waves)
            raise WaveNotFound(f"{self.rollout.name!r} has no wave {name!r}; its waves are {known}.")
        return self.waves[name]

    async def look(self, names: Iterable[str]) -> None:
        """Look at these waves, and at those that come after one that moved, until all stand."""
        queue = deque(name for name in names if name in self.waves)
        while queue:
            name = queue.popleft()
            before = self.waves[name].phase
            await self._settle(name, None)
            if self.waves[name].phase != before:
                queue.extend(wave.name for wave in self.plan.waves if name in wave.after and wave.name not in queue)

    async def promote(self, name: str, promotion: Promotion) -> None:
        """Carry out a person's order to go on. `OrderNotPossible` says what still stands in its way."""
        wave = self.wave(name)
        before = wave.phase
        if before in OVER:
            raise OrderNotPossible(f"“{name}” is {before.replace('_', ' ')}: it cannot be promoted.")
        await self._settle(name, promotion)
        after = self.waves[name]
        reached = after.opened_at is not None if promotion.to == "open" else after.phase == "completed"
        if not reached:
            full = "" if promotion.full else " Promote it in full to skip gates."
            raise OrderNotPossible(f"Not promoted: {after.waits_for}{full}")
        await self.look([wave.name for wave in self.plan.waves if name in wave.after])

    async def _settle(self, name: str, promotion: Promotion | None) -> None:
        for _ in range(MAX_STEPS):
            wave = self.waves[name]
            if promotion is not None and _spent(promotion, wave):
                promotion = None
            inputs = await self._inputs(wave, promotion)
            decision = next_state(
                self.plan.wave(name),
                inputs.facts,
                inputs.assessments,
                inputs.holds,
                zone=inputs.zone,
                now=self.now,
            )
            if not decision.stands:
                await self.unit.rollouts.note(decision_entry(self.rollout, name, inputs, decision, actor=SYSTEM))
            for effect in decision.effects:
                await self._carry_out(wave, effect)
            if decision.transition is not None:
                counts = await self.unit.people.counts(wave.rollout, name)
                wave = replace(self._moved(wave, decision.transition), audience_size=counts.members)
                announce_transition(self.unit, wave, decision.transition, self.now)
            self.waves[name] = replace(wave, records=decision.gates)
            if decision.stands:
                await self._remember(name, inputs, decision)
                return
        raise RuntimeError(f"{self.rollout.name}:{name} does not come to rest")

    async def _inputs(self, wave: Wave, promotion: Promotion | None) -> Inputs:
        """Everything the state machine is told, at this instant."""
        planned = self.plan.wave(wave.name)
        holds = (await self.unit.rollouts.list_holds([wave.id]))[wave.id]
        evidence = await self._evidence(wave)
        predecessors = {name: self.waves[name].phase for name in planned.after}
        facts = WaveFacts(
            phase=wave.phase,
            since=wave.since,
            predecessors=predecessors,
            notice_ends_at=notice_ends_at(self.rollout, self.plan, planned),
            opened_at=wave.opened_at,
            baking_since=wave.baking_since,
            gates=wave.records,
            promotion=promotion,
        )
        return Inputs(
            plan_version=self.rollout.plan_version,
            facts=facts,
            assessments=tuple(assess(gate, evidence, zone=self.plan.zone, now=self.now) for gate in planned.gates),
            holds=tuple(holds),
            zone=self.plan.zone,
            now=self.now,
        )

    async def _evidence(self, wave: Wave) -> WaveEvidence:
        kinds = {gate.kind for gate in self.plan.wave(wave.name).gates}
        known = self.unit.rollouts.evidence
        asked: dict[str, list[Signoff]] = {}
        if "signoff" in kinds:
            for request in await self.unit.rollouts.signoffs.list_valid(wave.rollout, wave.name):
                signoff = Signoff(
                    id=request.id,
                    role=request.role,
                    name=request.name,
                    decision=request.decision,
                    comment=request.comment,
                    given_at=request.given_at,
                )
                asked.setdefault(request.gate, []).append(signoff)
        return WaveEvidence(
            counts=await self.unit.people.counts(wave.rollout, wave.name),
            opened_at=wave.opened_at,
            open_tickets=tuple(await known.list_open_tickets(wave.id)) if "tickets" in kinds else (),
            open_breaches=tuple(await known.list_open_breaches(wave.id)) if "sla" in kinds else (),
            settled=await known.count_settled(wave.id) if "sla" in kinds else {},
            surveys=await known.find_surveys(wave.rollout, wave.name) if "survey" in kinds else {},
            signoffs={gate: tuple(signoffs) for gate, signoffs in asked.items()},
            freezes=tuple(await known.list_freezes(ending_after=self.now)) if "calendar" in kinds else (),
        )

    async def _carry_out(self, wave: Wave, effect: Effect) -> None:
        match effect:
            case PlaceHold():
                hold = Hold(
                    id=new_id(),
                    owner="gate",
                    reason=effect.reason,
                    next_step=effect.next_step,
                    placed_at=self.now,
                    placed_by=f"gate {effect.gate}",
                    gate=effect.gate,
                )
                await self.place(wave, hold)
            case LiftHold():
                self.touched.add(wave.name)
                await self.unit.rollouts.lift_hold(effect.hold_id, by=SYSTEM, reason=effect.reason, now=self.now)
            case TakeMembers():
                await self._take_members(wave)
            case Ask():
                await self.ask_survey(wave, effect.gate)
            case Enrol():
                await self._enrol(wave)

    async def place(self, wave: Wave, hold: Hold) -> None:
        """Put a hold on the stack and tell of it."""
        self.touched.add(wave.name)
        await self.unit.rollouts.add_hold(wave.id, hold)
        announce_hold(self.unit, wave, hold, self.now)

    async def _take_members(self, wave: Wave) -> None:
        # Who comes late, when the wave they would have been in has opened, goes to the next one that takes them.
        to_come = {one.name for one in self.waves.values() if one.phase in ("pending", "waiting")} | {wave.name}
        audiences = [(planned.name, planned.audience) for planned in self.plan.waves if planned.name in to_come]
        placed = await self.unit.people.list_assigned_people(self.rollout.name)
        people = await self.unit.people.list_audience_people()
        ids = assign(audiences, people, salt=self.rollout.salt, placed=placed)[wave.name]
        if ids:
            await self.unit.people.assign_members(self.rollout.name, wave.name, ids, self.now)

    async def _enrol(self, wave: Wave) -> None:
        if wave.source is not None and wave.course_id is not None:
            await self.unit.people.want_enrolled(wave.rollout, wave.name, wave.source, wave.course_id, self.now)

    async def ask_survey(self, wave: Wave, gate_name: str) -> None:
        """Have the members of the wave asked. A wave without members is not asked: nobody could answer."""
        gate = self.plan.wave(wave.name).gate(gate_name)
        assert isinstance(gate, SurveyGate)
        counts = await self.unit.people.counts(wave.rollout, wave.name)
        if counts.members == 0:
            return
        survey = SurveyEvidence(
            request_id=new_id(),
            requested_at=self.now,
            closes_at=self.now + gate.closes_after,
            invited=counts.members,
        )
        await self.unit.rollouts.evidence.add_survey(wave.rollout, wave.name, gate.name, survey)
        self.unit.record(
            SurveyRequested(
                request_id=survey.request_id,
                rollout=wave.rollout,
                wave=wave.name,
                gate=gate.name,
                instrument=gate.instrument,
                measure=gate.measure,
                threshold=gate.at_least,
                confidence=gate.confidence,
                on_undecided=gate.on_undecided,
                audience_size=counts.members,
                closes_at=survey.closes_at,
            )
        )

    def _moved(self, wave: Wave, transition: Transition) -> Wave:
        target = transition.target
        return replace(
            wave,
            phase=target,
            since=self.now,
            opened_at=self.now if target == "open" and wave.opened_at is None else wave.opened_at,
            baking_since=self.now if target == "baking" else None,
            completed_at=self.now if target == "completed" else None,
        )

    async def _remember(self, name: str, inputs: Inputs, decision: Decision) -> None:
        wave = self.waves[name]
        counts = await self.unit.people.counts(wave.rollout, name)
        seen = replace(
            wave,
            gates=inputs.assessments,
            waits=decision.waits,
            audience_size=counts.members,
            completed=counts.done,
            looked_at=self.now,
            next_look_at=decision.next_look_at,
        )
        await self.remember(seen)

    async def remember(self, wave: Wave) -> None:
        """Save a wave, and tell others where something that they can see has changed."""
        before = self._saved.get(wave.name)
        if before is not None and _looks_alike(before, wave) and wave.name not in self.touched:
            await self.unit.rollouts.save_wave(wave)
            self.waves[wave.name] = wave
            return
        saved = replace(wave, version=wave.version + 1)
        await self.unit.rollouts.save_wave(saved)
        self.waves[wave.name] = self._saved[wave.name] = saved
        self.touched.discard(wave.name)
        holds = (await self.unit.rollouts.list_holds([wave.id]))[wave.id]
        announce_wave(self.unit, saved, holds, plan_version=self.rollout.plan_version)


def _looks_alike(before: Wave, wave: Wave) -> bool:
    """Nothing that others are told of differs."""
    unseen = replace(before, looked_at=wave.looked_at, next_look_at=wave.next_look_at, records=wave.records)
    return unseen == wave


def _spent(promotion: Promotion, wave: Wave) -> bool:
    """The order was carried out: the wave is where it was to go."""
    return wave.phase in OVER if promotion.to == "completed" else wave.phase not in ("pending", "waiting")


async def look_at_waves(unit: RolloutUnit, due: Mapping[str, Iterable[str]], now: datetime) -> int:
    """Look at waves of rollouts, in name order so that two lookers never wait for each other in a circle; how many waves."""
    count = 0
    for name in sorted(due):
        if await unit.rollouts.find_rollout(name) is None:
            continue
        looker = await Looker.lock(unit, name, now)
        waves = list(due[name])
        await looker.look(waves)
        count += len(waves)
    return count
