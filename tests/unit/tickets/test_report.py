"""What finished and broken cycles come to."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tickets.domain.report import (
    CountKey,
    CountsAs,
    Figures,
    Result,
    Standing,
    corrected,
    deltas,
    figures_of,
    keys_of,
    nearest_rank,
    said,
)

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
STANDING = Standing(
    policy="standard", policy_version=1, team="network", agent="ann@example.com", priority="P1", target="resolution"
)


def met(clock_id: str = "t:resolution:1", **changes: object) -> Result:
    fields = {
        "ticket_id": "t",
        "standing": STANDING,
        "target_seconds": 3600.0,
        "finished_at": AT,
        "elapsed_seconds": 60.0,
    }
    return Result(clock_id=clock_id, **(fields | changes))  # type: ignore[arg-type]


def breached(clock_id: str = "t:resolution:1", **changes: object) -> Result:
    """Broken at nine and still running."""
    return met(clock_id, **({"breached_at": AT, "finished_at": None, "elapsed_seconds": None} | changes))


def test_a_result_is_of_something_decided() -> None:
    with pytest.raises(ValueError, match="not decided"):
        met(finished_at=None)


def test_a_breach_counts_on_the_day_of_its_instant_and_not_when_it_is_settled_at_last() -> None:
    late = breached(finished_at=AT + 50 * HOUR, elapsed_seconds=9000.0)
    assert (late.outcome, late.counts_as, late.decided_on) == ("breached", CountsAs.BREACHED, date(2026, 11, 23))
    assert figures_of(breached()) == Figures(breached=1, open_overdue=1)
    assert figures_of(late) == Figures(breached=1)


@pytest.mark.parametrize("because", ["merged", "policy", "deleted", "restarted"])
def test_what_is_cancelled_before_anything_was_decided_is_in_no_figure(because: str) -> None:
    gone = met(cancelled_because=because)
    assert (gone.outcome, gone.counts_as) == ("cancelled", CountsAs.OUT)
    assert figures_of(gone) == Figures(cancelled=1)
    assert figures_of(gone).decided == 0


@pytest.mark.parametrize("because", ["policy", "deleted", "restarted"])
def test_a_breach_is_not_erased_by_cancelling_its_clock(because: str) -> None:
    gone = breached(finished_at=AT + HOUR, elapsed_seconds=7200.0, cancelled_because=because)
    assert (gone.outcome, gone.counts_as) == ("cancelled", CountsAs.BREACHED)


def test_a_merged_ticket_s_breach_is_out_of_the_figures_because_the_survivor_carries_it_on() -> None:
    assert breached(finished_at=AT, elapsed_seconds=0.0, cancelled_because="merged").counts_as is CountsAs.OUT


def test_the_same_decision_keeps_who_held_the_ticket_and_what_was_promised_then() -> None:
    moved = replace(STANDING, agent="bob@example.com", priority="P4", rollout="safety", wave="north")
    told = breached(standing=moved, target_seconds=99_999.0, finished_at=AT + HOUR, elapsed_seconds=5400.0)
    kept = corrected(breached(), told, exempted=False)
    assert kept.standing == replace(STANDING, rollout="safety", wave="north")
    assert (kept.target_seconds, kept.overdue_seconds) == (3600.0, 1800.0)


def test_another_decision_is_told_anew() -> None:
    moved = replace(STANDING, agent="bob@example.com")
    assert corrected(breached(), breached(breached_at=AT + HOUR, standing=moved), exempted=False).standing == moved
    assert corrected(breached(), met(standing=moved), exempted=False).standing == moved


def test_an_exemption_forgives_breaches_and_nothing_else() -> None:
    assert figures_of(corrected(None, breached(), exempted=True)) == Figures(breached=1, exempted=1, open_overdue=1)
    assert not corrected(None, met(), exempted=True).exempted
    assert not corrected(None, met(cancelled_because="policy"), exempted=True).exempted


def test_attainment_is_met_of_decided_and_adjusted_leaves_exempted_breaches_out() -> None:
    figures = Figures(met=6, breached=4, exempted=2, open_overdue=1, cancelled=7)
    assert (figures.raw, figures.adjusted) == (0.6, 0.75)
    assert (Figures().raw, Figures(breached=1, exempted=1).adjusted) == (None, None)


def test_agents_are_counted_apart_from_the_desk() -> None:
    desk, agent = keys_of(met())
    assert (desk.agent, desk.policy, desk.per_agent) == ("", "standard", False)
    assert (agent.agent, agent.policy, agent.per_agent) == ("ann@example.com", "", True)


def test_changes_that_undo_each_other_leave_no_delta() -> None:
    assert deltas([(None, met()), (met(), None)]) == {}
    assert set(deltas([(met(), breached())]).values()) == {Figures(met=-1, breached=1, open_overdue=1)}


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        # The five values of the definition's usual example, and the ends.
        ([15, 20, 35, 40, 50], 30, 20),
        ([15, 20, 35, 40, 50], 40, 20),
        ([15, 20, 35, 40, 50], 50, 35),
        ([15, 20, 35, 40, 50], 100, 50),
        ([7], 95, 7),
        ([1, 2], 50, 1),
        ([], 50, None),
    ],
)
def test_a_percentile_is_a_value_that_occurred(values: list[float], percent: int, expected: float | None) -> None:
    assert nearest_rank(values, percent) == expected


@given(st.lists(st.floats(0, 1e9), min_size=1), st.integers(1, 100))
def test_at_least_the_percent_of_all_values_do_not_exceed_the_percentile(values: list[float], percent: int) -> None:
    ordered = sorted(values)
    found = nearest_rank(ordered, percent)
    assert found is not None
    assert sum(value <= found for value in ordered) >= ceil(len(ordered) * percent / 100)
    assert sum(value < found for value in ordered) < len(ordered) * percent / 100


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "none"),
        (4, 5, "4 of 5"),
        (19, 19, "19 of 19"),
        (19, 20, "95.0 %"),
        (20, 20, "100.0 %"),
        (9_999, 10_000, "99.9 %"),
        (0, 30, "0.0 %"),
    ],
)
def test_few_cases_are_said_as_counts_and_percents_are_never_rounded_up(part: int, whole: int, expected: str) -> None:
    assert said(part, whole) == expected


CLOCKS = ["a:resolution:1", "b:resolution:1", "c:resolution:1"]
standings = st.builds(
    Standing,
    policy=st.just("standard"),
    policy_version=st.integers(1, 2),
    team=st.sampled_from(["", "network"]),
    agent=st.sampled_from(["", "ann", "bob"]),
    priority=st.sampled_from(["P1", "P2"]),
    target=st.just("resolution"),
    rollout=st.sampled_from(["", "safety"]),
    wave=st.sampled_from(["", "north"]),
)
instants = st.integers(0, 96).map(lambda hours: AT + hours * HOUR)
results = st.builds(
    lambda clock_id, standing, broken, over, at, later, because: Result(
        clock_id=clock_id,
        ticket_id=clock_id[0],
        standing=standing,
        target_seconds=3600.0,
        breached_at=at if broken else None,
        finished_at=at + later * HOUR if over or not broken else None,
        elapsed_seconds=7200.0 if over or not broken else None,
        cancelled_because=because if over or not broken else None,
    ),
    st.sampled_from(CLOCKS),
    standings,
    st.booleans(),
    st.booleans(),
    instants,
    st.integers(0, 9),
    st.sampled_from([None, None, "merged", "policy"]),
)
steps = st.lists(
    st.one_of(
        results,
        st.tuples(st.just("taken back"), st.sampled_from(CLOCKS)),
        st.tuples(st.just("exempted"), st.sampled_from(CLOCKS)),
        st.tuples(st.just("revoked"), st.sampled_from(CLOCKS)),
    ),
    max_size=40,
)


@given(steps)
def test_counters_kept_by_deltas_are_what_a_recount_of_the_results_says(taken: list[Result | tuple[str, str]]) -> None:
    """Settled, reopened, withdrawn, exempted and revoked in any order."""
    ledger: dict[str, Result] = {}
    forgiven: set[str] = set()
    counters: dict[CountKey, Figures] = {}
    for step in taken:
        clock_id = step.clock_id if isinstance(step, Result) else step[1]
        before = ledger.pop(clock_id, None)
        after = step if isinstance(step, Result) else before
        if not isinstance(step, Result):
            after = None if step[0] == "taken back" else before
            forgiven = (
                forgiven | {clock_id}
                if step[0] == "exempted"
                else forgiven - {clock_id}
                if step[0] == "revoked"
                else forgiven
            )
        if after is not None:
            after = ledger[clock_id] = corrected(before, after, exempted=clock_id in forgiven)
        for key, change in deltas([(before, after)]).items():
            counters[key] = counters.get(key, Figures()) + change
    recounted: dict[CountKey, Figures] = {}
    for result in ledger.values():
        for key in keys_of(result):
            recounted[key] = recounted.get(key, Figures()) + figures_of(result)
    assert {key: counted for key, counted in counters.items() if counted} == recounted
