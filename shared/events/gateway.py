"""Events that the gateway owns."""

from datetime import datetime
from typing import Any, Literal

from shared.events.envelope import Event, Kind


class SourceChanged(Event, name="gateway.source.changed", kind=Kind.STATE, key="source_id"):
    """A source as configured, with its vendor file, for the services that parse. Never a secret."""

    source_id: str
    name: str
    """The `{source}` of `POST /hooks/{source}`; unique."""
    vendor: str
    kind: Literal["lms", "helpdesk"]
    enabled: bool
    vendor_file: dict[str, Any]


class _Delivered(Event):
    delivery_id: str
    source: str
    vendor: str
    content_type: str
    headers: dict[str, str]
    """Only what the vendor file names; never a credential."""
    body: str
    encoding: Literal["utf-8", "base64"] = "utf-8"
    received_at: datetime


class LmsDelivered(_Delivered, name="gateway.lms.delivered", key="delivery_id"):
    """A verified, raw delivery of a learning system."""


class HelpdeskDelivered(_Delivered, name="gateway.helpdesk.delivered", key="delivery_id"):
    """A verified, raw delivery of a helpdesk."""


class MailReceived(Event, name="gateway.mail.received", key="delivery_id"):
    """An e-mail to our own mailbox, raw, taken in by SMTP. Who sent it is only what it says of itself."""

    delivery_id: str
    mailbox: str
    """Our address without what was added after `+`."""
    mail_from: str
    """The return path; empty for bounces."""
    recipients: list[str]
    """Those of our own addresses that it was sent to, as they were written."""
    body: str
    encoding: Literal["utf-8", "base64"] = "utf-8"
    whole: bool = True
    """False where attachments were left out (`X-Glidepath-Left-Out` says how large they were) or the end was cut off."""
    size: int
    received_at: datetime


class ClockStepped(Event, name="gateway.clock.stepped", kind=Kind.STATE, key="clock"):
    """The demo moved business time. `offset_seconds` is the whole offset from real time, not the step."""

    clock: Literal["business"] = "business"
    offset_seconds: float
