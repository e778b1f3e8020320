"""Rollouts, plan versions, waves, holds, looks and the timeline."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from services.rollout.adapters.repository.codec import value_of, values_of, wave_of
from services.rollout.adapters.repository.evidence import EvidenceRepository
from services.rollout.adapters.repository.signoffs import SignoffsRepository
from services.rollout.adapters.tables.record import columns
from services.rollout.adapters.tables.rollouts import (
    HoldRow,
    LookRow,
    PlanVersionRow,
    RolloutRow,
    TimelineRow,
    WaveRow,
)
from services.rollout.domain.hold import Hold
from services.rollout.domain.plan import parse_plan
from services.rollout.domain.rollout import Rollout, Wave, wave_id
from services.rollout.ports.rollouts import AppliedPlan, CourseBinding, TimelineEntry
from shared.clock import new_id
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page

_ROLLOUTS, _WAVES, _HOLDS, _LOOKS, _PLANS, _TIMELINE = (
    columns(row) for row in (RolloutRow, WaveRow, HoldRow, LookRow, PlanVersionRow, TimelineRow)
)


class RolloutsRepository:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session
        self.evidence = EvidenceRepository(work)
        self.signoffs = SignoffsRepository(work)
        self._wanted: set[str] = set()

    async def lock_rollout(self, name: str) -> Rollout | None:
        return await self._one(select(RolloutRow).where(_ROLLOUTS.name == name).with_for_update())

    async def find_rollout(self, name: str) -> Rollout | None:
        return await self._one(select(RolloutRow).where(_ROLLOUTS.name == name))

    async def _one(self, statement: Any) -> Rollout | None:
        # What was read before, or before a lock was granted, may be old by now.
        fresh = statement.execution_options(populate_existing=True)
        row = (await self._session.execute(fresh)).scalar_one_or_none()
        return None if row is None else value_of(row, Rollout)

    async def page_rollouts(self, paging: PagingRequest) -> tuple[list[Rollout], str | None]:
        rows, after = await keyset_page(self._session, select(RolloutRow), [(_ROLLOUTS.name, "asc")], paging)
        return [value_of(row, Rollout) for row in rows], after

    async def save_rollout(self, rollout: Rollout) -> None:
        await self._put(RolloutRow, values_of(rollout))

    async def add_plan(self, rollout_id: str, applied: AppliedPlan) -> None:
        values = values_of(applied)
        del values["plan"]
        self._session.add(PlanVersionRow(rollout_id=rollout_id, **values))
        await self._session.flush()

    async def get_plan(self, rollout: Rollout) -> AppliedPlan:
        row = await self._session.get_one(PlanVersionRow, (rollout.id, rollout.plan_version))
        values = {name: getattr(row, name) for name in AppliedPlan.__dataclass_fields__ if name != "plan"}
        return AppliedPlan(plan=parse_plan(row.document), **values)

    async def list_waves(self, rollout_ids: Sequence[str]) -> list[Wave]:
        statement = (
            select(WaveRow).where(_WAVES.rollout_id.in_(rollout_ids)).order_by(_WAVES.rollout_id, _WAVES.position)
        )
        rows = await self._session.execute(statement.execution_options(populate_existing=True))
        return [wave_of(row) for row in rows.scalars()]

    async def save_wave(self, wave: Wave) -> None:
        await self._put(WaveRow, values_of(wave))

    async def remove_wave(self, wave_id: str) -> None:
        await self._session.execute(delete(WaveRow).where(_WAVES.id == wave_id))
        await self._session.execute(delete(LookRow).where(_LOOKS.wave_id == wave_id))

    async def _put(self, row: Any, values: dict[str, Any]) -> None:
        statement = insert_for(self._work.dialect, row).values(values)
        changed = {name: statement.excluded[name] for name in values if name != "id"}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))

    async def list_holds(self, wave_ids: Sequence[str]) -> dict[str, list[Hold]]:
        statement = select(HoldRow).where(_HOLDS.wave_id.in_(wave_ids), _HOLDS.lifted_at.is_(None)).order_by(_HOLDS.id)
        rows = await self._session.execute(statement.execution_options(populate_existing=True))
        holds: dict[str, list[Hold]] = {wave: [] for wave in wave_ids}
        for row in rows.scalars():
            holds[row.wave_id].append(value_of(row, Hold))
        return holds

    async def add_hold(self, wave_id: str, hold: Hold) -> None:
        self._session.add(HoldRow(wave_id=wave_id, **values_of(hold)))
        await self._session.flush()

    async def lift_hold(self, hold_id: str, *, by: str, reason: str, now: datetime) -> None:
        statement = update(HoldRow).where(_HOLDS.id == hold_id, _HOLDS.lifted_at.is_(None))
        await self._session.execute(statement.values(lifted_at=now, lifted_by=by, lift_reason=reason))

    async def note(self, entry: TimelineEntry) -> None:
        values = values_of(entry)
        del values["position"]
        self._session.add(TimelineRow(**values))
        await self._session.flush()

    async def page_timeline(
        self, rollout: str, paging: PagingRequest, *, wave: str | None = None
    ) -> tuple[list[TimelineEntry], str | None]:
        statement = select(TimelineRow).where(_TIMELINE.rollout == rollout)
        if wave is not None:
            statement = statement.where(_TIMELINE.wave == wave)
        rows, after = await keyset_page(self._session, statement, [(_TIMELINE.position, "desc")], paging)
        return [value_of(row, TimelineEntry) for row in rows], after

    async def next_look_at(self) -> datetime | None:
        planned = (await self._session.execute(select(func.min(_WAVES.next_look_at)))).scalar_one_or_none()
        asked = (await self._session.execute(select(func.min(_LOOKS.due_at)))).scalar_one_or_none()
        return min((at for at in (planned, asked) if at is not None), default=None)

    async def take_looks(self, now: datetime, limit: int) -> dict[str, list[str]]:
        asked = select(_LOOKS.id, _LOOKS.wave_id).where(_LOOKS.due_at <= now).order_by(_LOOKS.due_at, _LOOKS.id)
        looks = (await self._session.execute(asked.limit(limit * 25))).all()
        planned = select(_WAVES.id).where(_WAVES.next_look_at <= now).order_by(_WAVES.next_look_at).limit(limit)
        ids = dict.fromkeys([*(wave for _, wave in looks), *(await self._session.execute(planned)).scalars()])
        taken = set(list(ids)[:limit])
        used = [look for look, wave in looks if wave in taken]
        if used:
            await self._session.execute(delete(LookRow).where(_LOOKS.id.in_(used)))
        found: dict[str, list[str]] = {}
        for wave in sorted(taken):
            rollout, _, name = wave.partition(":")
            found.setdefault(rollout, []).append(name)
        return found

    async def want_look(self, rollout: str, wave: str, now: datetime) -> None:
        name = wave_id(rollout, wave)
        # Once per transaction, and never "somebody asked already": the timer may just be using up that older wish.
        if name not in self._wanted:
            self._wanted.add(name)
            self._session.add(LookRow(id=new_id(), wave_id=name, due_at=now))
            await self._session.flush()

    async def list_course_bindings(self, source: str, course_id: str | None = None) -> list[CourseBinding]:
        statement = select(_WAVES.rollout, _WAVES.name, _WAVES.source, _WAVES.course_id, _WAVES.phase).where(
            _WAVES.source == source, _WAVES.course_id.is_not(None)
        )
        if course_id is not None:
            statement = statement.where(_WAVES.course_id == course_id)
        rows = await self._session.execute(statement.order_by(_WAVES.rollout, _WAVES.position))
        return [
            CourseBinding(rollout=rollout, wave=wave, source=where, course_id=course, phase=phase)
            for rollout, wave, where, course, phase in rows
        ]

    async def list_waiting_waves(self) -> list[tuple[str, str]]:
        statement = select(_WAVES.rollout, _WAVES.name).where(_WAVES.phase == "waiting").order_by(_WAVES.id)
        return [(rollout, wave) for rollout, wave in await self._session.execute(statement)]

    async def find_wave_phase(self, rollout: str, wave: str) -> str | None:
        statement = select(_WAVES.phase).where(_WAVES.id == wave_id(rollout, wave))
        return (await self._session.execute(statement)).scalar_one_or_none()
