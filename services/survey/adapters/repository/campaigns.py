"""Campaigns, invitations and verdicts."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, func, insert, or_
from sqlmodel import col, select

from services.survey.adapters.tables import (
    LEFT,
    CampaignRow,
    EnrolmentRow,
    InvitationRow,
    PersonRow,
    StagedAnswerRow,
    VerdictRow,
)
from services.survey.domain.campaign import Campaign, CampaignState
from services.survey.domain.instrument import Mode
from services.survey.domain.verdict import Basis, Outcome
from services.survey.errors import CampaignUnknown
from services.survey.ports import Invitation, ReachedVerdict
from shared.database import UnitOfWork, chunks, insert_for
from shared.rest import PagingRequest, keyset_page


class CampaignRepository:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def add_once(self, campaign: Campaign) -> bool:
        statement = insert_for(self._work.dialect, CampaignRow).values(**_values(campaign))
        statement = statement.on_conflict_do_nothing(index_elements=["request_id"])
        added = await self._work.session.execute(statement.returning(col(CampaignRow.id)))
        return added.first() is not None

    async def find(self, campaign_id: str) -> Campaign | None:
        return await self._one(select(CampaignRow).where(col(CampaignRow.id) == campaign_id))

    async def lock(self, campaign_id: str) -> Campaign:
        return await self._locked(campaign_id, read=False)

    async def lock_for_answer(self, campaign_id: str) -> Campaign:
        return await self._locked(campaign_id, read=True)

    async def save(self, campaign: Campaign) -> None:
        row = await self._work.session.get_one(CampaignRow, campaign.id)
        for name, value in _values(campaign).items():
            setattr(row, name, value)
        await self._work.session.flush()

    async def list_preparing(self, rollout: str, wave: str) -> list[Campaign]:
        return await self._many(_preparing().where(col(CampaignRow.rollout) == rollout, col(CampaignRow.wave) == wave))

    async def find_launch_due(self, now: datetime) -> str | None:
        known = (
            select(func.count(func.distinct(col(EnrolmentRow.person_id))))
            .join(PersonRow, col(PersonRow.person_id) == col(EnrolmentRow.person_id))
            .where(
                col(EnrolmentRow.rollout) == col(CampaignRow.rollout),
                col(EnrolmentRow.wave) == col(CampaignRow.wave),
                col(EnrolmentRow.state) != LEFT,
            )
            .correlate(CampaignRow)
            .scalar_subquery()
        )
        statement = (
            select(CampaignRow.id)
            .where(
                col(CampaignRow.state) == CampaignState.PREPARING.value,
                col(CampaignRow.closes_at) > now,
                known >= col(CampaignRow.audience_size),
            )
            .order_by(col(CampaignRow.id))
            .limit(1)
        )
        return (await self._work.session.execute(statement)).scalar_one_or_none()

    async def find_next_close(self) -> tuple[str, datetime] | None:
        statement = (
            select(CampaignRow.id, CampaignRow.closes_at)
            .where(col(CampaignRow.state).in_([CampaignState.PREPARING.value, CampaignState.OPEN.value]))
            .order_by(col(CampaignRow.closes_at))
            .limit(1)
        )
        row = (await self._work.session.execute(statement)).first()
        return (row[0], row[1]) if row else None

    async def find_release_due(self) -> str | None:
        # Never more than a few rows per open campaign wait, so counting them is cheap.
        waiting = (
            select(StagedAnswerRow.campaign_id, func.count().label("staged"))
            .group_by(col(StagedAnswerRow.campaign_id))
            .subquery()
        )
        batch = col(CampaignRow.k) * 2
        everybody = waiting.c.staged + col(CampaignRow.answered) >= col(CampaignRow.invited)
        identified = col(CampaignRow.mode) == Mode.IDENTIFIED.value
        statement = (
            select(CampaignRow.id)
            .join(waiting, waiting.c.campaign_id == col(CampaignRow.id))
            .where(
                col(CampaignRow.state) == CampaignState.OPEN.value,
                or_(waiting.c.staged >= batch, everybody, identified),
            )
            .order_by(col(CampaignRow.id))
            .limit(1)
        )
        return (await self._work.session.execute(statement)).scalar_one_or_none()

    async def list_page(self, paging: PagingRequest) -> tuple[list[Campaign], str | None]:
        newest_first = cast(ColumnElement[Any], col(CampaignRow.id))
        rows, after = await keyset_page(self._work.session, select(CampaignRow), [(newest_first, "desc")], paging)
        return [_campaign(row) for row in rows], after

    async def _locked(self, campaign_id: str, *, read: bool) -> Campaign:
        statement = select(CampaignRow).where(col(CampaignRow.id) == campaign_id).with_for_update(read=read)
        found = await self._one(statement)
        if found is None:
            raise CampaignUnknown("There is no campaign with this id.")
        return found

    async def _one(self, statement: Select[Any]) -> Campaign | None:
        statement = statement.execution_options(populate_existing=True)
        row = (await self._work.session.execute(statement)).scalar_one_or_none()
        return _campaign(row) if row is not None else None

    async def _many(self, statement: Select[Any]) -> list[Campaign]:
        rows = (await self._work.session.execute(statement.execution_options(populate_existing=True))).scalars()
        return [_campaign(row) for row in rows]


class InvitationRepository:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def add(self, invitations: Sequence[Invitation]) -> None:
        for chunk in chunks(invitations):
            rows = [asdict(invitation) for invitation in chunk]
            await self._work.session.execute(insert(InvitationRow), rows)

    async def find(self, invitation_id: str) -> Invitation | None:
        row = await self._work.session.get(InvitationRow, invitation_id)
        return Invitation(id=row.id, campaign_id=row.campaign_id, person_id=row.person_id) if row else None


class VerdictBook:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def add_once(self, verdict: ReachedVerdict) -> bool:
        statement = (
            insert_for(self._work.dialect, VerdictRow).values(**_plain(asdict(verdict))).on_conflict_do_nothing()
        )
        added = await self._work.session.execute(statement.returning(col(VerdictRow.campaign_id)))
        return added.first() is not None

    async def find(self, campaign_id: str) -> ReachedVerdict | None:
        row = await self._work.session.get(VerdictRow, campaign_id, populate_existing=True)
        if row is None:
            return None
        fields = {name: getattr(row, name) for name in ReachedVerdict.__dataclass_fields__}
        return ReachedVerdict(**{**fields, "outcome": Outcome(row.outcome), "basis": Basis(row.basis)})


def _preparing() -> Any:
    return (
        select(CampaignRow).where(col(CampaignRow.state) == CampaignState.PREPARING.value).order_by(col(CampaignRow.id))
    )


def _values(campaign: Campaign) -> dict[str, Any]:
    return _plain(asdict(campaign))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Words as plain text: psycopg would take an enum for a type of the database."""
    return {name: value.value if isinstance(value, Enum) else value for name, value in values.items()}


def _campaign(row: CampaignRow) -> Campaign:
    fields = {name: getattr(row, name) for name in Campaign.__dataclass_fields__}
    typed = {
        "mode": Mode(row.mode),
        "state": CampaignState(row.state),
        "on_undecided": Outcome(row.on_undecided),
    }
    return Campaign(**{**fields, **typed})
