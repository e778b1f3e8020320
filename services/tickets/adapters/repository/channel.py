"""Ways to a ticket without an account: follow links, notices that were sent, forms and mails that came in."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import delete, func, insert, or_, select, update
from sqlmodel import col

from services.tickets.adapters.tables import (
    ContactRow,
    FollowLinkRow,
    FormRow,
    MailRow,
    PersonRow,
    SentNoticeRow,
    TeamRow,
    TicketRow,
)
from services.tickets.ports.channel import FollowLink, KeptMail, MailFilter, MailOutcome, SentNotice
from shared.clock import new_id
from shared.database import UnitOfWork, chunks
from shared.rest import PagingRequest, keyset_page


class ChannelRepository:
    """`ports.Channel`."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._session = work.session
        self.answering: dict[str, str] = {}

    async def links_of(self, ticket_ids: Collection[str], now: datetime) -> dict[str, FollowLink]:
        found: dict[str, FollowLink] = {}
        for some in chunks(sorted(set(ticket_ids))):
            statement = (
                select(FollowLinkRow)
                .where(col(FollowLinkRow.ticket_id).in_(some), col(FollowLinkRow.revoked_at).is_(None))
                .order_by(col(FollowLinkRow.made_at), col(FollowLinkRow.link_id))
            )
            for row in (await self._session.execute(statement)).scalars():
                found[row.ticket_id] = _link(row)
            made = [
                FollowLink(link_id=new_id(), ticket_id=ticket_id, made_at=now)
                for ticket_id in some
                if ticket_id not in found
            ]
            if made:
                values = [{"link_id": one.link_id, "ticket_id": one.ticket_id, "made_at": now} for one in made]
                await self._session.execute(insert(FollowLinkRow), values)
                found |= {one.ticket_id: one for one in made}
        return found

    async def find_link(self, link_id: str) -> FollowLink | None:
        row = await self._session.get(FollowLinkRow, link_id, populate_existing=True)
        return None if row is None else _link(row)

    async def revoke_links(self, ticket_id: str, now: datetime) -> None:
        await self._session.execute(
            update(FollowLinkRow)
            .where(col(FollowLinkRow.ticket_id) == ticket_id, col(FollowLinkRow.revoked_at).is_(None))
            .values(revoked_at=now)
        )

    async def note_asked_again(self, link_id: str, now: datetime, *, not_since: datetime) -> bool:
        asked = col(FollowLinkRow.asked_again_at)
        statement = (
            update(FollowLinkRow)
            .where(col(FollowLinkRow.link_id) == link_id, or_(asked.is_(None), asked < not_since))
            .values(asked_again_at=now)
            .returning(col(FollowLinkRow.link_id))
        )
        return (await self._session.execute(statement)).first() is not None

    async def note_notices(self, notices: Sequence[SentNotice]) -> None:
        if notices:
            values = [
                {"notification_id": one.notification_id, "ticket_id": one.ticket_id, "kind": one.kind, "at": one.at}
                for one in notices
            ]
            await self._session.execute(insert(SentNoticeRow), values)

    async def earlier_notices(self, ticket_ids: Collection[str], most: int) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        place = (
            func.row_number()
            .over(
                partition_by=col(SentNoticeRow.ticket_id),
                order_by=(col(SentNoticeRow.at).desc(), col(SentNoticeRow.notification_id).desc()),
            )
            .label("place")
        )
        for some in chunks(sorted(set(ticket_ids))):
            placed = (
                select(col(SentNoticeRow.ticket_id), col(SentNoticeRow.notification_id), place)
                .where(col(SentNoticeRow.ticket_id).in_(some))
                .subquery()
            )
            rows = await self._session.execute(
                select(placed.c.ticket_id, placed.c.notification_id)
                .where(placed.c.place <= most)
                .order_by(placed.c.place.desc())
            )
            for ticket_id, notification_id in rows.all():
                found.setdefault(ticket_id, []).append(notification_id)
        return found

    async def tickets_of_notices(self, notification_ids: Collection[str]) -> dict[str, str]:
        statement = select(SentNoticeRow).where(col(SentNoticeRow.notification_id).in_(list(notification_ids)))
        rows = (await self._session.execute(statement)).scalars()
        return {row.notification_id: row.ticket_id for row in rows}

    async def ticket_of_form(self, form_id: str) -> str | None:
        row = await self._session.get(FormRow, form_id)
        return None if row is None else row.ticket_id

    async def keep_form(self, form_id: str, ticket_id: str, now: datetime) -> None:
        await self._session.execute(insert(FormRow).values(form_id=form_id, ticket_id=ticket_id, at=now))

    async def take_mail(self, key: str) -> KeptMail | None:
        statement = select(MailRow).where(col(MailRow.dedupe_key) == key).with_for_update()
        row = (await self._session.execute(statement)).scalar_one_or_none()
        if row is None or row.outcome != "quarantined":
            return None if row is None else _mail(row)
        await self._session.execute(delete(MailRow).where(col(MailRow.mail_id) == row.mail_id))
        return None

    async def keep_mail(self, mail: KeptMail) -> None:
        values: dict[str, Any] = {name: getattr(mail, name) for name in MailRow.model_fields}
        values["recipients"] = list(mail.recipients)
        values["attachments"] = [dict(each) for each in mail.attachments]
        await self._session.execute(insert(MailRow).values(values))

    async def find_mail(self, mail_id: str) -> KeptMail | None:
        row = await self._session.get(MailRow, mail_id)
        return None if row is None else _mail(row)

    async def page_mails(self, cut: MailFilter, paging: PagingRequest) -> tuple[list[KeptMail], str | None]:
        statement = select(MailRow)
        if cut.outcome is not None:
            statement = statement.where(col(MailRow.outcome) == cut.outcome)
        if cut.ticket_id is not None:
            statement = statement.where(col(MailRow.ticket_id) == cut.ticket_id)
        order: list[tuple[Any, Literal["asc", "desc"]]] = [(col(MailRow.mail_id), "desc")]
        rows, after = await keyset_page(self._session, statement, order, paging)
        return [_mail(row) for row in rows], after

    async def tickets_of_messages(self, message_ids: Collection[str]) -> dict[str, str]:
        statement: Any = (
            select(col(MailRow.message_id), col(MailRow.ticket_id))
            .where(col(MailRow.message_id).in_(list(message_ids)), col(MailRow.ticket_id).is_not(None))
            .order_by(col(MailRow.mail_id))
        )
        return dict((await self._session.execute(statement)).all())

    async def last_messages(self, ticket_ids: Collection[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for some in chunks(sorted(set(ticket_ids))):
            statement: Any = (
                select(col(MailRow.ticket_id), col(MailRow.message_id))
                .join(TicketRow, col(TicketRow.ticket_id) == col(MailRow.ticket_id))
                .join(ContactRow, col(ContactRow.contact_id) == col(TicketRow.requester_id))
                .where(
                    col(MailRow.ticket_id).in_(some),
                    col(MailRow.outcome).in_(("opened", "commented")),
                    col(MailRow.message_id).is_not(None),
                    col(MailRow.from_email) == col(ContactRow.value),
                )
                .order_by(col(MailRow.mail_id))
            )
            found |= dict((await self._session.execute(statement)).all())
        return found

    async def count_mails(self, from_email: str, since: datetime) -> int:
        statement = select(func.count()).where(
            col(MailRow.from_email) == from_email,
            col(MailRow.handled_at) > since,
            col(MailRow.outcome).in_(("opened", "commented")),
        )
        return (await self._session.execute(statement)).scalar_one()

    async def is_team_member(self, email: str) -> bool:
        rows = (await self._session.execute(select(col(TeamRow.lead), col(TeamRow.members)))).all()
        wanted = email.casefold()
        return any(wanted in {each.casefold() for each in (*members, lead or "")} for lead, members in rows)

    async def numbers_of(self, ticket_ids: Collection[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some in chunks(sorted(set(ticket_ids))):
            statement = select(col(TicketRow.ticket_id), col(TicketRow.number)).where(
                col(TicketRow.ticket_id).in_(some)
            )
            found |= dict((await self._session.execute(statement)).all())
        return found

    async def zones_of(self, person_ids: Collection[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for some in chunks(sorted(set(person_ids))):
            statement = select(col(PersonRow.person_id), col(PersonRow.zone)).where(
                col(PersonRow.person_id).in_(some), col(PersonRow.zone).is_not(None)
            )
            found |= {person_id: zone for person_id, zone in (await self._session.execute(statement)).all() if zone}
        return found

    async def forget_person(self, person_id: str) -> None:
        theirs = select(col(ContactRow.contact_id)).where(col(ContactRow.person_id) == person_id)
        addresses = select(col(ContactRow.value)).where(
            col(ContactRow.person_id) == person_id, col(ContactRow.scheme) == "email"
        )
        tickets = select(col(TicketRow.ticket_id)).where(col(TicketRow.requester_id).in_(theirs))
        await self._session.execute(delete(MailRow).where(col(MailRow.from_email).in_(addresses)))
        for row in (FollowLinkRow, FormRow):
            await self._session.execute(delete(row).where(col(row.ticket_id).in_(tickets)))


def _link(row: FollowLinkRow) -> FollowLink:
    return FollowLink(
        link_id=row.link_id,
        ticket_id=row.ticket_id,
        made_at=row.made_at,
        revoked_at=row.revoked_at,
        asked_again_at=row.asked_again_at,
    )


def _mail(row: MailRow) -> KeptMail:
    values: dict[str, Any] = {name: getattr(row, name) for name in MailRow.model_fields}
    values |= {"recipients": tuple(row.recipients), "attachments": tuple(row.attachments)}
    values["outcome"] = cast(MailOutcome, row.outcome)
    return KeptMail(**values)
