"""The support channel over the wire: a wave's figures, the FAQ, mails that came in."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.tickets.domain.faq import Entry
from services.tickets.ports.channel import KeptMail, MailOutcome, Suggestion, Wave, WaveFigures
from services.tickets.schemas.answers import TicketOut
from services.tickets.schemas.requests import STORABLE
from services.tickets.usecases.faq import Scope

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=STORABLE)]
Answer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000, pattern=STORABLE)]
Place = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=STORABLE)]
OPEN_STATUSES = ("new", "open", "pending", "on_hold", "unknown")


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaqIn(_In):
    """Without `scope` it is for the wave that the ticket counts for, or everywhere if it counts for none."""

    ticket_id: Annotated[str, Field(max_length=100, pattern=STORABLE)]
    question: Question
    answer: Answer
    scope: Scope | None = None
    reviewed: bool = Field(default=False, description="Whoever sends it has looked at what points at people.")


class FaqPlace(_In):
    """Where an entry is shown; both empty: everywhere, no wave: in the whole rollout."""

    rollout: Place = ""
    wave: Place = ""


class FaqPatch(_In):
    """JSON Merge Patch: what is sent is changed."""

    question: Question = ""
    answer: Answer = ""
    published: bool = True
    place: FaqPlace | None = None
    reviewed: bool = False


class FaqOut(BaseModel):
    """`helped` and `not_helped` were counted where the entry was shown to somebody about to send a form."""

    entry_id: str
    ticket_id: str
    scope: Scope
    rollout: str | None
    wave: str | None
    question: str
    answer: str
    published: bool
    version: int
    created_at: AwareDatetime
    created_by: str
    updated_at: AwareDatetime
    shown: int
    helped: int
    not_helped: int
    score: float | None = None


class FaqVersionOut(BaseModel):
    version: int
    rollout: str | None
    wave: str | None
    question: str
    answer: str
    published: bool
    at: AwareDatetime
    by: str


class SuggestionOut(BaseModel):
    """Solved tickets that are alike; the newest of them with its last public answer."""

    course: str | None
    system: str | None
    cause: str | None
    count: int
    ticket_id: str
    number: int
    subject: str
    answer: str
    solved_at: AwareDatetime


class CauseOut(BaseModel):
    """`cause` null: nobody said."""

    cause: str | None
    tickets: int
    minutes_lost: int


class ChannelSla(BaseModel):
    """Tickets, not clocks. `breached` counts every ticket that ever missed a target, solved ones too."""

    overdue: int
    at_risk: int
    unconfirmed: int
    breached: int


class ChannelOut(BaseModel):
    """`form_path` is the wave's public form, below the address at which people reach the gateway."""

    rollout: str
    wave: str
    title: str
    phase: str
    opened_at: AwareDatetime | None
    completed_at: AwareDatetime | None
    form_path: str
    mail_address: str | None
    learners: int
    tickets: int
    open: int
    by_status: dict[str, int]
    per_100_learners: float | None
    sla: ChannelSla
    minutes_lost: int
    causes: list[CauseOut]
    live: list[TicketOut]
    faq: list[FaqOut]


class MailOut(BaseModel):
    """An e-mail that came in and what became of it."""

    mail_id: str
    message_id: str | None
    from_email: str
    from_name: str
    recipients: list[str]
    subject: str
    attachments: list[Mapping[str, Any]] = Field(
        description="Named, not kept; the raw mail is in the delivery log for a while."
    )
    received_at: AwareDatetime
    handled_at: AwareDatetime
    outcome: MailOutcome
    reason: str | None
    ticket_id: str | None
    comment_id: str | None


class MailDetail(MailOut):
    text: str = Field(description="All that was written, with quotes and signature.")


class FollowLinkOut(BaseModel):
    """`sent`: a link was asked to be mailed to the requester."""

    ticket_id: str
    sent: bool
    revoked: bool


class FollowLinkIn(_In):
    revoke: bool = Field(default=False, description="Stop the links that are about first.")


Outcome = Literal["opened", "commented", "noted", "ignored", "quarantined"]


def faq_out(entry: Entry, score: float | None = None) -> FaqOut:
    return FaqOut(
        entry_id=entry.entry_id,
        ticket_id=entry.ticket_id,
        scope="wave" if entry.wave is not None else "everywhere" if entry.rollout is None else "rollout",
        rollout=entry.rollout,
        wave=entry.wave,
        question=entry.question,
        answer=entry.answer,
        published=entry.published,
        version=entry.version,
        created_at=entry.created_at,
        created_by=entry.created_by,
        updated_at=entry.updated_at,
        shown=entry.shown,
        helped=entry.helped,
        not_helped=entry.not_helped,
        score=None if score is None else round(score, 4),
    )


def version_out(entry: Entry, by: str) -> FaqVersionOut:
    return FaqVersionOut(
        version=entry.version,
        rollout=entry.rollout,
        wave=entry.wave,
        question=entry.question,
        answer=entry.answer,
        published=entry.published,
        at=entry.updated_at,
        by=by,
    )


def suggestion_out(found: Suggestion) -> SuggestionOut:
    return SuggestionOut(**{name: getattr(found, name) for name in SuggestionOut.model_fields})


def mail_out(mail: KeptMail) -> MailOut:
    return MailOut(
        **{name: getattr(mail, name) for name in MailOut.model_fields} | {"recipients": list(mail.recipients)}
    )


def mail_detail(mail: KeptMail) -> MailDetail:
    return MailDetail(**mail_out(mail).model_dump(), text=mail.text)


def channel_out(
    wave: Wave,
    figures: WaveFigures,
    live: list[TicketOut],
    faq: list[Entry],
    *,
    form_path: str,
    mail_address: str | None,
) -> ChannelOut:
    tickets = sum(figures.by_status.values())
    return ChannelOut(
        rollout=wave.rollout,
        wave=wave.wave,
        title=wave.title,
        phase=wave.phase,
        opened_at=wave.opened_at,
        completed_at=wave.completed_at,
        form_path=form_path,
        mail_address=mail_address,
        learners=figures.learners,
        tickets=tickets,
        open=sum(figures.by_status.get(status, 0) for status in OPEN_STATUSES),
        by_status=dict(figures.by_status),
        per_100_learners=round(100 * tickets / figures.learners, 2) if figures.learners else None,
        sla=ChannelSla(
            overdue=figures.overdue,
            at_risk=figures.at_risk,
            unconfirmed=figures.unconfirmed,
            breached=figures.breached,
        ),
        minutes_lost=figures.minutes_lost,
        causes=[CauseOut(cause=cause, tickets=count, minutes_lost=lost) for cause, count, lost in figures.causes],
        live=live,
        faq=[faq_out(entry) for entry in faq],
    )
