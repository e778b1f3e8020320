"""Read what changed at a helpdesk: a page of its list at a time, with the comments of what changed; and single tickets on demand.

The cursor is the newest change that was read. The next poll begins a little before it, since a change can become visible late and
times are coarse; what is read again changes nothing. It is saved with the page's facts, so that a kill repeats at most a page.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.tickets.domain.sync import RemoteLink, WriteKind
from services.tickets.ports import TicketsUnit
from services.tickets.ports.sync import Answered, Helpdesk, ListedPage, Problem, SyncRun, TicketGone
from services.tickets.usecases.clockwork.confirming import advance_watermark
from services.tickets.usecases.delivering import apply_facts
from services.tickets.usecases.syncing.post import BY, Post
from shared.clock import render_instant
from shared.events.facts import HelpdeskFact

OVERLAP = timedelta(minutes=2)
"""Read again at every poll, beyond what the vendor file says of lag and precision."""
LOOKS_BACK = timedelta(days=30)
"""What a connector without `since` begins with."""
READS_AT_ONCE = 20
FACTS_AT_ONCE = 500


async def poll(post: Post, desk: Helpdesk) -> bool:
    """One page of the list of changes, if it is time for it; whether there was one."""
    now = post.clock.now()
    async with post.database.read() as unit:
        connector = await unit.connectors.get(post.connector.name)
        run = await unit.sync_records.open_run(connector.name)
        under_way = await unit.remote_writes.under_way(connector.name)
    run = None if run is not None and run.dry else run
    if post.calls.tickets is None or not (post.poll_is_due(now) or run is not None):
        return False
    if any(each.write.kind is WriteKind.CREATE for each in under_way):
        # A ticket that we may just have made must not be taken for a new one of theirs.
        return False
    cursor: dict[str, Any] = dict(connector.cursor)
    starts = cursor.get("page") is None
    if run is not None and run.whole and run.started_at is None and not starts:
        # It is done anew from the beginning, after the poll that is under way.
        run = None
    if starts:
        cursor = _begun(post, cursor, now, whole=run is not None and run.whole and run.started_at is None)
    listed = await desk.list_changed(_instant(cursor["asked"]), cursor["page"] or None, _text(cursor.get("native")))
    comments = await _comments(post, desk, listed)
    await _keep_page(post, listed, comments, cursor, run, now)
    return True


def _begun(post: Post, cursor: dict[str, Any], now: datetime, *, whole: bool) -> dict[str, Any]:
    """The cursor of a poll that begins: what it asks for, and since when."""
    filters, connector = post.connector.filters, post.connector
    first = filters.since or connector.created_at - LOOKS_BACK
    since = None if whole else _instant(cursor.get("since"))
    if since is None:
        asked, native = first, None
    else:
        back = OVERLAP + timedelta(seconds=post.calls.lag_seconds + post.calls.precision_seconds)
        asked, native = max(since - back, first), cursor.get("native")
    return {
        "since": cursor.get("since"),
        "native": native,
        "asked": render_instant(asked),
        "seen": cursor.get("since"),
        "started": render_instant(now),
        "page": {},
    }


async def _comments(post: Post, desk: Helpdesk, listed: ListedPage) -> list[Answered]:
    """The comments of the listed tickets, where they may have changed since they were read."""
    if post.calls.comments is None:
        return []
    stamps: dict[str, datetime | None] = {}
    for fact in listed.facts:
        known = stamps.get(fact.ticket.id)
        stamps[fact.ticket.id] = max(filter(None, (known, fact.occurred_at)), default=None)
    async with post.database.read() as unit:
        links = await unit.remote_links.of_external(post.connector.name, stamps)
    margin = timedelta(seconds=2 * post.calls.precision_seconds + post.calls.lag_seconds)
    wanted = [
        external_id for external_id, stamp in stamps.items() if _may_be_new(links.get(external_id), stamp, margin)
    ]
    found: list[Answered] = []
    for start in range(0, len(wanted), post.calls.parallel):
        some = wanted[start : start + post.calls.parallel]
        found += await asyncio.gather(*(_read_comments(desk, external_id) for external_id in some))
    return found


def _may_be_new(link: RemoteLink | None, stamp: datetime | None, margin: timedelta) -> bool:
    if link is None or stamp is None or link.comments_read_at is None:
        return True
    return stamp + margin >= link.comments_read_at


async def _read_comments(desk: Helpdesk, external_id: str) -> Answered:
    try:
        return await desk.list_comments(external_id)
    except TicketGone:
        return Answered()


async def _keep_page(
    post: Post,
    listed: ListedPage,
    comments: Sequence[Answered],
    cursor: dict[str, Any],
    run: SyncRun | None,
    now: datetime,
) -> None:
    business_now = post.business.now()
    connector = post.connector
    facts = [*listed.facts, *(fact for each in comments for fact in each.facts)]
    problems = [*listed.problems, *(problem for each in comments for problem in each.problems)]
    seen = max(filter(None, (_instant(cursor.get("seen")), *_stamps(listed.facts))), default=None)
    if cursor.get("there") is None and listed.at is not None:
        cursor = {**cursor, "there": render_instant(listed.at)}
    async with post.database.unit() as unit:
        before = await unit.tickets.known_external(connector.name, {fact.ticket.id for fact in facts})
        for some in _in_pieces(facts):
            await apply_facts(unit, post.arrival(business_now), some, business_now)
        await _stamp_comments(unit, post, listed, comments)
        new_problems = await unit.sync_records.keep_problems(connector.name, problems, now)
        noted = await _following(post, unit, listed, cursor, seen, now, business_now)
        await unit.connectors.note(connector.name, **noted)
        if run is not None:
            tickets = {fact.ticket.id for fact in listed.facts}
            await unit.sync_records.save_run(
                replace(
                    run,
                    started_at=run.started_at or now,
                    finished_at=None if listed.page is not None else now,
                    pages=run.pages + 1,
                    tickets=run.tickets + len(tickets),
                    fresh=run.fresh + len(tickets - before),
                    problems=run.problems + new_problems,
                )
            )


async def _following(
    post: Post,
    unit: TicketsUnit,
    listed: ListedPage,
    cursor: dict[str, Any],
    seen: datetime | None,
    now: datetime,
    business_now: datetime,
) -> dict[str, Any]:
    """How the connector stands after this page."""
    if listed.page is not None:
        again = bool(listed.page.get("restart"))
        going_on = {**cursor, "seen": None if seen is None else render_instant(seen), "page": dict(listed.page)}
        if again:
            # The vendor cuts its list off here: ask anew since the last change that was seen.
            asked = _instant(cursor["asked"])
            if seen is None or (asked is not None and seen <= asked):
                going_on["page"] = {"number": listed.page.get("asked", 0)}
            else:
                going_on |= {"asked": render_instant(seen), "page": {}}
        return {"cursor": going_on, "poll_started_at": _instant(cursor["started"]), "poll_wanted": False}
    started = _instant(cursor["started"]) or now
    # Up to when all is known: when this poll began, less what may not have been listed yet.
    until = started + (business_now - now) - timedelta(seconds=post.calls.lag_seconds)
    await advance_watermark(unit, post.connector.name, until, by=BY, now=business_now)
    # What changed while this poll turned pages may have slipped past them: the next one begins where this one did.
    there = _instant(cursor.get("there"))
    since = None if seen is None else min(seen, there or seen)
    done: dict[str, Any] = {"since": None if since is None else render_instant(since)}
    if listed.native is not None:
        done["native"] = listed.native
    return {"cursor": done, "polled_at": now, "poll_started_at": started, "poll_wanted": False}


async def _stamp_comments(unit: TicketsUnit, post: Post, listed: ListedPage, comments: Sequence[Answered]) -> None:
    """When the comments were read, by the helpdesk's clock."""
    ids = {fact.ticket.id for fact in listed.facts}
    links = await unit.remote_links.of_external(post.connector.name, ids)
    read_at = min(filter(None, (each.at for each in comments)), default=listed.at) or post.clock.now()
    if comments:
        await unit.remote_links.save([replace(link, comments_read_at=read_at) for link in links.values()])


