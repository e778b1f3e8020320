"""The monthly review: what both sides owed each other, on one page that both sign.

What is signed is a snapshot, by its fingerprint. Figures that are corrected later do not change it; they are shown beside it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.tickets.domain.period import Period
from services.tickets.domain.policy import Status

SECOND = timedelta(seconds=1)


class Side(StrEnum):
    """Who signs: those who answer, and those who ask."""

    IT = "it"
    TRAINING = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """`fingerprint` is of the snapshot that was signed."""

    side: Side
    fingerprint: str
    signed_at: datetime
    signed_by: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was seen when the first signature was given. Frozen once both sides have signed it."""

    month: str
    fingerprint: str
    content: Mapping[str, Any]
    taken_at: datetime
    frozen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A wave that opened, with the notice that was promised and given. None: not known, or nothing promised."""

    rollout: str
    title: str
    wave: str
    opened_at: datetime
    announced_at: datetime | None
    promised_for: timedelta | None

    @property
    def given_for(self) -> timedelta | None:
        """Real time between telling IT and opening; never less than nothing."""
        if self.announced_at is None:
            return None
        return max(timedelta(0), self.opened_at - self.announced_at)

    @property
    def kept(self) -> bool | None:
        """None where no notice was promised or nobody knows when it was given."""
        if not self.promised_for or self.given_for is None:
            return None
        return self.given_for >= self.promised_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A ticket of a rollout took this status."""

    ticket_id: str
    rollout: str
    at: datetime
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long a ticket was pending, that is, waited for its requester; real time within the period."""

    ticket_id: str
    rollout: str
    waited_for: timedelta


def waits(turns: Iterable[Turn], period: Period) -> Iterator[Wait]:
    """Of tickets that waited at all. `turns` are ordered by ticket, then as they happened."""
    found: dict[str, Wait] = {}
    pending: Turn | None = None
    for turn in turns:
        if pending is not None:
            _waited(found, pending, turn.at if turn.ticket_id == pending.ticket_id else period.ended_at, period)
        pending = turn if turn.status is Status.PENDING else None
    if pending is not None:
        _waited(found, pending, period.ended_at, period)
    yield from found.values()


def _waited(found: dict[str, Wait], pending: Turn, until: datetime, period: Period) -> None:
    waited_for = min(until, period.ended_at) - max(pending.at, period.began_at)
    if waited_for > timedelta(0):
        known = found.get(pending.ticket_id)
        if known is not None:
            waited_for += known.waited_for
        found[pending.ticket_id] = Wait(ticket_id=pending.ticket_id, rollout=pending.rollout, waited_for=waited_for)


def fingerprint(content: Mapping[str, Any]) -> str:
    """The same content has the same one, whatever the order of its keys. `content` is plain JSON."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A value that is not as it was signed; None where there was, or is, nothing. `place` is a JSON pointer."""

    place: str
    signed: Any
    now: Any


def differences(signed: Any, now: Any, place: str = "") -> Iterator[Difference]:
    """What has changed since the snapshot. Rows of lists are told apart by what names them, not by where they stand."""
    if isinstance(signed, Mapping) and isinstance(now, Mapping):
        for key in sorted({*signed, *now}):
            yield from differences(signed.get(key), now.get(key), f"{place}/{key}")
    elif isinstance(signed, list) and isinstance(now, list):
        yield from differences(_named(signed), _named(now), place)
    elif signed != now:
        yield Difference(place=place, signed=signed, now=now)


_NAMES = ("exemption_id", "policy", "rollout", "wave", "key", "target", "side", "name")


def _named(rows: Sequence[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for index, row in enumerate(rows):
        names = [str(row[name] or "-") for name in _NAMES if name in row] if isinstance(row, Mapping) else []
        name = " ".join(names) or str(index)
        named[name if name not in named else f"{name} {index}"] = row
    return named
