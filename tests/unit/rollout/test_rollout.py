"""When each wave could open at the earliest."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.rollout.domain.assignment import Audience
from services.rollout.domain.plan import Contact, Plan, WavePlan
from services.rollout.domain.rollout import Rollout, Wave, earliest_openings, wave_id
from services.rollout.domain.transition import Phase, Wait

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def planned(name: str, *after: str, bake_days: int = 1) -> WavePlan:
    return WavePlan(
        name=name,
        title=name,
        after=after,
        source=None,
        audience=Audience(filter="true"),
        bake_for=bake_days * DAY,
        gates=(),
    )


PLAN = Plan(
    name="video",
    title="Video",
    zone="UTC",
    notice_for=14 * DAY,
    go_to=Contact(name="Rosa", email="rosa@example.test"),
    deputy=None,
    courses={},
    systems=(),
    signers={},
    waves=(planned("a"), planned("b", "a"), planned("c", "a"), planned("d", "b", "c", bake_days=3)),
)
ROLLOUT = Rollout(
    id="1", name="video", title="Video", salt="1", plan_version=1, plan_hash="x", notice_from_at=NOW, created_at=NOW
)


def waves(**phases: Phase) -> dict[str, Wave]:
    return {
        name: Wave(
            id=wave_id("video", name),
            rollout_id="1",
            rollout="video",
            name=name,
            title=name,
            position=0,
            since=NOW,
            phase=phase,
            opened_at=NOW if phase in ("open", "baking") else None,
            baking_since=NOW if phase == "baking" else None,
        )
        for name, phase in phases.items()
    }


def test_notice_and_bake_times_add_up_along_the_waves() -> None:
    found = earliest_openings(ROLLOUT, PLAN, waves(a="waiting", b="pending", c="pending", d="pending"), NOW)
    assert found == {"a": NOW + 14 * DAY, "b": NOW + 15 * DAY, "c": NOW + 15 * DAY, "d": NOW + 16 * DAY}


def test_a_freeze_that_one_wave_waits_for_moves_those_after_it() -> None:
    known = waves(a="completed", b="waiting", c="baking", d="pending")
    known["b"] = replace(known["b"], waits=(Wait(sentence="A freeze.", until=NOW + 30 * DAY),))
    found = earliest_openings(ROLLOUT, PLAN, known, NOW)
    assert found == {"b": NOW + 30 * DAY, "d": NOW + 31 * DAY}


def test_what_follows_a_stopped_wave_has_no_date() -> None:
    assert earliest_openings(ROLLOUT, PLAN, waves(a="completed", b="aborted", c="open", d="pending"), NOW) == {}
