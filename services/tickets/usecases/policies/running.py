"""The runner of migrations: a bounded number of tickets at a time, each in one transaction with how far it has come.

Whoever is killed goes on at the same ticket; a chunk that was not committed has not happened. One runner is active among the
replicas, and one that does not know yet that it no longer is finds the cursor moved and leaves the chunk alone.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from services.tickets.domain.clock import run_clocks
from services.tickets.domain.dossier import Dossier, labels_of, last_at, opening_of
from services.tickets.domain.moment import Moment, MomentKind
from services.tickets.domain.policy import Policy, Status
from services.tickets.errors import MigrationNotReady, MigrationsOverlap
from services.tickets.ports import Migration, Moved, Phase, TicketsUnit, Units
from services.tickets.usecases.filing import Folder, close_folders
from services.tickets.usecases.policies.foreseeing import Change, compared, counted, needless, sampled
from services.tickets.usecases.policies.migrating import apply_migration
from shared.clock import Clock, new_id
from shared.errors import ServiceError

AT_ONCE = 250
"""Tickets in one transaction: a quarter of a second for which other writers of an SQLite database wait."""
MOST_SAID = 1_000
ONLY_FLAGGED = ""
"""Stands for the moment of a closed ticket: nothing of it moved, only breaches in its ledger were flagged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Foreseen:
    dossier: Dossier
    changes: Sequence[Change]
    flagged: int


