"""Plain Desk, an invented helpdesk: what it needs of Glidepath is one vendor file and no code."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.mapping import read_vendor_text
from tests.support.helpdesks.desk import Declined, SimulatedDesk, What, Words
from tests.support.helpdesks.records import Change, Person, StoredComment, StoredTicket

VENDOR_FILE = Path(__file__).with_name("plaindesk.yaml")


class PlainDesk(SimulatedDesk):
    vendor = "plaindesk"
    vendor_file = read_vendor_text(VENDOR_FILE.read_text("utf-8"))
    statuses: ClassVar[Words] = {
        "new": "todo", "open": "doing", "pending": "waiting", "on_hold": "waiting", "solved": "done", "closed": "done",
    }  # fmt: skip
    priorities: ClassVar[Words] = {"P1": "1", "P2": "2", "P3": "3", "P4": "4"}
    credential = {"kind": "token", "secret": "plain-key"}
    settings = {"board": "support"}

    def routes(self) -> list[Route]:
        return [
            Route("/api/me", self._me),
            Route("/api/tickets", self._tickets, methods=["GET", "POST"]),
            Route("/api/tickets/{id:int}", self._ticket, methods=["GET", "PATCH"]),
            Route("/api/tickets/{id:int}/messages", self._messages, methods=["GET", "POST"]),
        ]

    def door(self) -> dict[str, str]:
        return {"x-api-key": self.credential["secret"]}

    def changed(self, ticket: StoredTicket, change: Change) -> None:
        super().changed(ticket, change)
        if change.field == "status":
            ticket.more["done_at"] = int(change.at.timestamp()) if change.after == "done" else None

    async def _me(self, request: Request) -> Response:
        return JSONResponse({"name": self.us.name})

    async def _tickets(self, request: Request) -> Response:
        if request.method == "POST":
            given = json.loads(await request.body())
            if given.get("board") != "support" or not given.get("title"):
                raise Declined(422, {"errors": ["a ticket needs a title and a board that exists"]})
            customer = self.person(given["customer"]["mail"]) if given.get("customer", {}).get("mail") else self.us
            ticket = self.make(
                customer, given["title"], given.get("text", ""), priority=str(given.get("urgency", 3)), by=self.us,
                ref=given.get("ref"),
            )  # fmt: skip
            return JSONResponse({"data": self._shown(ticket)}, 201)
        query = request.query_params
        after, number = int(query.get("updated_after", 0)), int(query.get("page", 1))
        size = min(int(query.get("per_page", 20)), 50)
        found = [ticket for ticket in self.tickets.values() if int(ticket.updated_at.timestamp()) >= after]
        found = [ticket for ticket in found if query.get("ref") in (None, ticket.more.get("ref"))]
        found.sort(key=lambda ticket: (ticket.created_at, ticket.id))
        following = f"/api/tickets?updated_after={after}&per_page={size}&page={number + 1}"
        page = [self._shown(ticket) for ticket in found[(number - 1) * size : number * size]]
        return JSONResponse({"data": page, "next": following if number * size < len(found) else None})

    async def _ticket(self, request: Request) -> Response:
        ticket = self._found(request)
        if request.method == "PATCH":
            given = json.loads(await request.body())
            fields = {"subject": given.get("title"), "status": given.get("state"), "priority": given.get("urgency")}
            self.change(ticket, self.us, **{name: str(value) for name, value in fields.items() if value is not None})
        return JSONResponse({"data": self._shown(ticket)})

    async def _messages(self, request: Request) -> Response:
        ticket = self._found(request)
        if request.method == "POST":
            given = json.loads(await request.body())
            comment = self.say(ticket, given["text"], self.us, public=given.get("visible", True), ref=given.get("ref"))
            return JSONResponse({"data": self._said(comment)}, 201)
        size, number = (
            int(request.query_params.get(name, value)) for name, value in (("per_page", "20"), ("page", "1"))
        )
        return JSONResponse(
            {"data": [self._said(each) for each in ticket.comments[(number - 1) * size : number * size]]}
        )

    def _found(self, request: Request) -> StoredTicket:
        ticket = self.tickets.get(request.path_params["id"])
        if ticket is None:
            raise Declined(404, {"errors": ["no such ticket"]})
        return ticket

    def _shown(self, ticket: StoredTicket) -> dict[str, Any]:
        return {
            "id": ticket.id, "no": f"PD-{ticket.id}", "title": ticket.subject, "text": ticket.description, "state": ticket.status,
            "urgency": int(ticket.priority), "customer": {"mail": ticket.requester.email, "name": ticket.requester.name},
            "tags": ticket.tags, "board": "support", "ref": ticket.more.get("ref"), "done_at": ticket.more.get("done_at"),
            "created": int(ticket.created_at.timestamp()), "updated": int(ticket.updated_at.timestamp()),
        }  # fmt: skip

    def _said(self, comment: StoredComment) -> dict[str, Any]:
        by = {"mail": comment.author.email, "role": "staff" if comment.author.agent else "customer"}
        at = int(comment.created_at.timestamp())
        return {
            "id": comment.id,
            "by": by,
            "text": comment.body,
            "visible": comment.public,
            "at": at,
            "ref": comment.more.get("ref"),
        }

    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        message = {} if comment is None else {"message": self._said(comment)}
        body = json.dumps({"kind": f"ticket.{what}", "ticket": self._shown(ticket), **message}).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        self.send(body, {"X-Plain-Signature": signature, "X-Plain-Delivery": f"p-{self.next_id('delivery')}"})
