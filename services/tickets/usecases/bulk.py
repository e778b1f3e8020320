"""One change to many tickets, each for itself: what cannot be changed is said and left alone. And the way back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from services.tickets.domain.attribution import Attribution, Rule
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.moment import in_order
from services.tickets.domain.policy import Priority
from services.tickets.domain.ticket import AuthorRole, Comment, Entry, Kind
from services.tickets.errors import BatchNotFound, TicketMerged, TicketNotFound
from services.tickets.ports import Contact, TicketsUnit
from services.tickets.usecases.attributing import attribute_folders
from services.tickets.usecases.changing import change_folder
from services.tickets.usecases.commenting import mean
from services.tickets.usecases.filing import Folder, close_folders
from services.tickets.usecases.people import Person, contact_of
from services.tickets.usecases.writable import refuse_closed
from shared.clock import new_id
from shared.errors import ServiceError
from shared.rest import require_match

UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOrder:
    """`named` are ids or numbers; `versions` are those that the caller read, by the same names."""

    named: Sequence[str]
    wanted: Mapping[str, Any]
    versions: Mapping[str, int] = field(default_factory=dict)
    words: str | None = None
    public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItem:
    """What became of one of them: the ticket as it is now, or why it was left alone."""

    named: str
    dossier: Dossier | None = None
    changed: bool = False
    problem: ServiceError | None = None


async def change_many(
    unit: TicketsUnit, order: BulkOrder, author: Person, actor: str, now: datetime
) -> tuple[str, list[BulkItem]]:
    """The id of the change, by which it can be undone, and an item per name in the order in which they were named."""
    await unit.directory.hold_still()
    batch_id = new_id()
    writer = await contact_of(unit, author) if order.words is not None else None
    ids = await unit.tickets.ids_of(order.named)
    found = {dossier.ticket.ticket_id: dossier for dossier in await unit.tickets.load(set(ids.values()))}
    survivors = await unit.links.survivors([key for key, each in found.items() if each.ticket.merged_into is not None])
    folders: dict[str, Folder] = {}
    problems: dict[str, ServiceError] = {}
    for name in dict.fromkeys(order.named):
        try:
            folder = _open(found, ids.get(name), name, order, survivors)
            folder.batch_id = batch_id
            change_folder(folder, order.wanted, actor, now)
            if writer is not None:
                _write(folder, order, writer, author.name, now)
            folders[folder.ticket.ticket_id] = folder
        except ServiceError as problem:
            problems[name] = problem
    touched = [folder for folder in folders.values() if folder.entries]
    if "attribution" not in order.wanted:
        await attribute_folders(unit, touched, now)
    closed = {each.ticket.ticket_id: each for each in await close_folders(unit, touched, now)}
    items = []
    for name in dict.fromkeys(order.named):
        ticket_id = ids.get(name, "")
        dossier = closed.get(ticket_id) or found.get(ticket_id)
        why = problems.get(name)
        items.append(BulkItem(named=name, dossier=dossier, changed=why is None and ticket_id in closed, problem=why))
    return batch_id, items


def _open(
    found: Mapping[str, Dossier], ticket_id: str | None, name: str, order: BulkOrder, survivors: Mapping[str, str]
) -> Folder:
    dossier = found.get(ticket_id or "")
    if dossier is None:
        raise TicketNotFound(f"There is no ticket {name}.")
    ticket = dossier.ticket
    if ticket.merged_into is not None:
        survivor = survivors.get(ticket.ticket_id, ticket.merged_into)
        raise TicketMerged(
            f"Ticket {ticket.number} was merged into the ticket with the id {survivor}; change that one."
        )
    if name in order.versions:
        require_match(ticket.version, order.versions[name])
    refuse_closed(ticket)
    return Folder.of(dossier)


def _write(folder: Folder, order: BulkOrder, writer: Contact, name: str, now: datetime) -> None:
    at = folder.here_and_now(now)
    by_requester = writer.contact_id == folder.ticket.requester_id
    comment = Comment(
        comment_id=new_id(),
        ticket_id=folder.ticket.ticket_id,
        at=at,
        observed_at=now,
        author_id=writer.contact_id,
        author_name=name,
        author_role=AuthorRole.REQUESTER if by_requester else AuthorRole.AGENT,
        public=order.public,
        body=order.words or "",
    )
    folder.comments.append(replace(comment, moment_id=mean(folder, comment, by_requester, at, now)))
    folder.note("comment", at, now, name, comment_id=comment.comment_id, public=order.public)


async def undo_many(unit: TicketsUnit, batch_id: str, actor: str, now: datetime) -> list[BulkItem]:
    """Take back what a bulk change did, ticket by ticket, except what was changed again since.

    A status or priority that it set counts as never having been set, so the clocks run as if it had not; nothing is breached
    before now by that. Comments stay: they were read. Raises `BatchNotFound`.
    """
    await unit.directory.hold_still()
    entries = await unit.tickets.batch(batch_id)
    if not entries:
        raise BatchNotFound("No bulk change has this id; it is `batch_id` of the answer to the change.")
    by_ticket: dict[str, list[Entry]] = {}
    for entry in entries:
        by_ticket.setdefault(entry.ticket_id, []).append(entry)
    folders = [Folder.of(dossier) for dossier in await unit.tickets.load(by_ticket)]
    for folder in folders:
        undone = _undo(folder, by_ticket[folder.ticket.ticket_id], now)
        if undone:
            folder.note(UNDONE, folder.here_and_now(now), now, actor, what=undone, batch_id=batch_id)
    closed = {each.ticket.ticket_id: each for each in await close_folders(unit, _touched(folders), now)}
    return [
        BulkItem(
            named=str(folder.ticket.number),
            dossier=closed.get(folder.ticket.ticket_id, folder.found),
            changed=folder.ticket.ticket_id in closed,
        )
        for folder in folders
    ]


def _touched(folders: Collection[Folder]) -> list[Folder]:
    return [folder for folder in folders if folder.entries]


def _undo(folder: Folder, entries: Sequence[Entry], now: datetime) -> list[str]:
    """The names of what was restored."""
    standing = {moment.moment_id for moment in in_order(folder.all_moments)}
    undone: list[str] = []
    for entry in entries:
        moment_id = entry.detail.get("moment_id")
        if entry.kind in ("status", "priority") and isinstance(moment_id, str) and moment_id in standing:
            folder.take_back(moment_id, folder.here_and_now(now), now)
            if entry.kind == "priority":
                # What it was opened with, unless another change of it stands.
                folder.ticket = replace(folder.ticket, priority=Priority(str(entry.detail["before"])))
            undone.append(entry.kind)
        elif entry.kind == "changed":
            undone += _restore(folder, entry)
        elif entry.kind == "attributed":
            undone += _restore_attribution(folder, entry)
    return undone


def _restore(folder: Folder, entry: Entry) -> list[str]:
    restored: dict[str, Any] = {}
    for name, change in entry.detail.items():
        if isinstance(change, Mapping) and "before" in change:
            before, after = (_valued(name, change[each]) for each in ("before", "after"))
            if getattr(folder.ticket, name) == after:
                restored[name] = before
    folder.ticket = replace(folder.ticket, **restored)
    return sorted(restored)


def _valued(name: str, noted: Any) -> Any:
    """A field's value of what the history keeps of it."""
    if name == "kind":
        return Kind(noted)
    return tuple(noted) if isinstance(noted, list) else noted


def _restore_attribution(folder: Folder, entry: Entry) -> list[str]:
    before, after = (_attribution(entry.detail.get(name)) for name in ("before", "after"))
    if folder.ticket.attribution != after or not folder.ticket.by_hand:
        return []
    by_hand = before is not None and before.rule is Rule.HAND
    folder.ticket = replace(folder.ticket, attribution=before, by_hand=by_hand)
    return ["attribution"]


def _attribution(noted: object) -> Attribution | None:
    if not isinstance(noted, Mapping) or "rollout" not in noted:
        return None
    return Attribution(rollout=str(noted["rollout"]), wave=str(noted["wave"]), rule=Rule(str(noted["rule"])))
