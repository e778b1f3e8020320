"""REST: moving open tickets from one version of a policy or calendar to another."""

from fastapi import Request, Response

from services.tickets.api.reading import Name, Unit
from services.tickets.schemas.policies import MigrationIn, MigrationOut, migration_out
from services.tickets.usecases.policies import apply_migration, start_migration, undo_migration
from shared.rest import Caller, Now, Page, Paging, Router, page_of

router = Router(tags=["policies"])


@router.post("/v1/migrations", status_code=202)
async def post_migration(wanted: MigrationIn, unit: Unit, caller: Caller, now: Now, response: Response) -> MigrationOut:
    """Begin the dry run of a migration: what would become of every open clock. Nothing is changed by it."""
    migration = await start_migration(
        unit, wanted.from_, wanted.to, retroactive=wanted.retroactive, reason=wanted.reason, by=caller.name, now=now
    )
    response.headers["Location"] = f"/v1/migrations/{migration.migration_id}"
    return migration_out(migration)


@router.get("/v1/migrations")
async def get_migrations(request: Request, response: Response, unit: Unit, paging: Paging) -> Page[MigrationOut]:
    """The newest first."""
    found, after = await unit.migrations.page(paging)
    return page_of([migration_out(each) for each in found], after, request, response)


@router.get("/v1/migrations/{migration_id}")
async def get_migration(migration_id: Name, unit: Unit) -> MigrationOut:
    """How far it is, its counts, and clocks before and after."""
    return migration_out(await unit.migrations.get(migration_id))


@router.post("/v1/migrations/{migration_id}/apply", status_code=202)
async def post_apply(migration_id: Name, unit: Unit, caller: Caller, now: Now) -> MigrationOut:
    """Begin to move the tickets. Finished cycles are not touched, and no breach is dated back or taken away."""
    return migration_out(await apply_migration(unit, migration_id, by=caller.name, now=now))


@router.post("/v1/migrations/{migration_id}/undo", status_code=202)
async def post_undo(migration_id: Name, unit: Unit, caller: Caller, now: Now) -> MigrationOut:
    """Begin to take it back: the clocks are as if it had never been, but for what has happened since."""
    return migration_out(await undo_migration(unit, migration_id, by=caller.name, now=now))
