"""The ledger of results and its counters: every change of a result is a part added to two counters, in the same transaction."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, fields
from datetime import date
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, text
from sqlmodel import col

from services.tickets.adapters.repository.reports import figures, rows
from services.tickets.adapters.tables import ClockResultRow, ExemptionRow, ResultCountRow
from services.tickets.domain.period import Period
from services.tickets.domain.report import By, CountKey, Figures, Result, corrected, deltas
from services.tickets.ports.reports import Cut, Group, Percentiles
from shared.clock import new_id
from shared.database import UnitOfWork, among, chunks, insert_for, insert_many

_RESULTS: Table = ClockResultRow.__table__  # type: ignore[attr-defined]
_AS_STORED = {"populate_existing": True}
_COUNTS = tuple(each.name for each in fields(Figures))
_KEY = tuple(each.name for each in fields(CountKey))


class ReportRepository:
    """`ports.Reports`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session
        # Word for word as the partial index has it: SQLite does not see that `NOT folded` means the same.
        self._unfolded = text("folded = 0" if work.dialect == "sqlite" else "folded = false")

    async def note(self, results: Sequence[Result], *, undecided: Collection[str] = ()) -> None:
        told = {result.clock_id: result for result in results}
        for some in chunks(sorted({*told, *undecided})):
            known = await self._known(some)
            forgiven = await self._forgiven([clock_id for clock_id in some if clock_id in told])
            changes: list[tuple[Result | None, Result | None]] = []
            for clock_id in some:
                before, result = known.get(clock_id), told.get(clock_id)
                after = None if result is None else corrected(before, result, exempted=clock_id in forgiven)
                if before != after:
                    changes.append((before, after))
            await self._write(changes)

    async def _known(self, clock_ids: Sequence[str]) -> dict[str, Result]:
        statement = (
            select(ClockResultRow)
            .where(among(self._work.dialect, col(ClockResultRow.clock_id), clock_ids))
            .with_for_update()
        )
        found = (await self._session.execute(statement, execution_options=_AS_STORED)).scalars()
        return {row.clock_id: rows.result_of(row) for row in found}

    async def _forgiven(self, clock_ids: Sequence[str]) -> set[str]:
        if not clock_ids:
            return set()
        statement = select(col(ExemptionRow.clock_id)).where(
            among(self._work.dialect, col(ExemptionRow.clock_id), clock_ids), col(ExemptionRow.revoked_at).is_(None)
        )
        return set((await self._session.execute(statement)).scalars())

    async def _write(self, changes: Sequence[tuple[Result | None, Result | None]]) -> None:
        kept = [rows.result_values(after) for _, after in changes if after is not None]
        await insert_many(self._session, self._work.dialect, _RESULTS, kept, replacing="clock_id")
        gone = [before.clock_id for before, after in changes if before is not None and after is None]
        if gone:
            await self._session.execute(delete(ClockResultRow).where(col(ClockResultRow.clock_id).in_(gone)))
        parts = [{"count_id": new_id(), "folded": False, **_values(*item)} for item in deltas(changes).items()]
        if parts:
            await self._session.execute(insert(ResultCountRow), parts)

    async def find(self, clock_id: str) -> Result | None:
        return (await self._known([clock_id])).get(clock_id)

    async def figures(self, by: By, period: Period, cut: Cut) -> dict[Group, Figures]:
        return await figures.read_figures(self._session, by, period, cut)

    async def percentiles(
        self, by: By, period: Period, cut: Cut
    ) -> tuple[dict[Group, Percentiles], dict[Group, Percentiles]]:
        return await figures.read_percentiles(self._session, by, period, cut)

    async def hold_snapshot(self) -> None:
        # SQLite's read transactions see one state anyway.
        if self._work.dialect == "postgresql":
            await self._session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))

    async def hold_counters(self) -> None:
        if self._work.dialect == "postgresql":
            await self._session.execute(text("LOCK TABLE result_counts IN SHARE ROW EXCLUSIVE MODE"))

    async def counters(self, first_day: date, end_day: date) -> dict[CountKey, Figures]:
        keys = [col(getattr(ResultCountRow, name)) for name in _KEY]
        sums = [func.sum(col(getattr(ResultCountRow, name))) for name in _COUNTS]
        statement = (
            select(*keys, *sums)
            .where(col(ResultCountRow.per_agent).in_([False, True]))
            .where(col(ResultCountRow.day) >= first_day, col(ResultCountRow.day) < end_day)
            .group_by(*keys)
        )
        found: dict[CountKey, Figures] = {}
        for row in (await self._session.execute(statement)).all():
            counted = Figures(**dict(zip(_COUNTS, map(int, row[len(_KEY) :]), strict=True)))
            if counted:
                found[CountKey(**dict(zip(_KEY, row[: len(_KEY)], strict=True)))] = counted
        return found

    async def recount(self, first_day: date, end_day: date) -> dict[CountKey, Figures]:
        found: dict[CountKey, Figures] = {}
        for per_agent in (False, True):
            for key, counted in await figures.count_results(self._session, first_day, end_day, per_agent=per_agent):
                found[key] = found.get(key, Figures()) + counted
        return found

    async def replace_counters(self, first_day: date, end_day: date, counted: Mapping[CountKey, Figures]) -> None:
        await self._session.execute(
            delete(ResultCountRow).where(col(ResultCountRow.day) >= first_day, col(ResultCountRow.day) < end_day)
        )
        await self._add_folded(counted.items())

    async def without_result(self, period: Period, limit: int) -> tuple[int, list[str]]:
        return await figures.find_missing(self._session, period, limit)

    async def has_parts(self, many: int) -> bool:
        some = select(col(ResultCountRow.count_id)).where(self._unfolded).limit(many).subquery()
        return (await self._session.execute(select(func.count()).select_from(some))).scalar_one() >= many

    async def fold_counters(self, limit: int) -> int:
        statement = (
            select(ResultCountRow)
            .where(self._unfolded)
            .order_by(col(ResultCountRow.count_id))
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        parts = (await self._session.execute(statement, execution_options=_AS_STORED)).scalars().all()
        sums: dict[CountKey, Figures] = {}
        for part in parts:
            key = CountKey(**{name: getattr(part, name) for name in _KEY})
            sums[key] = sums.get(key, Figures()) + Figures(**{name: getattr(part, name) for name in _COUNTS})
        for some in chunks([part.count_id for part in parts]):
            await self._session.execute(delete(ResultCountRow).where(col(ResultCountRow.count_id).in_(some)))
        await self._add_folded((key, counted) for key, counted in sums.items() if counted)
        return len(parts)

    async def _add_folded(self, counted: Iterable[tuple[CountKey, Figures]]) -> None:
        """In the order of their ids, so that two who fold never wait for each other crosswise."""
        values = [{"count_id": _folded_id(key), "folded": True, **_values(key, each)} for key, each in counted]
        for some in chunks(sorted(values, key=lambda each: str(each["count_id"]))):
            statement = insert_for(self._work.dialect, ResultCountRow).values(list(some))
            table = ResultCountRow.__table__  # type: ignore[attr-defined]
            adding = {name: table.c[name] + statement.excluded[name] for name in _COUNTS}
            await self._session.execute(statement.on_conflict_do_update(index_elements=["count_id"], set_=adding))


def _values(key: CountKey, counted: Figures) -> dict[str, Any]:
    return asdict(key) | asdict(counted)


def _folded_id(key: CountKey) -> str:
    return "=" + hashlib.sha256("\x1f".join(map(str, astuple(key))).encode()).hexdigest()
