"""What holds for every history, to the microsecond: order of arrival, sums, time, and what is undone."""

import itertools
import random
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.tickets.domain.calendar import Calendar, Window
from services.tickets.domain.clock import Clock, ClockKey, news_of
from services.tickets.domain.explain import explain
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import Policy, Status
from services.tickets.domain.segment import SegmentKind, segments
from tests.oracle.cases import random_calendar, random_policy
from tests.unit.tickets.histories import ALWAYS, MICROSECOND, MINUTE, NINE, OFFICE, run

BERLIN = Calendar(
    name="berlin",
    version=1,
    zone="Europe/Berlin",
    week=((Window(opens=8 * 60, closes=12 * 60), Window(opens=22 * 60, closes=30 * 60)),) * 7,
)
LATEST = 5 * 24 * 3600 * 10**6
TIMES = st.one_of(
    st.integers(0, LATEST).map(lambda us: NINE + us * MICROSECOND),
    st.integers(0, 5 * 24 * 4).map(lambda quarter: NINE + quarter * 15 * MINUTE),
)


def _books() -> list[tuple[Policy, ...]]:
    """Two versions of a policy each, made once: the histories are what these tests vary."""
    chance = random.Random(3)
    calendars = [OFFICE, ALWAYS, BERLIN, random_calendar(chance, "other", NINE.date())]
    return [tuple(random_policy(chance, version, calendars) for version in (1, 2)) for _ in range(25)]


BOOKS = st.sampled_from(_books())
FEATURES = st.sampled_from([{"team": "network"}, {"team": None}, {"tags": ["vip"]}])
SAID = st.one_of(
    *(st.tuples(st.just(MomentKind.STATUS), st.just(status.value), st.just({})) for status in Status),
    st.tuples(st.sampled_from([MomentKind.ANSWERED, MomentKind.ASKED]), st.just(""), st.just({})),
    st.tuples(st.just(MomentKind.PRIORITY), st.sampled_from(["P1", "P3"]), st.just({})),
    st.tuples(
        st.just(MomentKind.FEATURES),
        st.just(""),
        st.sampled_from([{"team": "network"}, {"team": None}, {"tags": ["vip"]}]),
    ),
    st.tuples(st.just(MomentKind.WAITS), st.sampled_from(["parent", ""]), st.just({})),
    st.tuples(
        st.just(MomentKind.POLICY),
        st.sampled_from(["standard@1", "standard@2"]),
        st.sampled_from([{}, {"retroactive": True}]),
    ),
    st.tuples(
        st.just(MomentKind.ABSORBED), st.just("t0"), st.just({"started_at": (NINE - timedelta(hours=30)).isoformat()})
    ),
    st.tuples(st.just(MomentKind.MERGED), st.just("t9"), st.just({})),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Moment]:
    """An opening and up to ten other moments, of which some are taken back later."""
    opening = ("P1", {"policy": "standard@1", "features": {"team": draw(st.sampled_from(["network", None]))}})
    moments = [_moment(0, MomentKind.OPENED, NINE, *opening)]
    for number, (at, (kind, value, detail)) in enumerate(draw(st.lists(st.tuples(TIMES, SAID), max_size=10)), start=1):
        moments.append(_moment(number, kind, at, value, detail))
    for number in draw(st.lists(st.integers(1, 10), max_size=2)):
        if number < len(moments):
            back_at = max(moments[number].at, draw(TIMES))
            moments.append(_moment(100 + len(moments), MomentKind.RETRACTED, back_at, moments[number].moment_id, {}))
    return moments


def _moment(number: int, kind: MomentKind, at: datetime, value: str, detail: dict[str, Any]) -> Moment:
    return Moment(moment_id=f"m{number:03}", kind=kind, at=at, observed_at=at, value=value, detail=detail)


def read(moments: list[Moment], book: tuple[Policy, ...], until: datetime) -> dict[ClockKey, Clock]:
    return run(*moments, until=until, book=book)


def end_of(clock: Clock, until: datetime) -> datetime:
    return clock.settled_at or max(until, clock.started_at)


