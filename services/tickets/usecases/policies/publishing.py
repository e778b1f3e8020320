"""Publish a version of a policy: immutable, with its calendars pinned, in force once both sides have signed it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.tickets.domain.calendar import Calendar
from services.tickets.domain.policy import FALLBACK, Policy
from services.tickets.domain.policy_document import calendars_named
from services.tickets.errors import CalendarNotFound, PolicyNotUsable
from services.tickets.ports import PolicyVersion, Signature, TicketsUnit
from services.tickets.usecases.policies.checking import Finding, Review, review
from services.tickets.usecases.policies.covering import unreachable
from services.tickets.usecases.policies.documents import calendar_names, calendar_of, pinned, unpinned
from shared.errors import FieldProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The version that says what was asked for, and what is odd about it."""

    version: PolicyVersion
    warnings: tuple[Finding, ...]


async def publish_policy(
    unit: TicketsUnit, name: str, document: Mapping[str, Any], *, by: str, now: datetime
) -> Published:
    """The version that says this: a new one, or the newest if it says the same. Raises `PolicyNotUsable`."""
    await unit.policies.hold(name)
    newest = await unit.policies.find_newest(name)
    document, checked = await check_document(unit, name, document, newest.version + 1 if newest else 1, now)
    if checked.policy is None:
        raise PolicyNotUsable(
            "The policy cannot be used as written.",
            errors=[FieldProblem(problem.pointer, problem.detail) for problem in checked.problems],
        )
    if newest is not None and newest.document == document:
        return Published(version=newest, warnings=checked.warnings)
    made = PolicyVersion(name=name, version=checked.policy.version, document=document, created_at=now, created_by=by)
    if newest is not None and unpinned(newest.document) == unpinned(document):
        made = with_carried(made, newest, now)
    await unit.policies.add(made)
    return Published(version=made, warnings=checked.warnings)


async def check_document(
    unit: TicketsUnit, name: str, document: Mapping[str, Any], version: int, now: datetime
) -> tuple[dict[str, Any], Review]:
    """The document with its calendars pinned, and everything that is to be said about it."""
    newest = await unit.calendars.newest_versions(calendar_names(document))
    document = pinned(document, newest)
    calendars = await _calendars(unit, document)
    checked = review(name, version, document, calendars, now)
    if checked.policy is None:
        return document, checked
    warnings = [*checked.warnings, *_old_calendars(document, newest)]
    if name != FALLBACK:
        warnings += await _asked_before(unit, checked.policy)
    return document, replace(checked, warnings=tuple(warnings))


def with_carried(made: PolicyVersion, signed: PolicyVersion, now: datetime) -> PolicyVersion:
    """With the signatures, and the force, of a version that differs in the versions of its calendars only."""
    return replace(
        made,
        in_force_at=None if signed.in_force_at is None else now,
        enforced_by=signed.enforced_by,
        enforced_reason=signed.enforced_reason,
        because=made.because or {"kind": "calendar", "of": signed.version},
        signatures=tuple(_carried(signature, signed.version) for signature in signed.signatures),
    )


def _carried(signature: Signature, version: int) -> Signature:
    return replace(signature, carried_from=signature.carried_from or version)


async def _calendars(unit: TicketsUnit, document: Mapping[str, Any]) -> dict[str, Calendar]:
    """Those that exist. One that does not is a problem with a place, which the review finds."""
    found: dict[str, Calendar] = {}
    for label in sorted(calendars_named(document)):
        if calendar_of(label)[1] is None:
            continue
        try:
            found |= await unit.calendars.load([label])
        except CalendarNotFound:
            continue
    return found


def _old_calendars(document: Mapping[str, Any], newest: Mapping[str, int]) -> list[Finding]:
    found = []
    for index, rule in enumerate(document.get("rules", ())):
        calendar = rule["calendar"]
        if isinstance(calendar, str):
            name, version = calendar_of(calendar)
            if version is not None and version < newest.get(name, 0):
                detail = f"{calendar} is not the newest version; that is {name}@{newest[name]}."
                found.append(Finding(pointer=f"/rules/{index}/calendar", detail=detail))
    return found


async def _asked_before(unit: TicketsUnit, policy: Policy) -> list[Finding]:
    """A warning where other policies in force take every ticket before this one is asked."""
    asked = (policy.order, policy.name)
    earlier = [
        (each.name, each.when)
        for each in await unit.policies.in_force()
        if each.name not in (policy.name, FALLBACK) and (each.order, each.name) < asked
    ]
    before = unreachable(policy.when, earlier)
    if before is None:
        return []
    detail = f"No new ticket gets this policy: {before} comes before it and is for every ticket that it is for."
    return [Finding(pointer="/when", detail=detail)]
