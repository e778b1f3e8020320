"""What Freshdesk and Freshservice share: their API v2 is of one family. Subclasses add envelopes and what a list may be asked."""

import base64
import binascii
from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Declined, SimulatedDesk, What, Words, stamp
from tests.support.helpdesks.markup import as_read, marked_up
from tests.support.helpdesks.records import Change, Person, StoredComment, StoredTicket

NAMES: Words = {
    "2": "Open", "3": "Pending", "4": "Resolved", "5": "Closed", "6": "Waiting on Customer", "7": "Waiting on Third Party",
}  # fmt: skip
PRIORITY_NAMES: Words = {"1": "Low", "2": "Medium", "3": "High", "4": "Urgent"}
WRITABLE = {
    "email", "name", "requester_id", "subject", "description", "status", "priority", "source", "type", "group_id", "responder_id",
    "tags", "cc_emails", "custom_fields", "due_by", "fr_due_by", "workspace_id", "category", "urgency", "impact",
    "resolution_notes", "bypass_mandatory", "product_id", "company_id", "email_config_id", "parent_id",
}  # fmt: skip


def written(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def invalid(field: str, message: str, code: str = "invalid_value") -> Declined:
    error = {"field": field, "message": message, "code": code}
    return Declined(400, {"description": "Validation failed", "errors": [error]})


class Freshworks(SimulatedDesk):
    priorities = {"P1": "4", "P2": "3", "P3": "2", "P4": "1"}
    credential = {"kind": "basic", "user": "an-api-key-of-an-agent", "secret": "X"}
    settings: dict[str, str] = {}
    webhooks_bring_comments = False
    orders: ClassVar[frozenset[str]]
    """What a list can be sorted by."""
    embeds: ClassVar[frozenset[str]]
    last_page: ClassVar[int | None] = None

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.trash: dict[int, StoredTicket] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/api/v2/tickets", self.list_tickets, methods=["GET"]),
            Route("/api/v2/tickets", self.create, methods=["POST"]),
            Route("/api/v2/tickets/{id:int}", self.view, methods=["GET"]),
            Route("/api/v2/tickets/{id:int}", self.update, methods=["PUT"]),
            Route("/api/v2/tickets/{id:int}/conversations", self.conversations, methods=["GET"]),
            Route("/api/v2/tickets/{id:int}/reply", self.add_reply, methods=["POST"]),
            Route("/api/v2/tickets/{id:int}/notes", self.add_note, methods=["POST"]),
        ]

    def accepts(self, request: Request) -> bool:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            user = base64.b64decode(encoded).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return False
        return scheme == "Basic" and user == self.credential["user"]

    def unauthorised(self) -> Declined:
        return Declined(
            401, {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."}
        )

    def answer_headers(self) -> dict[str, str]:
        return {"X-RateLimit-Total": "400", "X-RateLimit-Remaining": "399", "X-RateLimit-Used-CurrentRequest": "1"}

    @abstractmethod
    def one(self, name: str, thing: dict[str, Any]) -> dict[str, Any]:
        """One thing in its envelope, if this product has envelopes."""

    @abstractmethod
    def many(self, name: str, things: list[dict[str, Any]]) -> Any:
        """A page in its envelope."""

    def delete(self, ticket_id: str) -> None:
        """It stays readable by its id and is marked; no list shows it and no rule runs."""
        ticket = self.tickets.pop(self.stored(ticket_id).id)
        ticket.updated_at = self.now()
        self.trash[ticket.id] = ticket

    # --- reading -----------------------------------------------------------------------------------------------------

    async def list_tickets(self, request: Request) -> Response:
        asked = request.query_params
        for name in set(asked) - {
            "updated_since",
            "order_by",
            "order_type",
            "include",
            "per_page",
            "page",
            "email",
            "filter",
        }:
            raise invalid(name, "Unexpected/invalid field in request", "invalid_field")
        order = asked.get("order_by", "created_at")
        if order not in self.orders:
            raise invalid("order_by", f"It should be one of these values: '{','.join(sorted(self.orders))}'")
        if "updated_since" in asked:
            since = datetime.fromisoformat(asked["updated_since"])
            found = [ticket for ticket in self.tickets.values() if ticket.updated_at >= since]
        else:
            since = self.now() - timedelta(days=30)
            found = [ticket for ticket in self.tickets.values() if ticket.created_at >= since]
        if "email" in asked:
            found = [ticket for ticket in found if ticket.requester.email == asked["email"]]
        found.sort(key=lambda t: t.updated_at if order == "updated_at" else t.created_at)
        if asked.get("order_type", "desc") == "desc":
            found.reverse()
        include = self._included(request)
        return self._page(request, "tickets", [self.shown(ticket, include) for ticket in found])

    async def view(self, request: Request) -> Response:
        ticket = self._found(request, deleted=True)
        return JSONResponse(self.one("ticket", self.shown(ticket, self._included(request))))

    async def conversations(self, request: Request) -> Response:
        ticket = self._found(request)
        return self._page(request, "conversations", [self.said(ticket, comment) for comment in ticket.comments])

    def shown(self, ticket: StoredTicket, include: set[str]) -> dict[str, Any]:
        embedded: dict[str, Any] = {}
        if "requester" in include:
            person = ticket.requester
            embedded["requester"] = {
                "id": person.id,
                "name": person.name,
                "email": person.email,
                "mobile": None,
                "phone": None,
            }
        if "stats" in include:
            embedded["stats"] = self.stats(ticket)
        return {
            "id": ticket.id, "subject": ticket.subject, "status": int(ticket.status), "priority": int(ticket.priority),
            "requester_id": ticket.requester.id, "responder_id": None, "group_id": ticket.more.get("group_id"), "source": 2,
            "type": ticket.more.get("type"), "spam": False, "deleted": ticket.id in self.trash,
            "created_at": written(ticket.created_at), "updated_at": written(ticket.updated_at),
            **({"tags": ticket.tags} if self.shows_tags(include) else {}), **embedded,
        }  # fmt: skip

    def shows_tags(self, include: set[str]) -> bool:
        return True

    def stats(self, ticket: StoredTicket) -> dict[str, Any]:
        statuses = [change for change in ticket.history if change.field == "status"]
        began = statuses[0].before if statuses else ticket.status
        moves = [(ticket.created_at, began), *((change.at, change.after) for change in statuses)]
        ended = ticket.status in ("4", "5")
        answers = [c.created_at for c in ticket.comments if c.public and c.author.agent]
        return {
            "status_updated_at": written(moves[-1][0]),
            "resolved_at": written(max((at for at, to in moves if to in ("4", "5")), default=None)) if ended else None,
            "closed_at": written(moves[-1][0]) if ticket.status == "5" else None,
            "pending_since": written(moves[-1][0]) if ticket.status == "3" else None,
            "first_responded_at": written(min(answers, default=None)), "agent_responded_at": written(max(answers, default=None)),
            "reopened_at": None,
        }  # fmt: skip

    def said(self, ticket: StoredTicket, comment: StoredComment) -> dict[str, Any]:
        return {
            "id": comment.id, "body": comment.more.get("html") or marked_up(comment.body),
            "body_text": comment.body, "incoming": not comment.author.agent, "private": not comment.public,
            "user_id": comment.author.id, "ticket_id": ticket.id, "source": 0 if comment.public else 2,
            "support_email": None, "to_emails": [], "created_at": written(comment.created_at),
            "updated_at": written(comment.created_at), "attachments": [],
        }  # fmt: skip

    # --- writing -----------------------------------------------------------------------------------------------------

    async def create(self, request: Request) -> Response:
        given = await self._given(request, required=("subject", "description", "status", "priority", "email"))
        requester = self.person(given["email"], name=given.get("name") or "")
        more = {name: given[name] for name in ("group_id", "type") if name in given}
        ticket = self.make(
            requester, given["subject"], given["description"], status=str(given["status"]), priority=str(given["priority"]),
            by=self.us, tags=given.get("tags", []), **more,
        )  # fmt: skip
        return JSONResponse(self.one("ticket", {**self.shown(ticket, set()), "description": ticket.description}), 201)

    async def update(self, request: Request) -> Response:
        ticket = self._found(request)
        given = await self._given(request)
        if not given:
            raise Declined(
                400, {"code": "missing_field", "message": "Put request should have at least one valid attribute"}
            )
        self.before_update(ticket, given)
        ticket.tags = given.get("tags", ticket.tags)
        self.change(ticket, self.us, **{n: str(given[n]) for n in ("subject", "status", "priority") if n in given})
        return JSONResponse(self.one("ticket", self.shown(ticket, set())))

    def before_update(self, ticket: StoredTicket, given: dict[str, Any]) -> None:
        """Whether the account's rules let it."""

    async def add_reply(self, request: Request) -> Response:
        return await self._add(
            request, public=True, allowed={"body", "from_email", "user_id", "cc_emails", "bcc_emails"}
        )

    async def add_note(self, request: Request) -> Response:
        return await self._add(
            request, public=False, allowed={"body", "private", "notify_emails", "user_id", "incoming"}
        )

    async def _add(self, request: Request, *, public: bool, allowed: set[str]) -> Response:
        ticket = self._found(request)
        given = await request.json()
        for name in set(given) - allowed:
            raise invalid(name, "Unexpected/invalid field in request", "invalid_field")
        if not given.get("body"):
            raise invalid("body", "It should be a/an String", "missing_field")
        shown = public or given.get("private") is False
        comment = self.say(ticket, as_read(given["body"]), self.us, public=shown, html=given["body"])
        return JSONResponse(self.one("conversation", self.said(ticket, comment)), 201)

    # --- webhooks ----------------------------------------------------------------------------------------------------

    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        """A rule's body is a template whose values nobody escapes."""
        if what != "deleted":
            self.send(self.template(what, ticket, changes, comment).encode(), {"X-Webhook-Token": self.secret})

    @abstractmethod
    def template(self, what: str, ticket: StoredTicket, changes: list[Change], comment: StoredComment | None) -> str:
        """The body, with its values put in as they are."""

    # --- odds and ends -----------------------------------------------------------------------------------------------

    def _found(self, request: Request, *, deleted: bool = False) -> StoredTicket:
        number = request.path_params["id"]
        ticket = self.tickets.get(number) or (self.trash.get(number) if deleted else None)
        if ticket is None:
            raise Declined(404, None)
        return ticket

    def _included(self, request: Request) -> set[str]:
        wanted = set(filter(None, request.query_params.get("include", "").split(",")))
        if wanted - self.embeds:
            raise invalid("include", f"It should be one of these values: '{', '.join(sorted(self.embeds))}'")
        return wanted

    async def _given(self, request: Request, required: tuple[str, ...] = ()) -> dict[str, Any]:
        given: dict[str, Any] = await request.json()
        for name in required:
            if not given.get(name):
                raise invalid(name, "It should be a/an String", "missing_field")
        for name, words in (("status", NAMES), ("priority", PRIORITY_NAMES)):
            if name in given and not isinstance(given[name], int):
                raise invalid(name, "It should be a/an Integer", "datatype_mismatch")
            if name in given and str(given[name]) not in self.known(name, words):
                raise invalid(name, f"It should be one of these values: '{','.join(self.known(name, words))}'")
        for name in set(given) - WRITABLE:
            raise invalid(name, "Unexpected/invalid field in request", "invalid_field")
        return given

    def known(self, name: str, words: Words) -> list[str]:
        return list(words)

    def _page(self, request: Request, name: str, things: list[dict[str, Any]]) -> Response:
        size, number = int(request.query_params.get("per_page", 30)), int(request.query_params.get("page", 1))
        if not 1 <= size <= 100:
            raise invalid("per_page", "It should be a Positive Integer less than or equal to 100")
        if self.last_page is not None and number > self.last_page:
            raise invalid("page", f"You cannot access tickets beyond the {self.last_page}th page.")
        part = things[(number - 1) * size : number * size]
        more = len(things) > number * size
        link = {"Link": f'<{request.url.include_query_params(page=number + 1)}>; rel="next"'} if more else {}
        return JSONResponse(self.many(name, part), headers=link)
