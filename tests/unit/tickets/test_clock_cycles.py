"""The table of semantics in the design of tickets and clocks: what begins and ends a clock, on the domain alone."""

from services.tickets.domain.clock import (
    Breached,
    CancelledBecause,
    Cause,
    ClockState,
    Settled,
    Withdrawn,
    news_of,
)
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import OnChange, OnReopen, Priority, Status, Target
from services.tickets.domain.segment import SegmentKind, segments
from tests.unit.tickets.histories import (
    ALWAYS,
    DAY,
    FIRST,
    HOUR,
    MICROSECOND,
    NEXT,
    NINE,
    OFFICE,
    OLA,
    PROMISES,
    RESOLUTION,
    UPDATE,
    answered,
    asked,
    at,
    became,
    changed,
    moment,
    moved,
    opened,
    policy,
    raised,
    retracted,
    rule,
    run,
    standing,
)

# Reopened


def solved_and_reopened(hours: float) -> list[Moment]:
    return [opened(), answered(at(0.5)), became(Status.SOLVED, at(1)), became(Status.OPEN, at(1 + hours))]


def test_a_reopened_ticket_goes_on_without_the_solved_time() -> None:
    clock = run(*solved_and_reopened(2), until=at(3))[RESOLUTION]
    assert (clock.state, clock.elapsed(at(4)), clock.due_at) == (ClockState.RUNNING, 2 * HOUR, at(26))
    kinds = [segment.kind for segment in segments(clock, at(4))]
    assert kinds == [SegmentKind.RUNNING, SegmentKind.SETTLED, SegmentKind.RUNNING]


def test_a_ticket_reopened_after_the_window_begins_a_new_cycle() -> None:
    book = policy(rule(reopen_window=2 * HOUR))
    in_time = run(*solved_and_reopened(2 - 1 / 3600), until=at(4), book=book)
    assert (Target.RESOLUTION, 2) not in in_time
    too_late = run(*solved_and_reopened(2), until=at(4), book=book)
    assert standing(too_late[RESOLUTION]) == ("met", at(1))
    assert standing(too_late[Target.RESOLUTION, 2]) == ("running", at(27))


def test_a_rule_may_restart_every_reopened_ticket() -> None:
    book = policy(rule(on_reopen=OnReopen.RESTART))
    clocks = run(*solved_and_reopened(0.01), until=at(4), book=book)
    assert {target for target, cycle in clocks if cycle == 2} == {
        Target.RESOLUTION,
        Target.AGENT_WORK,
        Target.REQUESTER_WAIT,
    }


def test_a_reopened_ticket_begins_a_new_cycle_of_the_next_response() -> None:
    clocks = run(*solved_and_reopened(2), until=at(3))
    assert standing(clocks[FIRST]) == ("met", at(0.5))
    assert standing(clocks[NEXT]) == ("running", at(5))


def test_where_no_next_response_is_promised_it_is_one_of_the_first() -> None:
    book = policy(rule({Target.FIRST_RESPONSE: HOUR}))
    clocks = run(*solved_and_reopened(2), until=at(3), book=book)
    assert standing(clocks[Target.FIRST_RESPONSE, 2]) == ("running", at(4))


def test_a_first_response_that_was_never_given_goes_on() -> None:
    clock = run(opened(), became(Status.SOLVED, at(0.5)), became(Status.OPEN, at(2)), until=at(2))[FIRST]
    assert (clock.cycle, clock.due_at) == (1, at(2.5))


def test_an_answer_on_a_solved_ticket_is_one_when_it_is_reopened() -> None:
    moments = [opened(), became(Status.SOLVED, at(0.5)), answered(at(1)), became(Status.OPEN, at(2))]
    clocks = run(*moments, until=at(2))
    assert standing(clocks[FIRST]) == ("met", at(0.5))
    assert standing(clocks[NEXT]) == ("running", at(4))


# Thanks on a solved ticket


def test_thanks_on_a_solved_ticket_start_no_clock() -> None:
    moments = [opened(), answered(at(0.5)), became(Status.SOLVED, at(1)), asked(at(2))]
    clocks = run(*moments, until=at(9))
    assert not any(clock.active for clock in clocks.values())
    assert NEXT not in clocks


def test_a_word_that_reopens_the_ticket_is_waited_for_from_then_on() -> None:
    moments = [opened(), answered(at(0.5)), became(Status.SOLVED, at(1)), asked(at(2)), became(Status.OPEN, at(2))]
    assert standing(run(*moments, until=at(2))[NEXT]) == ("running", at(4))


