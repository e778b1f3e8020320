"""Request Tracker 5: numbers as texts, refusals as sentences in a 200, queries in the zone of whoever asks, and no webhooks."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Declined, SimulatedDesk, What, Words, stamp
from tests.support.helpdesks.records import Change, Person, StoredComment, StoredTicket
from tests.support.helpdesks.rt_query import BadQuery, Row, compiled

UNSET = "1970-01-01T00:00:00Z"
LIFECYCLE = ("new", "open", "stalled", "resolved", "rejected", "deleted")
FIRST = ("new", "open", "resolved")
FINISHED = ("resolved", "rejected")


class RequestTracker(SimulatedDesk):
    vendor = "rt"
    statuses: ClassVar[Words] = {
        "new": "new", "open": "open", "pending": "stalled", "on_hold": "stalled", "solved": "resolved", "closed": "rejected",
    }  # fmt: skip
    priorities: ClassVar[Words] = {"P1": "100", "P2": "75", "P3": "50", "P4": "0"}
    credential = {"kind": "token", "secret": "1-32-c0ffee"}
    settings = {"queue": "General"}
    sends_webhooks = False
    # One series for everything that happens, whatever it happens to.
    series: ClassVar[Words] = {"comment": "transaction", "change": "transaction"}

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.zone = ZoneInfo("America/New_York")
        self.gone: dict[int, StoredTicket] = {}
        self.system = Person(1, "", "RT_System")
        self.next_id("transaction", 46)
        self.next_id("attachment", 4001)

    def routes(self) -> list[Route]:
        base = "/REST/2.0"
        return [
            Route(f"{base}/rt", self._about),
            Route(f"{base}/tickets", self._tickets),
            Route(f"{base}/transactions", self._transactions),
            Route(f"{base}/attachments", self._attachments, methods=["POST"]),
            Route(f"{base}/ticket", self._create, methods=["POST"]),
            Route(f"{base}/ticket/{{id:int}}", self._ticket, methods=["GET", "PUT"]),
            Route(f"{base}/ticket/{{id:int}}/{{kind:str}}", self._message, methods=["POST"]),
        ]

    @property
    def authorization(self) -> str:
        return f"token {self.credential['secret']}"

    def unauthorised(self) -> Declined:
        return Declined(401, {"message": "Unauthorized"})

    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        """Nothing: it has no webhooks."""

    def our_priority(self, word: str) -> str:
        return next(ours for ours, least in (("P1", 88), ("P2", 63), ("P3", 25), ("P4", -1000)) if int(word) >= least)

    def made(self, ticket: StoredTicket) -> None:
        super().made(ticket)
        by = ticket.more.pop("creator", ticket.requester)
        first = StoredComment(
            self.next_id("transaction"), ticket.description, True, by, ticket.created_at, by is self.us
        )
        kept = {"refers_to": (), "queue": "General", "content_type": "text/plain", "resolved": UNSET} | ticket.more
        first.more = {"content_type": kept["content_type"], "attachment": self.next_id("attachment")}
        ticket.more = kept | {
            "first": first,
            "resolved": stamp(ticket.created_at) if ticket.status in FINISHED else UNSET,
        }

    def changed(self, ticket: StoredTicket, change: Change) -> None:
        super().changed(ticket, change)
        if change.field == "status" and change.after in FINISHED:
            ticket.more["resolved"] = stamp(change.at)

    def say(self, ticket: StoredTicket, body: str, by: Person, *, public: bool, **more: Any) -> StoredComment:
        kept = {"content_type": "text/plain", **more, "attachment": self.next_id("attachment")}
        comment = super().say(ticket, body, by, public=public, **kept)
        opens = FINISHED if by is ticket.requester else ("new", *FINISHED)
        if public and ticket.status in opens:
            self.change(ticket, self.system, status="open")  # a scrip that every RT comes with
        return comment

    def delete(self, ticket_id: str) -> None:
        ticket = self.stored(ticket_id)
        super().delete(ticket_id)
        ticket.status, ticket.updated_at = "deleted", self.now()
        self.gone[ticket.id] = ticket  # no search finds it, and who asks for it by its id is told that it was deleted

    # --- REST 2.0 ---------------------------------------------------------------------------------------------------

    async def _about(self, request: Request) -> Response:
        return JSONResponse({"Version": "5.0.3"})

    async def _tickets(self, request: Request) -> Response:
        rows = [(self._row(ticket), ticket) for ticket in self.tickets.values()]
        order = request.query_params.getlist("orderby") or ["id"]
        found = self._found(request, rows)
        found.sort(key=lambda pair: [pair[0][name] for name in order])
        return self._page(request, [self._listed(request, ticket) for _, ticket in found], countable=True)

    async def _transactions(self, request: Request) -> Response:
        rows: list[tuple[Row, dict[str, Any]]] = []
        for ticket in self.tickets.values():
            known = {"ObjectType": "RT::Ticket", "TicketId": ticket.id}
            said = [
                ("Create", ticket.more["first"]),
                *(("Correspond" if c.public else "Comment", c) for c in ticket.comments),
            ]
            rows += [
                ({**known, "Type": kind, "id": c.id}, self._transaction(kind, c.id, c.author, c.created_at))
                for kind, c in said
            ]
            for change in ticket.history:
                kind = "Status" if change.field == "status" else "Set"
                shown = self._transaction(kind, change.id, change.by, change.at)
                rows.append(({**known, "Type": kind, "id": change.id}, shown))
        found = sorted(self._found(request, rows), key=lambda pair: int(pair[0]["id"]))
        return self._page(request, [shown for _, shown in found], countable=False)

    async def _attachments(self, request: Request) -> Response:
        wanted = {
            str(each["value"]) for each in json.loads(await request.body()) if each.get("field") == "TransactionId"
        }
        said = [c for ticket in self.tickets.values() for c in (ticket.more["first"], *ticket.comments)]
        items = [
            {
                "type": "attachment", "id": str(c.more["attachment"]), "TransactionId": str(c.id), "Content": c.body,
                "ContentType": "text/plain", "Filename": "",
                "Headers": f"MIME-Version: 1.0\nContent-Type: {c.more['content_type']}",
            }
            for c in said if str(c.id) in wanted
        ]  # fmt: skip
        return self._page(request, items, countable=False)

    async def _create(self, request: Request) -> Response:
        given = json.loads(await request.body())
        if not given.get("Queue"):
            raise Declined(400, {"message": "Could not create ticket. Queue not set"})
        if given["Queue"] != "General":
            raise Declined(403, {"message": f"No permission to create tickets in the queue '{given['Queue']}'"})
        status = given.get("Status", "new")
        if status not in FIRST:
            raise Declined(400, {"message": f"New tickets can not have status '{status}' in this queue."})
        address = given.get("Requestor")
        ticket = self.make(
            self.person(address) if address else Person(2, "", "nobody"), given.get("Subject", ""), given.get("Content", ""),
            priority=str(given.get("Priority", 0)), status=status, creator=self.us,
            refers_to=(given["RefersTo"],) if given.get("RefersTo") else (), content_type=given.get("ContentType", "text/plain"),
        )  # fmt: skip
        told = {"id": str(ticket.id), "type": "ticket", "_url": f"{self.base_url}/REST/2.0/ticket/{ticket.id}"}
        return JSONResponse(told, 201, {"location": f"/REST/2.0/ticket/{ticket.id}"})

    async def _ticket(self, request: Request) -> Response:
        ticket = self.tickets.get(request.path_params["id"]) or self.gone.get(request.path_params["id"])
        if ticket is None:
            raise Declined(404, {"message": "Not Found"})
        if request.method == "GET":
            return JSONResponse(self._listed(request, ticket, whole=True))
        sentences = []
        for name, value in json.loads(await request.body()).items():
            field = name.lower()
            if field == "status" and value not in LIFECYCLE[:-1]:
                sentences.append(f"Ticket {ticket.id}: Status '{value}' isn't a valid status for this ticket.")
            elif field in ("status", "priority", "subject") and str(getattr(ticket, field)) != str(value):
                sentences.append(f"Ticket {ticket.id}: {name} changed from '{getattr(ticket, field)}' to '{value}'")
                self.change(ticket, self.us, **{field: str(value)})
        return JSONResponse(sentences)

    async def _message(self, request: Request) -> Response:
        given = json.loads(await request.body())
        ticket = self.tickets.get(request.path_params["id"])
        if ticket is None:
            raise Declined(400, {"message": "Message could not be recorded"})
        if not given.get("ContentType"):
            raise Declined(400, {"message": "ContentType is required"})
        public = request.path_params["kind"] == "correspond"
        said = self.say(ticket, given.get("Content", ""), self.us, public=public, content_type=given["ContentType"])
        sentences = ["Correspondence added" if public else "Comments added"]
        if given.get("Status") and given["Status"] != ticket.status:
            sentences.append(f"Status changed from '{ticket.status}' to '{given['Status']}'")
            self.change(ticket, self.us, status=given["Status"])
        return JSONResponse(sentences, 201, {"location": f"/REST/2.0/transaction/{said.id}"})

    def _row(self, ticket: StoredTicket) -> Row:
        return {
            "id": ticket.id, "Status": ticket.status, "Queue": ticket.more["queue"], "Subject": ticket.subject,
            "Created": ticket.created_at, "LastUpdated": ticket.updated_at, "RefersTo": ticket.more["refers_to"],
        }  # fmt: skip

    def _found(self, request: Request, rows: list[tuple[Row, Any]]) -> list[tuple[Row, Any]]:
        try:
            test = compiled(request.query_params.get("query", ""), self.clock(), self.zone)
            return [row for row in rows if test(row[0])]
        except BadQuery as problem:
            raise Declined(400, {"message": str(problem)}) from problem

    def _page(self, request: Request, items: list[dict[str, Any]], *, countable: bool) -> Response:
        size = min(int(request.query_params.get("per_page", 20)), 100)
        number = int(request.query_params.get("page", 1))
        page = items[(number - 1) * size : number * size]
        total = len(items) if countable else None
        counted = {"total": total, "pages": None if total is None else -(-total // size)}
        return JSONResponse({"items": page, "count": len(page), "page": number, "per_page": size, **counted})

    def _listed(self, request: Request, ticket: StoredTicket, *, whole: bool = False) -> dict[str, Any]:
        """Without `fields` a list tells ids only; people's addresses are told where they are asked for."""
        address = f"{self.base_url}/REST/2.0"
        known = {"type": "ticket", "id": str(ticket.id), "_url": f"{address}/ticket/{ticket.id}"}
        asked = request.query_params
        nobody = {"type": "user", "id": "Nobody", "_url": f"{address}/user/Nobody"}
        queue = {"type": "queue", "id": "1", **({"Name": ticket.more["queue"]} if "fields[Queue]" in asked else {})}
        people = [ticket.requester] if ticket.requester.email else []
        links = [{"ref": "refers-to", "type": "external", "_url": link} for link in ticket.more["refers_to"]]
        fields = {
            "Subject": ticket.subject, "Status": ticket.status, "Priority": ticket.priority, "Queue": queue, "Owner": nobody,
            "Requestor": [self._user(each, "EmailAddress" in asked.get("fields[Requestor]", "")) for each in people],
            "Created": stamp(ticket.created_at), "LastUpdated": stamp(ticket.updated_at), "Resolved": ticket.more["resolved"],
            "CustomFields": "", "_hyperlinks": [{"ref": "self", "type": "ticket", "id": ticket.id}, *links],
        }  # fmt: skip
        if whole:
            return {**fields, **known, "id": ticket.id, "CustomFields": []}
        return {**known, **{name: fields.get(name, "") for name in asked.get("fields", "").split(",") if name}}

    def _transaction(self, kind: str, number: int, by: Person, at: datetime) -> dict[str, Any]:
        return {
            "type": "transaction",
            "id": str(number),
            "Type": kind,
            "Creator": self._user(by, True),
            "Created": stamp(at),
        }

    def _user(self, person: Person, address: bool) -> dict[str, Any]:
        name = person.email or person.name
        return {"type": "user", "id": name, **({"Name": name, "EmailAddress": person.email} if address else {})}
