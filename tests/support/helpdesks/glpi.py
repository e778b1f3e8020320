"""GLPI 11: its older API as apirest.md documents it, its webhooks as they are queued and sent."""

import hashlib
import hmac
import json
import re
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Declined, SimulatedDesk, What
from tests.support.helpdesks.markup import as_read, marked_up
from tests.support.helpdesks.records import Change, Person, StoredComment, StoredTicket

API = "/apirest.php"
NAMES = {1: "New", 2: "Processing (assigned)", 3: "Processing (planned)", 4: "Pending", 5: "Solved", 6: "Closed"}
ENTITY = "Root entity > Training"
RANGE = re.compile(r"(\d+)-(\d+)")


def written(at: datetime | None) -> str | None:
    """In the server's zone, which is UTC here, and not named."""
    return None if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def error(status: int, code: str, message: str = "") -> Declined:
    return Declined(status, [code, message])


class Glpi(SimulatedDesk):
    """A session for every log-in; searches number their columns; what is deleted lies in the dustbin."""

    vendor = "glpi"
    statuses = {"new": "1", "open": "2", "pending": "4", "on_hold": "4", "solved": "5", "closed": "6"}
    means = {"3": "open", "4": "pending"}
    priorities = {"P1": "5", "P2": "4", "P3": "3", "P4": "2"}
    credential = {"kind": "token", "secret": "a-remote-access-key"}
    settings = {"app_token": "the-token-of-the-client"}

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.sessions: set[str] = set()
        self.dustbin: dict[int, StoredTicket] = {}

    def routes(self) -> list[Route]:
        return [
            Route(f"{API}/initSession", self.log_in, methods=["GET"]),
            Route(f"{API}/getActiveProfile", self.profile, methods=["GET"]),
            Route(f"{API}/search/Ticket", self.search, methods=["GET"]),
            Route(f"{API}/search/User", self.search_users, methods=["GET"]),
            Route(f"{API}/Ticket", self.create, methods=["POST"]),
            Route(f"{API}/Ticket/{{id:int}}", self.view, methods=["GET"]),
            Route(f"{API}/Ticket/{{id:int}}", self.update, methods=["PUT"]),
            Route(f"{API}/Ticket/{{id:int}}/ITILFollowup", self.followups, methods=["GET"]),
            Route(f"{API}/ITILFollowup", self.add_followup, methods=["POST"]),
        ]

    def accepts(self, request: Request) -> bool:
        if request.headers.get("app-token") != self.settings["app_token"]:
            raise error(400, "ERROR_WRONG_APP_TOKEN_PARAMETER", "parameter app_token seems wrong")
        if request.url.path == f"{API}/initSession":
            if request.headers.get("authorization") != f"user_token {self.credential['secret']}":
                raise error(401, "ERROR_GLPI_LOGIN_USER_TOKEN", "parameter user_token seems invalid")
            return True
        return request.headers.get("session-token", "") in self.sessions

    def door(self) -> dict[str, str]:
        token = f"session-{self.next_id('session')}"
        self.sessions.add(token)
        return {"app-token": self.settings["app_token"], "session-token": token}

    def unauthorised(self) -> Declined:
        return error(401, "ERROR_SESSION_TOKEN_INVALID", "session_token seems invalid")

    def end_sessions(self) -> None:
        """As time does."""
        self.sessions.clear()

    def delete(self, ticket_id: str) -> None:
        ticket = self.tickets.pop(self.stored(ticket_id).id)
        ticket.updated_at = self.now()
        self.dustbin[ticket.id] = ticket
        self.announce("deleted", ticket, self.agent, [], None)

    def changed(self, ticket: StoredTicket, change: Change) -> None:
        super().changed(ticket, change)
        if change.field == "status":
            solved, closed = change.after in ("5", "6"), change.after == "6"
            before = ticket.more.get("solvedate") if change.before == "5" else None
            ticket.more["solvedate"] = (before or change.at) if solved else None
            ticket.more["closedate"] = change.at if closed else None

    # --- reading -----------------------------------------------------------------------------------------------------

    async def log_in(self, request: Request) -> Response:
        return JSONResponse({"session_token": self.door()["session-token"]})

    async def profile(self, request: Request) -> Response:
        return JSONResponse({"active_profile": {"id": 6, "name": "Technician"}})

    async def search(self, request: Request) -> Response:
        asked = request.query_params
        rows = [(ticket, self.row(ticket)) for ticket in self.tickets.values()]
        number = 0
        while f"criteria[{number}][field]" in asked:
            field, kind, value = (asked[f"criteria[{number}][{name}]"] for name in ("field", "searchtype", "value"))
            rows = [(ticket, row) for ticket, row in rows if _fits(row.get(field), kind, value)]
            number += 1
        sort = asked.get("sort", "1")
        rows.sort(key=lambda each: (str(each[1].get(sort) or ""), each[0].id))
        if asked.get("order", "ASC") == "DESC":
            rows.reverse()
        wanted = {"1", "80", *(value for name, value in asked.items() if name.startswith("forcedisplay[")), sort}
        return self._searched(request, [{name: row[name] for name in row if name in wanted} for _, row in rows])

    async def search_users(self, request: Request) -> Response:
        value = request.query_params["criteria[0][value]"]
        found = [person for person in self.people.values() if _fits(person.email, "contains", value)]
        return self._searched(request, [{"1": person.name, "2": person.id, "5": person.email} for person in found])

    def row(self, ticket: StoredTicket) -> dict[str, Any]:
        return {
            "1": ticket.subject, "2": ticket.id, "3": int(ticket.priority), "4": str(ticket.requester.id), "5": None,
            "12": int(ticket.status), "15": written(ticket.created_at), "16": written(ticket.more.get("closedate")),
            "17": written(ticket.more.get("solvedate")), "19": written(ticket.updated_at), "80": ENTITY,
            "87": ticket.more.get("externalid"),
        }  # fmt: skip

    async def view(self, request: Request) -> Response:
        ticket = self._found(request.path_params["id"], deleted=True)
        named = request.query_params.get("expand_dropdowns") == "true"
        return JSONResponse({
            "id": ticket.id, "entities_id": ENTITY if named else 3, "name": ticket.subject, "content": ticket.description,
            "status": int(ticket.status), "priority": int(ticket.priority), "urgency": int(ticket.priority), "type": 1,
            "date": written(ticket.created_at), "date_creation": written(ticket.created_at),
            "date_mod": written(ticket.updated_at), "solvedate": written(ticket.more.get("solvedate")),
            "closedate": written(ticket.more.get("closedate")), "externalid": ticket.more.get("externalid"),
            "is_deleted": int(ticket.id in self.dustbin), "links": [],
        })  # fmt: skip

    async def followups(self, request: Request) -> Response:
        ticket = self._found(request.path_params["id"])
        start, end = self._range(request)
        total = len(ticket.comments)
        if start > total:
            raise error(400, "ERROR_RANGE_EXCEED_TOTAL", f"Provided range exceed total count of data: {total}")
        part = [self.followup(ticket, comment) for comment in ticket.comments[start : end + 1]]
        headers = {"Content-Range": f"{start}-{min(end, total - 1)}/{total}", "Accept-Range": "ITILFollowup 990"}
        return JSONResponse(part, 200 if len(part) == total else 206, headers=headers)

    def followup(self, ticket: StoredTicket, comment: StoredComment) -> dict[str, Any]:
        return {
            "id": comment.id, "itemtype": "Ticket", "items_id": ticket.id, "date": written(comment.created_at),
            "users_id": comment.author.id, "content": comment.more.get("html") or marked_up(comment.body),
            "is_private": int(not comment.public), "date_mod": written(comment.created_at),
            "date_creation": written(comment.created_at), "timeline_position": 4 if comment.author.agent else 1,
        }  # fmt: skip

    # --- writing -----------------------------------------------------------------------------------------------------

    async def create(self, request: Request) -> Response:
        given = await self._given(request)
        if not given.get("content"):
            raise error(400, "ERROR_GLPI_ADD", "Mandatory fields are not filled. Please correct: Description")
        requester = self.people.get(given.get("_users_id_requester") or 0)
        if requester is None:
            addresses = given.get("_users_id_requester_notif", {}).get("alternative_email") or [""]
            requester = self.person(addresses[0]) if addresses[0] else self.us
        ticket = self.make(
            requester, given.get("name") or "", given["content"], status=str(given.get("status", 1)),
            priority=str(given.get("priority", 3)), by=self.us, externalid=given.get("externalid"),
        )  # fmt: skip
        return JSONResponse({"id": ticket.id, "message": f"Item successfully added: {ticket.subject}"}, 201)

    async def update(self, request: Request) -> Response:
        ticket = self._found(request.path_params["id"])
        given = await self._given(request)
        if str(given.get("status", "1")) not in "123456":
            return JSONResponse([{str(ticket.id): False, "message": "The status is not allowed"}], 207)
        fields = {"name": "subject", "status": "status", "priority": "priority"}
        self.change(ticket, self.us, **{ours: str(given[name]) for name, ours in fields.items() if name in given})
        return JSONResponse([{str(ticket.id): True, "message": ""}])

    async def add_followup(self, request: Request) -> Response:
        given = await self._given(request)
        ticket = self._found(given.get("items_id"))
        if ticket.status == "6":
            raise error(400, "ERROR_GLPI_ADD", "You don't have permission to perform this action.")
        public = not given.get("is_private")
        comment = self.say(ticket, as_read(given["content"]), self.us, public=public, html=given["content"])
        return JSONResponse({"id": comment.id, "message": ""}, 201)

    # --- webhooks ----------------------------------------------------------------------------------------------------

    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        whole = self.resource(ticket)
        document: dict[str, Any] = {"event": {"created": "new", "deleted": "delete"}.get(what, "update"), "item": whole}
        if comment is not None:
            said = self.followup(ticket, comment)
            item = {name: said[name] for name in ("id", "itemtype", "items_id", "content", "timeline_position")}
            person = {"id": comment.author.id, "name": comment.author.name}
            at = f"{comment.created_at.isoformat()}"
            item |= {"is_private": not comment.public, "user": person, "date_creation": at, "date_mod": at}
            document = {"event": "new", "item": item, "parent_item": whole}
        body = json.dumps(document, indent=4)
        at = str(int(self.now().timestamp()))
        signature = hmac.new(self.secret.encode(), (body + at).encode(), hashlib.sha256).hexdigest()
        self.send(body.encode(), {"X-GLPI-signature": signature, "X-GLPI-timestamp": at})

    def resource(self, ticket: StoredTicket) -> dict[str, Any]:
        """As the newer API shows it, which is what webhooks send."""
        team = [{"id": ticket.requester.id, "name": ticket.requester.name, "type": "User", "role": "requester"}]
        return {
            "id": ticket.id, "name": ticket.subject, "content": ticket.description, "is_deleted": ticket.id in self.dustbin,
            "status": {"id": int(ticket.status), "name": NAMES[int(ticket.status)]}, "priority": int(ticket.priority),
            "type": 1, "external_id": ticket.more.get("externalid"), "team": team,
            "entity": {"id": 3, "name": "Training", "completename": ENTITY}, "date": ticket.created_at.isoformat(),
            "date_creation": ticket.created_at.isoformat(), "date_mod": ticket.updated_at.isoformat(),
        }  # fmt: skip

    # --- odds and ends -----------------------------------------------------------------------------------------------

    def _found(self, number: Any, *, deleted: bool = False) -> StoredTicket:
        ticket = self.tickets.get(number) or (self.dustbin.get(number) if deleted else None)
        if ticket is None:
            raise error(404, "ERROR_ITEM_NOT_FOUND", "Item not found")
        return ticket

    async def _given(self, request: Request) -> dict[str, Any]:
        given = (await request.json()).get("input")
        if not isinstance(given, dict):
            raise error(400, "ERROR_BAD_ARRAY", "input parameter must be an array of objects")
        return given

    def _range(self, request: Request) -> tuple[int, int]:
        match = RANGE.fullmatch(request.query_params.get("range", "0-49"))
        if match is None:
            raise error(400, "ERROR_RANGE_WRONG", "range must be in format : [start-end] with integers")
        return int(match[1]), int(match[2])

    def _searched(self, request: Request, rows: list[dict[str, Any]]) -> Response:
        start, end = self._range(request)
        part, total = rows[start : end + 1], len(rows)
        span = f"{start}-{min(end, total - 1)}/{total}"
        told = {"totalcount": total, "count": len(part), "content-range": span, **({"data": part} if part else {})}
        return JSONResponse(told, 200 if len(part) == total else 206, headers={"Content-Range": span})


def _fits(value: Any, kind: str, wanted: str) -> bool:
    """`contains` knows ^ and $; `morethan` leaves out what is equal."""
    if kind == "contains":
        pattern = re.escape(wanted).replace(r"\^", "^", 1).replace(r"\$", "$")
        return re.search(pattern, str(value or ""), re.IGNORECASE) is not None
    if kind == "morethan":
        return str(value) > wanted
    return kind == "equals" and str(value) == wanted
