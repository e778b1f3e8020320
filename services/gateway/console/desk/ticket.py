"""`/tickets/{number}`: what was said, what is promised, why, and what may be done about it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.desk.asking import Desk, has, items_of, reference
from services.gateway.console.desk.explaining import explain_view
from services.gateway.console.desk.people import me_of, people_and_teams
from services.gateway.console.desk.remote import remote_view
from services.gateway.console.desk.ticket_view import (
    LINKS,
    LINKS_BY_HAND,
    TicketView,
    clock_views,
    entry_view,
    link_views,
    ticket_view,
    word_view,
)
from services.gateway.console.desk.words import KINDS, PRIORITIES, STATUS_MEANS, STATUSES
from services.gateway.console.sessions import SignedIn
from shared.auth import Role

WORDS: Final = 100
ENTRIES: Final = 100
SAID: Final[Mapping[str, str]] = {
    "opened": "The ticket was opened.",
    "replied": "Your reply was sent.",
    "noted": "Your note was added. Only the desk sees it.",
    "solved": "Your reply was sent and the ticket is solved.",
    "waits": "Your reply was sent and the ticket waits for the requester.",
    "changed": "The ticket was changed.",
    "linked": "The tickets are linked.",
    "unlinked": "The link was taken away.",
    "merged": "The ticket was merged; this one goes on.",
    "unmerged": "The merge was undone.",
    "retracted": "The reply was taken back. What it answered waits again.",
    "exempted": "The breach is forgiven: it stays in the raw figures and leaves the adjusted ones.",
    "revoked": "The exemption was taken back.",
    "major": "It is a major incident now: its children wait for it and are solved with it.",
    "minor": "It is no longer a major incident.",
    "faq": "The answer is in the FAQ now.",
    "sent-there": "The ticket is opened there, too, with what was said on it.",
    "kept-here": "The link was cut. The ticket stays on both sides; neither tells the other any more.",
}


@dataclass(frozen=True, slots=True)
class TicketPages:
    desk: Desk

    async def show(self, request: Request) -> Response:
        who = await self.desk.who(request)
        said = SAID.get(request.query_params.get("done", ""), "")
        words, entries = (request.query_params.get(name) or None for name in ("words", "entries"))
        return await self.page(who, reference(request), said=said, words=words, entries=entries)

    async def why(self, request: Request) -> Response:
        """Which rule promised what and why, and how each due time comes about."""
        who, number = await self.desk.who(request), reference(request)
        ticket, explained, calendars = await asyncio.gather(
            self.desk.get(who, f"/v1/tickets/{number}"),
            self.desk.find(who, f"/v1/tickets/{number}/explain"),
            self.desk.find(who, f"/v1/tickets/{number}/clocks"),
        )
        return self.desk.fill(
            "why.html",
            who,
            here="tickets",
            ticket=ticket_view(ticket),
            explained=None if explained is None else explain_view(explained),
            clocks=clock_views(items_of(calendars)),
        )

    async def page(
        self,
        who: SignedIn,
        number: str,
        *,
        said: str = "",
        problem: str = "",
        status: int = 200,
        given: Mapping[str, str] | None = None,
        words: str | None = None,
        entries: str | None = None,
    ) -> Response:
        """`given` is what somebody had typed when something was refused."""
        path = f"/v1/tickets/{number}"
        ticket = ticket_view(await self.desk.get(who, path))
        said_on, happened, clocks, links, exemptions, remote, (people, teams) = await asyncio.gather(
            self.desk.find(who, f"{path}/comments", limit=WORDS, cursor=words),
            self.desk.find(who, f"{path}/history", limit=ENTRIES, cursor=entries),
            self.desk.find(who, f"{path}/clocks"),
            self._links(who, path, ticket),
            self._exemptions(who, ticket),
            self.desk.find(who, f"{path}/remote"),
            people_and_teams(self.desk, who),
        )
        links_there = has(who, Role.IT_LEAD)
        works = has(who, Role.TRAINING, Role.IT_AGENT, Role.IT_LEAD) and not ticket.deleted
        return self.desk.fill(
            "ticket.html",
            who,
            status=status,
            here="tickets",
            topic="" if words or entries else "tickets",
            ticket=ticket,
            clocks=clock_views(items_of(clocks)),
            words=[word_view(comment) for comment in items_of(said_on)],
            more_words=_next(said_on),
            entries=[entry_view(entry) for entry in items_of(happened)],
            more_entries=_next(happened),
            links=link_views(ticket.raw, links),
            exemptions=exemptions,
            remote=remote_view(remote, ticket.raw),
            connectors=[] if remote or not (links_there and works) else await self._connectors(who),
            links_there=links_there,
            people=people,
            teams=teams,
            me=me_of(who),
            works=works,
            writes=has(who, Role.TRAINING, Role.IT_AGENT, Role.IT_LEAD, Role.MANAGER) and not ticket.deleted,
            leads=has(who, Role.IT_LEAD, Role.TRAINING),
            statuses=STATUS_MEANS,
            status_looks=STATUSES,
            priorities=PRIORITIES,
            kinds=KINDS,
            link_words=LINKS,
            link_kinds=LINKS_BY_HAND,
            given=given or {},
            said=said,
            problem=problem,
        )

    async def _links(self, who: SignedIn, path: str, ticket: TicketView) -> list[Any]:
        told = ticket.raw.get("links")
        return told if isinstance(told, list) else await self.desk.items(who, f"{path}/links", limit=100)

    async def _connectors(self, who: SignedIn) -> list[str]:
        """Where a ticket that is only here could be opened as well."""
        found = await self.desk.items(who, "/v1/connectors", limit=100)
        return [str(each.get("name")) for each in found if each.get("mode") == "two_way" and each.get("enabled")]

    async def _exemptions(self, who: SignedIn, ticket: TicketView) -> dict[str, Any]:
        """The one in force of each clock, where a clock of this ticket was ever breached."""
        if not any(clock.get("breached_at") for clock in ticket.raw.get("clocks") or ()):
            return {}
        found = await self.desk.items(who, "/v1/exemptions", ticket_id=ticket.ticket_id, limit=100)
        standing = [each for each in found if not each.get("revoked_at")]
        return {str(each.get("clock_id")): each for each in standing}


def _next(found: Any) -> str | None:
    return found.get("next") if isinstance(found, dict) else None
