"""One field of a fact: evaluate its spec, look the word up, read the time.

A word outside our vocabulary is never guessed: it stays in `vendor_state`, `vendor_status` or `vendor_priority`, beside
`unknown` or null.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from shared.events.facts import IdentityScheme, LearningState, Level, Priority, TicketStatus
from shared.mapping.expressions import Expression, ExpressionFailed, as_number, as_text
from shared.mapping.rules import CommentSlots, CourseSlots, Spec, TicketSlots
from shared.mapping.times import read_time, zone
from shared.mapping.vendor_file import VendorFile

Root = Mapping[str, Any]

_WORDS: dict[str, tuple[frozenset[str], str | None, str | None]] = {
    # field: our words, what stands for a word that is none of them, where the vendor's own word goes
    "state": (frozenset(LearningState), LearningState.UNKNOWN, "vendor_state"),
    "status": (frozenset(TicketStatus), TicketStatus.UNKNOWN, "vendor_status"),
    "priority": (frozenset(Priority), None, "vendor_priority"),
    "level": (frozenset(Level), None, None),
    "author_role": (frozenset({"requester", "agent", "bot"}), "unknown", None),
}
MAX_TAGS = 200


class FieldReader:
    """Reads the fields of one rule for one item. `zone_assumed` tells afterwards whether any time lacked its zone."""

    def __init__(self, vendor: VendorFile, root: Root) -> None:
        self._vendor = vendor
        self._root = root
        self.zone_assumed = False

    def read(self, specs: Mapping[str, Any]) -> dict[str, Any]:
        """Values by field name; nulls are left out. `ExpressionFailed` names what went wrong."""
        found: dict[str, Any] = {}
        words: dict[str, str] = {}
        for name, spec in specs.items():
            value = self._word(name, spec, words) if name in _WORDS else self._field(name, spec)
            if value is not None:
                found[name] = value
        return {**words, **found}

    def scalar(self, spec: Spec) -> Any:
        """The value of a spec after its map, before anything else."""
        value = spec.value.of(self._root) if spec.value is not None else spec.constant
        return self._mapped(spec, value) if spec.map is not None else value

    def _mapped(self, spec: Spec, value: Any) -> Any:
        table = self._vendor.maps[spec.map] if isinstance(spec.map, str) else spec.map or {}
        word = as_text(value)
        if word is None:
            return None
        return table.get(word.strip().lower(), word if spec.otherwise is None else spec.otherwise)

    def _word(self, name: str, spec: Spec, words: dict[str, str]) -> str | None:
        ours, other, beside = _WORDS[name]
        raw = as_text(spec.value.of(self._root) if spec.value is not None else spec.constant)
        word = as_text(self.scalar(spec))
        if raw is None or word is None:
            return None
        if word in ours and word != other:
            return word
        if beside is not None:
            words[beside] = raw
        return other

    def _field(self, name: str, spec: Any) -> Any:
        if isinstance(spec, Spec):
            read = _READERS.get(name)
            return read(self, spec) if read is not None else as_text(self.scalar(spec))
        if isinstance(spec, list):
            return self._identity(spec)
        return self._group(spec)

    def _group(self, slots: CourseSlots | TicketSlots | CommentSlots) -> dict[str, Any] | None:
        given = {name: getattr(slots, name) for name in type(slots).model_fields if getattr(slots, name) is not None}
        found = self.read(given)
        return None if isinstance(slots, CourseSlots) and "id" not in found else found or None

    def _identity(self, ways: list[dict[str, Expression]]) -> dict[str, str] | None:
        for way in ways:
            for scheme, expression in way.items():
                value = expression.of(self._root)
                if scheme == "as":
                    if (
                        isinstance(value, dict)
                        and value.get("scheme") in set(IdentityScheme)
                        and as_text(value.get("value"))
                    ):
                        return {"scheme": value["scheme"], "value": str(as_text(value["value"]))}
                elif (name := as_text(value)) is not None:
                    return {"scheme": scheme, "value": name}
        return None

    def time(self, spec: Spec) -> datetime | None:
        times = self._vendor.times
        try:
            read = read_time(self.scalar(spec), spec.time or times.formats, zone(spec.zone or times.zone))
        except ValueError as error:
            raise ExpressionFailed(spec.source, str(error)) from error
        if read is None:
            return None
        self.zone_assumed = self.zone_assumed or read[1]
        return read[0]

    def score(self, spec: Spec) -> float | None:
        number = as_number(self.scalar(spec))
        return number if number is not None and 0 <= number <= 1 else None

    def truth(self, spec: Spec) -> bool | None:
        value = self.scalar(spec)
        if isinstance(value, str):
            return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower())
        return value if isinstance(value, bool) else None

    def tags(self, spec: Spec) -> list[str] | None:
        value = spec.value.of(self._root) if spec.value is not None else None
        if isinstance(value, str):
            value = value.replace(",", " ").split()
        if not isinstance(value, list):
            return None
        return [tag for tag in map(as_text, value[:MAX_TAGS]) if tag is not None]


_READERS: dict[str, Callable[[FieldReader, Spec], Any]] = {
    "occurred_at": FieldReader.time,
    "created_at": FieldReader.time,
    "score": FieldReader.score,
    "public": FieldReader.truth,
    "tags": FieldReader.tags,
}
