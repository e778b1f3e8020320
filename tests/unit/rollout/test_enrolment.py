"""Members of waves, how they are counted, and how work for a learning system is paced."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.batch import Pace, given_up, halves, missing, poll_due, wait_after
from services.rollout.domain.completion import Standing
from services.rollout.domain.enrolment import (
    AT_ONCE,
    COUNTERS,
    PENDING,
    Member,
    MemberState,
    Push,
    Wanted,
    count_changes,
    invited,
    member_state,
    refused,
    standing_now,
    taken_back,
    told,
    tried_again,
)

NOW = datetime(2031, 3, 3, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wanted", "standing", "state"),
    [
        (Wanted.NOTHING, Standing.NONE, MemberState.ASSIGNED),
        (Wanted.ENROLLED, Standing.NONE, MemberState.INVITED),
        (Wanted.ENROLLED, Standing.ENROLLED, MemberState.ENROLLED),
        (Wanted.ENROLLED, Standing.WITHDRAWN, MemberState.WITHDRAWN),
        (Wanted.WITHDRAWN, Standing.NONE, MemberState.WITHDRAWN),
        (Wanted.WITHDRAWN, Standing.ENROLLED, MemberState.WITHDRAWN),
        (Wanted.WITHDRAWN, Standing.STARTED, MemberState.STARTED),
        (Wanted.WITHDRAWN, Standing.COMPLETED, MemberState.COMPLETED),
        (Wanted.WITHDRAWN, Standing.PASSED, MemberState.PASSED),
    ],
)
def test_a_member_is_shown_by_what_is_wanted_and_what_was_reached(
    wanted: Wanted, standing: Standing, state: MemberState
) -> None:
    assert member_state(wanted, standing) is state


def member(**more: Any) -> Member:
    return replace(Member(id="e1", rollout="r", wave="w", person_id="p1"), **more)


def invite(one: Member, standing: Standing = Standing.NONE) -> Member:
    return invited(one, standing, source="moodle", course_id="2")


def test_inviting_twice_is_inviting_once() -> None:
    once = invite(member())
    assert (once.state, once.push, once.due_at, once.version) == (MemberState.INVITED, Push.ENROL, AT_ONCE, 2)
    assert invite(once) == once
    enrolled = told(once, sent=Push.ENROL, ours=True)
    assert invite(enrolled) == enrolled


def test_whoever_the_system_knows_already_is_not_pushed_and_not_ours_to_unenrol() -> None:
    known = invite(member(), Standing.COMPLETED)
    assert (known.state, known.push, known.due_at) == (MemberState.COMPLETED, Push.ENROLLED, None)
    adopted = invite(member(), Standing.ENROLLED)
    assert taken_back(adopted, Standing.ENROLLED).push is Push.NONE


def test_a_failed_enrolment_is_left_until_somebody_asks_again() -> None:
    failed = refused(invite(member()), sent=Push.ENROL, error="no account")
    assert (failed.push, failed.error, failed.due_at) == (Push.FAILED, "no account", None)
    assert invite(failed) == failed
    again = tried_again(failed)
    assert (again.push, again.error, again.due_at) == (Push.ENROL, None, AT_ONCE)


def test_a_wave_taken_back_unenrols_only_whom_it_may_have_enrolled() -> None:
    pending = invite(member())
    in_flight = replace(pending, attempts=1)
    enrolled = told(pending, sent=Push.ENROL, ours=True)
    pushes = [taken_back(one, Standing.NONE).push for one in (pending, in_flight, enrolled, member())]
    assert pushes == [Push.NONE, Push.UNENROL, Push.UNENROL, Push.NONE]


def test_what_was_reached_is_kept_when_the_wave_is_taken_back() -> None:
    enrolled = told(invite(member()), sent=Push.ENROL, ours=True)
    started = standing_now(enrolled, Standing.STARTED)
    assert taken_back(started, Standing.STARTED) == started


def test_an_enrolment_that_comes_back_after_the_wave_was_taken_back_is_undone() -> None:
    in_flight = replace(invite(member()), attempts=1)
    taken = taken_back(in_flight, Standing.NONE)
    assert told(taken, sent=Push.ENROL, ours=True).push is Push.UNENROL
    assert told(taken, sent=Push.UNENROL, ours=False).push is Push.UNENROLLED
    assert refused(taken, sent=Push.ENROL, error="x") == taken


MOVES = st.sampled_from(("invite", "take back", "told", "untold", "refused", "again", "completed", "withdrawn"))


def _moved(one: Member, move: str) -> Member:
    actions: dict[str, Callable[[Member], Member]] = {
        "invite": invite,
        "take back": lambda m: taken_back(m, Standing.NONE),
        "told": lambda m: told(m, sent=Push.ENROL, ours=True),
        "untold": lambda m: told(m, sent=Push.UNENROL, ours=False),
        "refused": lambda m: refused(m, sent=Push.ENROL, error="x"),
        "again": lambda m: tried_again(m),
        "completed": lambda m: standing_now(m, Standing.COMPLETED),
        "withdrawn": lambda m: standing_now(m, Standing.WITHDRAWN),
    }
    return actions[move](one)


@given(st.lists(st.tuples(st.sampled_from(("a", "b")), st.integers(0, 4), MOVES), max_size=40))
def test_counters_moved_by_each_change_equal_a_count_of_all_members(moves: list[tuple[str, int, str]]) -> None:
    members: dict[tuple[str, int], Member] = {}
    counters: dict[str, dict[str, int]] = {wave: dict.fromkeys(COUNTERS, 0) for wave in "ab"}
    for wave, person, move in moves:
        before = members.get((wave, person))
        after = _moved(before or member(wave=wave, id=f"{person}"), move)
        members[wave, person] = after
        assert (after.due_at is not None) == (after.push in PENDING)
        for (_, counted), by in count_changes([(before, after)]).items():
            for name, delta in by.items():
                counters[counted][name] += delta
    for wave in "ab":
        held = [one for (of, _), one in members.items() if of == wave]
        expected = {state.value: sum(one.state is state for one in held) for state in MemberState}
        assert counters[wave] == expected | {"push_failed": sum(one.push is Push.FAILED for one in held)}


def test_a_refused_batch_is_halved_until_one_is_left() -> None:
    first, second = halves([1, 2, 3, 4, 5])
    assert (list(first), list(second)) == ([1, 2, 3], [4, 5])
    assert [list(half) for half in halves([1])] == [[1], []]


def test_what_was_accepted_and_is_not_there_is_named_in_order() -> None:
    assert missing(["4", "5", "6"], {"5"}) == ["4", "6"]


def test_failures_in_a_row_wait_longer_up_to_ten_minutes() -> None:
    waits = [wait_after(failures) for failures in (1, 2, 3, 50)]
    assert waits == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8), timedelta(minutes=10)]
    assert not given_up(3)
    assert given_up(4)


def test_a_batch_leaves_the_system_time_to_breathe() -> None:
    assert Pace(pause_for=timedelta(seconds=1)).next_at(NOW) == NOW + timedelta(seconds=1)


def test_a_poll_is_due_when_asked_for_or_when_the_interval_is_over() -> None:
    minute = timedelta(minutes=1)
    assert poll_due(wanted=False, polled_at=None, every_for=minute, now=NOW)
    assert poll_due(wanted=True, polled_at=NOW, every_for=minute, now=NOW)
    assert not poll_due(wanted=False, polled_at=NOW, every_for=minute, now=NOW + minute / 2)
    assert poll_due(wanted=False, polled_at=NOW, every_for=minute, now=NOW + minute)
