"""Orders to move open tickets from one version to another: always a dry run first, then applied, and undone if need be."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time

from services.tickets.domain.calendar import zone_named
from services.tickets.domain.policy_document import calendars_named
from services.tickets.errors import MigrationNotReady, MigrationsOverlap, PolicyNotFound, PolicyNotUsable
from services.tickets.ports import CalendarVersion, Migration, Phase, PolicyVersion, TicketsUnit
from services.tickets.usecases.policies.documents import calendar_of, unpinned
from shared.clock import new_id
from shared.errors import FieldProblem


async def start_migration(
    unit: TicketsUnit, source: str, destination: str, *, retroactive: bool, reason: str, by: str, now: datetime
) -> Migration:
    """The dry run of moving what is under `source` to `destination`: both versions of policies, or of one calendar.

    Raises `PolicyNotFound`, `CalendarNotFound`, `PolicyNotUsable`.
    """
    from_name, from_version = _parts(source, "/from")
    to_name, to_version = _parts(destination, "/to")
    if source == destination:
        raise _wrong("/to", "There is nothing to move: both are the same version.")
    old = await _find_policy(unit, from_name, from_version)
    if old is not None:
        new = await unit.policies.get(to_name, to_version)
        moves, since = {old.label: new.label}, None
        if retroactive:
            since = await _first_difference(unit, old, new, now)
    else:
        before = await unit.calendars.get(from_name, from_version)
        after = await unit.calendars.get(to_name, to_version)
        if from_name != to_name:
            raise _wrong("/to", f"A calendar moves to another version of itself: {from_name}@…")
        moves = await _moves_of(unit, before, after)
        since = _first_past_difference(before, after, now) if retroactive else None
    return await _start(
        unit,
        source,
        destination,
        moves,
        retroactive=retroactive,
        since=since,
        goes_on=False,
        reason=reason,
        by=by,
        now=now,
    )


async def start_calendar_migration(
    unit: TicketsUnit,
    source: str,
    destination: str,
    moves: Mapping[str, str],
    *,
    retroactive: bool,
    since: datetime | None,
    goes_on: bool,
    reason: str,
    by: str,
    now: datetime,
) -> Migration:
    """The one that goes with an edit of a calendar, which has just made the versions that tickets move to."""
    return await _start(
        unit,
        source,
        destination,
        moves,
        retroactive=retroactive,
        since=since,
        goes_on=goes_on,
        reason=reason,
        by=by,
        now=now,
    )


async def _start(
    unit: TicketsUnit,
    source: str,
    destination: str,
    moves: Mapping[str, str],
    *,
    retroactive: bool,
    since: datetime | None,
    goes_on: bool,
    reason: str,
    by: str,
    now: datetime,
) -> Migration:
    migration = Migration(
        migration_id=new_id(),
        source=source,
        destination=destination,
        moves=moves,
        retroactive=retroactive,
        goes_on=goes_on,
        since=since,
        reason=reason,
        total=await unit.migrations.count_open(moves, since),
        created_at=now,
        created_by=by,
        phase_since=now,
    )
    await unit.migrations.keep(migration)
    return migration


async def apply_migration(unit: TicketsUnit, migration_id: str, *, by: str, now: datetime) -> Migration:
    """Begin to move the tickets. Raises `MigrationNotReady`, `MigrationsOverlap`."""
    await unit.migrations.hold()
    migration = await unit.migrations.get_to_change(migration_id)
    if migration.phase is not Phase.PREVIEWED:
        raise MigrationNotReady(f"It is {migration.phase}; a migration is applied after its dry run, and only once.")
    for label in sorted(set(migration.moves.values())):
        name, version = _parts(label, "/to")
        if (await unit.policies.get(name, version)).in_force_at is None:
            raise MigrationNotReady(f"{label} is not in force: both sides sign it before open tickets move to it.")
    await _refuse_running(unit, migration)
    migration = replace(
        migration,
        phase=Phase.APPLYING,
        cursor="",
        done=0,
        total=await unit.migrations.count_open(migration.moves, migration.since),
        made={},
        phase_since=now,
        applied_at=now,
        applied_by=by,
    )
    await unit.migrations.keep(migration)
    return migration


async def undo_migration(unit: TicketsUnit, migration_id: str, *, by: str, now: datetime) -> Migration:
    """Begin to take it back, also while it is still being applied. Raises `MigrationNotReady`, `MigrationsOverlap`."""
    await unit.migrations.hold()
    migration = await unit.migrations.get_to_change(migration_id)
    begun = migration.phase is Phase.FAILED and migration.applied_at is not None
    if migration.phase not in (Phase.APPLYING, Phase.APPLIED) and not begun:
        raise MigrationNotReady(f"It is {migration.phase}; only what has been applied can be taken back.")
    await _refuse_running(unit, migration)
    await _refuse_later(unit, migration)
    migration = replace(
        migration,
        phase=Phase.UNDOING,
        cursor="",
        done=0,
        total=await unit.migrations.count_moved(migration_id),
        phase_since=now,
        undone_at=now,
        undone_by=by,
        problem=None,
    )
    await unit.migrations.keep(migration)
    return migration


async def _refuse_running(unit: TicketsUnit, migration: Migration) -> None:
    for other in await unit.migrations.of_phases((Phase.APPLYING, Phase.UNDOING)):
        if other.migration_id != migration.migration_id and other.labels & migration.labels:
            raise MigrationsOverlap(
                f"{other.source} -> {other.destination} ({other.migration_id}) is {other.phase} over the same tickets,"
                f" {other.done} of {other.total} done; wait until it has ended."
            )


async def _refuse_later(unit: TicketsUnit, migration: Migration) -> None:
    """What has been moved on since has to be moved back first, or it would not come back to where it was."""
    for other in await unit.migrations.of_phases((Phase.APPLIED,)):
        assert other.applied_at is not None
        assert migration.applied_at is not None
        later = (other.applied_at, other.migration_id) > (migration.applied_at, migration.migration_id)
        if later and set(other.moves) & set(migration.moves.values()):
            raise MigrationsOverlap(
                f"{other.source} -> {other.destination} ({other.migration_id}) has moved these tickets on; undo it first."
            )


async def _find_policy(unit: TicketsUnit, name: str, version: int) -> PolicyVersion | None:
    try:
        return await unit.policies.get(name, version)
    except PolicyNotFound:
        # A calendar may be meant; if it is not, that is what will be said.
        if await unit.calendars.find_newest(name) is None:
            raise
        return None


async def _moves_of(unit: TicketsUnit, before: CalendarVersion, after: CalendarVersion) -> dict[str, str]:
    """For each version of a policy with the old calendar that open tickets are under: the same with the new one."""
    candidates: dict[str, list[PolicyVersion]] = {}
    moves = {}
    for label in await unit.migrations.labels_of_open():
        name, version = _parts(label, "/from")
        old = await unit.policies.get(name, version)
        if before.label not in calendars_named(old.document):
            continue
        if name not in candidates:
            candidates[name] = await unit.policies.versions_in_force(name)
        same = [
            new
            for new in candidates[name]
            if after.label in calendars_named(new.document) and unpinned(new.document) == unpinned(old.document)
        ]
        if not same:
            raise _wrong(
                "/to", f"{name} has no version in force that is {label} with {after.label}; publish one first."
            )
        moves[label] = same[-1].label
    return moves


async def _first_difference(
    unit: TicketsUnit, old: PolicyVersion, new: PolicyVersion, now: datetime
) -> datetime | None:
    """The earliest past date on which calendars that both name are different."""
    olds = dict(map(calendar_of, calendars_named(old.document)))
    found = []
    for name, version in map(calendar_of, calendars_named(new.document)):
        if name in olds and olds[name] != version:
            before, after = await unit.calendars.get(name, olds[name]), await unit.calendars.get(name, version)
            found.append(_first_past_difference(before, after, now))
    return min((at for at in found if at is not None), default=None)


def _first_past_difference(before: CalendarVersion, after: CalendarVersion, now: datetime) -> datetime | None:
    zone = zone_named(after.document["zone"])
    today = now.astimezone(zone).date()
    changed = set(before.document.get("holidays", ())) ^ set(after.document.get("holidays", ()))
    for part in ("closures", "shifts"):
        old, new = before.document.get(part, {}), after.document.get(part, {})
        changed |= {on for on in {*old, *new} if old.get(on) != new.get(on)}
    past = [on for on in map(date.fromisoformat, changed) if on < today]
    return datetime.combine(min(past), time(0), zone) if past else None


def _parts(label: str, pointer: str) -> tuple[str, int]:
    name, version = calendar_of(label)
    if version is None:
        raise _wrong(pointer, f"{label!r} names no version; write it like standard@2.")
    return name, version


def _wrong(pointer: str, detail: str) -> PolicyNotUsable:
    return PolicyNotUsable(detail, errors=[FieldProblem(pointer, detail)])
