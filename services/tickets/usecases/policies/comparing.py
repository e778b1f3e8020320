"""What is different between two versions of a policy, in sentences. Rules and steps are compared by what they are called."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MINUTES = "_minutes"
_MISSING = object()
_ORDER = (
    *("order", "when", "unless", "calendar", "zone", "hours", "targets"),
    *("first_response_minutes", "next_response_minutes", "periodic_update_minutes", "resolution_minutes"),
    *("agent_work_minutes", "requester_wait_minutes", "ola_minutes"),
    *("pause_on", "on_change", "on_reopen", "reopen_window_hours", "escalations"),
)
_RANK = {key: rank for rank, key in enumerate(_ORDER)}
_SAID = {
    "on_change": "what a change does to",
    "pause_on": "where it is paused:",
    "when": "the condition",
    "unless": "the exception",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `pointer` is its place in the newer document, or in the older one where it is gone."""

    pointer: str
    before: Any
    after: Any
    sentence: str


def compare_policies(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every difference, in the order of the document."""
    older, newer = _ruled(before), _ruled(after)
    changes = [
        change
        for key in ("order", "when", "unless")
        for change in _compare(older.get(key, _MISSING), newer.get(key, _MISSING), f"/{key}", [key])
    ]
    was = {rule["name"]: (index, rule) for index, rule in enumerate(older["rules"])}
    now = {rule["name"]: (index, rule) for index, rule in enumerate(newer["rules"])}
    for name, (index, rule) in now.items():
        at = f"/rules/{index}"
        if name not in was:
            changes.append(Change(pointer=at, before=None, after=rule, sentence=f"The rule {name} is new."))
            continue
        keys = [key for key in _keys(was[name][1], rule) if key != "name"]
        for key in keys:
            old, new = was[name][1].get(key, _MISSING), rule.get(key, _MISSING)
            changes += _compare(old, new, f"{at}/{key}", [f"{name}:", key])
    for name, (index, rule) in was.items():
        if name not in now:
            changes.append(
                Change(pointer=f"/rules/{index}", before=rule, after=None, sentence=f"The rule {name} is gone.")
            )
    kept = [name for name in now if name in was]
    if kept != [name for name in was if name in now]:
        order = " before ".join(now)
        changes.append(
            Change(pointer="/rules", before=[*was], after=[*now], sentence=f"The order of the rules is now {order}.")
        )
    return changes


def _ruled(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Both forms alike: the first one is one rule."""
    return document if "rules" in document else {"rules": [{"name": "everything", **document}]}


def _compare(before: Any, after: Any, at: str, path: Sequence[str]) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in _keys(before, after):
            yield from _compare(before.get(key, _MISSING), after.get(key, _MISSING), f"{at}/{key}", [*path, key])
        return
    if before is _MISSING and isinstance(after, Mapping) and after:
        for key, value in _items(after):
            yield from _compare(_MISSING, value, f"{at}/{key}", [*path, key])
        return
    if after is _MISSING and isinstance(before, Mapping) and before:
        for key, value in _items(before):
            yield from _compare(value, _MISSING, f"{at}/{key}", [*path, key])
        return
    old, new = (None if each is _MISSING else each for each in (before, after))
    yield Change(pointer=at, before=old, after=new, sentence=_sentence(before, after, path))


def _keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """In the order in which people write them: a database need not keep the one in which they did."""
    return sorted({*before, *after}, key=lambda key: (_RANK.get(key, len(_RANK)), key))


def _items(written: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key, written[key]) for key in _keys(written, {})]


def _sentence(before: Any, after: Any, path: Sequence[str]) -> str:
    what = " ".join(_words(path))
    minutes = path[-1].endswith(_MINUTES) or "ola_minutes" in path
    if isinstance(before, list) and isinstance(after, list) and all(isinstance(each, str) for each in before + after):
        gone, new = [each for each in before if each not in after], [each for each in after if each not in before]
        said = [f"without {', '.join(gone)}"] * bool(gone) + [f"now with {', '.join(new)}"] * bool(new)
        return f"{what}: {', '.join(said) or 'in another order'}."
    if before is _MISSING:
        return f"{what} is now {_value(after, minutes=minutes)}, and was not said before."
    if after is _MISSING:
        return f"{what} is no longer said; it was {_value(before, minutes=minutes)}."
    return f"{what} is now {_value(after, minutes=minutes)} instead of {_value(before, minutes=minutes)}."


def _words(path: Sequence[str]) -> Iterator[str]:
    for word in path:
        if word in ("targets",):
            continue
        yield _SAID.get(word) or word.removesuffix(_MINUTES).replace("_", " ")


def _value(value: Any, *, minutes: bool) -> str:
    if minutes and isinstance(value, int | float):
        hours, rest = divmod(value, 60)
        return f"{value:g} min" if not hours else f"{hours:g} h" + (f" {rest:g} min" if rest else "")
    if isinstance(value, list):
        return ", ".join(_value(each, minutes=False) for each in value) or "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(each, minutes=False)}" for key, each in value.items()) or "nothing"
    return str(value)