async def read_asked_for(post: Post, desk: Helpdesk) -> bool:
    """Read tickets of which something told too little; whether there were any that can be read now."""
    if post.calls.read is None:
        return False
    async with post.database.read() as unit:
        links = await unit.remote_links.wanted_reads(post.connector.name, READS_AT_ONCE)
        under_way = {each.external_id for each in await unit.remote_writes.under_way(post.connector.name)}
    links = [link for link in links if link.external_id is not None and link.external_id not in under_way]
    for link in links:
        await _read(post, desk, link)
    return bool(links)


async def _read(post: Post, desk: Helpdesk, link: RemoteLink) -> None:
    external_id = link.external_id or ""
    facts: list[HelpdeskFact] = []
    problems: list[Problem] = []
    gone = False
    try:
        for answered in (await desk.read_ticket(external_id), await desk.list_comments(external_id)):
            facts += answered.facts
            problems += answered.problems
    except TicketGone:
        gone = True
    now, business_now = post.clock.now(), post.business.now()
    async with post.database.unit() as unit:
        await apply_facts(unit, post.arrival(business_now), facts, business_now)
        await unit.sync_records.keep_problems(post.connector.name, problems, now)
        found = (await unit.remote_links.load({link.ticket_id})).get(link.ticket_id)
        if found is not None:
            await unit.remote_links.save([replace(found, read_wanted=False, gone_at=business_now if gone else None)])


def _stamps(facts: Iterable[HelpdeskFact]) -> list[datetime]:
    return [fact.occurred_at for fact in facts if fact.occurred_at is not None]


def _in_pieces(facts: Sequence[HelpdeskFact]) -> list[list[HelpdeskFact]]:
    return [list(facts[start : start + FACTS_AT_ONCE]) for start in range(0, len(facts), FACTS_AT_ONCE)]


def _instant(told: object) -> datetime | None:
    return datetime.fromisoformat(told).astimezone(UTC) if isinstance(told, str) else None


def _text(told: object) -> str | None:
    return told if isinstance(told, str) else None