# A late fact


def test_a_late_fact_counts_at_its_own_time_whatever_was_told_before() -> None:
    before = run(opened(), until=at(2))
    after = run(opened(), answered(at(1) - MICROSECOND), until=at(2))
    assert [type(news) for news in news_of(before, after) if news.clock.target is Target.FIRST_RESPONSE] == [
        Withdrawn,
        Settled,
    ]
    too_late = run(opened(), answered(at(1)), until=at(2))
    assert [type(news) for news in news_of(before, too_late) if news.clock.target is Target.FIRST_RESPONSE] == [Settled]


def test_news_withdraw_first_and_then_tell_in_the_order_of_what_happened() -> None:
    book = policy(rule({Target.FIRST_RESPONSE: 2 * HOUR, Target.RESOLUTION: HOUR, Target.AGENT_WORK: 3 * HOUR}))
    told = news_of({}, run(opened(), became(Status.SOLVED, at(4)), until=at(5), book=book))
    happened = [news.at if isinstance(news, Breached) else news.clock.settled_at for news in told]
    assert happened == [at(1), at(2), at(3), at(4), at(4), at(4)]
    pause = [became(Status.PENDING, at(0.5)), became(Status.OPEN, at(0.75))]
    again = news_of(run(opened(), until=at(5), book=book), run(opened(), *pause, until=at(5), book=book))
    assert [type(news) for news in again] == [Withdrawn] * 3 + [Breached] * 3


def test_the_breach_of_a_clock_that_never_was_is_withdrawn() -> None:
    question = asked(at(1))
    before = run(opened(), answered(at(0.5)), question, until=at(5))
    after = run(opened(), answered(at(0.5)), question, retracted(question, at(5)), until=at(5))
    assert [(type(news), news.clock.clock_id) for news in news_of(before, after)] == [(Withdrawn, "t1:next_response:1")]


# Merged


def test_a_merged_tickets_clocks_are_cancelled_and_it_is_deaf() -> None:
    merged = moment(MomentKind.MERGED, at(0.5), "t2")
    clocks = run(opened(), merged, became(Status.OPEN, at(0.75)), answered(at(0.8)), until=at(9))
    assert {(clock.outcome, clock.cancelled_because) for clock in clocks.values()} == {
        ("cancelled", CancelledBecause.MERGED)
    }
    assert not any(clock.breached_at for clock in clocks.values())


def test_the_survivor_keeps_the_earliest_start_and_what_that_uses_up_is_breached_at_the_merge() -> None:
    absorbed = moment(MomentKind.ABSORBED, at(2), "t0", started_at=NINE.isoformat())
    clocks = run(opened(at(1.5)), absorbed, until=at(2))
    assert (clocks[FIRST].started_at, clocks[FIRST].breached_at, clocks[FIRST].cause) == (NINE, at(2), Cause.MERGED)
    assert (clocks[RESOLUTION].started_at, clocks[RESOLUTION].due_at) == (NINE, at(8))


def test_a_younger_ticket_that_is_merged_in_moves_no_start() -> None:
    absorbed = moment(MomentKind.ABSORBED, at(0.5), "t2", started_at=at(0.25).isoformat())
    assert run(opened(), absorbed, until=at(0.5))[FIRST].started_at == NINE


def test_a_merge_that_is_taken_back_lets_the_clocks_run_on_and_back_dates_no_breach() -> None:
    merged = moment(MomentKind.MERGED, at(0.5), "t2")
    clock = run(opened(), merged, retracted(merged, at(3)), until=at(3))[FIRST]
    assert (clock.breached_at, clock.cause, clock.due_at) == (at(3), Cause.RETRACTED, at(1))


def test_a_child_of_a_major_incident_waits_with_its_resolution_and_not_with_its_responses() -> None:
    clocks = run(opened(team="network"), moment(MomentKind.WAITS, at(0.5), "parent"), until=at(0.5))
    states = {target for (target, _), clock in clocks.items() if clock.state is ClockState.PAUSED}
    assert states == {Target.RESOLUTION, Target.AGENT_WORK}


# Who counts as a response


def test_an_answer_taken_back_in_time_never_was() -> None:
    answer = answered(at(0.25))
    clock = run(opened(), answer, retracted(answer, at(0.5)), until=at(2))[FIRST]
    assert (clock.breached_at, clock.cause) == (at(1), Cause.ELAPSED)


