"""Zammad, as https://docs.zammad.org documents its API and its webhooks."""

import hashlib
import hmac
import json
import re
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Declined, SimulatedDesk, What
from tests.support.helpdesks.markup import marked_up
from tests.support.helpdesks.records import Change, Person, StoredComment, StoredTicket

STATES = {
    "new": 1, "open": 2, "pending reminder": 3, "closed": 4, "merged": 5, "removed": 6, "pending close": 7,
}  # fmt: skip
PRIORITIES = {"1 low": 1, "2 normal": 2, "3 high": 3}
GROUPS = {"Users": 1, "2nd Level": 2}
RANGE = re.compile(r'(updated_at|created_at):\[("?)([^"\] ]+)\2 TO \*\]')
MOST = 200
WINDOW = 10_000


def stamped(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


class Zammad(SimulatedDesk):
    """Searches ask an index; what was asked first is the first article; a pending ticket needs a time in the future."""

    vendor = "zammad"
    statuses = {
        "new": "new", "open": "open", "pending": "pending reminder", "on_hold": "pending reminder", "solved": "closed",
        "closed": "closed",
    }  # fmt: skip
    means = {"pending reminder": "pending", "pending close": "pending", "closed": "closed", "merged": "closed"}
    priorities = {"P1": "3 high", "P2": "3 high", "P3": "2 normal", "P4": "1 low"}
    precision = timedelta(milliseconds=1)
    credential = {"kind": "token", "secret": "a-token-of-an-agent"}
    settings = {"group": "Users"}

    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/users/me", self.me, methods=["GET"]),
            Route("/api/v1/tickets/search", self.search, methods=["GET"]),
            Route("/api/v1/tickets", self.create, methods=["POST"]),
            Route("/api/v1/tickets/{id:int}", self.view, methods=["GET"]),
            Route("/api/v1/tickets/{id:int}", self.update, methods=["PUT"]),
            Route("/api/v1/ticket_articles/by_ticket/{id:int}", self.articles, methods=["GET"]),
            Route("/api/v1/ticket_articles", self.add_article, methods=["POST"]),
        ]

    def accepts(self, request: Request) -> bool:
        """A person's token as `Token token=`, one of OAuth as `Bearer`."""
        secret = self.credential["secret"]
        return request.headers.get("authorization") in (f"Token token={secret}", f"Bearer {secret}")

    def unauthorised(self) -> Declined:
        return Declined(401, {"error": "Authentication required"})

    def our_priority(self, word: str) -> str:
        return "P2" if word == "3 high" else super().our_priority(word)

    def made(self, ticket: StoredTicket) -> None:
        super().made(ticket)
        by = self.us if ticket.more.get("by_us") else ticket.requester
        first = StoredComment(
            self.next_id("comment", 9001), ticket.description, True, by, ticket.created_at, by is self.us
        )
        first.more.update(hidden=True, sender="Agent" if by.agent else "Customer", content_type="text/plain")
        ticket.comments.append(first)

    def changed(self, ticket: StoredTicket, change: Change) -> None:
        super().changed(ticket, change)
        if change.field == "status" and change.after == "closed":
            ticket.more.setdefault("close_at", change.at)
            ticket.more["last_close_at"] = change.at

    # --- reading -----------------------------------------------------------------------------------------------------

    async def me(self, request: Request) -> Response:
        return JSONResponse({"id": self.us.id, "login": self.us.email, "email": self.us.email, "role_ids": [2]})

    async def search(self, request: Request) -> Response:
        asked = request.query_params
        size, number = min(int(asked.get("per_page", asked.get("limit", 10))), MOST), int(asked.get("page", 1))
        found = [ticket for ticket in self.indexed() if _matches(ticket, asked.get("query", ""))]
        if "sort_by" in asked:
            if asked["sort_by"] not in ("updated_at", "created_at", "id", "number"):
                raise Declined(422, {"error": f"Found invalid column '{asked['sort_by']}' for sorting."})
            key = asked["sort_by"]
            found.sort(key=lambda ticket: getattr(ticket, "id" if key == "number" else key))
        if asked.get("order_by", "desc") == "desc":
            found.reverse()
        page = found[(number - 1) * size : number * size] if number * size <= WINDOW else []
        if asked.get("expand") == "true":
            return JSONResponse([self.shown(ticket, expand=True) for ticket in page])
        assets = {"Ticket": {str(ticket.id): self.shown(ticket, expand=False) for ticket in page}}
        return JSONResponse({"tickets": [t.id for t in page], "tickets_count": len(page), "assets": assets})

    async def view(self, request: Request) -> Response:
        ticket = self._found(request.path_params["id"])
        return JSONResponse(self.shown(ticket, expand=request.query_params.get("expand") == "true"))

    async def articles(self, request: Request) -> Response:
        ticket = self._found(request.path_params["id"])
        return JSONResponse([self.said(ticket, article) for article in ticket.comments])

    def shown(self, ticket: StoredTicket, *, expand: bool) -> dict[str, Any]:
        group = ticket.more.get("group", "Users")
        plain: dict[str, Any] = {
            "id": ticket.id, "number": str(60000 + ticket.id), "title": ticket.subject, "group_id": GROUPS[group],
            "state_id": STATES[ticket.status], "priority_id": PRIORITIES[ticket.priority], "owner_id": 1,
            "customer_id": ticket.requester.id, "note": ticket.more.get("note"), "preferences": {},
            "article_count": len(ticket.comments), "article_ids": [article.id for article in ticket.comments],
            "close_at": stamped(ticket.more.get("close_at")), "last_close_at": stamped(ticket.more.get("last_close_at")),
            "pending_time": ticket.more.get("pending_time"), "created_at": stamped(ticket.created_at),
            "updated_at": stamped(ticket.updated_at),
        }  # fmt: skip
        names = {
            "group": group, "state": ticket.status, "priority": ticket.priority, "owner": "-",
            "customer": ticket.requester.email,
        }  # fmt: skip
        return {**plain, **names} if expand else plain

    def said(self, ticket: StoredTicket, article: StoredComment) -> dict[str, Any]:
        more = article.more
        kind = more.get("content_type", "text/html")
        return {
            "id": article.id, "ticket_id": ticket.id, "type": more.get("type", "note"), "internal": not article.public,
            "sender": more.get("sender", "Agent" if article.author.agent else "Customer"), "content_type": kind,
            "body": marked_up(article.body) if kind == "text/html" else article.body, "subject": more.get("subject"),
            "created_by": article.author.email, "origin_by": None, "created_at": stamped(article.created_at),
            "updated_at": stamped(article.created_at), "preferences": {},
        }  # fmt: skip

    # --- writing -----------------------------------------------------------------------------------------------------

    async def create(self, request: Request) -> Response:
        given = await request.json()
        for name in ("title", "group", "article"):
            if not given.get(name):
                raise Declined(422, {"error": f"Missing required value for field '{name}'!"})
        if given["group"] not in GROUPS:
            raise Declined(422, {"error": f"No lookup value found for 'group': {given['group']!r}"})
        customer = str(given.get("customer_id") or given.get("customer") or "")
        if "@" not in customer:
            raise Declined(422, {"error": "The required value 'customer_id' is missing."})
        self._check_words(given)
        more = {name: given.get(name) for name in ("group", "note", "pending_time")}
        tags = str(given.get("tags") or "").split(",") if given.get("tags") else []
        ticket = self.make(
            self.person(customer.removeprefix("guess:")), given["title"], given["article"]["body"], by=self.us, by_us=True,
            status=given.get("state", "new"), priority=given.get("priority", "2 normal"), tags=tags, **more,
        )  # fmt: skip
        return JSONResponse(self.shown(ticket, expand=request.query_params.get("expand") == "true"), 201)

    async def update(self, request: Request) -> Response:
        ticket = self._found(request.path_params["id"])
        given = await request.json()
        self._check_words(given)
        if "pending_time" in given:
            ticket.more["pending_time"] = given["pending_time"]
        fields = {"title": "subject", "state": "status", "priority": "priority"}
        self.change(ticket, self.us, **{ours: given[name] for name, ours in fields.items() if name in given})
        return JSONResponse(self.shown(ticket, expand=False))

    async def add_article(self, request: Request) -> Response:
        given = await request.json()
        ticket = self._found(given.get("ticket_id"))
        if not given.get("body"):
            raise Declined(422, {"error": "Missing required value for field 'body'!"})
        if given.get("type") == "email" and not given.get("to"):
            raise Declined(422, {"error": "Sending an email without a valid recipient is not possible."})
        more = {name: given[name] for name in ("type", "content_type", "subject") if given.get(name)}
        article = self.say(ticket, given["body"], self.us, public=not given.get("internal", False), **more)
        return JSONResponse(self.said(ticket, article), 201)

    def _check_words(self, given: dict[str, Any]) -> None:
        for name, words in (("state", STATES), ("priority", PRIORITIES)):
            if name in given and given[name] not in words:
                raise Declined(422, {"error": f"No lookup value found for '{name}': {given[name]!r}"})
        if str(given.get("state", "")).startswith("pending"):
            until = given.get("pending_time")
            if until is None or datetime.fromisoformat(until) <= self.now():
                raise Declined(422, {"error": "Missing required value for field 'pending_time'!"})

    def _found(self, number: Any) -> StoredTicket:
        if number not in self.tickets:
            raise Declined(404, {"error": f"Couldn't find Ticket with 'id'={number}"})
        return self.tickets[number]

    # --- webhooks ----------------------------------------------------------------------------------------------------

    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        """No trigger runs for a ticket that is destroyed; the others bring the last article where they have none of their own."""
        if what == "deleted":
            return
        person = {"id": ticket.requester.id, "login": ticket.requester.email, "email": ticket.requester.email}
        whole = self.shown(ticket, expand=True)
        article = self.said(ticket, comment or ticket.comments[-1])
        spoke = (comment or ticket.comments[-1]).author
        document = {
            "ticket": {
                **whole, "customer": person, "owner": {"id": 1, "login": "-", "email": ""},
                "group": {"id": whole["group_id"], "name": whole["group"]},
                "priority": {"id": whole["priority_id"], "name": whole["priority"]},
            },
            "article": {**article, "created_by": {"id": spoke.id, "login": spoke.email, "email": spoke.email}},
        }  # fmt: skip
        body = json.dumps(document, ensure_ascii=False).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha1).hexdigest()
        self.send(body, {
            "X-Zammad-Trigger": f"ticket {what}", "X-Zammad-Delivery": f"delivery-{self.next_id('delivery')}",
            "X-Hub-Signature": f"sha1={signature}", "User-Agent": "Zammad User Agent",
        })  # fmt: skip


def _matches(ticket: StoredTicket, query: str) -> bool:
    """A small part of the query language: ranges of times. Everything else finds nothing."""
    if not query or query == "*":
        return True
    match = RANGE.fullmatch(query)
    if match is None:
        return False
    if match[3] == "*":
        return True
    at: datetime = getattr(ticket, match[1])
    return at >= datetime.fromisoformat(match[3])
