"""What reviews are made of, read from tickets and projections; snapshots, signatures and comments."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import and_, func, insert, or_, select, text
from sqlmodel import col

from services.tickets.adapters.tables import (
    EnrolmentRow,
    MomentRow,
    PlanRow,
    PolicyRow,
    PolicySignatureRow,
    ReviewCommentRow,
    ReviewRow,
    ReviewSignatureRow,
    TicketRow,
    WaveRow,
)
from services.tickets.domain.moment import MomentKind
from services.tickets.domain.period import Period
from services.tickets.domain.policy import Status
from services.tickets.domain.review import Opened, Side, Signature, Snapshot, Turn
from services.tickets.ports.reviews import InForce, Load, Remark
from shared.clock import new_id
from shared.database import UnitOfWork, insert_for
from shared.rest import PagingRequest, keyset_page


class ReviewRepository:
    """`ports.Reviews`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session

    async def opened_waves(self, period: Period, limit: int) -> list[Opened]:
        statement = (
            select(WaveRow, PlanRow)
            .outerjoin(PlanRow, col(PlanRow.rollout) == col(WaveRow.rollout))
            .where(col(WaveRow.opened_at) >= period.began_at, col(WaveRow.opened_at) < period.ended_at)
            .order_by(col(WaveRow.opened_at), col(WaveRow.wave_id))
            .limit(limit)
        )
        found = (await self._session.execute(statement)).all()
        return [_opened(wave, plan, wave.opened_at) for wave, plan in found if wave.opened_at is not None]

    async def loads(self, period: Period, limit: int) -> list[Load]:
        counted = (
            select(
                col(TicketRow.rollout).label("rollout"),
                col(TicketRow.wave).label("wave"),
                func.count().label("tickets"),
            )
            .where(
                col(TicketRow.rollout).is_not(None),
                col(TicketRow.opened_at) >= period.began_at,
                col(TicketRow.opened_at) < period.ended_at,
                col(TicketRow.merged_into).is_(None),
                col(TicketRow.deleted_at).is_(None),
            )
            .group_by(col(TicketRow.rollout), col(TicketRow.wave))
            .subquery()
        )
        members = (
            select(func.count())
            .where(
                col(EnrolmentRow.rollout) == counted.c.rollout,
                col(EnrolmentRow.wave) == counted.c.wave,
                col(EnrolmentRow.state) != "withdrawn",
            )
            .scalar_subquery()
        )
        statement = (
            select(counted.c.rollout, counted.c.wave, counted.c.tickets, col(WaveRow.audience_size), members)
            .outerjoin(WaveRow, and_(col(WaveRow.rollout) == counted.c.rollout, col(WaveRow.wave) == counted.c.wave))
            .order_by(counted.c.rollout, counted.c.wave)
            .limit(limit)
        )
        return [
            Load(rollout=rollout, wave=wave or "", tickets=tickets, learners=audience or enrolled or None)
            for rollout, wave, tickets, audience, enrolled in (await self._session.execute(statement)).all()
        ]

    async def turns(self, period: Period, after: str, limit: int) -> tuple[list[Turn], str | None]:
        tickets = (
            select(col(TicketRow.ticket_id), col(TicketRow.rollout))
            .where(
                col(TicketRow.rollout).is_not(None),
                col(TicketRow.opened_at) < period.ended_at,
                # A solved ticket waits for nobody.
                or_(col(TicketRow.solved_at).is_(None), col(TicketRow.solved_at) >= period.began_at),
                col(TicketRow.ticket_id) > after,
            )
            .order_by(col(TicketRow.ticket_id))
            .limit(limit)
        )
        rollouts = {row[0]: str(row[1]) for row in (await self._session.execute(tickets)).all()}
        statement = (
            select(col(MomentRow.ticket_id), col(MomentRow.at), col(MomentRow.value))
            .where(
                col(MomentRow.ticket_id).in_(rollouts),
                col(MomentRow.kind).in_([MomentKind.STATUS.value, MomentKind.MERGED.value, MomentKind.DELETED.value]),
                col(MomentRow.taken_back_at).is_(None),
                col(MomentRow.at) < period.ended_at,
            )
            .order_by(col(MomentRow.ticket_id), col(MomentRow.at), col(MomentRow.moment_id))
        )
        found = [
            Turn(ticket_id=ticket_id, rollout=rollouts[ticket_id], at=at, status=_status(value))
            for ticket_id, at, value in (await self._session.execute(statement)).all()
        ]
        return found, (max(rollouts) if len(rollouts) == limit else None)

    async def policies_in_force(self, period: Period, limit: int) -> list[InForce]:
        statement = (
            select(PolicyRow)
            .where(col(PolicyRow.in_force_at) < period.ended_at)
            .order_by(col(PolicyRow.name), col(PolicyRow.version))
        )
        versions = (await self._session.execute(statement)).scalars().all()
        kept = list(_overlapping(versions, period))[:limit]
        signed = select(PolicySignatureRow).where(
            col(PolicySignatureRow.name).in_(sorted({row.name for row, _ in kept})),
            col(PolicySignatureRow.signed_at) < period.ended_at,
        )
        signatures: dict[tuple[str, int], dict[str, str]] = {}
        for row in (await self._session.execute(signed)).scalars():
            signatures.setdefault((row.name, row.version), {})[row.side] = row.signed_by
        return [
            InForce(
                policy=f"{row.name}@{row.version}",
                since=row.in_force_at,
                until=until,
                enforced_by=row.enforced_by,
                signatures=signatures.get((row.name, row.version), {}),
            )
            for row, until in kept
            if row.in_force_at is not None
        ]

    async def hold(self, month: str) -> None:
        if self._work.dialect == "postgresql":
            statement = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
            await self._session.execute(statement, {"key": f"review {month}"})

    async def find_snapshot(self, month: str) -> Snapshot | None:
        row = await self._session.get(ReviewRow, month, populate_existing=True)
        return None if row is None else _snapshot(row)

    async def keep_snapshot(self, snapshot: Snapshot) -> None:
        values = {
            "month": snapshot.month,
            "fingerprint": snapshot.fingerprint,
            "snapshot": dict(snapshot.content),
            "taken_at": snapshot.taken_at,
            "frozen_at": snapshot.frozen_at,
        }
        statement = insert_for(self._work.dialect, ReviewRow).values(values)
        moving = {name: statement.excluded[name] for name in values if name != "month"}
        await self._session.execute(statement.on_conflict_do_update(index_elements=["month"], set_=moving))

    async def signatures(self, month: str) -> list[Signature]:
        statement = (
            select(ReviewSignatureRow)
            .where(col(ReviewSignatureRow.month) == month)
            .order_by(col(ReviewSignatureRow.signature_id))
        )
        return [
            Signature(
                side=Side(row.side),
                fingerprint=row.fingerprint,
                signed_at=row.signed_at,
                signed_by=row.signed_by,
                subject=row.signed_by_subject,
            )
            for row in (await self._session.execute(statement)).scalars()
        ]

    async def sign(self, month: str, signature: Signature) -> bool:
        values = {
            "signature_id": new_id(),
            "month": month,
            "side": signature.side.value,
            "fingerprint": signature.fingerprint,
            "signed_at": signature.signed_at,
            "signed_by": signature.signed_by,
            "signed_by_subject": signature.subject,
        }
        statement = insert_for(self._work.dialect, ReviewSignatureRow).values(values).on_conflict_do_nothing()
        added = await self._session.execute(statement.returning(col(ReviewSignatureRow.signature_id)))
        return added.first() is not None

    async def comment(self, month: str, remark: Remark) -> None:
        values = {"comment_id": remark.comment_id, "at": remark.at, "author": remark.author, "body": remark.body}
        await self._session.execute(insert(ReviewCommentRow), [{"month": month, **values}])

    async def comments(self, month: str, limit: int) -> Sequence[Remark]:
        statement = (
            select(ReviewCommentRow)
            .where(col(ReviewCommentRow.month) == month)
            .order_by(col(ReviewCommentRow.comment_id).desc())
            .limit(limit)
        )
        found = (await self._session.execute(statement)).scalars().all()
        return [
            Remark(comment_id=row.comment_id, at=row.at, author=row.author, body=row.body) for row in reversed(found)
        ]

    async def page(self, paging: PagingRequest) -> tuple[list[Snapshot], str | None]:
        order: list[tuple[Any, Literal["asc", "desc"]]] = [(col(ReviewRow.month), "desc")]
        found, after = await keyset_page(self._session, select(ReviewRow), order, paging)
        return [_snapshot(row) for row in found], after


def _opened(wave: WaveRow, plan: PlanRow | None, opened_at: datetime) -> Opened:
    promised = None if plan is None or plan.notice_seconds is None else timedelta(seconds=plan.notice_seconds)
    return Opened(
        rollout=wave.rollout,
        title=(plan.title if plan else None) or wave.rollout,
        wave=wave.wave,
        opened_at=opened_at,
        announced_at=plan.announced_at if plan else None,
        promised_for=promised,
    )


def _status(value: str) -> Status:
    """What a merged or deleted ticket becomes; their moments name something else."""
    return Status(value) if value in set(Status) else Status.CLOSED


def _overlapping(versions: Sequence[PolicyRow], period: Period) -> Iterator[tuple[PolicyRow, datetime | None]]:
    """Those in force at some time of the period, each with when the next version of its policy came."""
    for row, following in pairwise([*versions, None]):
        assert row is not None
        until = following.in_force_at if following is not None and following.name == row.name else None
        if until is None or until > period.began_at:
            yield row, until


def _snapshot(row: ReviewRow) -> Snapshot:
    return Snapshot(
        month=row.month,
        fingerprint=row.fingerprint,
        content=row.snapshot,
        taken_at=row.taken_at,
        frozen_at=row.frozen_at,
    )