def test_an_answer_taken_back_too_late_is_breached_then_and_not_before() -> None:
    answer = answered(at(0.25))
    clock = run(opened(), answer, retracted(answer, at(2)), until=at(3))[FIRST]
    assert (clock.state, clock.breached_at, clock.cause) == (ClockState.RUNNING, at(2), Cause.RETRACTED)


def test_another_answer_given_in_time_stands() -> None:
    answer = answered(at(0.25))
    clock = run(opened(), answer, answered(at(0.75)), retracted(answer, at(2)), until=at(3))[FIRST]
    assert standing(clock) == ("met", at(0.75))


def test_an_answer_taken_back_moves_no_breach_of_the_resolution() -> None:
    book = policy(rule({Target.FIRST_RESPONSE: HOUR, Target.RESOLUTION: HOUR}))
    answer = answered(at(0.25))
    clocks = run(opened(), answer, retracted(answer, at(2)), until=at(3), book=book)
    assert (clocks[RESOLUTION].breached_at, clocks[RESOLUTION].cause) == (at(1), Cause.ELAPSED)


def test_the_oldest_unanswered_word_is_what_is_waited_for() -> None:
    moments = [opened(), asked(at(0.25)), answered(at(0.5)), asked(at(1)), asked(at(2))]
    clocks = run(*moments, answered(at(2.5)), asked(at(2.75)), until=at(3))
    assert (clocks[NEXT].started_at, clocks[NEXT].outcome) == (at(1), "met")
    assert standing(clocks[Target.NEXT_RESPONSE, 2]) == ("running", at(4.75))


# Updates


def test_the_update_target_is_armed_by_the_first_response_and_by_each_answer_after_it() -> None:
    assert UPDATE not in run(opened(), asked(at(0.5)), until=at(9))
    clocks = run(opened(), answered(at(0.5)), answered(at(2)), until=at(3))
    assert standing(clocks[UPDATE]) == ("met", at(2))
    assert standing(clocks[Target.PERIODIC_UPDATE, 2]) == ("running", at(6))


def test_the_update_target_stops_when_the_ticket_is_solved_and_waits_for_the_next_answer() -> None:
    moments = [opened(), answered(at(0.5)), became(Status.SOLVED, at(1)), became(Status.OPEN, at(2))]
    clocks = run(*moments, until=at(7))
    assert [cycle for target, cycle in clocks if target is Target.PERIODIC_UPDATE] == [1]
    assert (Target.PERIODIC_UPDATE, 2) in run(*moments, answered(at(3)), until=at(7))


def test_the_answer_that_solves_a_ticket_owes_no_further_update() -> None:
    clocks = run(opened(), answered(at(0.5)), answered(at(2)), became(Status.SOLVED, at(2)), until=at(3))
    assert [(key, standing(clock)) for key, clock in clocks.items() if key[0] is Target.PERIODIC_UPDATE] == [
        (UPDATE, ("met", at(2)))
    ]


def test_thanks_that_close_the_ticket_are_no_question() -> None:
    clocks = run(opened(), answered(at(0.5)), asked(at(1)), became(Status.SOLVED, at(1)), until=at(3))
    assert NEXT not in clocks


# OLA


def test_each_teams_holding_is_a_cycle_of_its_own() -> None:
    book = policy(rule({}, olas={"network": HOUR, "*": 2 * HOUR}))
    moments = [opened(team="network"), changed(at(0.5), team="video"), became(Status.SOLVED, at(1))]
    clocks = run(*moments, until=at(2), book=book)
    assert (clocks[OLA].team, standing(clocks[OLA])) == ("network", ("met", at(0.5)))
    second = clocks[Target.OLA, 2]
    assert (second.team, second.target_for, standing(second)) == ("video", 2 * HOUR, ("met", at(1)))


def test_a_ticket_without_a_team_has_no_ola_and_a_holding_of_no_length_is_none() -> None:
    book = policy(rule({}, olas={"*": HOUR}))
    assert run(opened(), until=at(1), book=book) == {}
    clocks = run(opened(team="network"), changed(NINE, team="video"), until=at(0.5), book=book)
    assert [(key, clock.team) for key, clock in clocks.items()] == [(OLA, "video")]


