"""What people without an account need: ways to their ticket, mails, forms, and answers that are worth keeping."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from services.tickets.domain.faq import Entry
from shared.rest import PagingRequest

MailOutcome = Literal["opened", "commented", "noted", "ignored", "quarantined"]
"""`noted`: kept on a ticket for the desk's eyes only. `ignored`: a machine's, or one that came before."""
NoticeKind = Literal["receipt", "answer", "solved", "closed", "merged", "link"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowLink:
    """What a signed link to a ticket leads to."""

    link_id: str
    ticket_id: str
    made_at: datetime
    revoked_at: datetime | None = None
    asked_again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNotice:
    notification_id: str
    ticket_id: str
    kind: NoticeKind
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMail:
    """An e-mail that came in, and what became of it."""

    mail_id: str
    dedupe_key: str
    message_id: str | None
    from_email: str
    from_name: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    attachments: tuple[Mapping[str, Any], ...]
    received_at: datetime
    handled_at: datetime
    outcome: MailOutcome
    reason: str | None = None
    ticket_id: str | None = None
    comment_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFilter:
    outcome: MailOutcome | None = None
    ticket_id: str | None = None


class Channel(Protocol):
    async def links_of(self, ticket_ids: Collection[str], now: datetime) -> dict[str, FollowLink]:
        """The live link of each ticket, made where there is none."""
        ...

    async def find_link(self, link_id: str) -> FollowLink | None: ...

    async def revoke_links(self, ticket_id: str, now: datetime) -> None: ...

    async def note_asked_again(self, link_id: str, now: datetime, *, not_since: datetime) -> bool:
        """Note that a new link was asked for; False if one was since then."""
        ...

    async def note_notices(self, notices: Sequence[SentNotice]) -> None: ...

    async def earlier_notices(self, ticket_ids: Collection[str], most: int) -> dict[str, list[str]]:
        """Ids of the last ones of each ticket, oldest first."""
        ...

    async def tickets_of_notices(self, notification_ids: Collection[str]) -> dict[str, str]: ...

    async def ticket_of_form(self, form_id: str) -> str | None: ...

    async def keep_form(self, form_id: str, ticket_id: str, now: datetime) -> None: ...

    async def take_mail(self, key: str) -> KeptMail | None:
        """The same mail, if it came before and was understood. One in quarantine is taken out of it and gives way."""
        ...

    async def keep_mail(self, mail: KeptMail) -> None: ...

    async def find_mail(self, mail_id: str) -> KeptMail | None: ...

    async def page_mails(self, cut: MailFilter, paging: PagingRequest) -> tuple[list[KeptMail], str | None]:
        """The newest first."""
        ...

    async def tickets_of_messages(self, message_ids: Collection[str]) -> dict[str, str]:
        """Tickets of mails that came in, by Message-ID."""
        ...

    async def last_messages(self, ticket_ids: Collection[str]) -> dict[str, str]:
        """The Message-ID of the last mail of each ticket's requester."""
        ...

    answering: dict[str, str]
    """Address -> Message-ID: what this transaction tells the address answers that mail, which is not kept yet."""

    async def count_mails(self, from_email: str, since: datetime) -> int:
        """How many of this sender became a ticket or a comment."""
        ...

    async def is_team_member(self, email: str) -> bool: ...

    async def numbers_of(self, ticket_ids: Collection[str]) -> dict[str, int]: ...

    async def zones_of(self, person_ids: Collection[str]) -> dict[str, str]:
        """IANA zones of people, where the directory knows them."""
        ...

    async def forget_person(self, person_id: str) -> None:
        """Delete their mails and revoke the links to their tickets."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Solved tickets that are alike and have an answer: perhaps a question that many have."""

    course: str | None
    system: str | None
    cause: str | None
    count: int
    ticket_id: str
    number: int
    subject: str
    answer: str
    """The last public answer on the newest of them."""
    solved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FaqFilter:
    """`rollout` and `wave` None: what is shown everywhere; given: that, and what is shown there."""

    rollout: str | None = None
    wave: str | None = None
    published: bool | None = True


class Faq(Protocol):
    async def get(self, entry_id: str) -> Entry:
        """Raises `FaqEntryNotFound`."""
        ...

    async def get_to_change(self, entry_id: str) -> Entry:
        """Locked. Raises `FaqEntryNotFound`."""
        ...

    async def put(self, entry: Entry, *, by: str) -> None:
        """With a row of its history."""
        ...

    async def versions(self, entry_id: str, paging: PagingRequest) -> tuple[list[tuple[Entry, str]], str | None]:
        """The newest first, each with who wrote it."""
        ...

    async def page(self, cut: FaqFilter, paging: PagingRequest) -> tuple[list[Entry], str | None]:
        """The most helpful first."""
        ...

    async def candidates(self, cut: FaqFilter, most: int) -> list[Entry]:
        """Published ones to be ranked in memory, the most helpful first."""
        ...

    async def count_shown(self, entry_ids: Collection[str]) -> None: ...

    async def note_verdict(self, form_id: str, entry_id: str, *, helped: bool, now: datetime) -> bool:
        """Count it, once per form and entry; False if it was counted before or there is no such entry."""
        ...

    async def suggestions(
        self, *, rollout: str | None, wave: str | None, since: datetime, most: int
    ) -> list[Suggestion]:
        """Groups of at least two, the largest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A wave as the channel's page names it."""

    rollout: str
    wave: str
    title: str
    phase: str
    opened_at: datetime | None
    completed_at: datetime | None
    systems: tuple[str, ...]
    courses: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveFigures:
    """Tickets that count for a wave. `causes` holds (cause, tickets, minutes lost), the most frequent first."""

    learners: int
    by_status: Mapping[str, int]
    overdue: int
    at_risk: int
    unconfirmed: int
    breached: int
    minutes_lost: int
    causes: Sequence[tuple[str | None, int, int]]


class Support(Protocol):
    async def find_wave(self, rollout: str, wave: str) -> Wave | None: ...

    async def figures(self, rollout: str, wave: str, *, now: datetime, at_risk_until: datetime) -> WaveFigures: ...
