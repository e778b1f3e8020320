"""Which step of an escalation ladder comes next, and when; each once per cycle and for ever."""

from datetime import datetime, timedelta

import pytest

from services.tickets.domain.clock import Clock
from services.tickets.domain.ladder import Firing, Step, StepTime, next_step
from services.tickets.domain.moment import Moment
from services.tickets.domain.policy import PolicyInvalid, Priority, Status, Target
from tests.unit.tickets.histories import HOUR, MINUTE, NINE, at, became, opened, policy, raised, rule, run

FIRST = (Target.FIRST_RESPONSE, 1)
BOOK = policy(
    rule({Target.FIRST_RESPONSE: 4 * HOUR}, name="urgent", when={"priority": ("P1",)}),
    rule({Target.FIRST_RESPONSE: 12 * HOUR}, name="usual"),
)
REAL = StepTime.REAL


def clock(*moments: Moment, until: datetime = NINE, priority: Priority = Priority.P1) -> Clock:
    return run(opened(priority=priority), *moments, until=until, book=BOOK)[FIRST]


def step(percent: float | None = None, *, offset: timedelta | None = None, **more: object) -> Step:
    return Step(percent=percent, offset_for=offset, to="lead", **more)  # type: ignore[arg-type]


def fires(ladder: list[Step], read: Clock, *fired: Firing, **more: datetime) -> tuple[int, datetime] | None:
    return next_step(read, ladder, fired, **more)


@pytest.mark.parametrize(
    ("rung", "hours"),
    [
        (step(75), 3),
        (step(100), 4),
        (step(150), 6),
        (step(offset=-HOUR), 3),
        (step(offset=-90 * MINUTE, time=REAL), 2.5),
        (step(offset=timedelta(0)), 4),
        (step(offset=2 * HOUR), 6),
        (step(offset=2 * HOUR, time=REAL), 6),
        (step(offset=5 * HOUR), 25),
        (step(offset=5 * HOUR, time=REAL), 9),
        (step(300), 28),
    ],
)
def test_a_step_is_a_share_of_the_target_or_a_distance_from_its_end(rung: Step, hours: float) -> None:
    assert fires([rung], clock()) == (0, at(hours))


def test_the_earliest_step_comes_first_whatever_its_place() -> None:
    ladder = [step(100), step(50), step(75)]
    assert fires(ladder, clock()) == (1, at(2))
    assert fires(ladder, clock(), Firing(threshold="50% lead", at=at(2))) == (2, at(3))
    assert fires(ladder, clock(), until=at(1)) is None


def test_a_step_is_fired_once_and_not_again_after_the_target_changed() -> None:
    fired = Firing(threshold="75% lead", at=at(3))
    later = clock(raised(Priority.P3, at(3.5)), until=at(3.5))
    assert later.due_at == at(28)
    assert fires([step(75)], later) == (0, at(25))
    assert fires([step(75)], later, fired) is None


def test_a_pause_moves_the_step_and_silences_it() -> None:
    pause = became(Status.PENDING, at(1))
    assert fires([step(75)], clock(pause, until=at(2))) is None
    assert fires([step(75)], clock(pause, became(Status.OPEN, at(2)), until=at(2))) == (0, at(4))


def test_what_passed_during_a_pause_is_said_when_it_ends() -> None:
    late = [became(Status.PENDING, at(5)), became(Status.OPEN, at(7))]
    rung = step(offset=2 * HOUR, time=REAL)
    assert fires([rung], clock(late[0], until=at(6))) is None
    assert fires([rung], clock(*late, until=at(7))) == (0, at(6))
    assert fires([step(offset=2 * HOUR)], clock(*late, until=at(7))) == (0, at(8))


def test_a_timer_that_was_down_owes_what_warned_of_the_breach_but_a_retarget_does_not() -> None:
    assert fires([step(75)], clock(until=at(5))) == (0, at(3))
    retargeted = clock(raised(Priority.P1, at(6)), until=at(6), priority=Priority.P3)
    assert retargeted.breached_at == at(6)
    assert fires([step(75)], retargeted) == (0, at(3))
    lengthened = clock(raised(Priority.P3, at(5)), until=at(5))
    assert lengthened.breached_at == at(4)
    assert fires([step(75), step(offset=-HOUR)], lengthened) is None


def test_distances_after_a_breach_are_from_the_breach() -> None:
    retargeted = clock(raised(Priority.P1, at(6)), until=at(6), priority=Priority.P3)
    assert fires([step(offset=HOUR)], retargeted) == (0, at(7))
    assert fires([step(110)], retargeted) == (0, at(6))


def test_a_repeated_step_goes_on_until_somebody_touches_the_ticket() -> None:
    ladder = [step(100, repeat_every=HOUR)]
    said = [Firing(threshold="100% lead", at=at(hours)) for hours in (4, 5)]
    assert fires(ladder, clock(until=at(5)), *said) == (0, at(6))
    assert fires(ladder, clock(until=at(5)), *said, touched_at=at(3.9)) == (0, at(6))
    assert fires(ladder, clock(until=at(5)), *said, touched_at=at(4)) is None
    assert fires(ladder, clock(until=at(5)), touched_at=at(4)) == (0, at(4))


def test_a_repetition_in_business_time_waits_for_the_morning() -> None:
    said = Firing(threshold="100% lead", at=at(4))
    assert fires([step(100, repeat_every=5 * HOUR)], clock(until=at(5)), said) == (0, at(25))
    real = step(offset=timedelta(0), time=REAL, repeat_every=5 * HOUR)
    assert fires([real], clock(until=at(5)), Firing(threshold="+0m real lead", at=at(4))) == (0, at(9))


def test_a_warning_longer_than_the_target_is_none() -> None:
    assert fires([step(offset=-5 * HOUR)], clock()) is None
    assert fires([step(offset=-5 * HOUR, time=REAL)], clock()) is None


def test_a_clock_that_ended_has_no_step() -> None:
    assert fires([step(75), step(100)], clock(became(Status.SOLVED, at(1)), until=at(9))) is None


def test_a_threshold_is_named_as_it_is_written() -> None:
    rungs = [
        step(75),
        step(12.5),
        step(offset=-30 * MINUTE),
        step(offset=2 * HOUR, time=REAL),
        step(offset=90 * MINUTE),
    ]
    assert [rung.threshold for rung in rungs] == ["75% lead", "12.5% lead", "-30m lead", "+2h real lead", "+90m lead"]


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"percent": 75, "offset_for": HOUR},
        {"percent": 0},
        {"percent": 75, "time": StepTime.REAL},
        {"percent": 75, "repeat_every": timedelta(seconds=1)},
    ],
)
def test_a_step_that_makes_no_sense_is_refused(made: dict[str, object]) -> None:
    with pytest.raises(PolicyInvalid):
        Step(to="lead", **made)  # type: ignore[arg-type]
