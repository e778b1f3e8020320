"""How people without an account reach the desk and follow a ticket, and the answers that are worth keeping."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from services.tickets.adapters.tables.record import Record
from shared.database import JSONDocument


class FollowLinkRow(Record, table=True):
    """A way to one ticket for whoever holds the link. Revoked, it shows nothing any more; a new one takes its place."""

    __tablename__ = "follow_links"
    __table_args__ = (Index("ix_follow_links_ticket", "ticket_id", "made_at"),)
    link_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    made_at: datetime
    revoked_at: datetime | None = None
    asked_again_at: datetime | None = None
    """When a new link was last asked for on its page: one in a while, or a stranger could fill a mailbox."""


class SentNoticeRow(Record, table=True):
    """A notice that was asked for: an answer by e-mail may name it and nothing else."""

    __tablename__ = "sent_notices"
    __table_args__ = (Index("ix_sent_notices_ticket", "ticket_id", "at"),)
    notification_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    kind: str
    at: datetime


class FormRow(Record, table=True):
    """A form that was sent: the same one, sent twice, is one ticket."""

    __tablename__ = "sent_forms"
    form_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    at: datetime


class MailRow(Record, table=True):
    """An e-mail that came in, with its whole text, and what became of it."""

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        CheckConstraint("outcome IN ('opened', 'commented', 'noted', 'ignored', 'quarantined')", name="outcome"),
        Index("ix_mails_ticket", "ticket_id", "mail_id"),
        Index("ix_mails_message", "message_id"),
        Index("ix_mails_sender", "from_email", "handled_at"),
        Index("ix_mails_outcome", "outcome", "mail_id"),
    )
    mail_id: str = Field(primary_key=True)
    dedupe_key: str
    message_id: str | None
    from_email: str
    from_name: str
    recipients: list[str] = Field(sa_type=JSONDocument)
    subject: str
    text: str
    attachments: list[dict[str, Any]] = Field(sa_type=JSONDocument)
    received_at: datetime
    handled_at: datetime
    outcome: str
    reason: str | None
    ticket_id: str | None = Field(foreign_key="tickets.ticket_id")
    comment_id: str | None


class FaqEntryRow(Record, table=True):
    """A question with its answer, from a solved ticket. Without rollout and wave it is shown everywhere."""

    __tablename__ = "faq_entries"
    __table_args__ = (
        Index("ix_faq_entries_scope", "published", "rollout", "wave"),
        Index("ix_faq_entries_ticket", "ticket_id"),
    )
    entry_id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="tickets.ticket_id")
    rollout: str | None
    wave: str | None
    question: str
    answer: str
    published: bool
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    shown: int
    helped: int
    not_helped: int


class FaqVersionRow(Record, table=True):
    """What an entry said in each of its versions, and who said so."""

    __tablename__ = "faq_versions"
    entry_id: str = Field(primary_key=True, foreign_key="faq_entries.entry_id")
    version: int = Field(primary_key=True)
    rollout: str | None
    wave: str | None
    question: str
    answer: str
    published: bool
    at: datetime
    by: str


class FaqVerdictRow(Record, table=True):
    """Whether an entry answered somebody who was about to send a form: once per form and entry, and nothing of the person."""

    __tablename__ = "faq_verdicts"
    form_id: str = Field(primary_key=True)
    entry_id: str = Field(primary_key=True, foreign_key="faq_entries.entry_id")
    helped: bool
    at: datetime
