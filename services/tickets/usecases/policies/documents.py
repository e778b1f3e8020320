"""Policies as documents: which calendars they name, and the same policy with other versions of them."""

from collections.abc import Callable, Mapping
from typing import Any

from services.tickets.domain.policy_document import calendars_named

Document = Mapping[str, Any]


def calendar_of(label: str) -> tuple[str, int | None]:
    """`berlin@4` as name and version; the version is None where none is named."""
    name, at, version = label.rpartition("@")
    return (name, int(version)) if at else (label, None)


def calendar_names(document: Document) -> set[str]:
    """The calendars that it names, whatever their versions."""
    return {calendar_of(label)[0] for label in calendars_named(document)}


def with_calendars(document: Document, changed: Callable[[str], str]) -> dict[str, Any]:
    """The same with each calendar that is named named as `changed` says."""
    if "rules" not in document:
        return dict(document)
    rules = []
    for rule in document["rules"]:
        calendar = rule.get("calendar")
        rules.append({**rule, "calendar": changed(calendar)} if isinstance(calendar, str) else dict(rule))
    return {**document, "rules": rules}


def unpinned(document: Document) -> dict[str, Any]:
    """Without the versions of its calendars: what people sign."""
    return with_calendars(document, lambda label: calendar_of(label)[0])


def pinned(document: Document, newest: Mapping[str, int]) -> dict[str, Any]:
    """Every calendar with a version; the newest where none was named. What does not exist stays as it was written."""

    def pin(label: str) -> str:
        name, version = calendar_of(label)
        return f"{name}@{newest[name]}" if version is None and name in newest else label

    return with_calendars(document, pin)


def moved(document: Document, name: str, version: int) -> dict[str, Any]:
    """With this version of a calendar wherever any version of it was named."""
    return with_calendars(document, lambda label: f"{name}@{version}" if calendar_of(label)[0] == name else label)