class MigrationRunner:
    """The worker. `business` says when what it does happens; `reached` is told of points at which a test may end it."""

    def __init__(
        self,
        units: Units,
        *,
        business: Clock,
        at_once: int = AT_ONCE,
        reached: Callable[[str], None] = lambda point: None,
    ) -> None:
        self._units = units
        self._business = business
        self._at_once = at_once
        self._reached = reached

    async def step(self) -> bool:
        """One chunk of the migration that is longest in its phase. False if there is none to go on with."""
        async with self._units.read() as unit:
            migration = await unit.migrations.find_running()
        if migration is None:
            return False
        run = {Phase.PREVIEWING: self._preview, Phase.APPLYING: self._apply, Phase.UNDOING: self._undo}[migration.phase]
        try:
            await run(migration)
        except (ValueError, LookupError, ServiceError) as problem:
            # Trying again would fail again, and would keep all other migrations waiting.
            await self._fail(migration, problem)
        self._reached("migration.committed")
        return True

    async def _fail(self, migration: Migration, problem: Exception) -> None:
        structlog.get_logger().error("migration.failed", migration=migration.migration_id, exc_info=problem)
        now = self._business.now()
        async with self._units.unit() as unit:
            known = await unit.migrations.get_to_change(migration.migration_id)
            if _place(known) == _place(migration):
                why = f"{type(problem).__name__} while {known.phase} after {known.done} tickets: {problem}"[:MOST_SAID]
                await unit.migrations.keep(replace(known, phase=Phase.FAILED, phase_since=now, problem=why))

    async def _preview(self, migration: Migration) -> None:
        """Nothing is written but the counts, so nobody waits for a dry run."""
        now = self._business.now()
        async with self._units.read() as unit:
            ids = await self._next(unit, migration)
            dossiers = await unit.tickets.read(ids)
            book = await _book(unit, dossiers, migration)
        # Replaying takes processor time only; requests are answered meanwhile.
        found = await asyncio.to_thread(_foreseen, migration, dossiers, book, now)
        samples = sampled(migration.samples, ((each.dossier, change) for each in found for change in each.changes))
        changes = [change for each in found for change in each.changes]
        flagged = sum(each.flagged for each in found)
        counts = counted(migration.foreseen, changes, tickets=len(found), flagged=flagged)
        async with self._units.unit() as unit:
            known = await unit.migrations.get_to_change(migration.migration_id)
            if _place(known) != _place(migration):
                return
            migration = replace(migration, foreseen=counts, samples=samples)
            migration = _further(migration, ids, len(ids) < self._at_once, Phase.PREVIEWED, now)
            await unit.migrations.keep(migration)
            if migration.phase is Phase.PREVIEWED and migration.goes_on:
                await _go_on(unit, migration, now)

    async def _apply(self, migration: Migration) -> None:
        now = self._business.now()
        async with self._units.unit() as unit:
            known = await unit.migrations.get_to_change(migration.migration_id)
            if _place(known) != _place(migration):
                return
            migration = known
            ids = await self._next(unit, migration)
            dossiers = await unit.tickets.load(ids)
            folders, closed = _moved_folders(migration, dossiers, now)
            filed = await close_folders(unit, folders, now)
            flagged: set[str] = set()
            if migration.retroactive:
                clocks = [each for after in filed for each in after.clocks.values()]
                flagged = {each.clock_id for each in clocks if each.would_not_have_breached}
                book = await _book(unit, dossiers, migration)
                for dossier in dossiers:
                    flagged |= needless(dossier, book, migration.moves, now)
                await unit.migrations.flag_needless(flagged, needless=True)
            moved = [
                Moved(ticket_id=each.ticket.ticket_id, moment_id=each.moments[0].moment_id) for each in folders
            ] + [Moved(ticket_id=each.ticket.ticket_id, moment_id=ONLY_FLAGGED) for each in closed]
            await unit.migrations.note_moved(migration.migration_id, moved)
            before = {folder.ticket.ticket_id: folder.found.clocks for folder in folders}
            changes = [
                change for after in filed for change in compared(before[after.ticket.ticket_id], after.clocks, now)
            ]
            counts = counted(migration.made, changes, tickets=len(folders), flagged=len(flagged))
            migration = replace(migration, made=counts)
            await unit.migrations.keep(_further(migration, ids, len(ids) < self._at_once, Phase.APPLIED, now))
            self._reached("migration.chunk")

    async def _undo(self, migration: Migration) -> None:
        now = self._business.now()
        async with self._units.unit() as unit:
            known = await unit.migrations.get_to_change(migration.migration_id)
            if _place(known) != _place(migration):
                return
            migration = known
            moved = await unit.migrations.moved_after(migration.migration_id, migration.cursor, self._at_once)
            dossiers = await unit.tickets.load([each.ticket_id for each in moved])
            folders, kept = _taken_back(migration, dossiers, {each.ticket_id: each.moment_id for each in moved}, now)
            filed = await close_folders(unit, folders, now)
            if migration.retroactive:
                after = {each.ticket.ticket_id: each for each in (*dossiers, *filed)}
                clocks = [
                    each for one in after.values() if one.ticket.ticket_id not in kept for each in one.clocks.values()
                ]
                cleared = {each.clock_id for each in clocks if each.breached_at and not each.would_not_have_breached}
                await unit.migrations.flag_needless(cleared, needless=False)
            made = {**migration.made, "kept": migration.made.get("kept", 0) + len(kept)}
            migration = replace(migration, made=made)
            ids = [each.ticket_id for each in moved]
            await unit.migrations.keep(_further(migration, ids, len(ids) < self._at_once, Phase.UNDONE, now))
            self._reached("migration.chunk")

    async def _next(self, unit: TicketsUnit, migration: Migration) -> list[str]:
        return await unit.migrations.open_after(migration.moves, migration.since, migration.cursor, self._at_once)


def _place(migration: Migration) -> tuple[Phase, str]:
    return migration.phase, migration.cursor


def _further(migration: Migration, ids: Sequence[str], last: bool, end: Phase, now: datetime) -> Migration:
    done = migration.done + len(ids)
    migration = replace(
        migration, cursor=ids[-1] if ids else migration.cursor, done=done, total=max(done, migration.total)
    )
    return replace(migration, phase=end, total=done, phase_since=now) if last else migration


async def _book(unit: TicketsUnit, dossiers: Iterable[Dossier], migration: Migration) -> dict[str, Policy]:
    labels = {label for dossier in dossiers for label in labels_of(dossier)}
    labels |= {migration.moves[label] for label in labels if label in migration.moves}
    return await unit.policies.book(labels | set(migration.moves.values()))


