"""What travels between services: a frozen payload (`Event`) inside a CloudEvents 1.0 envelope.

An `Event` class is a contract. It may gain optional fields; it never loses or retypes one (a snapshot test holds it to that).
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.clock import parse_instant, render_instant

MAX_EVENT_BYTES = 960 * 1024
"""Refused where it is recorded, so that the sender learns of it and not the relay. Below NATS's 1 MiB (ADR 0008)."""


class Kind(StrEnum):
    """How a consumer must treat an event."""

    STATE = "state"  # a snapshot: applied only if (epoch, aggregate_version) is newer than what is held
    FACT = "fact"  # something that happened: the inbox alone guards it, order does not matter


class Event(BaseModel):
    """Base of every payload. Subclasses name themselves in class arguments: `name`, `kind`, `key` (the aggregate's id field)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    NAME: ClassVar[str] = ""
    KIND: ClassVar[Kind] = Kind.FACT
    KEY: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1

    def __init_subclass__(
        cls, *, name: str = "", kind: Kind = Kind.FACT, key: str = "", version: int = 1, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.NAME, cls.KIND, cls.KEY, cls.VERSION = name, kind, key, version

    @classmethod
    def owner(cls) -> str:
        """The service that publishes this event and owns its stream."""
        return cls.NAME.split(".", 1)[0]

    @classmethod
    def type(cls) -> str:
        """The CloudEvents type, e.g. `glidepath.tickets.ticket.changed.v1`."""
        return f"glidepath.{cls.NAME}.v{cls.VERSION}"

    @classmethod
    def subject_prefix(cls) -> str:
        """The NATS subject up to the aggregate's id, e.g. `tickets.ticket.changed.v1`."""
        return f"{cls.NAME}.v{cls.VERSION}"

    @property
    def aggregate_id(self) -> str:
        return str(getattr(self, self.KEY))


E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope(Generic[E]):
    """One event on its way. `aggregate_version` is None for facts that have no versioned aggregate."""

    id: str
    source: str
    time: datetime
    data: E
    aggregate_version: int | None = None
    epoch: int = 1
    correlation_id: str = ""
    causation_id: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return f"{self.data.subject_prefix()}.{subject_token(self.data.aggregate_id)}"

    def to_cloudevent(self) -> dict[str, Any]:
        """CloudEvents 1.0, structured mode. Extension names are lower case without separators, as the specification asks."""
        document: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.data.type(),
            "subject": self.data.aggregate_id,
            "time": render_instant(self.time),
            "datacontenttype": "application/json",
            "correlationid": self.correlation_id or self.id,
            "epoch": self.epoch,
            "data": self.data.model_dump(mode="json"),
        }
        if self.causation_id is not None:
            document["causationid"] = self.causation_id
        if self.aggregate_version is not None:
            document["aggregateversion"] = self.aggregate_version
        return document

    @classmethod
    def from_cloudevent(cls, document: dict[str, Any], model: type[E]) -> "Envelope[E]":
        """Raises `KeyError`, `ValueError` or pydantic's `ValidationError` on a document that is not such an event."""
        return cls(
            id=str(document["id"]),
            source=str(document["source"]),
            time=parse_instant(document["time"]),
            data=model.model_validate(document["data"]),
            aggregate_version=document.get("aggregateversion"),
            epoch=int(document.get("epoch", 1)),
            correlation_id=str(document.get("correlationid", document["id"])),
            causation_id=document.get("causationid"),
        )


def subject_token(value: str) -> str:
    """An aggregate's id as one NATS subject token: anything NATS gives a meaning to is percent-encoded."""
    if not value:
        raise ValueError("an event needs an aggregate id")
    return re.sub(r"[^A-Za-z0-9_:@=/+-]", lambda match: "".join(f"%{b:02X}" for b in match[0].encode()), value)