@settings(max_examples=50, deadline=None)
@given(moments=histories(), book=BOOKS, until=TIMES, order=st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    moments: list[Moment], book: tuple[Policy, ...], until: datetime, order: Any
) -> None:
    straight = read(moments, book, until)
    order.shuffle(moments)
    again = read(moments, book, until)
    assert again == straight
    assert news_of(straight, again) == []


@settings(max_examples=50, deadline=None)
@given(moments=histories(), book=BOOKS, until=TIMES)
def test_the_segments_of_every_clock_adjoin_and_the_running_ones_add_up(
    moments: list[Moment], book: tuple[Policy, ...], until: datetime
) -> None:
    last = max([until, *(each.at for each in moments)])
    for clock in read(moments, book, last).values():
        end = end_of(clock, last)
        drawn = segments(clock, end)
        edges = [clock.started_at, *(each.ended_at for each in drawn)]
        assert [each.began_at for each in drawn] == edges[:-1]
        assert edges[-1] == end
        assert all(a.kind is not b.kind for a, b in itertools.pairwise(drawn))
        running = [each.ended_at - each.began_at for each in drawn if each.kind is SegmentKind.RUNNING]
        assert sum(running, timedelta(0)) == clock.elapsed(end)


@settings(max_examples=50, deadline=None)
@given(moments=histories(), book=BOOKS, first=TIMES, then=TIMES)
def test_time_alone_only_adds(moments: list[Moment], book: tuple[Policy, ...], first: datetime, then: datetime) -> None:
    last = max(each.at for each in moments)
    earlier, later = sorted((max(first, last), max(then, last)))
    before, after = read(moments, book, earlier), read(moments, book, later)
    assert before.keys() == after.keys()
    for key, clock in before.items():
        grown = after[key]
        assert grown.elapsed(end_of(grown, later)) >= clock.elapsed(end_of(clock, earlier))
        assert clock.breached_at in (None, grown.breached_at)
        if clock.pending and clock.due_at is not None:
            assert grown.breached_at == (clock.due_at if clock.due_at <= later else None)


@settings(max_examples=50, deadline=None)
@given(moments=histories(), book=BOOKS, until=TIMES)
def test_what_is_due_has_used_up_exactly_its_target_then(
    moments: list[Moment], book: tuple[Policy, ...], until: datetime
) -> None:
    for clock in read(moments, book, until).values():
        if clock.active and clock.due_at is not None:
            assert clock.target_for is not None
            assert clock.elapsed(clock.due_at) == clock.target_for
            assert clock.elapsed(clock.due_at - MICROSECOND) < clock.target_for


@settings(max_examples=50, deadline=None)
@given(moments=histories(), book=BOOKS, at=TIMES, retroactive=st.booleans())
def test_a_migration_undone_at_once_leaves_no_trace(
    moments: list[Moment], book: tuple[Policy, ...], at: datetime, retroactive: bool
) -> None:
    """Unless a clock runs out between the two, which then is a breach of the later instant."""
    last = max(at, *(each.at for each in moments))
    migration = _moment(200, MomentKind.POLICY, last, "standard@2", {"retroactive": retroactive})
    undone = _moment(201, MomentKind.RETRACTED, last + MICROSECOND, migration.moment_id, {})
    until = last + 2 * MICROSECOND
    before = read(moments, book, until)
    if not any(clock.breached_at == last for clock in before.values()):
        after = read([*moments, migration, undone], book, until)
        assert after == before
        assert repr(after) == repr(before)


@settings(max_examples=40, deadline=None)
@given(moments=histories(), book=BOOKS, until=TIMES)
def test_every_history_can_be_explained(moments: list[Moment], book: tuple[Policy, ...], until: datetime) -> None:
    labels = {policy.label: policy for policy in book}
    told = explain("t1", moments, labels, until)
    clocks = read(moments, book, until)
    assert {(each.clock.target, each.clock.cycle) for each in told.clocks} == clocks.keys()
    for each in told.clocks:
        assert each.elapsed == each.sums[SegmentKind.RUNNING] == each.clock.elapsed(end_of(each.clock, until))
        assert all(sentence.endswith(".") for sentence in (each.promise, *each.sentences))
    assert sum(check.matched for check in told.rule_checks) == (told.rule is not None)
