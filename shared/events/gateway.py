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


class ClockStepped(Event, name="gateway.clock.stepped", kind=Kind.STATE, key="clock"):
    """The demo moved business time. `offset_seconds` is the whole offset from real time, not the step."""

    clock: Literal["business"] = "business"
    offset_seconds: float
