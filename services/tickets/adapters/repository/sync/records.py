"""What could not be understood, runs that were asked for, and how connectors stand in numbers."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import col

from services.tickets.adapters.tables import RemoteWriteRow, SyncConflictRow, SyncProblemRow, SyncRunRow
from services.tickets.domain.sync import WriteState
from services.tickets.errors import RunNotFound, SyncProblemNotFound
from services.tickets.ports.sync import Figures, Problem, SyncRun
from shared.clock import new_id
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page

KEPT = ("waiting", "attempted", "refused")


class SyncRecordRepository:
    """`ports.sync.SyncRecords`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def keep_problems(self, connector: str, problems: Sequence[Problem], now: datetime) -> int:
        new = 0
        for problem in problems:
            values = _problem_values(connector, problem, now)
            statement = insert_for(self._work.dialect, SyncProblemRow).values(values)
            again = {
                "last_at": now,
                "times": col(SyncProblemRow.times) + 1,
                "solved_at": None,
                "expression": statement.excluded["expression"],
                "reason": statement.excluded["reason"],
            }
            statement = statement.on_conflict_do_update(index_elements=["connector", "item_key"], set_=again)
            times = (await self._session.execute(statement.returning(col(SyncProblemRow.times)))).scalar_one()
            new += times == 1
        return new

    async def get_problem(self, problem_id: str) -> Problem:
        row = await self._session.get(SyncProblemRow, problem_id)
        if row is None:
            raise SyncProblemNotFound(f"There is no such item {problem_id!r} in quarantine.")
        return _problem(row)

    async def solve_problem(self, problem_id: str, now: datetime) -> None:
        await self._session.execute(
            update(SyncProblemRow).where(col(SyncProblemRow.problem_id) == problem_id).values(solved_at=now)
        )

    async def page_problems(
        self, paging: PagingRequest, *, connector: str | None = None
    ) -> tuple[list[Problem], str | None]:
        statement = select(SyncProblemRow).where(col(SyncProblemRow.solved_at).is_(None))
        if connector is not None:
            statement = statement.where(col(SyncProblemRow.connector) == connector)
        order: list[tuple[Any, Literal["asc", "desc"]]] = [(col(SyncProblemRow.problem_id), "desc")]
        rows, after = await keyset_page(self._session, statement, order, paging)
        return [_problem(row) for row in rows], after

    async def add_run(self, run: SyncRun) -> None:
        await self._session.execute(insert(SyncRunRow), [_run_values(run)])

    async def open_run(self, connector: str) -> SyncRun | None:
        statement = (
            select(SyncRunRow)
            .where(col(SyncRunRow.connector) == connector, col(SyncRunRow.finished_at).is_(None))
            .order_by(col(SyncRunRow.run_id))
            .limit(1)
            .execution_options(populate_existing=True)
        )
        row = (await self._session.execute(statement)).scalar_one_or_none()
        return None if row is None else _run(row)

    async def get_run(self, run_id: str) -> SyncRun:
        row = await self._session.get(SyncRunRow, run_id, populate_existing=True)
        if row is None:
            raise RunNotFound(f"There is no run {run_id!r}.")
        return _run(row)

    async def save_run(self, run: SyncRun) -> None:
        await self._session.execute(update(SyncRunRow), [_run_values(run)])

    async def forget(self, connector: str, now: datetime) -> None:
        await self._session.execute(delete(SyncProblemRow).where(col(SyncProblemRow.connector) == connector))
        await self._session.execute(
            update(SyncRunRow)
            .where(col(SyncRunRow.connector) == connector, col(SyncRunRow.finished_at).is_(None))
            .values(finished_at=now, failure="The connector was removed.")
        )

    async def figures(self, since: datetime) -> dict[str, Figures]:
        writes = (
            select(
                col(RemoteWriteRow.connector),
                col(RemoteWriteRow.state),
                func.count(),
                func.min(col(RemoteWriteRow.recorded_at)),
            )
            .where(col(RemoteWriteRow.state).in_(KEPT))
            .group_by(col(RemoteWriteRow.connector), col(RemoteWriteRow.state))
        )
        counted: dict[str, dict[str, Any]] = {}
        rows: Any = (await self._session.execute(writes)).all()
        for connector, state, count, oldest in rows:
            figures = counted.setdefault(connector, {})
            if state == WriteState.REFUSED.value:
                figures["refused"] = count
                continue
            figures["uncertain" if state == WriteState.ATTEMPTED.value else "waiting"] = count
            known = figures.get("oldest_waiting_at")
            figures["oldest_waiting_at"] = oldest if known is None else min(known, oldest)
        problems = (
            select(col(SyncProblemRow.connector), func.count())
            .where(col(SyncProblemRow.solved_at).is_(None))
            .group_by(col(SyncProblemRow.connector))
        )
        conflicts = (
            select(col(SyncConflictRow.connector), func.count())
            .where(col(SyncConflictRow.at) >= since)
            .group_by(col(SyncConflictRow.connector))
        )
        for name, statement in (("problems", problems), ("conflicts", conflicts)):
            found: Any = (await self._session.execute(statement)).all()
            for connector, count in found:
                counted.setdefault(connector, {})[name] = count
        return {connector: Figures(**figures) for connector, figures in counted.items()}


def _problem_values(connector: str, problem: Problem, now: datetime) -> dict[str, Any]:
    told = json.dumps([problem.answer, problem.item], sort_keys=True, ensure_ascii=False)
    return {
        "problem_id": new_id(),
        "connector": connector,
        "item_key": hashlib.sha256(told.encode()).hexdigest(),
        "answer": problem.answer,
        "item": dict(problem.item),
        "context": dict(problem.context),
        "expression": problem.expression,
        "reason": problem.reason,
        "at": now,
        "last_at": now,
        "times": 1,
        "solved_at": None,
    }


def _problem(row: SyncProblemRow) -> Problem:
    return Problem(
        problem_id=row.problem_id,
        connector=row.connector,
        answer=row.answer,
        item=row.item,
        context=row.context,
        expression=row.expression,
        reason=row.reason,
        at=row.at,
        last_at=row.last_at,
        times=row.times,
        solved_at=row.solved_at,
    )


def _run_values(run: SyncRun) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "connector": run.connector,
        "dry": run.dry,
        "whole": run.whole,
        "wanted_at": run.wanted_at,
        "wanted_by": run.wanted_by,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "pages": run.pages,
        "tickets": run.tickets,
        "fresh": run.fresh,
        "problems": run.problems,
        "writes": run.writes,
        "failure": run.failure,
    }


def _run(row: SyncRunRow) -> SyncRun:
    return SyncRun(
        run_id=row.run_id,
        connector=row.connector,
        dry=row.dry,
        whole=row.whole,
        wanted_at=row.wanted_at,
        wanted_by=row.wanted_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        pages=row.pages,
        tickets=row.tickets,
        fresh=row.fresh,
        problems=row.problems,
        writes=row.writes,
        failure=row.failure,
    )
