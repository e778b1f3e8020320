"""A Zendesk: tickets that people open and agents answer, signed event webhooks, and the REST that reconciliation reads."""

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glidepath.demo.simulators.journal import Entry, Journal
from shared.clock import Clock, SystemClock, new_id, render_instant

ACCOUNT = 7_700_001


class Helpdesk:
    """The tickets. Times are the business clock's, because the whole simulated organisation lives by it."""

    def __init__(self, clock: Clock, journal: Journal | None = None, *, first_number: int = 1001) -> None:
        self._clock = clock
        self._first_number = first_number
        self._journal = journal or Journal()
        self.tickets: dict[int, dict[str, Any]] = {}
        self.users: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.unsent: dict[str, dict[str, Any]] = {}
        """Webhook bodies that were not acknowledged yet, by event id, oldest first."""
        for entry in self._journal.entries():
            self._apply(entry)

    def add_user(self, user_id: int, name: str, email: str, *, staff: bool = False) -> None:
        if user_id not in self.users:
            role = "agent" if staff else "end-user"
            self._record({"did": "user", "user": {"id": user_id, "name": name, "email": email, "role": role}})

    def open_ticket(self, *, requester: int, subject: str, description: str, priority: str, tags: list[str]) -> int:
        """A ticket as a person files it; its number."""
        number = self._first_number + len(self.tickets)
        at = self._now()
        ticket = {
            "id": number,
            "subject": subject,
            "description": description,
            "status": "new",
            "priority": priority,
            "type": "incident",
            "tags": tags,
            "requester_id": requester,
            "submitter_id": requester,
            "assignee_id": None,
            "created_at": at,
            "updated_at": at,
        }
        event = self._event("ticket.created", ticket, {}, at, actor=requester)
        self._record({"did": "ticket", "ticket": ticket, "event": event})
        return number

    def answer(self, number: int, *, agent: int, body: str) -> None:
        """A public reply by a member of staff."""
        at = self._now()
        ticket = self.tickets[number] | {"updated_at": at, "assignee_id": agent}
        comment = {
            "id": number * 100 + len(self.comments.get(number, [])) + 1,
            "author_id": agent,
            "body": body,
            "public": True,
            "created_at": at,
        }
        author = {"id": str(agent), "is_staff": True, "name": self.users[agent]["name"]}
        told = {"comment": {"id": str(comment["id"]), "body": body, "is_public": True, "author": author}}
        event = self._event("ticket.comment_added", ticket, told, at, actor=agent)
        self._record({"did": "comment", "ticket": ticket, "comment": comment, "event": event})

    def set_status(self, number: int, status: str, *, agent: int) -> None:
        at = self._now()
        before = self.tickets[number]
        ticket = before | {"updated_at": at, "status": status}
        told = {"previous": before["status"].upper(), "current": status.upper()}
        event = self._event("ticket.status_changed", ticket, told, at, actor=agent)
        self._record({"did": "status", "ticket": ticket, "event": event})

    def sent(self, event_id: str) -> None:
        """The receiver acknowledged this event."""
        self._record({"did": "sent", "event_id": event_id})

    def _now(self) -> str:
        return render_instant(self._clock.now().replace(microsecond=0))

    def _event(self, name: str, ticket: dict[str, Any], told: dict[str, Any], at: str, *, actor: int) -> dict[str, Any]:
        """An event of the 2022-11-06 format: ids are strings, status and priority upper case, unlike in REST."""
        detail: dict[str, Any] = {
            key: str(value) if key.endswith("id") and value is not None else value for key, value in ticket.items()
        }
        detail |= {
            "status": ticket["status"].upper(),
            "priority": ticket["priority"].upper(),
            "type": ticket["type"].upper(),
            "actor_id": str(actor),
            "is_public": True,
            "via": {"channel": "web_service"},
        }
        return {
            "account_id": ACCOUNT,
            "detail": detail,
            "event": told,
            "id": new_id(),
            "subject": f"zen:ticket:{ticket['id']}",
            "time": at,
            "type": f"zen:event-type:{name}",
            "zendesk_event_version": "2022-11-06",
        }

    def _record(self, entry: Entry) -> None:
        with self._journal.lock:
            self._journal.append(entry)
            self._apply(entry)

    def _apply(self, entry: Entry) -> None:
        if "user" in entry:
            self.users[entry["user"]["id"]] = entry["user"]
        if "ticket" in entry:
            self.tickets[entry["ticket"]["id"]] = entry["ticket"]
        if "comment" in entry:
            self.comments.setdefault(entry["ticket"]["id"], []).append(entry["comment"])
        if "event" in entry:
            self.unsent[entry["event"]["id"]] = entry["event"]
        if entry["did"] == "sent":
            self.unsent.pop(entry["event_id"], None)


