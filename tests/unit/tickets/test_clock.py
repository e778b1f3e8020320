"""Clocks as a function of what happened: exact instants, pauses, late facts in any order."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.tickets.domain.calendar import MINUTES_PER_DAY, Calendar, Window
from services.tickets.domain.clock import Breached, Cause, Clock, ClockState, Settled, Withdrawn, news_of, run_clocks
from services.tickets.domain.moment import Moment, MomentKind, bounded, latest_status, solved_since
from services.tickets.domain.policy import Policy, PolicyInvalid, Priority, Rule, Status, Target

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# Monday; office hours 09:00-17:00 UTC, weekend closed.
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
OFFICE = Calendar(zone="UTC", week=((Window(opens=540, closes=1020),),) * 5 + ((),) * 2)
ALWAYS = Calendar(zone="UTC", week=((Window(opens=0, closes=MINUTES_PER_DAY),),) * 7)
TARGETS: dict[Priority, dict[Target, timedelta]] = {
    Priority.P1: {Target.FIRST_RESPONSE: HOUR, Target.RESOLUTION: 4 * HOUR},
    Priority.P3: {Target.FIRST_RESPONSE: 4 * HOUR, Target.RESOLUTION: 16 * HOUR},
}


def policy_of(pause_on: frozenset[Status] | None = None) -> Policy:
    pauses = {} if pause_on is None else {Target.FIRST_RESPONSE: pause_on, Target.RESOLUTION: pause_on}
    rule = Rule(name="everything", calendar=OFFICE, targets=TARGETS, pause_on=pauses)
    return Policy(name="standard", version=1, rules=(rule,))


POLICY = policy_of()
FIRST, RESOLUTION = (Target.FIRST_RESPONSE, 1), (Target.RESOLUTION, 1)

_ids = itertools.count()


def moment(kind: MomentKind, at: datetime, value: str = "") -> Moment:
    return Moment(moment_id=f"{next(_ids):09}", kind=kind, at=at, observed_at=at, value=value)


def opened(at: datetime = NINE, priority: Priority = Priority.P1) -> Moment:
    return replace(moment(MomentKind.OPENED, at, priority), detail={"policy": "standard@1"})


def answered(at: datetime) -> Moment:
    return moment(MomentKind.ANSWERED, at)


def became(status: Status, at: datetime) -> Moment:
    return moment(MomentKind.STATUS, at, status)


def run(*moments: Moment, until: datetime, policy: Policy = POLICY) -> dict[tuple[Target, int], Clock]:
    return run_clocks("t1", moments, {policy.label: policy}, until)


def test_clocks_start_with_the_ticket_and_are_due_in_open_time() -> None:
    clocks = run(opened(NINE + 7.5 * HOUR), until=NINE + 8 * HOUR)
    assert clocks[FIRST].due_at == NINE + timedelta(days=1, minutes=30)
    assert clocks[RESOLUTION].due_at == NINE + timedelta(days=1, hours=3.5)
    assert clocks[FIRST].elapsed(NINE + 20 * HOUR) == timedelta(minutes=30)


def test_a_breach_bears_the_exact_instant_however_late_it_is_noticed() -> None:
    clock = run(opened(), until=NINE + timedelta(days=30))[FIRST]
    assert (clock.breached_at, clock.cause) == (NINE + HOUR, Cause.ELAPSED)
    assert not clock.pending


def test_a_target_is_met_before_its_due_time_and_missed_at_it() -> None:
    in_time = run(opened(), answered(NINE + HOUR - timedelta(microseconds=1)), until=NINE + 2 * HOUR)[FIRST]
    too_late = run(opened(), answered(NINE + HOUR), until=NINE + 2 * HOUR)[FIRST]
    assert (in_time.outcome, in_time.breached_at) == ("met", None)
    assert (too_late.outcome, too_late.breached_at) == ("breached", NINE + HOUR)


def test_pending_pauses_and_moves_the_due_time() -> None:
    until = NINE + HOUR
    moments = [opened(), became(Status.PENDING, NINE + 30 * MINUTE)]
    paused = run(*moments, until=until)[FIRST]
    assert (paused.state, paused.due_at) == (ClockState.PAUSED, None)
    resumed = run(*moments, became(Status.OPEN, NINE + 2 * HOUR), until=NINE + 2 * HOUR)[FIRST]
    assert (resumed.state, resumed.due_at) == (ClockState.RUNNING, NINE + 2.5 * HOUR)


def test_on_hold_after_pending_is_one_pause() -> None:
    moments = [opened(), became(Status.PENDING, NINE + MINUTE), became(Status.ON_HOLD, NINE + 2 * MINUTE)]
    clock = run(*moments, became(Status.OPEN, NINE + 3 * MINUTE), until=NINE + 4 * MINUTE)[FIRST]
    assert len(clock.stops) == 1
    assert clock.due_at == NINE + HOUR + 2 * MINUTE


def test_a_policy_that_does_not_pause_on_hold_runs_on() -> None:
    policy = policy_of(frozenset({Status.PENDING}))
    clock = run(opened(), became(Status.ON_HOLD, NINE + MINUTE), until=NINE + 2 * MINUTE, policy=policy)[FIRST]
    assert clock.state is ClockState.RUNNING


def test_a_pause_after_a_breach_stops_the_overdue_amount_and_keeps_the_breach() -> None:
    clock = run(opened(), became(Status.PENDING, NINE + 2 * HOUR), until=NINE + 5 * HOUR)[FIRST]
    assert clock.breached_at == NINE + HOUR
    assert clock.elapsed(NINE + 5 * HOUR) == 2 * HOUR


def test_solving_settles_every_clock() -> None:
    clocks = run(opened(), became(Status.SOLVED, NINE + 30 * MINUTE), until=NINE + 9 * HOUR)
    assert {clock.outcome for clock in clocks.values()} == {"met"}
    assert clocks[RESOLUTION].elapsed(NINE + 9 * HOUR) == 30 * MINUTE


def test_a_reopened_ticket_goes_on_without_the_solved_time_and_an_answer_stays_an_answer() -> None:
    moments = [opened(), answered(NINE + MINUTE), became(Status.SOLVED, NINE + HOUR)]
    clocks = run(*moments, became(Status.OPEN, NINE + 3 * HOUR), until=NINE + 3 * HOUR)
    assert clocks[FIRST].outcome == "met"
    assert (clocks[RESOLUTION].state, clocks[RESOLUTION].due_at) == (ClockState.RUNNING, NINE + 6 * HOUR)


def test_a_shorter_target_that_is_used_up_already_is_breached_at_the_change() -> None:
    change = moment(MomentKind.PRIORITY, NINE + 2 * HOUR, Priority.P1)
    clocks = run(opened(priority=Priority.P3), change, until=NINE + 3 * HOUR)
    assert (clocks[FIRST].breached_at, clocks[FIRST].cause) == (NINE + 2 * HOUR, Cause.RETARGET)
    assert clocks[RESOLUTION].due_at == NINE + 4 * HOUR


def test_a_longer_target_after_the_breach_does_not_undo_it() -> None:
    change = moment(MomentKind.PRIORITY, NINE + 2 * HOUR, Priority.P3)
    clock = run(opened(), change, until=NINE + 3 * HOUR)[FIRST]
    assert (clock.breached_at, clock.due_at) == (NINE + HOUR, NINE + 4 * HOUR)


def test_a_deleted_ticket_is_out_of_the_figures_and_deaf() -> None:
    deleted = moment(MomentKind.DELETED, NINE + MINUTE)
    clocks = run(opened(), deleted, became(Status.OPEN, NINE + 2 * MINUTE), until=NINE + 9 * HOUR)
    assert {clock.outcome for clock in clocks.values()} == {"cancelled"}


def test_a_priority_without_targets_has_no_clocks() -> None:
    assert run(opened(priority=Priority.P4), until=NINE + 9 * HOUR) == {}


def test_an_earlier_opening_learned_later_is_where_the_clocks_start() -> None:
    clock = run(opened(NINE + HOUR), opened(NINE), until=NINE + HOUR)[FIRST]
    assert (clock.started_at, clock.breached_at) == (NINE, NINE + HOUR)
    # What happened before the opening that was learned first keeps its own time.
    answer = run(opened(NINE + HOUR), answered(NINE + 20 * MINUTE), opened(NINE), until=NINE + HOUR)[FIRST]
    assert answer.settled_at == NINE + 20 * MINUTE


def test_a_late_answer_from_before_the_due_time_leaves_no_breach() -> None:
    late = answered(NINE + 55 * MINUTE)
    before = run(opened(), until=NINE + 59 * MINUTE)
    after = run(opened(), late, until=NINE + 65 * MINUTE)
    assert [type(news) for news in news_of(before, after)] == [Settled]
    assert after[FIRST].outcome == "met"


def test_a_breach_that_was_told_is_withdrawn_when_an_earlier_answer_turns_up() -> None:
    before = run(opened(), until=NINE + 61 * MINUTE)
    after = run(opened(), answered(NINE + 55 * MINUTE), until=NINE + 65 * MINUTE)
    assert [type(news) for news in news_of(before, after)] == [Withdrawn, Settled]


def test_a_late_pause_moves_a_breach_that_was_told() -> None:
    before = run(opened(), until=NINE + 3 * HOUR)
    pause = [became(Status.PENDING, NINE + 30 * MINUTE), became(Status.OPEN, NINE + 40 * MINUTE)]
    news = news_of(before, run(opened(), *pause, until=NINE + 3 * HOUR))
    assert [(type(item), item.at) for item in news if not isinstance(item, Settled)] == [
        (Withdrawn, NINE + HOUR),
        (Breached, NINE + HOUR + 10 * MINUTE),
    ]


def test_running_the_same_moments_again_is_no_news() -> None:
    moments = [opened(), answered(NINE + 2 * HOUR), became(Status.SOLVED, NINE + 3 * HOUR)]
    clocks = run(*moments, until=NINE + 4 * HOUR)
    assert news_of(clocks, run(*moments, until=NINE + 5 * HOUR)) == []


def test_an_older_status_never_overwrites_a_newer_one() -> None:
    moments = [became(Status.SOLVED, NINE + HOUR), became(Status.OPEN, NINE)]
    assert latest_status(moments) is Status.SOLVED
    assert solved_since(moments) == NINE + HOUR


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        (None, NINE + HOUR),
        (NINE + 30 * MINUTE, NINE + 30 * MINUTE),
        (NINE + 2 * HOUR, NINE + HOUR),
        (NINE - HOUR, NINE),
    ],
)
def test_a_remote_time_is_bounded_by_what_came_before_and_by_now(said: datetime | None, counts: datetime) -> None:
    assert bounded(said, earliest=NINE, observed_at=NINE + HOUR) == counts


def test_targets_and_pauses_that_make_no_sense_are_refused() -> None:
    with pytest.raises(PolicyInvalid):
        Rule(name="r", calendar=OFFICE, targets={Priority.P1: {Target.RESOLUTION: timedelta(0)}})
    with pytest.raises(PolicyInvalid):
        policy_of(frozenset({Status.SOLVED}))
