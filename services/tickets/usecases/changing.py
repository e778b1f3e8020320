"""What a change asked for makes of a ticket's folder, the same for one ticket and for five hundred."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.tickets.domain.attribution import Attribution, Rule
from services.tickets.domain.moment import MomentKind
from services.tickets.domain.policy import Priority, Status
from services.tickets.domain.ticket import may_become
from services.tickets.errors import ImpactMissing, StatusNotReachable
from services.tickets.usecases.attributing import note_attribution
from services.tickets.usecases.folder import Folder
from shared.errors import FieldProblem

TAGS_ADDED, TAGS_REMOVED = "add_tags", "remove_tags"
_NOT_FIELDS = frozenset({"status", "priority", "attribution", TAGS_ADDED, TAGS_REMOVED})


def change_folder(folder: Folder, wanted: Mapping[str, Any], actor: str, now: datetime) -> bool:
    """Put the change in the folder; whether a field changed that the rules of attribution may look at.

    Raises `StatusNotReachable`, `ImpactMissing`; then nothing of it is to be kept.
    """
    ticket = folder.ticket
    at = folder.here_and_now(now)
    priority = Priority(wanted.get("priority", ticket.priority))
    if priority is not ticket.priority or ("impact" in wanted and not wanted["impact"]):
        need_impact(priority, wanted.get("impact", ticket.impact))
    if "status" in wanted and wanted["status"] != ticket.status:
        move(folder, Status(wanted["status"]), at, now, actor)
    if priority is not ticket.priority:
        moment_id = folder.happened(MomentKind.PRIORITY, at, now, priority)
        folder.note("priority", at, now, actor, before=ticket.priority, after=priority, moment_id=moment_id)
    fields = _fields(folder, wanted)
    if fields:
        before = {name: _plain(getattr(ticket, name)) for name in fields}
        told_at = {**ticket.told_at, **dict.fromkeys(fields, at)}
        folder.ticket = replace(folder.ticket, told_at=told_at, **fields)
        changes = {name: {"before": before[name], "after": _plain(value)} for name, value in sorted(fields.items())}
        folder.note("changed", at, now, actor, **changes)
    if "attribution" in wanted:
        attribute_by_hand(folder, wanted["attribution"], at, now, actor)
    return bool(fields)


def _fields(folder: Folder, wanted: Mapping[str, Any]) -> dict[str, Any]:
    ticket = folder.ticket
    fields = {name: value for name, value in wanted.items() if name not in _NOT_FIELDS}
    added, removed = wanted.get(TAGS_ADDED) or (), set(wanted.get(TAGS_REMOVED) or ())
    if added or removed:
        tags = fields.get("tags", ticket.tags)
        fields["tags"] = tuple(tag for tag in dict.fromkeys([*tags, *added]) if tag not in removed)
    return {name: value for name, value in fields.items() if value != getattr(ticket, name)}


def move(folder: Folder, status: Status, at: datetime, now: datetime, actor: str, **detail: Any) -> None:
    """To another status, by a person or by what a person did elsewhere. Raises `StatusNotReachable`."""
    before = folder.ticket.status
    if not may_become(before, status):
        raise StatusNotReachable(f"A ticket that is {before} cannot become {status}.")
    moment_id = folder.happened(MomentKind.STATUS, at, now, status)
    # Whoever moves it by hand decides for it: the major incident no longer does.
    folder.ticket = replace(folder.ticket, status=status, solved_with=None)
    folder.note("status", at, now, actor, before=before, after=status, moment_id=moment_id, **detail)


def attribute_by_hand(folder: Folder, wave: tuple[str, str] | None, at: datetime, now: datetime, actor: str) -> None:
    """The desk knows better than any rule, also that a ticket counts for no wave."""
    attribution = None if wave is None else Attribution(rollout=wave[0], wave=wave[1], rule=Rule.HAND)
    before = folder.ticket.attribution
    folder.ticket = replace(folder.ticket, attribution=attribution, by_hand=True)
    note_attribution(folder, before, at, now, actor)


def need_impact(priority: Priority, impact: str | None) -> None:
    """Everything is urgent to somebody; whoever wants a P1 says what it keeps people from doing. Raises `ImpactMissing`."""
    if priority is Priority.P1 and not impact:
        detail = "say who cannot do what because of it, or choose another priority"
        raise ImpactMissing("A P1 needs a stated impact.", errors=[FieldProblem("/impact", detail)])


def _plain(value: Any) -> Any:
    """As JSON keeps it."""
    return list(value) if isinstance(value, tuple) else value
