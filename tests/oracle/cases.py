"""Random cases: calendars around the days on which clocks change, policies of several rules, whole ticket histories.

A case is made again from its name alone (`seed:chunk:index`). The cases of a chunk share calendars and policies, because laying
a calendar out costs more than playing a history.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.tickets.domain.calendar import MINUTES_PER_DAY, Calendar, Closure, Window
from services.tickets.domain.condition import Condition
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import FIXED_PAUSES, OnChange, OnReopen, Policy, Priority, Rule, Status, Target
from tests.oracle.verdict import Case
from tests.oracle.walk import Span
from tests.oracle.wall import DAY, MINUTE

ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns",
    "Pacific/Chatham", "UTC", "America/Santiago", "Atlantic/Azores",
)  # fmt: skip
# Days near which some of them change their clocks (two at midnight), a day that Apia left out, a leap day and the turn of a year.
BEGINNINGS = (
    date(2026, 3, 5), date(2026, 3, 26), date(2026, 4, 1), date(2026, 9, 3), date(2026, 9, 24), date(2026, 10, 1),
    date(2026, 10, 22), date(2026, 10, 29), date(2011, 12, 27), date(2028, 2, 26), date(2026, 12, 28), date(2026, 6, 15),
)  # fmt: skip
SPAN_MINUTES = 34 * DAY
CASES_PER_CHUNK = 100
LENGTHS = ((0.4, 2 * DAY), (0.4, 6 * DAY), (0.15, 14 * DAY), (0.05, 25 * DAY))
TEAMS = ("network", "video", "")
KINDS = (
    (MomentKind.STATUS, 34), (MomentKind.ANSWERED, 14), (MomentKind.ASKED, 12), (MomentKind.PRIORITY, 9),
    (MomentKind.FEATURES, 8), (MomentKind.WAITS, 5), (MomentKind.POLICY, 8), (MomentKind.ABSORBED, 3),
    (MomentKind.RETRACTED, 8), (MomentKind.MERGED, 2), (MomentKind.DELETED, 1), (MomentKind.OPENED, 2),
)  # fmt: skip
Chance = random.Random


def chunk_of(seed: int, chunk: int) -> Iterator[Case]:
    chance = Chance(f"{seed}:{chunk}")
    on = chance.choice(BEGINNINGS)
    zero = datetime(on.year, on.month, on.day, tzinfo=UTC)
    span = Span(zero, SPAN_MINUTES)
    calendars = [random_calendar(chance, f"c{number}", on) for number in range(6)]
    shelf = [random_policy(chance, version + 1, calendars) for version in range(6)]
    for index in range(CASES_PER_CHUNK):
        own = Chance(f"{seed}:{chunk}:{index}")
        book = {policy.label: policy for policy in own.sample(shelf, 3)}
        yield _case(own, f"{seed}:{chunk}:{index}", span, book)


def random_calendar(chance: Chance, name: str, around: date) -> Calendar:
    week = _week(chance)
    days = [around + timedelta(days=offset) for offset in range(-3, 25)]
    holidays = frozenset(chance.sample(days, chance.choice((0, 0, 1, 3, 6))))
    closures = tuple(
        Closure(on=on, opens=opens, closes=opens + chance.choice((1, 30, 180, 1440)))
        for on in chance.sample(days, chance.choice((0, 0, 1, 3)))
        for opens in [chance.choice((0, 90, 120, 150, 540, 720, 1320))]
    )
    shifts = tuple((on, _day(chance)) for on in chance.sample(days, chance.choice((0, 0, 1, 4))))
    return Calendar(
        name=name,
        version=1,
        zone=chance.choice(ZONES),
        week=week,
        holidays=holidays,
        closures=closures,
        shifts=shifts,
    )


def _week(chance: Chance) -> tuple[tuple[Window, ...], ...]:
    kind = chance.random()
    if kind < 0.2:
        return ((Window(opens=0, closes=MINUTES_PER_DAY),),) * 7
    if kind < 0.35:
        return ((Window(opens=540, closes=1020),),) * 5 + ((), ())
    if kind < 0.5:
        return ((Window(opens=480, closes=720), Window(opens=780, closes=1050)),) * 6 + ((),)
    if kind < 0.65:
        return ((Window(opens=1320, closes=1800),),) * 7
    week = tuple(_day(chance) for _ in range(7))
    return week if any(week) else ((Window(opens=125, closes=155),),) * 7


def _day(chance: Chance) -> tuple[Window, ...]:
    """Windows with edges anywhere, often in the small hours, where clocks change."""
    edges = sorted(
        {
            chance.choice((0, 60, 119, 120, 135, 150, 165, 179, 180, 181, 240, 540, 1020, 1439, chance.randrange(1440)))
            for _ in range(chance.choice((0, 2, 2, 4, 6)))
        }
    )
    windows = [Window(opens=opens, closes=closes) for opens, closes in zip(edges[::2], edges[1::2], strict=False)]
    if windows and chance.random() < 0.3:
        last = windows.pop()
        windows.append(Window(opens=last.opens, closes=chance.choice((1440, 1500, 1600, 1830, 2400, 2880))))
    return tuple(windows)


def random_policy(chance: Chance, version: int, calendars: list[Calendar]) -> Policy:
    rules = [
        _rule(chance, f"r{number}", _condition(chance), calendars) for number in range(chance.choice((0, 1, 2, 3)))
    ]
    if chance.random() < 0.85 or not rules:
        rules.append(_rule(chance, "rest", Condition(), calendars))
    return Policy(name="standard", version=version, rules=tuple(rules))


def _condition(chance: Chance) -> Condition:
    asked: dict[str, tuple[str, ...]] = {}
    if chance.random() < 0.6:
        asked["priority"] = tuple(chance.sample(("P1", "P2", "P3"), chance.choice((1, 2))))
    if chance.random() < 0.3:
        asked["team"] = (chance.choice(TEAMS),)
    return Condition(when=asked, unless={"tags": ("vip",)} if chance.random() < 0.3 else {})


def _rule(chance: Chance, name: str, when: Condition, calendars: list[Calendar]) -> Rule:
    promised = chance.sample([target for target in Target if target is not Target.OLA], chance.choice((2, 4, 6)))
    targets: dict[Priority, dict[Target, timedelta]] = {
        priority: {target: _limit(chance) for target in promised if chance.random() < 0.9}
        for priority in (Priority.P1, Priority.P2, Priority.P3)
    }
    pausing = [target for target in Target if target not in FIXED_PAUSES]
    pauses = ((), (Status.PENDING,), (Status.ON_HOLD,))
    window = chance.choice((None, None, 60, 600, 3 * DAY))
    return Rule(
        name=name,
        when=when,
        calendar=chance.choice(calendars),
        targets=targets,
        olas={team or "*": _limit(chance) for team in TEAMS if chance.random() < 0.4},
        pause_on={target: frozenset(chance.choice(pauses)) for target in pausing if chance.random() < 0.3},
        on_change={target: OnChange.RESTART for target in Target if chance.random() < 0.2},
        on_reopen=chance.choice((OnReopen.CONTINUE, OnReopen.CONTINUE, OnReopen.RESTART)),
        reopen_window=None if window is None else window * MINUTE,
    )


def _limit(chance: Chance) -> timedelta:
    return chance.choice((1, 15, 30, 60, 60, 120, 240, 480, 480, 960, 1440, 2400, chance.randrange(1, 600))) * MINUTE


def _case(chance: Chance, name: str, span: Span, book: dict[str, Policy]) -> Case:
    length = chance.choices([length for _, length in LENGTHS], [share for share, _ in LENGTHS])[0]
    opened = 2 * DAY + chance.randrange(4 * DAY)
    times = _times(chance, opened, length)
    labels = sorted(book)
    features = {"team": chance.choice(TEAMS) or None, "tags": chance.choice(((), ("vip",)))}
    opening = {"policy": chance.choice(labels), "features": features}
    moments = [_moment(0, MomentKind.OPENED, span.at(opened), chance.choice(("P1", "P2", "P3")), opening)]
    kinds, weights = zip(*KINDS, strict=True)
    for number in range(1, chance.choice((2, 4, 7, 11, 16, 24))):
        kind = chance.choices(kinds, weights)[0]
        at = span.at(chance.choice(times))
        moments.append(_happens(chance, number, kind, at, span, moments, labels))
    last = max(span.minute(moment.at) for moment in moments)
    until = max(opened + chance.randrange(length), last if chance.random() < 0.9 else 0)
    return Case(name, span, book, tuple(moments), until)


def _times(chance: Chance, opened: int, length: int) -> list[int]:
    """Few enough that some moments fall together, many on the hour, where windows and targets end; one before the opening."""
    times = [opened + chance.randrange(length) for _ in range(10)]
    times += [60 * ((opened + chance.randrange(length)) // 60 + 1) for _ in range(6)]
    times += [opened, opened + 1, opened - chance.choice((1, 300))]
    times += [opened + chance.choice((1, 15, 30, 60, 120, 240, 480)) for _ in range(3)]
    return times


def _happens(
    chance: Chance, number: int, kind: MomentKind, at: datetime, span: Span, before: list[Moment], labels: list[str]
) -> Moment:
    value, detail = "", dict[str, Any]()
    if kind is MomentKind.STATUS:
        value = chance.choice([*Status, Status.OPEN, Status.PENDING, Status.SOLVED]).value
    elif kind is MomentKind.PRIORITY:
        value = chance.choice(("P1", "P2", "P3"))
    elif kind is MomentKind.FEATURES:
        detail = chance.choice(({"team": chance.choice(TEAMS) or None}, {"tags": chance.choice(([], ["vip"]))}))
    elif kind is MomentKind.WAITS:
        value = chance.choice(("parent", ""))
    elif kind is MomentKind.POLICY:
        value, detail = chance.choice(labels), {"retroactive": chance.random() < 0.4}
    elif kind is MomentKind.ABSORBED:
        detail = {"started_at": (at - chance.randrange(-60, DAY) * MINUTE).isoformat()}
    elif kind is MomentKind.OPENED:
        value, detail = (
            chance.choice(("P1", "P2", "P3")),
            {"policy": chance.choice(labels), "features": {"team": "video"}},
        )
    elif kind is MomentKind.RETRACTED:
        taken = chance.choice(before)
        if taken.kind in (MomentKind.OPENED, MomentKind.RETRACTED):
            return _moment(number, MomentKind.ANSWERED, at, "", {})
        return _moment(number, kind, max(at, taken.at), taken.moment_id, {})
    return _moment(number, kind, at, value, detail)


def _moment(number: int, kind: MomentKind, at: datetime, value: str, detail: dict[str, Any]) -> Moment:
    return Moment(moment_id=f"m{number:02}", kind=kind, at=at, observed_at=at, value=value, detail=detail)