async def _go_on(unit: TicketsUnit, migration: Migration, now: datetime) -> None:
    """What was ordered together with a closed day is applied now, unless something is in its way: then people decide."""
    try:
        await apply_migration(unit, migration.migration_id, by=migration.created_by, now=now)
    except (MigrationNotReady, MigrationsOverlap):
        await unit.migrations.keep(replace(migration, goes_on=False))


def _label(dossier: Dossier) -> str:
    return f"{dossier.ticket.policy_name}@{dossier.ticket.policy_version}"


def _may_change(dossier: Dossier) -> bool:
    return dossier.ticket.status is not Status.CLOSED and dossier.ticket.deleted_at is None


def _policy_moment(migration: Migration, dossier: Dossier, now: datetime) -> Moment:
    """What is done here and now never counts as earlier than what was done before."""
    return Moment(
        moment_id=new_id(),
        kind=MomentKind.POLICY,
        at=max(now, last_at(dossier.moments) or now),
        observed_at=now,
        value=migration.moves[_label(dossier)],
        detail={"migration": migration.migration_id, "retroactive": migration.retroactive},
    )


def _foreseen(
    migration: Migration, dossiers: Sequence[Dossier], book: Mapping[str, Policy], now: datetime
) -> list[_Foreseen]:
    found = []
    for dossier in dossiers:
        changes: list[Change] = []
        if _may_change(dossier):
            moment = _policy_moment(migration, dossier, now)
            moments = (*dossier.moments, moment)
            after = run_clocks(dossier.ticket.ticket_id, moments, book, now, opening_of(dossier.ticket))
            changes = compared(dossier.clocks, after, now)
        flagged = 0
        if migration.retroactive:
            open_ones = [change.after for change in changes if change.after is not None]
            flagged = sum(each.would_not_have_breached for each in open_ones)
            flagged += len(needless(dossier, book, migration.moves, now))
        if changes or flagged or _may_change(dossier):
            found.append(_Foreseen(dossier=dossier, changes=changes, flagged=flagged))
    return found


def _moved_folders(
    migration: Migration, dossiers: Sequence[Dossier], now: datetime
) -> tuple[list[Folder], list[Dossier]]:
    """Those that move, and those that are closed, of which only the ledger is looked at."""
    folders, closed = [], []
    for dossier in dossiers:
        if not _may_change(dossier):
            closed.append(dossier)
            continue
        folder = Folder.of(dossier)
        moment = _policy_moment(migration, dossier, now)
        folder.moments.append(moment)
        about = {"before": _label(dossier), "after": moment.value, "migration": migration.migration_id}
        folder.note("policy", moment.at, now, migration.applied_by or migration.created_by, **about)
        folders.append(folder)
    return folders, closed


def _taken_back(
    migration: Migration, dossiers: Sequence[Dossier], moment_ids: Mapping[str, str], now: datetime
) -> tuple[list[Folder], set[str]]:
    """Those whose move is taken back, and those that are left: what was solved under the new version is finished."""
    folders, kept = [], set()
    for dossier in dossiers:
        moment = next(
            (each for each in dossier.moments if each.moment_id == moment_ids[dossier.ticket.ticket_id]), None
        )
        if moment is None:
            continue
        if not _may_change(dossier) or (dossier.ticket.solved_at is not None and dossier.ticket.solved_at >= moment.at):
            kept.add(dossier.ticket.ticket_id)
            continue
        folder = Folder.of(dossier)
        at = max(now, last_at(dossier.moments) or now)
        folder.moments.append(
            Moment(moment_id=new_id(), kind=MomentKind.RETRACTED, at=at, observed_at=now, value=moment.moment_id)
        )
        about = {"before": _label(dossier), "migration": migration.migration_id}
        folder.note("policy_undone", at, now, migration.undone_by or migration.created_by, **about)
        folders.append(folder)
    return folders, kept
