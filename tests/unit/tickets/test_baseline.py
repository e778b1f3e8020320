"""How often people ask for help, as a rate that audiences of any size can be compared by."""

from datetime import timedelta

import pytest

from services.tickets.domain.baseline import BEFORE, rate

RATES = [
    (8, 50, BEFORE, 4.0),
    (1, 400, timedelta(days=7), 0.25),
    (0, 10, BEFORE, 0.0),
    (3, 0, BEFORE, None),
    (3, 10, timedelta(0), None),
]


@pytest.mark.parametrize(("tickets", "people", "period", "expected"), RATES)
def test_a_rate_is_tickets_per_hundred_people_and_week(
    tickets: int, people: int, period: timedelta, expected: float | None
) -> None:
    assert rate(tickets, people, period) == expected
