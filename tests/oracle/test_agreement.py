"""Engine and walk agree on a few hundred seeded cases here; `python -m tests.oracle` does it on as many as wanted."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from services.tickets.domain.calendar import MINUTES_PER_DAY, Calendar, Window
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import Policy, Priority, Rule, Target
from tests.oracle.__main__ import told
from tests.oracle.cases import chunk_of
from tests.oracle.verdict import Case, Reading, differences, engine_says, smallest, walked
from tests.oracle.walk import Span
from tests.oracle.wall import MINUTE, open_minutes

SEED = 20261122
ZERO = datetime(2026, 3, 26, tzinfo=UTC)
NINE = 9 * 60


@pytest.mark.parametrize("chunk", [0, 1, 2])
def test_engine_and_walk_agree_on_random_histories(chunk: int) -> None:
    wrong = [case for case in chunk_of(SEED, chunk) if differences(case)]
    assert not wrong, "\n".join(told(smallest(wrong[0])))


def case_of(*happened: tuple[int, MomentKind, str], until: int, calendar: Calendar) -> Case:
    """One clock, of first response, with an hour to go from minute 0."""
    rule = Rule(name="all", calendar=calendar, targets={Priority.P1: {Target.FIRST_RESPONSE: 60 * MINUTE}})
    opening = (0, MomentKind.OPENED, "P1")
    moments = tuple(
        Moment(
            moment_id=f"m{number}",
            kind=kind,
            at=ZERO + minute * MINUTE,
            observed_at=ZERO,
            value=value,
            detail={"policy": "standard@1", "features": {}} if kind is MomentKind.OPENED else {},
        )
        for number, (minute, kind, value) in enumerate([opening, *happened])
    )
    book = {"standard@1": Policy(name="standard", version=1, rules=(rule,))}
    return Case("by hand", Span(ZERO, 5 * MINUTES_PER_DAY), book, moments, until)


OFFICE = Calendar(name="office", zone="UTC", week=((Window(opens=NINE, closes=17 * 60),),) * 7)


def test_the_walk_says_what_anybody_can_reckon() -> None:
    pause = [(NINE + 20, MomentKind.STATUS, "pending"), (NINE + 50, MomentKind.STATUS, "open")]
    readings, _ = walked(case_of(*pause, until=NINE + 120, calendar=OFFICE))
    reading = readings["first_response:1"]
    assert (reading["due"], reading["breached"], reading["cause"]) == (NINE + 90, NINE + 90, "elapsed")
    assert (reading["elapsed"], reading["stops"]) == (90, [("paused", NINE + 20, NINE + 50)])


def test_the_walk_dates_the_breach_of_a_retracted_answer_at_its_retraction() -> None:
    answer = [(NINE + 10, MomentKind.ANSWERED, ""), (NINE + 100, MomentKind.RETRACTED, "m1")]
    readings, _ = walked(case_of(*answer, until=NINE + 120, calendar=OFFICE))
    reading = readings["first_response:1"]
    assert (reading["state"], reading["due"]) == ("running", NINE + 60)
    assert (reading["breached"], reading["cause"]) == (NINE + 100, "retracted")


def test_the_wall_shows_the_days_on_which_clocks_change() -> None:
    berlin = Calendar(zone="Europe/Berlin", week=((Window(opens=0, closes=MINUTES_PER_DAY),),) * 7)
    # Sunday 29 March 2026: 23 hours, of which a holiday takes all.
    closed = Calendar(zone="Europe/Berlin", week=berlin.week, holidays=frozenset({date(2026, 3, 29)}))
    assert open_minutes(berlin, ZERO, 5 * MINUTES_PER_DAY).count(1) == 5 * MINUTES_PER_DAY
    assert open_minutes(closed, ZERO, 5 * MINUTES_PER_DAY).count(1) == 5 * MINUTES_PER_DAY - 23 * 60


def test_a_disagreement_is_found_and_told_as_a_short_history() -> None:
    def forgets_pauses(case: Case, moments: Sequence[Moment], until: int) -> dict[str, Reading]:
        return engine_says(case, [moment for moment in moments if moment.value != "pending"], until)

    noise = [(minute, MomentKind.ASKED, "") for minute in range(NINE, NINE + 300, 30)]
    case = case_of((NINE + 20, MomentKind.STATUS, "pending"), *noise, until=NINE + 40, calendar=OFFICE)
    assert not differences(case)
    found = smallest(case, forgets_pauses)
    assert [moment.value for moment in found.moments] == ["P1", "pending"]
    assert any("state is 'running', the walk says 'paused'" in line for line in differences(found, forgets_pauses))
    assert "engine and walk agree" in list(told(found))