class HelpdeskWebhooks:
    """Sends what is unsent, signed. The signature is fresh in real time, whatever the business clock says."""

    def __init__(self, helpdesk: Helpdesk, hook_url: str, secret: str, real: Clock | None = None) -> None:
        self._helpdesk = helpdesk
        self._hook_url = hook_url
        self._secret = secret
        self._real = real or SystemClock()
        self._http = httpx.Client(timeout=30, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def deliver(self) -> bool:
        """Send everything unsent in order; False when something must be sent again."""
        for event_id, event in list(self._helpdesk.unsent.items()):
            body = json.dumps(event).encode()
            try:
                answer = self._http.post(self._hook_url, content=body, headers=self.headers(body, event_id))
            except httpx.TransportError:
                return False
            if not answer.is_success:
                return False
            self._helpdesk.sent(event_id)
        return True

    def headers(self, body: bytes, event_id: str) -> dict[str, str]:
        stamp = render_instant(self._real.now().replace(microsecond=0))
        digest = hmac.new(self._secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(ACCOUNT),
            "X-Zendesk-Webhook-Id": "01JDEMO",
            "X-Zendesk-Webhook-Invocation-Id": event_id,
            "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        }


def helpdesk_app(helpdesk: Helpdesk, *, account: str, token: str) -> Starlette:
    """`/api/v2`: the incremental cursor, one ticket, its comments, one user. Basic `account/token:token`."""
    expected = "Basic " + base64.b64encode(f"{account}/token:{token}".encode()).decode()

    def guarded(answer: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if not hmac.compare_digest(request.headers.get("authorization", ""), expected):
                return JSONResponse({"error": "Couldn't authenticate you"}, status_code=401)
            return answer(request)

        return endpoint

    def found(key: str, item: Any) -> Response:
        if item is None:
            return JSONResponse({"error": "RecordNotFound", "description": "Not found"}, status_code=404)
        return JSONResponse({key: item})

    def ticket(request: Request) -> Response:
        return found("ticket", helpdesk.tickets.get(request.path_params["number"]))

    def comments(request: Request) -> Response:
        number = request.path_params["number"]
        return found("comments", helpdesk.comments.get(number, []) if number in helpdesk.tickets else None)

    def user(request: Request) -> Response:
        return found("user", helpdesk.users.get(request.path_params["number"]))

    def export(request: Request) -> Response:
        return _export(helpdesk, request)

    return Starlette(
        routes=[
            Route("/api/v2/incremental/tickets/cursor.json", guarded(export)),
            Route("/api/v2/tickets/{number:int}.json", guarded(ticket)),
            Route("/api/v2/tickets/{number:int}/comments.json", guarded(comments)),
            Route("/api/v2/users/{number:int}.json", guarded(user)),
        ]
    )


def _export(helpdesk: Helpdesk, request: Request) -> Response:
    """Tickets by (updated_at, id) behind an opaque cursor, at most `per_page`."""
    after = ("", 0)
    if cursor := request.query_params.get("cursor"):
        at, _, number = base64.urlsafe_b64decode(cursor).decode().rpartition("|")
        after = (at, int(number))
    elif start := request.query_params.get("start_time"):
        after = (render_instant(datetime.fromtimestamp(int(start), tz=UTC)), 0)
    else:
        return JSONResponse({"error": "StartTimeMissing"}, status_code=400)
    most = int(request.query_params.get("per_page", "1000"))
    rows = sorted(helpdesk.tickets.values(), key=lambda ticket: (ticket["updated_at"], ticket["id"]))
    newer = [ticket for ticket in rows if (ticket["updated_at"], ticket["id"]) > after]
    page = newer[:most]
    if page:
        after = (page[-1]["updated_at"], page[-1]["id"])
    next_cursor = base64.urlsafe_b64encode(f"{after[0]}|{after[1]}".encode()).decode()
    return JSONResponse(
        {"tickets": page, "after_cursor": next_cursor, "end_of_stream": len(page) == len(newer), "count": len(page)}
    )
