"""The state machine, case by case and as properties over whole histories."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.rollout.domain.assessment import Assessment, GateAssessment
from services.rollout.domain.assignment import Audience
from services.rollout.domain.gate import CompletionGate, SlaGate, SurveyGate
from services.rollout.domain.hold import Hold, owner_for
from services.rollout.domain.plan import WavePlan
from services.rollout.domain.transition import (
    Ask,
    Decision,
    LiftHold,
    OrderRefused,
    PlaceHold,
    Promotion,
    WaveFacts,
    aborted,
    next_state,
    retried,
    verbs_for,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
P, F, I = Assessment.PASSED, Assessment.FAILED, Assessment.INSUFFICIENT  # noqa: E741
WAVE = WavePlan(
    name="north",
    title="North",
    after=("it",),
    source="moodle",
    audience=Audience(filter="true"),
    bake_for=DAY,
    gates=(
        SurveyGate(name="ready", instrument="readiness", measure="ready", at_least=0.6, closes_after=DAY),
        SlaGate(name="sla"),
        CompletionGate(name="done", at_least=0.9),
    ),
)


@dataclass
class Course:
    """A wave's history: steps are carried out as the use case does, without a database."""

    facts: WaveFacts = field(
        default_factory=lambda: WaveFacts(phase="pending", since=NOW, predecessors={"it": "completed"})
    )
    said: dict[str, Assessment] = field(default_factory=lambda: {"ready": I, "sla": I, "done": I})
    holds: list[Hold] = field(default_factory=list)
    now: datetime = NOW
    seen: list[str] = field(default_factory=list)
    last: Decision = field(default_factory=Decision)

    def look(self, promotion: Promotion | None = None) -> "Course":
        """Until the wave stands."""
        for _ in range(20):
            facts = replace(self.facts, promotion=promotion)
            self.last = next_state(WAVE, facts, self._assessments(), self.holds, zone="UTC", now=self.now)
            if self.last.stands:
                return self
            for effect in self.last.effects:
                if isinstance(effect, LiftHold):
                    self.holds = [hold for hold in self.holds if hold.id != effect.hold_id]
                elif isinstance(effect, PlaceHold):
                    self.hold("gate", gate=effect.gate)
            self.facts = replace(self.facts, gates=self.last.gates)
            if self.last.transition is not None:
                target = self.last.transition.target
                assert self.last.transition.source == self.facts.phase
                self.seen.append(target)
                self.facts = replace(
                    self.facts,
                    phase=target,
                    since=self.now,
                    opened_at=self.now if target == "open" else self.facts.opened_at,
                    baking_since=self.now if target == "baking" else None,
                )
            if promotion is not None and self.facts.phase in ("open", "completed"):
                promotion = None
        raise AssertionError("the wave does not come to rest")

    def _assessments(self) -> list[GateAssessment]:
        return [
            GateAssessment(
                gate=gate.name,
                kind=gate.kind,
                stage=gate.stage,
                assessment=self.said[gate.name],
                sentence=f"{gate.name} is {self.said[gate.name]}.",
            )
            for gate in WAVE.gates
        ]

    def hold(self, owner: str, *, gate: str | None = None, expires_at: datetime | None = None) -> None:
        made = Hold(
            id=f"h{len(self.holds)}-{self.now.isoformat()}-{owner}-{gate}",
            owner=owner,  # type: ignore[arg-type]
            reason="Because.",
            next_step="",
            placed_at=self.now,
            placed_by="x",
            gate=gate,
            expires_at=expires_at,
        )
        self.holds.append(made)

    def after(self, span: timedelta, **said: Assessment) -> "Course":
        self.now += span
        self.said |= said
        if not self.last.stands or self.last.next_look_at != self.now:
            self.facts = replace(self.facts, gates=self.last.gates or self.facts.gates)
        return self.look()


def opened() -> Course:
    return Course(said={"ready": P, "sla": I, "done": I}).look()


def test_a_wave_waits_for_the_one_before_it() -> None:
    course = Course(facts=WaveFacts(phase="pending", since=NOW, predecessors={"it": "open"})).look()
    assert course.facts.phase == "pending"
    assert course.last.waits[0].sentence == "Comes after “it”, which is open."


def test_when_its_turn_comes_members_are_taken_and_the_survey_is_sent() -> None:
    facts = WaveFacts(phase="pending", since=NOW)
    decision = next_state(WAVE, facts, Course()._assessments(), [], zone="UTC", now=NOW)
    assert decision.transition is not None
    assert decision.transition.target == "waiting"
    assert [effect.kind for effect in decision.effects] == ["take_members", "ask"]
    assert Ask(gate="ready") in decision.effects


def test_notice_and_planned_date_are_waited_for_together() -> None:
    plan = replace(WAVE, not_before_at=NOW + 3 * DAY)
    facts = WaveFacts(phase="waiting", since=NOW, notice_ends_at=NOW + 14 * DAY)
    decision = next_state(plan, facts, opened()._assessments(), [], zone="UTC", now=NOW)
    assert [wait.until for wait in decision.waits] == [NOW + 14 * DAY, NOW + 3 * DAY]
    assert decision.next_look_at == NOW + 3 * DAY
    later = next_state(plan, facts, opened()._assessments(), [], zone="UTC", now=NOW + 14 * DAY)
    assert later.transition is not None
    assert later.transition.target == "open"


