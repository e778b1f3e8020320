"""Whether conditions leave a later one anything: what an earlier rule always matches first, a later one never gets.

Priority and kind have few values, so every pair of them is looked at by itself: two rules for P1, P2 and for P3, P4 together
leave nothing to a third. Whatever is said here to be unreachable is so; not everything that is so is found.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from services.tickets.domain.condition import Condition
from services.tickets.domain.policy import Priority
from services.tickets.domain.ticket import Kind

_CLOSED: Mapping[str, tuple[str, ...]] = {
    "priority": tuple(each.value.casefold() for each in Priority),
    "kind": tuple(each.value.casefold() for each in Kind),
}
Case = Mapping[str, str]


def never_holds(condition: Condition) -> bool:
    """No ticket is what it asks for."""
    if next(_cases(condition), None) is None:
        return True
    for feature, values in condition.when.items():
        excluded = _folded(condition.unless.get(feature, ()))
        if feature != "tags" and _folded(values) <= excluded:
            return True
    return False


def unreachable(later: Condition, earlier: Sequence[tuple[str, Condition]]) -> str | None:
    """Which of the earlier ones together match whatever the later one is for; None if it gets something."""
    before: dict[str, None] = {}
    for case in _cases(later):
        covering = next((name for name, condition in earlier if _covers(condition, later, case)), None)
        if covering is None:
            return None
        before[covering] = None
    return " and ".join(before) or None


def _cases(condition: Condition) -> Iterator[Case]:
    """Every priority and kind that it is for."""
    allowed = []
    for feature, values in _CLOSED.items():
        asked = _folded(condition.when[feature]) if feature in condition.when else set(values)
        allowed.append([value for value in values if value in asked - _folded(condition.unless.get(feature, ()))])
    for case in product(*allowed):
        yield dict(zip(_CLOSED, case, strict=True))


def _covers(earlier: Condition, later: Condition, case: Case) -> bool:
    """Every ticket of this priority and kind that the later one is for is one that the earlier one is for."""
    for feature, values in earlier.when.items():
        wanted = _folded(values)
        found = {case[feature]} if feature in case else _folded(later.when.get(feature, ()))
        if not found or not found <= wanted:
            return False
    for feature, values in earlier.unless.items():
        excluded = _folded(values)
        if feature in case:
            if case[feature] in excluded:
                return False
            continue
        spared = excluded <= _folded(later.unless.get(feature, ()))
        # A ticket has many tags, so that it has another one excludes nothing.
        other = feature != "tags" and feature in later.when and not _folded(later.when[feature]) & excluded
        if not spared and not other:
            return False
    return True


def _folded(values: Sequence[str]) -> set[str]:
    return {value.casefold() for value in values}
