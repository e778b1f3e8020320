"""What is read of results: figures from the counters, percentiles from the index that holds all they need."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.tickets.adapters.tables import ClockResultRow, ClockRow, ResultCountRow
from services.tickets.domain.period import Period
from services.tickets.domain.report import By, CountKey, CountsAs, Figures
from services.tickets.ports.reports import Cut, Group, Percentiles

Counted = type[ClockResultRow] | type[ResultCountRow]
_COLUMNS: dict[By, tuple[str, ...]] = {
    By.POLICY: ("policy", "policy_version"),
    By.TEAM: ("team",),
    By.PRIORITY: ("priority",),
    By.TARGET: ("target",),
    By.ROLLOUT: ("rollout",),
    By.WAVE: ("rollout", "wave"),
    By.AGENT: ("agent",),
}
_SEPARATORS = {By.POLICY: "@", By.WAVE: ":"}
_COUNTS = tuple(each.name for each in fields(Figures))


async def read_figures(session: AsyncSession, by: By, period: Period, cut: Cut) -> dict[Group, Figures]:
    found: dict[Group, Figures] = {}
    per_agent = by is By.AGENT or cut.agent is not None
    if period.first_day < period.end_day:
        sums = [func.sum(col(getattr(ResultCountRow, name))) for name in _COUNTS]
        whole_days = select(*_group(ResultCountRow, by), *sums).where(
            col(ResultCountRow.per_agent) == per_agent,
            col(ResultCountRow.day) >= period.first_day,
            col(ResultCountRow.day) < period.end_day,
        )
        await _gather(session, found, by, _cut(whole_days, ResultCountRow, cut).group_by(*_group(ResultCountRow, by)))
    if period.edges:
        decided_at = col(ClockResultRow.decided_at)
        edges = or_(*(and_(decided_at >= start, decided_at < end) for start, end in period.edges))
        beside = select(*_group(ClockResultRow, by), *_sums()).where(edges)
        await _gather(session, found, by, _cut(beside, ClockResultRow, cut).group_by(*_group(ClockResultRow, by)))
    return {group: counted for group, counted in found.items() if counted}


async def _gather(session: AsyncSession, found: dict[Group, Figures], by: By, statement: Select[Any]) -> None:
    for row in (await session.execute(statement)).all():
        group = _named(by, row)
        counted = Figures(**dict(zip(_COUNTS, map(int, row[-len(_COUNTS) :]), strict=True)))
        found[group] = found.get(group, Figures()) + counted


async def read_percentiles(
    session: AsyncSession, by: By, period: Period, cut: Cut
) -> tuple[dict[Group, Percentiles], dict[Group, Percentiles]]:
    elapsed = await _ranked(session, by, period, cut, "elapsed_seconds", (CountsAs.MET, CountsAs.BREACHED))
    overdue = await _ranked(session, by, period, cut, "overdue_seconds", (CountsAs.BREACHED,))
    return elapsed, overdue


async def _ranked(
    session: AsyncSession, by: By, period: Period, cut: Cut, name: str, counting: Sequence[CountsAs]
) -> dict[Group, Percentiles]:
    """By nearest rank: the value at place ceil(percent * n / 100) of n in ascending order."""
    value: Any = col(getattr(ClockResultRow, name))
    group = _group(ClockResultRow, by)
    inner = select(
        *(column.label(f"g{index}") for index, column in enumerate(group)),
        value.label("value"),
        func.row_number().over(partition_by=group, order_by=value).label("place"),
        func.count().over(partition_by=group).label("many"),
    ).where(
        col(ClockResultRow.decided_at) >= period.began_at,
        col(ClockResultRow.decided_at) < period.ended_at,
        col(ClockResultRow.counts_as).in_([each.value for each in counting]),
        value.is_not(None),
    )
    ranked = _cut(inner, ClockResultRow, cut).subquery()
    keys = [ranked.c[f"g{index}"] for index in range(len(group))]
    places = [
        func.max(case((ranked.c.place == (ranked.c.many * percent + 99) // 100, ranked.c.value)))
        for percent in (50, 90, 95)
    ]
    statement = select(*keys, func.max(ranked.c.many), *places).group_by(*keys)
    found: dict[Group, Percentiles] = {}
    for row in (await session.execute(statement)).all():
        many, p50, p90, p95 = row[-4:]
        found[_named(by, row)] = Percentiles(measured=int(many), p50=p50, p90=p90, p95=p95)
    return found


async def count_results(
    session: AsyncSession, first_day: date, end_day: date, *, per_agent: bool
) -> list[tuple[CountKey, Figures]]:
    """What the counters of these days would be if they were made of the results now."""
    names = ["team", "priority", "target"]
    names += ["agent"] if per_agent else ["policy", "policy_version", "rollout", "wave"]
    keys = [col(getattr(ClockResultRow, name)) for name in names]
    day = col(ClockResultRow.decided_on)
    statement = select(day, *keys, *_sums()).where(day >= first_day, day < end_day).group_by(day, *keys)
    counted = []
    for row in (await session.execute(statement)).all():
        key = CountKey(day=row[0], per_agent=per_agent, **dict(zip(names, row[1 : 1 + len(names)], strict=True)))
        figures = Figures(**dict(zip(_COUNTS, map(int, row[1 + len(names) :]), strict=True)))
        counted.append((key, figures))
    return counted


async def find_missing(session: AsyncSession, period: Period, limit: int) -> tuple[int, list[str]]:
    decided_at = func.coalesce(col(ClockRow.breached_at), col(ClockRow.settled_at))
    missing = (
        select(col(ClockRow.clock_id), func.count().over())
        .outerjoin(ClockResultRow, col(ClockResultRow.clock_id) == col(ClockRow.clock_id))
        .where(decided_at >= period.began_at, decided_at < period.ended_at, col(ClockResultRow.clock_id).is_(None))
        .order_by(col(ClockRow.clock_id))
        .limit(limit)
    )
    found = (await session.execute(missing)).all()
    return (int(found[0][1]) if found else 0), [row[0] for row in found]


def _sums() -> list[ColumnElement[int]]:
    """In the order of `Figures`."""
    counts_as, is_breached = col(ClockResultRow.counts_as), col(ClockResultRow.counts_as) == CountsAs.BREACHED.value
    conditions: dict[str, ColumnElement[bool]] = {
        "met": counts_as == CountsAs.MET.value,
        "breached": is_breached,
        "exempted": and_(is_breached, col(ClockResultRow.exempted)),
        # A finished cycle has an elapsed time; this column is in the index.
        "open_overdue": and_(is_breached, col(ClockResultRow.elapsed_seconds).is_(None)),
        "cancelled": counts_as == CountsAs.OUT.value,
    }
    return [func.sum(case((conditions[name], 1), else_=0)) for name in _COUNTS]


def _group(model: Counted, by: By) -> list[Any]:
    names = _COLUMNS[by] if by is By.TARGET else (*_COLUMNS[by], "target")
    return [col(getattr(model, name)) for name in names]


def _named(by: By, row: Any) -> Group:
    width = len(_COLUMNS[by])
    parts = [str(part) for part in row[:width]]
    value = _SEPARATORS.get(by, "").join(parts) if parts[0] else ""
    return value, parts[0] if by is By.TARGET else str(row[width])


def _cut(statement: Select[Any], model: Counted, cut: Cut) -> Select[Any]:
    for name in ("team", "agent", "priority", "target", "rollout", "wave"):
        wanted = getattr(cut, name)
        if wanted is not None:
            statement = statement.where(col(getattr(model, name)) == wanted)
    if cut.policy is not None:
        policy, _, version = cut.policy.partition("@")
        statement = statement.where(col(model.policy) == policy)
        if version.isascii() and version.isdigit() and len(version) < 10:
            statement = statement.where(col(model.policy_version) == int(version))
    return statement
