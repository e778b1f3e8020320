"""ServiceNow's Table API: texts only, UTC without saying so, queries in the zone of the account, a priority that is computed."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Declined, SimulatedDesk, What, Words
from tests.support.helpdesks.records import Change, Person, StoredComment, StoredTicket

_CONDITION = re.compile(r"([\w.]+?)(>=|<=|!=|=|IN|LIKE)(.*)")
# Impact and urgency to priority, as it comes.
MATRIX = {"11": "1", "12": "2", "21": "2", "13": "3", "22": "3", "31": "3", "23": "4", "32": "4", "33": "5"}
LOOK_UP = {"1": ("1", "1"), "2": ("2", "1"), "3": ("2", "2"), "4": ("3", "2"), "5": ("3", "3")}


def sys_id(kind: str, number: int) -> str:
    return hashlib.md5(f"{kind}{number}".encode()).hexdigest()


def failure(status: int, message: str, detail: str) -> Declined:
    return Declined(status, {"error": {"message": message, "detail": detail}, "status": "failure"})


class ServiceNow(SimulatedDesk):
    vendor = "servicenow"
    # A state, and what it is held for.
    statuses: ClassVar[Words] = {
        "new": "1",
        "open": "2",
        "pending": "3/1",
        "on_hold": "3/4",
        "solved": "6",
        "closed": "7",
    }
    priorities: ClassVar[Words] = {"P1": "1", "P2": "2", "P3": "3", "P4": "4"}
    credential = {"kind": "basic", "user": "glidepath", "secret": "itil-password"}
    settings = {"zone": "Europe/Berlin", "close_code": "Solved (Permanently)"}
    error_200 = b'{"result": [], "error": {"message": "Transaction cancelled: it ran too long"}, "status": "failure"}'
    webhooks_bring_comments = False
    zone = ZoneInfo("Europe/Berlin")

    def routes(self) -> list[Route]:
        base = "/api/now/table"
        return [
            Route(f"{base}/incident", self._incidents, methods=["GET", "POST"]),
            Route(f"{base}/incident/{{id}}", self._incident, methods=["GET", "PATCH"]),
            Route(f"{base}/sys_journal_field", self._journal),
            Route(f"{base}/sys_user", self._users),
        ]

    def unauthorised(self) -> Declined:
        return failure(401, "User Not Authenticated", "Required to provide Auth information")

    def id_of(self, ticket: StoredTicket) -> str:
        return sys_id("incident", ticket.id)

    def stored(self, ticket_id: str) -> StoredTicket:
        return next(ticket for ticket in self.tickets.values() if self.id_of(ticket) == ticket_id)

    def our_priority(self, word: str) -> str:
        return {"1": "P1", "2": "P2", "3": "P3"}.get(word, "P4")

    def made(self, ticket: StoredTicket) -> None:
        super().made(ticket)
        ticket.more = {"correlation_id": "", "resolved_at": "", "closed_at": "", "close_code": ""} | ticket.more
        ticket.more.setdefault("weight", LOOK_UP[ticket.priority])
        self._finish(ticket, ticket.status, ticket.created_at)

    def changed(self, ticket: StoredTicket, change: Change) -> None:
        super().changed(ticket, change)
        if change.field == "status":
            self._finish(ticket, change.after, change.at)
        if change.field == "priority":
            ticket.more["weight"] = LOOK_UP[change.after]

    def _finish(self, ticket: StoredTicket, state: str, at: datetime) -> None:
        if state in ("6", "7") and not ticket.more["resolved_at"]:
            ticket.more["resolved_at"] = told(at)
        if state == "7":
            ticket.more["closed_at"] = told(at)
        if state not in ("6", "7"):
            ticket.more |= {"resolved_at": "", "closed_at": ""}

    def _row(self, ticket: StoredTicket) -> dict[str, str]:
        """Everything is a text; what is unset is an empty one."""
        state, _, hold = ticket.status.partition("/")
        by = ticket.requester
        return {
            "sys_id": self.id_of(ticket), "number": f"INC{ticket.id:07}", "short_description": ticket.subject,
            "description": ticket.description, "state": state, "incident_state": state, "hold_reason": hold,
            "priority": ticket.priority, "impact": ticket.more["weight"][0], "urgency": ticket.more["weight"][1],
            "caller_id": sys_id("user", by.id), "caller_id.email": by.email, "caller_id.user_name": user_name(by),
            "assigned_to": "", "assigned_to.email": "", "assignment_group": "", "assignment_group.name": "",
            "sys_created_on": told(ticket.created_at), "sys_updated_on": told(ticket.updated_at),
            "sys_mod_count": str(len(ticket.history) + len(ticket.comments)), "resolved_at": ticket.more["resolved_at"],
            "closed_at": ticket.more["closed_at"], "correlation_id": ticket.more["correlation_id"], "comments": "",
            "sys_class_name": "incident", "active": "false" if state in ("7", "8") else "true",
        }  # fmt: skip

    async def _incidents(self, request: Request) -> Response:
        if request.method == "GET":
            return self._page(request, [self._row(ticket) for ticket in self.tickets.values()])
        given = json.loads(await request.body())
        state = self._state(given, "1")
        weight = (given.get("impact", "3"), given.get("urgency", "3"))
        caller = next((p for p in self.people.values() if sys_id("user", p.id) == given.get("caller_id")), self.us)
        ticket = self.make(
            caller, given.get("short_description", ""), given.get("description", ""), priority=MATRIX["".join(weight)],
            by=self.us, status=state, correlation_id=given.get("correlation_id", ""), weight=weight,
        )  # fmt: skip
        return JSONResponse({"result": self._shown(request, self._row(ticket))}, 201)

    async def _incident(self, request: Request) -> Response:
        try:
            ticket = self.stored(request.path_params["id"])
        except StopIteration as error:
            detail = "Record doesn't exist or ACL restricts the record retrieval"
            raise failure(404, "No Record found", detail) from error
        if request.method == "PATCH":
            given = json.loads(await request.body())
            if ticket.status == "7" and set(given) - {"work_notes", "comments"}:
                raise failure(403, "Operation Failed", "ACL Exception Update Failed due to security constraints")
            fields: dict[str, str] = {}
            if "state" in given or "hold_reason" in given:
                fields["status"] = self._state(given, ticket.status.partition("/")[0])
            if "impact" in given or "urgency" in given:
                impact, urgency = ticket.more["weight"]
                fields["priority"] = MATRIX[given.get("impact", impact) + given.get("urgency", urgency)]
            if "short_description" in given:
                fields["subject"] = given["short_description"]
            self.change(ticket, self.us, **fields)
            for name in ("comments", "work_notes"):
                if given.get(name):
                    self.say(ticket, given[name], self.us, public=name == "comments")
        return JSONResponse({"result": self._shown(request, self._row(ticket))})

    def _state(self, given: dict[str, Any], state: str) -> str:
        """`Declined` where a data policy misses a field."""
        state = str(given.get("state", state))
        missing = {"6": ("close_code", "close_notes"), "7": ("close_code", "close_notes"), "3": ("hold_reason",)}.get(
            state, ()
        )
        names = {"close_code": "Resolution code", "close_notes": "Resolution notes", "hold_reason": "On hold reason"}
        if lacking := [names[name] for name in missing if not given.get(name)]:
            detail = f"Error: Data Policy Exception: The following fields are mandatory: {', '.join(lacking)}"
            raise failure(403, "Operation Failed", detail)
        return f"3/{given['hold_reason']}" if state == "3" else state

    async def _journal(self, request: Request) -> Response:
        rows = [
            {
                "sys_id": sys_id("journal", comment.id), "element": "comments" if comment.public else "work_notes",
                "element_id": self.id_of(ticket), "value": comment.body, "name": "incident",
                "sys_created_on": told(comment.created_at), "sys_created_by": user_name(comment.author),
            }
            for ticket in self.tickets.values() for comment in ticket.comments
        ]  # fmt: skip
        return self._page(request, rows)

    async def _users(self, request: Request) -> Response:
        people = self.people.values()
        rows = [{"sys_id": sys_id("user", p.id), "email": p.email, "user_name": user_name(p)} for p in people]
        return self._page(request, rows)

    def _page(self, request: Request, rows: list[dict[str, str]]) -> Response:
        """An unknown field in a query is left out of it, which finds more than was meant."""
        query = request.query_params.get("sysparm_query", "")
        for condition in query.split("^"):
            if match := _CONDITION.fullmatch(condition) if not condition.startswith("ORDERBY") else None:
                name, sign, value = match.groups()
                rows = [row for row in rows if name not in row or self._fits(row[name], sign, value)]
        for part in reversed([part for part in query.split("^") if part.startswith("ORDERBY")]):
            down, name = part.startswith("ORDERBYDESC"), part.removeprefix("ORDERBYDESC").removeprefix("ORDERBY")
            rows = sorted(reversed(rows) if down else rows, key=lambda row: row[name], reverse=down)
        start, size = (
            int(request.query_params.get(f"sysparm_{n}", d)) for n, d in (("offset", "0"), ("limit", "10000"))
        )
        page = [self._shown(request, row) for row in rows[start : start + size]]
        return JSONResponse({"result": page}, headers={"x-total-count": str(len(rows))})

    def _fits(self, value: str, sign: str, wanted: str) -> bool:
        if sign == "IN":
            return value in wanted.split(",")
        if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", wanted):
            there = datetime.strptime(wanted, "%Y-%m-%d %H:%M:%S").replace(tzinfo=self.zone)
            wanted = told(there.astimezone(UTC))
        return {"=": value == wanted, "!=": value != wanted, ">=": value >= wanted, "<=": value <= wanted}.get(
            sign, False
        )

    def _shown(self, request: Request, row: dict[str, str]) -> dict[str, Any]:
        """References as a link and a value, unless told otherwise; fields of what is referred to only where they are named."""
        named = [name for name in request.query_params.get("sysparm_fields", "").split(",") if name]
        shown: dict[str, Any] = {name: row.get(name, "") for name in named or row if named or "." not in name}
        if request.query_params.get("sysparm_exclude_reference_link") != "true":
            for name in {"caller_id", "assigned_to", "assignment_group"} & shown.keys():
                if shown[name]:
                    shown[name] = {
                        "link": f"{self.base_url}/api/now/table/sys_user/{shown[name]}",
                        "value": shown[name],
                    }
        return shown

    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        """What a business rule of its administrator's sends."""
        row = self._row(ticket)
        names = {
            "status": ("state", "hold_reason"),
            "priority": ("priority", "impact", "urgency"),
            "subject": ("short_description",),
        }
        updated = [name for change in changes for name in names[change.field]]
        if comment is not None:
            updated = ["comments" if comment.public else "work_notes"]
        values = row if what == "created" else {name: row.get(name, "") for name in updated}
        document = {
            "sys_id": row["sys_id"], "table": "incident", "number": row["number"], "updated_fields": updated,
            "operation": {"created": "insert", "deleted": "delete"}.get(what, "update"), "old_values": {},
            "new_values": values, "updated_by": user_name(by), "updated_on": row["sys_updated_on"],
        }  # fmt: skip
        self.send(json.dumps(document).encode(), {"Authorization": f"Bearer {self.secret}"})


def told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def user_name(person: Person) -> str:
    return person.email.partition("@")[0]