def test_bad_evidence_holds_and_good_evidence_resumes_after_the_bake_time() -> None:
    course = opened().after(HOUR, sla=F)
    assert course.seen[-1] == "holding"
    assert course.holds[0].gate == "sla"
    course.after(HOUR, sla=P)
    assert course.last.next_look_at == course.now + DAY
    assert course.after(DAY - timedelta(seconds=1)).facts.phase == "holding"
    assert course.after(timedelta(seconds=1)).facts.phase == "open"
    assert not course.holds


def test_silence_after_bad_evidence_is_not_good_evidence() -> None:
    course = opened().after(HOUR, sla=F).after(HOUR, sla=I).after(9 * DAY)
    assert course.facts.phase == "holding"


def test_new_trouble_while_it_settles_starts_the_bake_time_anew() -> None:
    course = opened().after(HOUR, sla=F).after(HOUR, sla=P).after(DAY - HOUR, sla=F).after(HOUR, sla=P)
    assert len(course.holds) == 1
    assert course.after(DAY - HOUR).facts.phase == "holding"
    assert course.after(HOUR).facts.phase == "open"


def test_exit_gates_lead_to_baking_and_bake_time_to_completion() -> None:
    course = opened().after(HOUR, sla=P, done=P)
    assert course.facts.phase == "baking"
    assert course.after(DAY - HOUR).facts.phase == "baking"
    assert course.after(HOUR).facts.phase == "completed"


def test_a_completion_taken_back_ends_the_baking() -> None:
    assert opened().after(HOUR, sla=P, done=P).after(HOUR, done=I).facts.phase == "open"


def test_too_little_evidence_extends_the_bake() -> None:
    course = opened().after(HOUR, done=P).after(9 * DAY)
    assert course.facts.phase == "baking"
    assert course.after(HOUR, sla=P).facts.phase == "completed"


def test_lifting_one_hold_leaves_the_others() -> None:
    course = opened()
    course.hold("it_lead")
    course.after(HOUR, sla=F)
    assert {hold.owner for hold in course.holds} == {"it_lead", "gate"}
    course.after(HOUR, sla=P).after(2 * DAY)
    assert [hold.owner for hold in course.holds] == ["it_lead"]
    assert course.facts.phase == "holding"


def test_promotion_skips_times_only_and_in_full_gates_too() -> None:
    def order(full: bool) -> Promotion:
        return Promotion(to="open", full=full, by="Tara", reason="Now")

    waiting = Course().look()
    assert waiting.look(order(full=False)).facts.phase == "waiting"
    assert waiting.look(order(full=True)).facts.phase == "open"
    held = Course().look()
    held.hold("it_lead")
    assert held.look(order(full=True)).facts.phase == "waiting"


def test_promotion_of_an_open_wave_completes_it_but_not_past_a_persons_hold() -> None:
    order = Promotion(to="completed", full=True, by="Tara", reason="Now")
    course = opened().after(HOUR, sla=F)
    course.hold("training")
    assert course.look(order).facts.phase == "holding"
    course.holds = [hold for hold in course.holds if hold.owner == "gate"]
    assert course.look(order).facts.phase == "completed"
    assert not course.holds


def test_what_people_may_order_follows_the_phase_and_their_role() -> None:
    assert verbs_for("open", [], ["training"], refusals=False) == ["promote", "pause", "hold", "abort"]
    assert verbs_for("open", [], ["it_lead"], refusals=False) == ["pause", "hold"]
    assert verbs_for("completed", [], ["admin"], refusals=False) == []
    assert verbs_for("aborted", [], ["training"], refusals=False) == ["retry"]
    assert "retry" in verbs_for("open", [], ["training"], refusals=True)
    assert verbs_for("open", [], ["viewer"], refusals=False) == []
    assert owner_for(["training", "it_lead"]) == "it_lead"
    with pytest.raises(OrderRefused, match="nothing to roll back"):
        aborted("waiting", roll_back=True, by="Tara", reason="x")
    with pytest.raises(OrderRefused, match="nothing to retry"):
        retried("open", asked_again=[], by="Tara", reason="x")


happenings = st.lists(
    st.tuples(
        st.integers(0, 72),
        st.fixed_dictionaries({}, optional={name: st.sampled_from(Assessment) for name in ("ready", "sla", "done")}),
        st.sampled_from([None, None, None, "training", "it_lead", "expiring", "lift"]),
    ),
    max_size=25,
)


@settings(max_examples=200)
@given(happenings)
def test_no_history_breaks_what_is_promised(history: list[tuple[int, dict[str, Assessment], str | None]]) -> None:
    course = Course().look()
    for hours, said, act in history:
        human = {hold.id for hold in course.holds if hold.owner != "gate" and hold.expires_at is None}
        if act == "lift":
            course.holds = [hold for hold in course.holds if hold.owner == "gate"]
            human = set()
        elif act == "expiring":
            course.hold("training", expires_at=course.now + HOUR)
        elif act is not None:
            course.hold(act)
        before = course.facts.phase
        course.after(timedelta(hours=hours), **said)
        held = {hold.id for hold in course.holds}
        assert human <= held, "only people lift the holds of people"
        if before == "waiting" and course.facts.phase != "waiting":
            assert course.said["ready"] is P, "a wave opens only when its entry gates pass"
        if course.facts.phase == "completed" and before != "completed":
            assert (course.said["sla"], course.said["done"], course.holds) == (P, P, [])
        if course.facts.phase in ("open", "baking"):
            assert not course.holds
            assert course.said["sla"] is not F
        if course.facts.phase == "holding":
            assert course.holds
        assert course.last.next_look_at is None or course.last.next_look_at > course.now
        again = next_state(WAVE, course.facts, course._assessments(), course.holds, zone="UTC", now=course.now)
        assert again.stands, "looking twice is looking once"
