"""Calendar arithmetic alone against the wall: random calendars, random spans."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from services.tickets.domain.calendar import BEGINNING, Calendar, Hours
from tests.oracle.cases import BEGINNINGS, random_calendar
from tests.oracle.wall import MINUTE, open_minutes

MINUTES = 20 * 24 * 60


def asked(chance: random.Random) -> tuple[datetime, list[Calendar]]:
    on = chance.choice(BEGINNINGS)
    return datetime(on.year, on.month, on.day, tzinfo=UTC), [random_calendar(chance, f"c{n}", on) for n in range(3)]


@pytest.mark.parametrize("seed", range(8))
def test_open_time_due_times_and_openings_equal_the_minutes_on_the_wall(seed: int) -> None:
    chance = random.Random(f"calendars {seed}")
    zero, calendars = asked(chance)
    for calendar in calendars:
        opens = open_minutes(calendar, zero, MINUTES)
        for _ in range(60):
            start, length = chance.randrange(MINUTES // 2), chance.randrange(MINUTES // 2)
            begin, end = zero + start * MINUTE, zero + (start + length) * MINUTE
            counted = opens.count(1, start, start + length)
            assert calendar.open_between(begin, end) == counted * MINUTE
            stretches = list(calendar.openings(begin, end))
            assert sum((closes - at for at, closes in stretches), timedelta(0)) == counted * MINUTE
            following = opens.find(1, start)
            if following >= 0:
                assert calendar.next_open(begin) == zero + following * MINUTE
            if counted:
                last = opens.rfind(1, start, start + length)
                assert calendar.after(begin, counted * MINUTE) == zero + (last + 1) * MINUTE


@pytest.mark.parametrize("seed", range(8))
def test_hours_that_change_are_those_of_each_calendar_in_its_time(seed: int) -> None:
    chance = random.Random(f"hours {seed}")
    zero, calendars = asked(chance)
    edges = sorted(chance.sample(range(1, MINUTES), 2))
    since = [BEGINNING, *(zero + edge * MINUTE for edge in edges)]
    hours = Hours(pieces=tuple(zip(since, calendars, strict=True)))
    parts = [open_minutes(calendar, zero, MINUTES) for calendar in calendars]
    opens = parts[0][: edges[0]] + parts[1][edges[0] : edges[1]] + parts[2][edges[1] :]
    for _ in range(60):
        start, length = chance.randrange(MINUTES - 1), chance.randrange(MINUTES)
        end = min(start + length, MINUTES)
        begin, counted = zero + start * MINUTE, opens.count(1, start, end)
        assert hours.open_between(begin, zero + end * MINUTE) == counted * MINUTE
        assert sum((b - a for a, b in hours.openings(begin, zero + end * MINUTE)), timedelta(0)) == counted * MINUTE
        if counted:
            assert hours.after(begin, counted * MINUTE) == zero + (opens.rfind(1, start, end) + 1) * MINUTE
            assert hours.next_open(begin) == zero + opens.find(1, start, end) * MINUTE
