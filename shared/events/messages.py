"""The payload of `<owner>.notification.requested` and `<owner>.delivery.understood`, which several owners publish alike."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.events.envelope import Event


class SignedLink(BaseModel):
    """A link that carries a person to exactly one thing. The gateway signs it when it sends; an event never bears a token."""

    model_config = ConfigDict(frozen=True)
    purpose: Literal["signoff", "survey", "ticket"]
    subject: str
    """The id of the one thing: a sign-off request, an invitation, somebody's way to their ticket."""
    expires_at: datetime
    """Real time."""


class NotificationRequestedPayload(Event):
    notification_id: str
    """Stable: the Message-ID of the e-mail comes from it, so a mail system can recognise a double."""
    to_email: str
    to_name: str = ""
    person_id: str | None = None
    subject: str
    body: str
    """Plain text. `{link}` stands for the signed link, if there is one."""
    link: SignedLink | None = None
    rollout: str | None = None
    wave: str | None = None
    thread: str | None = None
    """The conversation that an answer by e-mail belongs to: the gateway makes a Reply-To of it, signed, if mail comes in here.
    `{reply}` in the body stands for the sentence that says so."""
    in_reply_to: str | None = None
    """The Message-ID, in angle brackets, of the e-mail that this one answers."""
    follows: list[str] = []
    """Earlier notifications of the same conversation, so that a mail program shows them together."""
    not_before: datetime | None = None
    """Real time: spread out by the sender so that many at once do not land together; None is at once."""


class DeliveryUnderstoodPayload(Event):
    delivery_id: str
    outcome: Literal["applied", "ignored", "quarantined"]
    facts: list[dict[str, Any]]
    reason: str | None = None
