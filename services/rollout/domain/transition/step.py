"""The state machine of a wave as one pure function of the plan, the stored facts and the clock.

    pending ─► waiting ─► open ─► baking ─► completed
                            ▲ ▼     ▼ ▲
                            holding ─┘           aborted, rolled_back: only by a person's order (see `orders`)

One call makes one step; the caller carries out its effects and asks again until the wave stands.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.rollout.domain.assessment import Assessment, GateAssessment
from services.rollout.domain.gate import Gate
from services.rollout.domain.hold import Hold
from services.rollout.domain.plan import WavePlan
from services.rollout.domain.transition.values import (
    OVER,
    UNDER_WAY,
    Ask,
    Decision,
    Effect,
    Enrol,
    GateRecord,
    LiftHold,
    Phase,
    PlaceHold,
    TakeMembers,
    Transition,
    Wait,
    WaveFacts,
)
from services.rollout.domain.wording import say_instant, say_span


def next_state(
    plan: WavePlan,
    facts: WaveFacts,
    assessments: Sequence[GateAssessment],
    holds: Sequence[Hold],
    *,
    zone: str,
    now: datetime,
) -> Decision:
    """The next step of a wave at `now`. `assessments`: one per gate of the wave; `holds`: those in force."""
    if facts.phase in OVER:
        return Decision(gates=facts.gates)
    step = _Step(plan, facts, assessments, holds, zone, now)
    decision = step.decide()
    looks = [wait.until for wait in decision.waits]
    looks += [assessment.next_look_at for assessment in assessments]
    looks += [hold.expires_at for hold in step.holds]
    return replace(decision, gates=step.gates, next_look_at=min((at for at in looks if at and at > now), default=None))


def record_gates(
    known: Mapping[str, GateRecord], assessments: Iterable[GateAssessment], now: datetime
) -> dict[str, GateRecord]:
    """Since when each gate's evidence is bad, or when it ceased to be. Gates of an older plan are forgotten."""
    records: dict[str, GateRecord] = {}
    for assessment in assessments:
        record = known.get(assessment.gate, GateRecord())
        if assessment.failed:
            record = GateRecord(bad_since=record.bad_since or now)
        elif record.bad_since is not None:
            record = GateRecord(cleared_at=now)
        records[assessment.gate] = record
    return records


