"""The monthly review: notice, waiting, fingerprints and what has changed since signing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tickets.domain.period import month_of
from services.tickets.domain.policy import Status
from services.tickets.domain.review import Difference, Opened, Turn, differences, fingerprint, waits

NOVEMBER = month_of("2026-11")
DAY = timedelta(days=1)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC) + (day - 1) * DAY + timedelta(hours=hour)


def turn(when: datetime, status: Status, ticket_id: str = "t") -> Turn:
    return Turn(ticket_id=ticket_id, rollout="safety", at=when, status=status)


def opened(announced_at: datetime | None, promised_for: timedelta | None) -> Opened:
    return Opened(
        rollout="safety",
        title="Safety",
        wave="it",
        opened_at=at(20),
        announced_at=announced_at,
        promised_for=promised_for,
    )


@pytest.mark.parametrize(
    ("announced_at", "promised_for", "kept"),
    [
        (at(6), 14 * DAY, True),
        (at(6, 1), 14 * DAY, False),
        (at(21), 14 * DAY, False),
        (at(6), None, None),
        (at(6), timedelta(0), None),
        (None, 14 * DAY, None),
    ],
)
def test_notice_is_kept_if_as_much_was_given_as_was_promised(
    announced_at: datetime | None, promised_for: timedelta | None, kept: bool | None
) -> None:
    assert opened(announced_at, promised_for).kept is kept


def test_notice_after_the_opening_is_none_at_all() -> None:
    assert opened(at(21), 14 * DAY).given_for == timedelta(0)


def test_only_pending_waits_for_the_requester_and_only_what_lies_in_the_month_counts() -> None:
    turns = [
        turn(at(1) - 5 * DAY, Status.PENDING),
        turn(at(3), Status.OPEN),
        turn(at(4), Status.ON_HOLD),
        turn(at(10), Status.PENDING),
        turn(at(11), Status.PENDING),
        turn(at(12), Status.SOLVED),
        turn(at(29), Status.PENDING, "u"),
        turn(at(2), Status.OPEN, "v"),
    ]
    assert {wait.ticket_id: wait.waited_for for wait in waits(turns, NOVEMBER)} == {"t": 4 * DAY, "u": 2 * DAY}


statuses = st.sampled_from([Status.PENDING, Status.OPEN, Status.ON_HOLD, Status.SOLVED])


@given(st.lists(st.tuples(st.integers(-40, 60), statuses), max_size=12))
def test_waiting_is_what_a_walk_over_every_day_counts(drawn: list[tuple[int, Status]]) -> None:
    turns = sorted((turn(at(1) + day * DAY, status) for day, status in drawn), key=lambda each: each.at)
    walked = timedelta(0)
    for day in range(30):
        now = at(1) + day * DAY
        before = [each for each in turns if each.at <= now]
        if before and before[-1].status is Status.PENDING:
            walked += DAY
    found = [wait.waited_for for wait in waits(turns, NOVEMBER)]
    assert sum(found, timedelta(0)) == walked


def test_a_fingerprint_is_of_the_content_and_not_of_the_order_of_its_keys() -> None:
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    assert fingerprint({"a": 1, "b": [1, 2]}) != fingerprint({"a": 1, "b": [2, 1]})


def test_what_changed_since_signing_is_said_by_the_name_of_its_row() -> None:
    signed = {
        "it": [{"key": "network", "target": "resolution", "met": 3}, {"key": "", "target": "resolution", "met": 9}]
    }
    now = {
        "it": [
            {"key": "desktop", "target": "resolution", "met": 1},
            {"key": "network", "target": "resolution", "met": 2},
        ]
    }
    found = list(differences(signed, now))
    assert Difference(place="/it/network resolution/met", signed=3, now=2) in found
    assert [each.place for each in found] == [
        "/it/- resolution",
        "/it/desktop resolution",
        "/it/network resolution/met",
    ]
    assert found[0].now is None
    assert found[1].signed is None
    assert list(differences(signed, signed)) == []
