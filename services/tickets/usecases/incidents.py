"""Major incidents: their children wait for them, are solved with them, come back with them and hear what is said on them.

A change of the parent only records the intent; a worker carries it out some children at a time, dated at the instant of the
parent's change. Five thousand children are a hundred short transactions, and no clock tells when the worker came by.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.tickets.domain.link import Cascade, CascadeKind
from services.tickets.domain.moment import PARENT, MomentKind, in_order
from services.tickets.domain.policy import Status
from services.tickets.domain.ticket import Comment, Ticket
from services.tickets.ports import TicketsUnit, Units
from services.tickets.usecases.commenting import mean
from services.tickets.usecases.filing import Folder, close_folders
from shared.clock import Clock, new_id

AT_ONCE = 50
"""Children in one transaction: the writer's lock is given back in between."""


class IncidentRunner:
    """The worker. `business` says when what it does happens."""

    def __init__(self, units: Units, *, business: Clock) -> None:
        self._units = units
        self._business = business

    async def step(self) -> bool:
        """One piece. It looks first without the writer's lock, since every commit wakes it."""
        async with self._units.read() as unit:
            if not await unit.links.has_cascades():
                return False
        async with self._units.unit() as unit:
            return await carry_on(unit, self._business.now())


async def carry_on(unit: TicketsUnit, now: datetime, *, at_once: int = AT_ONCE) -> bool:
    """Do one piece of the oldest cascade; False if none waits."""
    await unit.directory.hold_still()
    cascade = await unit.links.take_cascade()
    if cascade is None:
        return False
    children = await unit.links.children(
        cascade.parent_id, after=cascade.after_child, made_until=cascade.at, limit=at_once
    )
    await _reach(unit, cascade, children, now)
    reached = replace(
        cascade, after_child=children[-1] if children else cascade.after_child, reached=cascade.reached + len(children)
    )
    await unit.links.advance(reached, done_at=now if len(children) < at_once else None)
    return True


async def _reach(unit: TicketsUnit, cascade: Cascade, children: Sequence[str], now: datetime) -> None:
    parent = (await unit.tickets.get(cascade.parent_id)).ticket
    said = None
    if cascade.comment_id is not None:
        said = await unit.tickets.comment(cascade.parent_id, cascade.comment_id)
    folders = [Folder.of(dossier) for dossier in await unit.tickets.load(children)]
    for folder in folders:
        if folder.ticket.merged_into is None and folder.ticket.deleted_at is None:
            _change(folder, cascade, parent, said, now)
    await close_folders(unit, [folder for folder in folders if folder.entries], now)


def _change(folder: Folder, cascade: Cascade, parent: Ticket, said: Comment | None, now: datetime) -> None:
    if cascade.kind is CascadeKind.WAIT:
        wait(folder, parent, cascade.at, now, cascade.actor)
    elif cascade.kind is CascadeKind.RELEASE:
        release(folder, cascade.at, now, cascade.actor)
    elif cascade.kind is CascadeKind.SOLVE:
        _solve(folder, parent, cascade, now)
    elif cascade.kind is CascadeKind.REOPEN:
        _reopen(folder, parent, cascade, now)
    elif said is not None:
        _say(folder, parent, said, cascade, now)


def wait(folder: Folder, parent: Ticket, at: datetime, now: datetime, actor: str) -> None:
    """Its resolution stands still until the parent's is done, unless it is done itself."""
    if folder.ticket.status.done or folder.ticket.waits_for is not None:
        return
    folder.happened(MomentKind.WAITS, at, now, PARENT)
    folder.note("waits", at, now, actor, parent=parent.number)


def release(folder: Folder, at: datetime, now: datetime, actor: str) -> None:
    if folder.ticket.waits_for is not None:
        folder.happened(MomentKind.WAITS, at, now, "")
        folder.note("waits_no_more", at, now, actor)


def _solve(folder: Folder, parent: Ticket, cascade: Cascade, now: datetime) -> None:
    """What somebody decided about the child itself since then stands."""
    release(folder, cascade.at, now, cascade.actor)
    ticket = folder.ticket
    if ticket.status.done or _decided_since(folder, cascade.at):
        return
    moment_id = folder.happened(MomentKind.STATUS, cascade.at, now, Status.SOLVED)
    folder.ticket = replace(ticket, solved_with=parent.ticket_id)
    detail = {"before": ticket.status, "after": Status.SOLVED, "parent": parent.number, "moment_id": moment_id}
    folder.note("status", cascade.at, now, cascade.actor, **detail)


def _reopen(folder: Folder, parent: Ticket, cascade: Cascade, now: datetime) -> None:
    ticket = folder.ticket
    if ticket.solved_with == parent.ticket_id and ticket.status is Status.SOLVED:
        status = _last_open_status(folder)
        moment_id = folder.happened(MomentKind.STATUS, cascade.at, now, status)
        folder.ticket = ticket = replace(ticket, status=status, solved_with=None)
        detail = {"before": Status.SOLVED, "after": status, "parent": parent.number, "moment_id": moment_id}
        folder.note("status", cascade.at, now, cascade.actor, **detail)
    wait(folder, parent, cascade.at, now, cascade.actor)


def _say(folder: Folder, parent: Ticket, said: Comment, cascade: Cascade, now: datetime) -> None:
    """The parent's public word on the child: it answers the child's requester too."""
    if folder.ticket.status is Status.CLOSED:
        return
    copy = replace(
        said,
        comment_id=new_id(),
        ticket_id=folder.ticket.ticket_id,
        observed_at=now,
        external_id=None,
        moment_id=None,
    )
    by_requester = said.author_id == folder.ticket.requester_id
    folder.comments.append(replace(copy, moment_id=mean(folder, copy, by_requester, cascade.at, now)))
    folder.note(
        "comment", cascade.at, now, cascade.actor, comment_id=copy.comment_id, parent=parent.number, public=True
    )


def _decided_since(folder: Folder, at: datetime) -> bool:
    return any(each.kind is MomentKind.STATUS and each.at > at for each in in_order(folder.all_moments))


def _last_open_status(folder: Folder) -> Status:
    """What it was before it was solved; `new` is never returned to."""
    statuses = [each.status for each in in_order(folder.all_moments) if each.kind is MomentKind.STATUS]
    before = [status for status in statuses if not status.done and status is not Status.NEW]
    return before[-1] if before else Status.OPEN