class _Step:
    """The arguments of one step, with what several phases ask of them."""

    def __init__(
        self,
        plan: WavePlan,
        facts: WaveFacts,
        assessments: Sequence[GateAssessment],
        holds: Sequence[Hold],
        zone: str,
        now: datetime,
    ) -> None:
        self.plan, self.facts, self.zone, self.now = plan, facts, zone, now
        self.assessments = {assessment.gate: assessment for assessment in assessments}
        acting = [a for a in assessments if facts.phase in UNDER_WAY and a.stage != "entry"]
        untouched = {a.gate: facts.gates.get(a.gate, GateRecord()) for a in assessments if a not in acting}
        self.gates = untouched | record_gates(facts.gates, acting, now)
        self.expired = [LiftHold(hold_id=hold.id, reason="It expired.") for hold in holds if hold.expired(now)]
        self.holds = [hold for hold in holds if not hold.expired(now)]

    def decide(self) -> Decision:
        phases = {
            "pending": self.pending,
            "waiting": self.waiting,
            "open": self.open,
            "baking": self.baking,
            "holding": self.holding,
        }
        decision = phases[self.facts.phase]()
        return replace(decision, effects=(*self.expired, *decision.effects))

    def move(self, target: Phase, reason: str, *effects: Effect) -> Decision:
        return Decision(transition=Transition(source=self.facts.phase, target=target, reason=reason), effects=effects)

    def stage(self, *stages: str) -> list[GateAssessment]:
        return [self.assessments[gate.name] for gate in self.plan.gates if gate.stage in stages]

    def asks(self, stage: str) -> list[Effect]:
        return [Ask(gate=gate.name) for gate in self.plan.gates if gate.kind == "survey" and gate.stage == stage]

    def hold_waits(self) -> list[Wait]:
        return [
            Wait(sentence=f"Held: {hold.reason} Who can lift it: {hold.lifted_by}.", until=hold.expires_at)
            for hold in self.holds
        ]

    def pending(self) -> Decision:
        """Until every wave it comes after is completed."""
        promotion = self.facts.promotion
        skipped = promotion is not None and promotion.full
        waits = [
            Wait(sentence=_predecessor(name, phase))
            for name, phase in self.facts.predecessors.items()
            if phase != "completed"
        ]
        if waits and not skipped:
            return Decision(waits=(*waits, *self.hold_waits()))
        reason = "What it comes after is completed." if self.facts.predecessors and not waits else "It is its turn."
        return self.move("waiting", reason, TakeMembers(), *self.asks("entry"))

    def waiting(self) -> Decision:
        """Until its times have come, its entry gates pass and nobody holds it."""
        promotion = self.facts.promotion
        waits: list[Wait] = []
        if promotion is None:
            waits += self._times()
        if promotion is None or not promotion.full:
            waits += [
                Wait(sentence=gate.sentence, until=gate.next_look_at) for gate in self.stage("entry") if not gate.passed
            ]
        waits += self.hold_waits()
        if waits:
            return Decision(waits=tuple(waits))
        if promotion is None:
            reason = "Its time has come, its entry gates pass and nothing holds it."
        else:
            skipped = "waiting times and gates" if promotion.full else "waiting times"
            reason = f"{promotion.by} promoted it past {skipped}: {promotion.reason}"
        return self.move("open", reason, TakeMembers(), Enrol(), *self.asks("exit"))

    def _times(self) -> list[Wait]:
        found = []
        if self.facts.notice_ends_at is not None and self.now < self.facts.notice_ends_at:
            said = say_instant(self.facts.notice_ends_at, self.zone)
            found.append(Wait(sentence=f"The notice to IT runs until {said}.", until=self.facts.notice_ends_at))
        if self.plan.not_before_at is not None and self.now < self.plan.not_before_at:
            said = say_instant(self.plan.not_before_at, self.zone)
            found.append(Wait(sentence=f"Planned not before {said}.", until=self.plan.not_before_at))
        return found

    def open(self) -> Decision:
        """Until its exit gates pass."""
        stop = self._stopped() or self._promoted()
        if stop is not None:
            return stop
        missing = [gate for gate in self.stage("exit") if not gate.passed]
        if missing:
            return Decision(waits=tuple(Wait(sentence=g.sentence, until=g.next_look_at) for g in missing))
        return self.move("baking", f"Its exit gates pass; {say_span(self.plan.bake_for)} of bake time begin.")

    def baking(self) -> Decision:
        """Until the bake time is over with every gate passing. Too little evidence extends it."""
        stop = self._stopped() or self._promoted()
        if stop is not None:
            return stop
        fell = [gate for gate in self.stage("exit") if not gate.passed]
        if fell:
            return self.move("open", f"An exit gate no longer passes: {fell[0].sentence}")
        started = [self.facts.baking_since or self.facts.since]
        started += [record.cleared_at for record in self.gates.values() if record.cleared_at is not None]
        ends_at = max(started) + self.plan.bake_for
        unsure = [gate for gate in self.stage("background") if not gate.passed]
        if self.now < ends_at:
            said = f"Bake time runs until {say_instant(ends_at, self.zone)}."
            return Decision(waits=(Wait(sentence=said, until=ends_at), *(Wait(sentence=g.sentence) for g in unsure)))
        if unsure:
            return Decision(waits=tuple(Wait(sentence=g.sentence, until=g.next_look_at) for g in unsure))
        return self.move(
            "completed", f"{say_span(self.plan.bake_for).capitalize()} of bake time passed without bad evidence."
        )

    def _stopped(self) -> Decision | None:
        """Holding, if a gate fails that has no hold yet, or if anything holds the wave; None if it may go on."""
        effects = self._gate_holds()
        if not effects and not self.holds:
            return None
        if self.facts.promotion is not None and self.facts.promotion.full and not self._others_hold():
            return None
        reason = effects[0].reason if effects else self.holds[0].reason
        return self.move("holding", reason, *effects)

    def _gate_holds(self) -> list[PlaceHold]:
        held = {hold.gate for hold in self.holds if hold.owner == "gate"}
        return [
            PlaceHold(
                gate=gate.gate,
                reason=gate.sentence,
                next_step=_mend(self.plan.gate(gate.gate), say_span(self.plan.bake_for)),
            )
            for gate in self.stage("background", "exit")
            if gate.failed and gate.gate not in held
        ]

    def _others_hold(self) -> bool:
        return any(hold.owner != "gate" for hold in self.holds)

    def _promoted(self) -> Decision | None:
        """Completed at once by a person's order; the plain order still wants every gate to pass."""
        promotion = self.facts.promotion
        if promotion is None or promotion.to != "completed":
            return None
        unsure = [gate for gate in self.stage("background", "exit") if not gate.passed]
        if unsure and not promotion.full:
            return Decision(waits=tuple(Wait(sentence=g.sentence, until=g.next_look_at) for g in unsure))
        lifts = [LiftHold(hold_id=hold.id, reason=promotion.reason) for hold in self.holds if hold.owner == "gate"]
        skipped = "gates and bake time" if promotion.full else "the bake time"
        return self.move("completed", f"{promotion.by} promoted it past {skipped}: {promotion.reason}", *lifts)

    def holding(self) -> Decision:
        """Until no hold is left. A gate's hold lifts itself once it passes and the bake time after bad evidence is over."""
        promotion = self.facts.promotion
        if promotion is not None and promotion.full and not self._others_hold():
            promoted = self._promoted()
            if promoted is not None:
                return promoted
        placed = self._gate_holds()
        if placed:
            return Decision(effects=tuple(placed))
        lifts: list[LiftHold] = []
        waits: list[Wait] = []
        for hold in self.holds:
            verdict = self._settled(hold)
            if isinstance(verdict, LiftHold):
                lifts.append(verdict)
            else:
                waits.append(verdict)
        if waits:
            return Decision(effects=tuple(lifts), waits=tuple(waits))
        reason = lifts[-1].reason if lifts else "Nothing holds it any more."
        return self.move("open", reason, *lifts)

    def _settled(self, hold: Hold) -> LiftHold | Wait:
        if hold.owner != "gate" or hold.gate is None:
            return Wait(sentence=f"Held: {hold.reason} Who can lift it: {hold.lifted_by}.", until=hold.expires_at)
        gate = self.assessments.get(hold.gate)
        if gate is None:
            return LiftHold(hold_id=hold.id, reason=f"The plan no longer has the gate “{hold.gate}”.")
        if gate.assessment is not Assessment.PASSED:
            return Wait(sentence=f"Held by “{gate.gate}”: {gate.sentence} {hold.next_step}", until=gate.next_look_at)
        ends_at = (self.gates[gate.gate].cleared_at or hold.placed_at) + self.plan.bake_for
        if self.now < ends_at:
            said = f"“{gate.gate}” passes again; the wave resumes by itself on {say_instant(ends_at, self.zone)}."
            return Wait(sentence=said, until=ends_at)
        quiet = say_span(self.plan.bake_for)
        return LiftHold(hold_id=hold.id, reason=f"“{gate.gate}” has passed for {quiet} since the last bad evidence.")


def _predecessor(name: str, phase: Phase) -> str:
    if phase in ("aborted", "rolled_back"):
        return (
            f"Comes after “{name}”, which was {phase.replace('_', ' ')}: retry that wave, or promote this one in full."
        )
    return f"Comes after “{name}”, which is {phase}."


def _mend(gate: Gate, quiet: str) -> str:
    steps = {
        "sla": "Answer and solve the tickets named.",
        "tickets": "Solve tickets of this wave until there are few enough.",
        "completion": "Remind the learners, or apply a plan with more time.",
        "survey": "See what the answers say, act on it, and retry.",
        "signoff": "Speak with those who rejected it; a new plan version asks again.",
    }
    after = (
        f" The wave resumes by itself {quiet} after that."
        if quiet != "no time"
        else " Then the wave resumes by itself."
    )
    return steps.get(gate.kind, "See the gate's evidence.") + after
