"""Zendesk Support: an export that leaves out the last minute, one update for fields and comments, closed that stays closed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Declined, SimulatedDesk, What, Words, stamp
from tests.support.helpdesks.records import Change, Person, StoredComment, StoredTicket


def invalid(name: str, problem: str) -> Declined:
    details = {name: [{"description": f"{name.title()}: {problem}", "error": "InvalidValue"}]}
    return Declined(
        422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
    )  # fmt: skip


class Zendesk(SimulatedDesk):
    vendor = "zendesk"
    statuses: ClassVar[Words] = {
        "new": "new", "open": "open", "pending": "pending", "on_hold": "hold", "solved": "solved", "closed": "closed",
    }  # fmt: skip
    priorities: ClassVar[Words] = {"P1": "urgent", "P2": "high", "P3": "normal", "P4": "low"}
    credential = {"kind": "basic", "user": "glidepath@helpdesk.example/token", "secret": "api-token-1"}
    settings = {"assignee": "agent@helpdesk.example"}
    secret = "dGhlLXNlY3JldC1vZi16ZW5kZXNr"

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.index_lag = timedelta(minutes=1)
        self.gone: list[StoredTicket] = []
        self._answered: dict[str, tuple[bytes, Any]] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/api/v2/users/me.json", self._me),
            Route("/api/v2/incremental/tickets/cursor.json", self._export),
            Route("/api/v2/tickets.json", self._tickets, methods=["GET", "POST"]),
            Route("/api/v2/tickets/{id:int}.json", self._ticket, methods=["GET", "PUT"]),
            Route("/api/v2/tickets/{id:int}/comments.json", self._comments),
        ]

    def answer_headers(self) -> dict[str, str]:
        return {"x-rate-limit": "700", "x-rate-limit-remaining": "699", "ratelimit-reset": "41"}

    def made(self, ticket: StoredTicket) -> None:
        super().made(ticket)
        by = ticket.more.pop("submitter", ticket.requester)
        first = StoredComment(self.next_id("comment", 9001), ticket.description, True, by, ticket.created_at, False)
        ticket.more |= {"first": first, "solved_at": None, "assignee": ticket.more.get("assignee")}
        if ticket.status in ("solved", "closed"):
            ticket.more["solved_at"] = stamp(ticket.created_at)

    def changed(self, ticket: StoredTicket, change: Change) -> None:
        super().changed(ticket, change)
        if change.field == "status":
            done = ("solved", "closed")
            if change.after in done and change.before not in done:
                ticket.more["solved_at"] = stamp(change.at)
                ticket.more["assignee"] = ticket.more["assignee"] or change.by
            if change.after not in done:
                ticket.more["solved_at"] = None

    def reply(
        self, ticket_id: str, body: str, *, by: Literal["agent", "requester"] = "agent", public: bool = True
    ) -> str:
        said = super().reply(ticket_id, body, by=by, public=public)
        ticket = self.stored(ticket_id)
        if by == "requester" and ticket.status in ("pending", "hold", "solved"):
            self.change(ticket, ticket.requester, status="open")  # whoever asked and writes again opens the ticket
        return said

    def delete(self, ticket_id: str) -> None:
        ticket = self.stored(ticket_id)
        super().delete(ticket_id)
        ticket.updated_at = self.now()
        self.gone.append(ticket)

    # --- REST -----------------------------------------------------------------------------------------------------

    async def _me(self, request: Request) -> Response:
        return JSONResponse({"user": self._user(self.us)})

    async def _export(self, request: Request) -> Response:
        size = min(int(request.query_params.get("per_page", 1000)), 1000)
        cursor = request.query_params.get("cursor")
        if cursor:
            second, _, number = base64.b64decode(cursor).decode().partition("||")
            after = (float(second), int(number or 0))
        else:
            start = int(request.query_params.get("start_time", -1))
            if start < 0 or start > self.clock().timestamp() - 60:
                raise Declined(400, {"error": "StartTimeTooRecent", "description": "Use one older than 60 seconds"})
            after = (float(start), -1)
        there = [*self.indexed(), *(t for t in self.gone if t.updated_at <= self.clock() - self.index_lag)]
        rows = sorted(((t.updated_at.timestamp(), t.id), t.id, t) for t in there)
        rows = [row for row in rows if row[0] > after]
        page = rows[:size]
        last = page[-1][0] if page else after
        told = base64.b64encode(f"{last[0]}||{last[1]}".encode()).decode()
        tickets = [row[2] for row in page]
        metrics = "metric_sets" in request.query_params.get("include", "")
        address = f"{self.base_url}{request.url.path}?cursor={told}"
        answer = {"after_url": address, "after_cursor": told, "before_cursor": None, "end_of_stream": len(rows) <= size}
        return JSONResponse(
            {"tickets": [self._shown(t, metrics) for t in tickets], **self._users(request, tickets), **answer}
        )

    async def _tickets(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._create(request)
        wanted = request.query_params.get("external_id")
        found = [t for t in self.tickets.values() if wanted is None or t.more.get("external_id") == wanted]
        return JSONResponse(
            {"tickets": [self._shown(t) for t in found], "next_page": None, "previous_page": None, "count": len(found)}
        )

    async def _create(self, request: Request) -> Response:
        raw, key = await request.body(), request.headers.get("idempotency-key")
        if key in self._answered:
            before, answer = self._answered[key]
            if before != raw:
                raise Declined(400, {"error": "IdempotentRequestError", "description": "The parameters differ"})
            return JSONResponse(answer, 201, {"x-idempotency-lookup": "hit"})
        given = json.loads(raw).get("ticket") or {}
        said = (given.get("comment") or {}).get("body") or (given.get("comment") or {}).get("html_body")
        if not said:
            raise invalid("description", "cannot be blank")
        asking = given.get("requester")
        if asking and not asking.get("name") and all(p.email != asking.get("email") for p in self.people.values()):
            raise invalid("requester", "Name: is too short (minimum one character)")
        assignee = given.get("assignee_email")
        ticket = self.make(
            self.person(asking["email"], name=asking.get("name", "")) if asking else self.us,
            given.get("subject") or said, said, by=self.us, tags=given.get("tags") or (),
            priority=given.get("priority") or "", status=given.get("status") or "new",
            external_id=given.get("external_id"), group_id=given.get("group_id"),
            assignee=self.person(assignee, agent=True) if assignee else None,
        )  # fmt: skip
        audit = {"id": self.next_id("audit"), "ticket_id": ticket.id, "events": []}
        answer = {"ticket": self._shown(ticket), "audit": audit}
        if key is not None:
            self._answered[key] = (raw, answer)
        return JSONResponse(answer, 201, {"x-idempotency-lookup": "miss"} if key else {})

    async def _ticket(self, request: Request) -> Response:
        ticket = self._found(request)
        events: list[dict[str, Any]] = []
        if request.method == "PUT":
            given = json.loads(await request.body()).get("ticket") or {}
            self._check_update(ticket, given)
            if given.get("assignee_email"):
                ticket.more["assignee"] = self.person(given["assignee_email"], agent=True)
            if said := given.get("comment"):
                more = {"custom": given.get("metadata") or {}}
                comment = self.say(ticket, said["body"], self.us, public=said.get("public", True), **more)
                events.append({"id": comment.id, "type": "Comment", "public": comment.public, "body": comment.body})
            fields = {name: given[name] for name in ("status", "priority", "subject") if given.get(name) is not None}
            self.change(ticket, self.us, **fields)
        audit = {"audit": {"id": self.next_id("audit"), "ticket_id": ticket.id, "events": events}} if events else {}
        shown = self._shown(ticket, "metric_sets" in request.query_params.get("include", ""))
        return JSONResponse({"ticket": shown, **self._users(request, [ticket]), **audit})

    def _check_update(self, ticket: StoredTicket, given: dict[str, Any]) -> None:
        if ticket.status == "closed":
            raise invalid("status", "closed prevents ticket update")
        wanted = given.get("status")
        if wanted is not None and wanted not in self.statuses.values():
            raise invalid("status", f"{wanted} is not included in the list")
        if wanted == "new" and ticket.status != "new":
            raise invalid("status", "cannot be changed back to new")

    async def _comments(self, request: Request) -> Response:
        ticket = self._found(request)
        size = min(int(request.query_params.get("per_page", 100)), 100)
        number = int(request.query_params.get("page", 1))
        all_of_them = [ticket.more["first"], *ticket.comments]
        page = all_of_them[(number - 1) * size : number * size]
        asked = f"per_page={size}&include={request.query_params.get('include', '')}"
        address = f"{self.base_url}{request.url.path}?{asked}&page="
        shown = {"comments": [self._said(comment) for comment in page], "count": len(all_of_them)}
        if request.query_params.get("include") == "users":
            shown["users"] = list({comment.author.id: self._user(comment.author) for comment in page}.values())
        following = f"{address}{number + 1}" if number * size < len(all_of_them) else None
        return JSONResponse(
            {**shown, "next_page": following, "previous_page": f"{address}{number - 1}" if number > 1 else None}
        )

    def _found(self, request: Request) -> StoredTicket:
        ticket = self.tickets.get(request.path_params["id"])
        if ticket is None:
            raise Declined(404, {"error": "RecordNotFound", "description": "Not found"})
        return ticket

    def _shown(self, ticket: StoredTicket, metrics: bool = False) -> dict[str, Any]:
        assignee = ticket.more["assignee"]
        measured = {"metric_set": {"ticket_id": ticket.id, "solved_at": ticket.more["solved_at"], "reopens": 0}}
        return {
            "url": f"{self.base_url}/api/v2/tickets/{ticket.id}.json", "id": ticket.id,
            "external_id": ticket.more.get("external_id"), "via": {"channel": "web"},
            "created_at": stamp(ticket.created_at), "updated_at": stamp(ticket.updated_at),
            "generated_timestamp": int(ticket.updated_at.timestamp()), "type": None, "subject": ticket.subject,
            "raw_subject": ticket.subject, "description": ticket.description, "priority": ticket.priority or None,
            "status": "deleted" if ticket in self.gone else ticket.status, "recipient": None, "requester_id": ticket.requester.id,
            "submitter_id": ticket.requester.id, "assignee_id": assignee.id if assignee else None,
            "group_id": ticket.more.get("group_id"), "tags": ticket.tags, "custom_fields": [], "is_public": True,
            **(measured if metrics else {}),
        }  # fmt: skip

    def _said(self, comment: StoredComment) -> dict[str, Any]:
        return {
            "id": comment.id, "type": "Comment", "author_id": comment.author.id, "body": comment.body,
            "html_body": f'<div class="zd-comment" dir="auto">{comment.body}</div>', "plain_body": comment.body,
            "public": comment.public, "attachments": [], "audit_id": comment.id + 1, "created_at": stamp(comment.created_at),
            "via": {"channel": "api" if comment.by_us else "web", "source": {"from": {}, "to": {}, "rel": None}},
            "metadata": {"system": {"client": "-", "ip_address": "192.0.2.1"}, "custom": comment.more.get("custom", {})},
        }  # fmt: skip

    def _user(self, person: Person) -> dict[str, Any]:
        role = "admin" if person is self.us else "agent" if person.agent else "end-user"
        return {"id": person.id, "name": person.name, "email": person.email, "role": role, "active": True}

    def _users(self, request: Request, tickets: list[StoredTicket]) -> dict[str, Any]:
        if "users" not in request.query_params.get("include", "").split(","):
            return {}
        people = [person for t in tickets for person in (t.requester, t.more["assignee"]) if person is not None]
        return {"users": [self._user(person) for person in {person.id: person for person in people}.values()]}

    # --- webhooks ---------------------------------------------------------------------------------------------------

    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        if what == "created":
            self._event("created", ticket, by, {})
        elif what == "deleted":
            self._event("soft_deleted", ticket, by, {})
        for change in changes:
            words = [str(w) if change.field == "subject" else str(w).upper() for w in (change.after, change.before)]
            self._event(f"{change.field}_changed", ticket, by, {"current": words[0], "previous": words[1]})
        if comment is not None:
            author = {"id": str(by.id), "is_staff": by.agent, "name": by.name}
            said = {"author": author, "body": comment.body, "id": str(comment.id), "is_public": comment.public}
            self._event("comment_added", ticket, by, {"comment": said})

    def _event(self, kind: str, ticket: StoredTicket, by: Person, event: dict[str, Any]) -> None:
        assignee = ticket.more["assignee"]
        detail = {
            "actor_id": str(by.id), "assignee_id": str(assignee.id) if assignee else None, "brand_id": "1",
            "created_at": stamp(ticket.created_at), "external_id": ticket.more.get("external_id"),
            "group_id": ticket.more.get("group_id"), "id": str(ticket.id), "is_public": True, "organization_id": None,
            "priority": ticket.priority.upper() or None, "requester_id": str(ticket.requester.id),
            "status": ticket.status.upper(), "subject": ticket.subject, "submitter_id": str(ticket.requester.id),
            "tags": ticket.tags, "type": None, "updated_at": stamp(ticket.updated_at), "via": {"channel": "web"},
        }  # fmt: skip
        number = self.next_id("event")
        at = self.clock()
        document = {
            "account_id": 17, "detail": detail, "event": event, "id": f"e7000000-0000-4000-8000-{number:012}",
            "subject": f"zen:ticket:{ticket.id}", "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}123Z",
            "type": f"zen:event-type:ticket.{kind}", "zendesk_event_version": "2022-11-06",
        }  # fmt: skip
        body = json.dumps(document).encode()
        signed = hmac.new(self.secret.encode(), stamp(at).encode() + body, hashlib.sha256).digest()
        self.send(
            body,
            {
                "X-Zendesk-Webhook-Signature": base64.b64encode(signed).decode(),
                "X-Zendesk-Webhook-Signature-Timestamp": stamp(at),
                "X-Zendesk-Webhook-Invocation-Id": f"01J{number:023}",
                "X-Zendesk-Webhook-Id": "01JWEBHOOK",
                "X-Zendesk-Account-Id": "17",
            },
        )
