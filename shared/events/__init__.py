"""The contract between services: envelope, one module per owner, and `catalog`, the whole of it on a page."""

from shared.events.envelope import Envelope, Event, Kind

__all__ = ["Envelope", "Event", "Kind"]