def test_a_holding_that_restarted_when_the_ticket_was_solved_begins_anew_when_it_is_reopened() -> None:
    urgent = rule(
        {}, name="urgent", when={"priority": ("P1",)}, olas={"*": HOUR}, on_change={Target.OLA: OnChange.RESTART}
    )
    book = policy(urgent, rule({}, olas={"*": 4 * HOUR}))
    moments = [opened(priority=Priority.P3, team="video"), raised(Priority.P1, at(1)), became(Status.SOLVED, at(1))]
    clocks = run(*moments, became(Status.OPEN, at(2)), until=at(2), book=book)
    assert [(clock.started_at, *standing(clock)) for clock in clocks.values()] == [
        (NINE, "cancelled", at(1)),
        (at(2), "running", at(3)),
    ]


def test_hours_that_change_and_change_back_at_one_instant_never_changed() -> None:
    vips = rule(name="vip", when={"tags": ("vip",), "priority": ("P2",)}, calendar=ALWAYS)
    moments = [opened(priority=Priority.P1, tags=["vip"]), raised(Priority.P2, at(1)), changed(at(1), tags=[])]
    clock = run(*moments, until=at(2), book=policy(vips, rule()))[RESOLUTION]
    assert len(clock.hours.pieces) == 1


# Targets that are absent


def test_a_target_that_is_promised_no_more_is_cancelled_and_goes_on_when_it_is_promised_again() -> None:
    none = policy(rule({Target.FIRST_RESPONSE: HOUR}), version=2)
    gone = run(opened(), moved(2, at(1)), until=at(3), book=[policy(), none])[RESOLUTION]
    assert (gone.state, gone.cancelled_because, gone.settled_at) == (
        ClockState.CANCELLED,
        CancelledBecause.POLICY,
        at(1),
    )
    assert (gone.target_for, gone.due_at, gone.elapsed(at(3))) == (None, None, HOUR)
    back = run(opened(), moved(2, at(1)), moved(1, at(2)), until=at(3), book=[policy(), none])[RESOLUTION]
    assert (standing(back), back.stops) == (("running", at(8)), ())


def test_a_target_promised_later_counts_from_where_it_would_have() -> None:
    none = policy(rule({Target.FIRST_RESPONSE: HOUR}), version=1)
    later = policy(rule(), version=2)
    clock = run(opened(), moved(2, at(2)), until=at(2), book=[none, later])[RESOLUTION]
    assert (clock.started_at, clock.due_at) == (NINE, at(8))


def test_what_ended_before_it_was_promised_never_is() -> None:
    none = policy(rule({Target.RESOLUTION: HOUR}), version=1)
    clocks = run(opened(), answered(at(0.25)), moved(2, at(0.5)), until=at(0.5), book=[none, policy(version=2)])
    assert FIRST not in clocks


def test_a_breach_stays_when_the_target_is_promised_no_more() -> None:
    none = policy(rule({Target.RESOLUTION: HOUR}), version=2)
    clock = run(opened(), moved(2, at(2)), until=at(3), book=[policy(), none])[FIRST]
    assert (clock.outcome, clock.breached_at) == ("cancelled", at(1))


# Half-open everywhere


def test_what_happens_at_the_due_instant_is_too_late() -> None:
    assert run(opened(), answered(at(1)), until=at(1))[FIRST].outcome == "breached"
    assert run(opened(), answered(at(1) - MICROSECOND), until=at(1))[FIRST].outcome == "met"
    assert run(opened(), became(Status.SOLVED, at(8)), until=at(8))[RESOLUTION].outcome == "breached"


def test_a_rule_may_count_in_other_hours_for_an_urgent_ticket() -> None:
    book = policy(rule(name="urgent", when={"priority": ("P1",)}, calendar=ALWAYS), rule(name="usual"))
    clock = run(opened(at(7), Priority.P3), raised(Priority.P1, at(10)), until=at(11), book=book)[RESOLUTION]
    assert (clock.elapsed(at(11)), clock.hours.pieces[1][0]) == (2 * HOUR, at(10))


def test_every_target_promised_is_counted_and_nothing_else() -> None:
    assert {target for target, _ in run(opened(), until=NINE)} == {
        Target.FIRST_RESPONSE,
        Target.RESOLUTION,
        Target.AGENT_WORK,
        Target.REQUESTER_WAIT,
    }
    assert run(opened(), until=at(1), book=policy(rule(PROMISES, when={"tags": ("vip",)}))) == {}
    assert OFFICE.open_between(NINE, NINE + DAY) == 8 * HOUR
