"""Runs that somebody asks for. A dry one looks at everything and changes nothing, here or there."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.tickets.domain.sync import RemoteWrite, WriteKind, WriteState
from services.tickets.errors import ConnectorIdle, RunUnderWay, WriteNotRefused
from services.tickets.ports import TicketsUnit
from services.tickets.ports.sync import Helpdesk, SyncRun
from services.tickets.usecases.syncing.polling import LOOKS_BACK
from services.tickets.usecases.syncing.post import Post
from services.tickets.usecases.syncing.sifting import admitted
from shared.clock import new_id
from shared.errors import PermanentFailure, TemporaryFailure

MOST_PAGES = 50
"""Of a dry run: it is a look, and says that there was more."""


async def ask_for_run(unit: TicketsUnit, name: str, *, dry: bool, whole: bool, by: str, now: datetime) -> SyncRun:
    """Note that a run is wanted; a worker does it. Raises `ConnectorNotFound`, `ConnectorIdle`, `RunUnderWay`."""
    connector = await unit.connectors.get(name)
    if not connector.enabled or connector.credential is None:
        lacks = "has no credential" if connector.enabled else "is switched off"
        raise ConnectorIdle(f"{name} {lacks}: nobody would do the run.")
    under_way = await unit.sync_records.open_run(name)
    if under_way is not None:
        raise RunUnderWay(f"Run {under_way.run_id} of {name} is not finished yet: follow that one.")
    run = SyncRun(run_id=new_id(), connector=name, dry=dry, whole=whole, wanted_at=now, wanted_by=by)
    await unit.sync_records.add_run(run)
    await unit.connectors.note(name, next_call_at=None, **({} if dry else {"poll_wanted": True}))
    return run


async def dry_run(post: Post, desk: Helpdesk) -> bool:
    """Carry out the dry run that is asked for, if one is: read the list, count, keep nothing of it."""
    async with post.database.read() as unit:
        run = await unit.sync_records.open_run(post.connector.name)
    if run is None or not run.dry:
        return False
    run = replace(run, started_at=post.clock.now())
    try:
        run = await _looked(post, desk, run)
    except (TemporaryFailure, PermanentFailure) as failure:
        run = replace(run, failure=str(failure)[:500])
    async with post.database.unit() as unit:
        figures = (await unit.sync_records.figures(run.wanted_at)).get(run.connector)
        waiting = 0 if figures is None else figures.waiting + figures.uncertain
        await unit.sync_records.save_run(replace(run, writes=waiting, finished_at=post.clock.now()))
    return True


async def _looked(post: Post, desk: Helpdesk, run: SyncRun) -> SyncRun:
    await desk.check()
    connector = post.connector
    since = connector.filters.since or connector.created_at - LOOKS_BACK
    page: dict[str, Any] | None = None
    while post.calls.tickets is not None:
        listed = await desk.list_changed(since, page, None)
        facts, _ = admitted(connector, listed.facts, set(), whole=True)
        ids = {fact.ticket.id for fact in facts}
        async with post.database.unit() as unit:
            known = await unit.tickets.known_external(connector.name, ids)
            run = replace(
                run,
                pages=run.pages + 1,
                tickets=run.tickets + len(ids),
                fresh=run.fresh + len(ids - known),
                problems=run.problems + len(listed.problems),
            )
            await unit.sync_records.save_run(run)
        page = None if listed.page is None else dict(listed.page)
        if page is None or page.get("restart") or run.pages >= MOST_PAGES:
            more = page is not None
            return replace(run, failure=f"Only the first {run.pages} pages were looked at." if more else None)
    return run


async def retry_write(unit: TicketsUnit, write_id: str, now: datetime) -> RemoteWrite:
    """Try a refused order again. Raises `WriteNotFound`, `WriteNotRefused`."""
    write = await _held(unit, write_id)
    _need_refused(write.state)
    write = replace(write, state=WriteState.WAITING, try_at=now, problem=None)
    await unit.remote_writes.save([write])
    return write


async def discard_write(unit: TicketsUnit, write_id: str, now: datetime) -> RemoteWrite:
    """Never tell this. Raises `WriteNotFound`, `WriteNotRefused`.

    A ticket that is not to be made there is not linked any more, and nothing else of it is told either.
    """
    write = await _held(unit, write_id)
    if write.state is not WriteState.WAITING:
        _need_refused(write.state)
    write = replace(write, state=WriteState.DISCARDED, done_at=now)
    await unit.remote_writes.save([write])
    if write.kind is WriteKind.CREATE:
        await unit.remote_writes.give_up(now, ticket_id=write.ticket_id)
        await unit.remote_links.drop_unmade(write.connector)
    return write


async def retry_writes(unit: TicketsUnit, name: str, now: datetime) -> int:
    """Try everything again that was refused; how many. Raises `ConnectorNotFound`."""
    return await _settle(unit, name, WriteState.WAITING, now)


async def discard_writes(unit: TicketsUnit, name: str, now: datetime) -> int:
    """Tell nothing of what waits; how many. Raises `ConnectorNotFound`."""
    count = await _settle(unit, name, WriteState.DISCARDED, now)
    await unit.remote_links.drop_unmade(name)
    return count


async def _settle(unit: TicketsUnit, name: str, state: WriteState, now: datetime) -> int:
    await unit.connectors.find(name, lock=True)
    await unit.connectors.get(name)
    return await unit.remote_writes.settle_all(name, state, now)


async def _held(unit: TicketsUnit, write_id: str) -> RemoteWrite:
    """As it is while nobody else works for its connector."""
    write = await unit.remote_writes.get(write_id)
    await unit.connectors.find(write.connector, lock=True)
    return await unit.remote_writes.get(write_id)


def _need_refused(state: WriteState) -> None:
    if state is not WriteState.REFUSED:
        raise WriteNotRefused(f"The order is {state.value}; only one that was refused waits for somebody.")
