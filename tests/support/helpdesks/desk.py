"""What simulated helpdesks share: people, tickets and comments, faults on the way, webhooks that were sent.

A simulator behaves as its vendor documents, whatever our vendor file asks of it: it is what the files are tested against.
"""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from shared.mapping.vendor_file import VendorFile
from tests.support.helpdesks.faults import Faults
from tests.support.helpdesks.records import (
    Change,
    Person,
    RemoteComment,
    RemoteState,
    SentWebhook,
    StoredComment,
    StoredTicket,
)

Handler = Callable[[Request], Awaitable[Response]]
Words = Mapping[str, str]
What = Literal["created", "changed", "commented", "deleted"]


class Declined(Exception):
    """Raised by a handler: this status, this body."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.answer = JSONResponse(body, status, dict(headers or {}))


def stamp(at: datetime) -> str:
    """A time as most write it: `2026-03-02T09:30:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class SimulatedDesk(ABC):
    """A helpdesk in this process. A vendor adds its routes, its words and its webhooks."""

    vendor: ClassVar[str]
    statuses: ClassVar[Words]
    """Our words -> the word that somebody there picks."""
    priorities: ClassVar[Words]
    means: ClassVar[Words] = {}
    """Its other words for statuses -> ours."""
    precision: ClassVar[timedelta] = timedelta(seconds=1)
    error_200: ClassVar[bytes | None] = None
    credential: Mapping[str, str]
    settings: Mapping[str, str]
    secret: str = "the-secret-of-its-webhooks"
    first_ticket: ClassVar[int] = 101
    series: ClassVar[Words] = {}
    """Kinds of things that are numbered in one series with others."""
    sends_webhooks: ClassVar[bool] = True
    webhooks_bring_comments: ClassVar[bool] = True
    """False where a webhook only says that somebody commented."""
    internal_comments: ClassVar[bool] = True
    """False where everybody sees every comment."""
    vendor_file: VendorFile | None = None
    """For a vendor that does not come with Glidepath."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.base_url = f"https://{self.vendor}.test"
        self.faults = Faults()
        self.index_lag = timedelta(0)
        """How long a change is missing from searches, where this vendor searches an index."""
        self.people: dict[int, Person] = {}
        self.tickets: dict[int, StoredTicket] = {}
        self._last_id: dict[str, int] = {}
        self._sent: list[SentWebhook] = []
        self.us = self.person("glidepath@helpdesk.example", agent=True)
        self.agent = self.person("agent@helpdesk.example", agent=True)
        self.app: ASGIApp = Starlette(routes=[self._guarded(route) for route in self.routes()])

    # --- what a vendor says -------------------------------------------------------------------------------------------

    @abstractmethod
    def routes(self) -> list[Route]:
        """Its API; handlers may raise `Declined`."""

    @property
    def authorization(self) -> str:
        """The header that lets somebody in."""
        if self.credential["kind"] == "basic":
            pair = f"{self.credential['user']}:{self.credential['secret']}"
            return f"Basic {b64encode(pair.encode()).decode()}"
        return f"Bearer {self.credential['secret']}"

    def accepts(self, request: Request) -> bool:
        """Whether the request carries the credential."""
        return request.headers.get("authorization") == self.authorization

    def unauthorised(self) -> Declined:
        return Declined(401, {"error": "Couldn't authenticate you"})

    def answer_headers(self) -> dict[str, str]:
        """Headers of every answer, for example what is left of the rate limit."""
        return {}

    def made(self, ticket: StoredTicket) -> None:
        """A ticket is there, its webhook not yet sent."""
        self.tickets[ticket.id] = ticket

    def changed(self, ticket: StoredTicket, change: Change) -> None:
        """A field was changed, its webhook not yet sent."""
        ticket.history.append(change)

    @abstractmethod
    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        """Calls `send` with what this vendor sends, if anything."""

    # --- acts of people there, and of the API ---------------------------------------------------------------------------

    def open_ticket(self, *, requester: str, subject: str, description: str = "", priority: str = "P3") -> str:
        """Its id, as the API takes it. `requester` is an e-mail address, `priority` our word."""
        ticket = self.make(self.person(requester), subject, description, priority=self.priorities[priority])
        return self.id_of(ticket)

    def reply(
        self, ticket_id: str, body: str, *, by: Literal["agent", "requester"] = "agent", public: bool = True
    ) -> str:
        ticket = self.stored(ticket_id)
        return str(self.say(ticket, body, self.agent if by == "agent" else ticket.requester, public=public).id)

    def set_status(self, ticket_id: str, status: str) -> None:
        self.change(self.stored(ticket_id), self.agent, status=self.statuses[status])

    def set_priority(self, ticket_id: str, priority: str) -> None:
        self.change(self.stored(ticket_id), self.agent, priority=self.priorities[priority])

    def set_subject(self, ticket_id: str, subject: str) -> None:
        self.change(self.stored(ticket_id), self.agent, subject=subject)

    def delete(self, ticket_id: str) -> None:
        ticket = self.tickets.pop(self.stored(ticket_id).id)
        self.announce("deleted", ticket, self.agent, [], None)

    def make(
        self, requester: Person, subject: str, description: str, *, priority: str, status: str | None = None,
        by: Person | None = None, tags: Iterable[str] = (), **more: Any,
    ) -> StoredTicket:  # fmt: skip
        """A new ticket, by its requester unless told otherwise."""
        at = self.now()
        number = self.next_id("ticket", self.first_ticket)
        words = self.statuses["new"] if status is None else status
        ticket = StoredTicket(
            number, subject, description, words, priority, requester, at, at, tags=list(tags), more=more
        )
        self.made(ticket)
        self.announce("created", ticket, by or requester, [], None)
        return ticket

    def say(self, ticket: StoredTicket, body: str, by: Person, *, public: bool, **more: Any) -> StoredComment:
        at = self.now()
        comment = StoredComment(self.next_id("comment", 9001), body, public, by, at, by is self.us, more)
        ticket.comments.append(comment)
        ticket.updated_at = max(ticket.updated_at, at)
        self.announce("commented", ticket, by, [], comment)
        return comment

    def change(self, ticket: StoredTicket, by: Person, **fields: str) -> None:
        """Sets `subject`, `status`, `priority`; what is so already is no change."""
        at, done = self.now(), []
        for name, value in fields.items():
            before = getattr(ticket, name)
            if before == value:
                continue
            setattr(ticket, name, value)
            change = Change(self.next_id("change", 40001), at, name, before, value, by)
            ticket.updated_at = max(ticket.updated_at, at)
            self.changed(ticket, change)
            done.append(change)
        if done:
            self.announce("changed", ticket, by, done, None)

    # --- what is so there -------------------------------------------------------------------------------------------

    def state(self, ticket_id: str) -> RemoteState:
        ticket = self.stored(ticket_id)
        said = tuple(RemoteComment(c.body, c.public, c.by_us) for c in ticket.comments if not c.more.get("hidden"))
        return RemoteState(ticket.subject, self.our_status(ticket.status), self.our_priority(ticket.priority), said)

    def ticket_ids(self) -> list[str]:
        return [self.id_of(ticket) for ticket in self.tickets.values()]

    def our_status(self, word: str) -> str:
        return self.means.get(word) or next(ours for ours, theirs in self.statuses.items() if theirs == word)

    def our_priority(self, word: str) -> str:
        return next(ours for ours, theirs in self.priorities.items() if theirs == word)

    def take_webhooks(self) -> list[SentWebhook]:
        """What was sent since the last call, in order."""
        sent, self._sent = self._sent, []
        return sent

    def send(self, body: bytes, headers: Mapping[str, str], content_type: str = "application/json") -> None:
        self._sent.append(SentWebhook(body, content_type, dict(headers)))

    # --- for the vendors -----------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The clock, cut to what this vendor writes down."""
        at = self.clock().astimezone(UTC)
        return at - (at - datetime(1970, 1, 1, tzinfo=UTC)) % self.precision

    def next_id(self, kind: str, first: int = 1) -> int:
        kind = self.series.get(kind, kind)
        self._last_id[kind] = self._last_id.get(kind, first - 1) + 1
        return self._last_id[kind]

    def person(self, email: str, *, name: str = "", agent: bool = False) -> Person:
        """The one with this address, made where there is none."""
        for person in self.people.values():
            if person.email.lower() == email.lower():
                return person
        number = self.next_id("person", 501)
        self.people[number] = Person(number, email, name or email.partition("@")[0].title(), agent)
        return self.people[number]

    def id_of(self, ticket: StoredTicket) -> str:
        """Its id, as the API takes it."""
        return str(ticket.id)

    def stored(self, ticket_id: str) -> StoredTicket:
        """By id; `KeyError` if there is none."""
        return self.tickets[int(ticket_id)]

    def indexed(self) -> list[StoredTicket]:
        """What a search finds, by id: whatever was changed a moment ago is not there yet."""
        seen_until = self.clock() - self.index_lag
        return [ticket for _, ticket in sorted(self.tickets.items()) if ticket.updated_at <= seen_until]

    def _guarded(self, route: Route) -> Route:
        handler: Handler = route.endpoint

        async def guarded(request: Request) -> Response:
            try:
                if not self.accepts(request):
                    raise self.unauthorised()
                answer = await handler(request)
            except Declined as declined:
                answer = declined.answer
            answer.headers.update({"date": format_datetime(self.clock(), usegmt=True), **self.answer_headers()})
            return answer

        return Route(route.path, guarded, methods=sorted(route.methods or {"GET"}))
