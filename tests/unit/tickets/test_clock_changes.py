"""The table of semantics in the design of tickets and clocks: hours, changes and pauses, on the domain alone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.tickets.domain.calendar import Calendar, Window
from services.tickets.domain.clock import (
    CancelledBecause,
    Cause,
    ClockState,
    StopKind,
)
from services.tickets.domain.moment import MomentKind
from services.tickets.domain.policy import OnChange, Priority, Status, Target
from tests.unit.tickets.histories import (
    ALWAYS,
    FIRST,
    HOUR,
    MICROSECOND,
    MINUTE,
    NINE,
    RESOLUTION,
    WORKDAYS,
    answered,
    at,
    became,
    moment,
    moved,
    opened,
    policy,
    raised,
    retracted,
    rule,
    run,
)

P1_AND_P3 = policy(
    rule({Target.FIRST_RESPONSE: HOUR, Target.RESOLUTION: 4 * HOUR}, name="urgent", when={"priority": ("P1",)}),
    rule({Target.FIRST_RESPONSE: 4 * HOUR, Target.RESOLUTION: 16 * HOUR}, name="usual"),
)


# Opened outside hours


def test_a_ticket_opened_outside_hours_starts_then_and_counts_from_the_next_opening() -> None:
    clock = run(opened(at(-36)), until=at(-1))[FIRST]
    assert (clock.started_at, clock.counting_since, clock.due_at) == (at(-36), NINE, at(1))
    assert clock.elapsed(at(-1)) == timedelta(0)


def test_a_ticket_opened_at_closing_counts_from_the_next_morning() -> None:
    assert run(opened(at(8)), until=at(8))[FIRST].due_at == at(25)


# Priority changed before the breach


def test_a_changed_priority_keeps_start_and_pauses_and_swaps_the_target() -> None:
    moments = [opened(priority=Priority.P3), became(Status.PENDING, at(1)), became(Status.OPEN, at(2))]
    clock = run(*moments, raised(Priority.P1, at(2.5)), until=at(2.5), book=P1_AND_P3)[RESOLUTION]
    assert (clock.started_at, len(clock.stops), clock.due_at, clock.rule) == (NINE, 1, at(5), "urgent")


def test_what_is_used_up_already_is_breached_at_the_change_and_never_back_dated() -> None:
    change = raised(Priority.P1, at(2))
    clocks = run(opened(priority=Priority.P3), change, until=at(3), book=P1_AND_P3)
    assert (clocks[FIRST].breached_at, clocks[FIRST].cause, clocks[FIRST].due_at) == (at(2), Cause.RETARGET, at(1))
    assert (clocks[RESOLUTION].breached_at, clocks[RESOLUTION].due_at) == (None, at(4))


def test_used_up_exactly_at_the_change_is_used_up() -> None:
    change = raised(Priority.P1, at(1))
    clock = run(opened(priority=Priority.P3), change, until=at(1), book=P1_AND_P3)[FIRST]
    assert (clock.breached_at, clock.cause) == (at(1), Cause.RETARGET)
    before = raised(Priority.P1, at(1) - MICROSECOND)
    clock = run(opened(priority=Priority.P3), before, until=at(1), book=P1_AND_P3)[FIRST]
    assert (clock.breached_at, clock.cause) == (at(1), Cause.ELAPSED)


def test_a_target_that_restarts_begins_a_new_cycle_and_cancels_the_old_one() -> None:
    book = policy(
        replace(P1_AND_P3.rules[0], on_change={Target.RESOLUTION: OnChange.RESTART}),
        P1_AND_P3.rules[1],
    )
    clocks = run(opened(priority=Priority.P3), raised(Priority.P1, at(2)), until=at(3), book=book)
    old, new = clocks[RESOLUTION], clocks[Target.RESOLUTION, 2]
    assert (old.state, old.cancelled_because, old.settled_at) == (
        ClockState.CANCELLED,
        CancelledBecause.RESTARTED,
        at(2),
    )
    assert (new.started_at, new.due_at, new.breached_at) == (at(2), at(6), None)
    assert clocks[FIRST].breached_at == at(2)


def test_of_two_priorities_at_one_instant_the_first_never_was() -> None:
    moments = [opened(priority=Priority.P3), raised(Priority.P1, at(2)), raised(Priority.P3, at(2))]
    assert run(*moments, until=at(3), book=P1_AND_P3)[FIRST].breached_at is None


# Priority changed after the breach


def test_a_breach_stays_for_ever_and_the_new_due_time_is_shown() -> None:
    clock = run(opened(), raised(Priority.P3, at(2)), until=at(3), book=P1_AND_P3)[FIRST]
    assert (clock.breached_at, clock.due_at, clock.cause) == (at(1), at(4), Cause.ELAPSED)
    late = run(opened(), raised(Priority.P3, at(2)), until=at(5), book=P1_AND_P3)[FIRST]
    assert late.breached_at == at(1)


# Policy or calendar edited


def test_an_open_ticket_stays_under_the_version_it_was_opened_under() -> None:
    newer = policy(rule({Target.FIRST_RESPONSE: MINUTE}), version=2)
    assert run(opened(), until=at(0.5), book=[policy(), newer])[FIRST].due_at == at(1)


def test_a_migration_keeps_the_start_and_breaches_at_its_own_instant() -> None:
    newer = policy(rule({Target.FIRST_RESPONSE: HOUR, Target.RESOLUTION: HOUR}), version=2)
    clocks = run(opened(), moved(2, at(2)), until=at(3), book=[policy(), newer])
    assert (clocks[RESOLUTION].breached_at, clocks[RESOLUTION].cause) == (at(2), Cause.RETARGET)
    assert clocks[RESOLUTION].policy == "standard@2"


def test_a_finished_cycle_is_never_touched_by_a_migration() -> None:
    newer = policy(rule({Target.FIRST_RESPONSE: MINUTE}), version=2)
    before = run(opened(), answered(at(0.5)), until=at(2))[FIRST]
    after = run(opened(), answered(at(0.5)), moved(2, at(1), retroactive=True), until=at(2), book=[policy(), newer])[
        FIRST
    ]
    assert replace(after, ticket_id=before.ticket_id) == before
    assert (after.outcome, after.policy) == ("met", "standard@1")


def test_a_migration_that_is_undone_at_once_leaves_the_clocks_as_they_were_to_the_byte() -> None:
    newer = policy(rule({Target.FIRST_RESPONSE: MINUTE}, calendar=ALWAYS), version=2)
    moments = [opened(), became(Status.PENDING, at(0.5)), became(Status.OPEN, at(0.75))]
    migration = moved(2, at(0.8), retroactive=True)
    undone = retracted(migration, at(0.8) + MINUTE)
    before = run(*moments, until=at(0.9))
    assert run(*moments, migration, undone, until=at(0.9), book=[policy(), newer]) == before
    assert run(*moments, migration, until=at(0.9), book=[policy(), newer])[FIRST].breached_at == at(0.8)


def test_what_ran_out_while_a_migration_hid_it_is_breached_when_that_is_undone() -> None:
    newer = policy(rule({Target.FIRST_RESPONSE: 4 * HOUR}), version=2)
    migration = moved(2, at(0.5))
    clock = run(opened(), migration, retracted(migration, at(2)), until=at(3), book=[policy(), newer])[FIRST]
    assert (clock.breached_at, clock.cause, clock.due_at) == (at(2), Cause.RETARGET, at(1))


def test_what_was_breached_either_way_keeps_its_instant_when_a_migration_is_undone() -> None:
    newer = policy(rule({Target.FIRST_RESPONSE: 0.75 * HOUR}), version=2)
    migration = moved(2, at(0.5))
    clock = run(opened(), migration, retracted(migration, at(2)), until=at(3), book=[policy(), newer])[FIRST]
    assert (clock.breached_at, clock.cause) == (at(1), Cause.ELAPSED)


def test_a_new_calendar_counts_forward_from_the_migration() -> None:
    newer = policy(rule(calendar=ALWAYS), version=2)
    clock = run(opened(), moved(2, at(10)), until=at(10), book=[policy(), newer])[RESOLUTION]
    assert clock.breached_at == at(8)
    clock = run(opened(at(4)), moved(2, at(10)), until=at(10), book=[policy(), newer])[RESOLUTION]
    assert (clock.elapsed(at(11)), clock.due_at) == (5 * HOUR, at(14))
    assert [calendar.label for _, calendar in clock.hours.pieces] == ["office@1", "always@1"]


def test_a_retroactive_calendar_counts_for_the_past_too() -> None:
    newer = policy(rule(calendar=ALWAYS), version=2)
    clock = run(opened(at(4)), moved(2, at(10), retroactive=True), until=at(10), book=[policy(), newer])[RESOLUTION]
    assert (clock.elapsed(at(10)), clock.due_at) == (6 * HOUR, at(12))


# Holiday added mid-flight

CLOSED_TODAY = Calendar(name="office", version=2, zone="UTC", week=WORKDAYS, holidays=frozenset({date(2026, 11, 23)}))
CLOSED_TOMORROW = Calendar(
    name="office", version=2, zone="UTC", week=WORKDAYS, holidays=frozenset({date(2026, 11, 24)})
)


def test_a_holiday_ahead_moves_the_due_time() -> None:
    newer = policy(rule(calendar=CLOSED_TOMORROW), version=2)
    clock = run(opened(at(4)), moved(2, at(5)), until=at(5), book=[policy(), newer])[RESOLUTION]
    assert clock.due_at == at(52)


def test_a_holiday_of_today_counts_from_now_on_unless_it_is_retroactive() -> None:
    newer = policy(rule(calendar=CLOSED_TODAY), version=2)
    forward = run(opened(), moved(2, at(5)), until=at(6), book=[policy(), newer])[RESOLUTION]
    assert (forward.elapsed(at(6)), forward.due_at) == (5 * HOUR, at(27))
    past = run(opened(), moved(2, at(5), retroactive=True), until=at(6), book=[policy(), newer])[RESOLUTION]
    assert (past.elapsed(at(6)), past.due_at) == (timedelta(0), at(32))


def test_a_holiday_in_the_past_keeps_the_breach_and_flags_it() -> None:
    newer = policy(rule(calendar=CLOSED_TODAY), version=2)
    moments = [opened(), moved(2, at(5), retroactive=True)]
    clock = run(*moments, until=at(6), book=[policy(), newer])[FIRST]
    assert (clock.breached_at, clock.would_not_have_breached, clock.due_at) == (at(1), True, at(25))
    assert not run(*moments, until=at(26), book=[policy(), newer])[FIRST].would_not_have_breached
    assert not run(opened(), moved(2, at(5)), until=at(6), book=[policy(), newer])[FIRST].would_not_have_breached


# Daylight saving


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_24_hour_day_is_used_up_after_23_or_25_hours_when_clocks_change(day: date, hours: int) -> None:
    berlin = Calendar(zone="Europe/Berlin", week=((Window(opens=0, closes=1440),),) * 7)
    midnight = berlin.next_open(at(0).replace(year=day.year, month=day.month, day=day.day, hour=0))
    midnight -= timedelta(hours=1 if hours == 23 else 2)
    book = policy(rule({Target.RESOLUTION: hours * HOUR}, calendar=berlin))
    assert run(opened(midnight), until=midnight, book=book)[RESOLUTION].due_at == midnight + hours * HOUR


# Pauses


def test_pauses_are_half_open_and_exact_to_the_microsecond() -> None:
    pause = [became(Status.PENDING, at(0.5)), became(Status.OPEN, at(0.5) + MICROSECOND)]
    clock = run(opened(), *pause, until=at(1))[FIRST]
    assert (clock.due_at, clock.breached_at) == (at(1) + MICROSECOND, None)
    assert run(opened(), became(Status.PENDING, at(1)), until=at(1))[FIRST].breached_at == at(1)


def test_pauses_that_adjoin_or_overlap_are_one() -> None:
    moments = [opened(), became(Status.PENDING, at(1)), became(Status.ON_HOLD, at(2))]
    waits = [moment(MomentKind.WAITS, at(1.5), "parent"), moment(MomentKind.WAITS, at(3), "")]
    clock = run(*moments, *waits, became(Status.OPEN, at(2.5)), until=at(4))[RESOLUTION]
    assert [(stop.kind, stop.began_at, stop.ended_at) for stop in clock.stops] == [(StopKind.PAUSED, at(1), at(3))]


def test_after_a_breach_a_pause_stops_the_overdue_time_and_the_breach_stays() -> None:
    clock = run(opened(), became(Status.PENDING, at(2)), until=at(5))[FIRST]
    assert (clock.breached_at, clock.due_at, clock.elapsed(at(5))) == (at(1), at(1), 2 * HOUR)


def test_each_target_pauses_in_its_own_statuses() -> None:
    book = policy(rule(pause_on={Target.FIRST_RESPONSE: frozenset(), Target.RESOLUTION: frozenset({Status.PENDING})}))
    clocks = run(opened(), became(Status.PENDING, at(0.25)), became(Status.ON_HOLD, at(0.5)), until=at(0.5), book=book)
    states = {target: clock.state.value for (target, _), clock in clocks.items()}
    assert states == {
        Target.FIRST_RESPONSE: "running",
        Target.RESOLUTION: "running",
        Target.AGENT_WORK: "paused",
        Target.REQUESTER_WAIT: "running",
    }


def test_agent_work_and_requester_wait_run_as_zendesk_defines_them() -> None:
    running = {Target.AGENT_WORK: set[Status](), Target.REQUESTER_WAIT: set[Status]()}
    for status in (Status.NEW, Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.UNKNOWN):
        clocks = run(opened(), became(status, at(0.5)), until=at(0.5))
        for target, statuses in running.items():
            if clocks[target, 1].state is ClockState.RUNNING:
                statuses.add(status)
    assert running[Target.AGENT_WORK] == {Status.NEW, Status.OPEN, Status.UNKNOWN}
    assert running[Target.REQUESTER_WAIT] == {Status.NEW, Status.OPEN, Status.UNKNOWN, Status.ON_HOLD}
