"""What a simulated Jira of the cloud and one on a server share: issues, changelog, transitions, comments, searches by JQL."""

import json
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Declined, SimulatedDesk, What, Words
from tests.support.helpdesks.jira_texts import BadJql, compiled, rendered
from tests.support.helpdesks.records import Change, Person, StoredComment, StoredTicket


@dataclass(frozen=True, slots=True)
class Way:
    """A transition: from where (None: from everywhere), to where, and whether its screen asks for a resolution."""

    id: str
    name: str
    start: str | None
    end: str
    asks: bool = False


def declined(message: str = "", status: int = 400, **errors: str) -> Declined:
    return Declined(status, {"errorMessages": [message] if message else [], "errors": errors})


class Jira(SimulatedDesk):
    vendor = "jira"
    priorities: ClassVar[Words] = {"P1": "Highest", "P2": "High", "P3": "Medium", "P4": "Low"}
    precision: ClassVar[timedelta] = timedelta(milliseconds=1)
    first_ticket = 10040
    api: ClassVar[str]
    categories: ClassVar[Words]
    """Its statuses -> `new`, `indeterminate`, `done`."""
    ways: ClassVar[tuple[Way, ...]]
    zone = ZoneInfo("America/Los_Angeles")

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.next_id("key", 40)

    @abstractmethod
    def user(self, person: Person) -> dict[str, Any]: ...

    @abstractmethod
    def document(self, text: str) -> Any:
        """A text as its API tells it."""

    @abstractmethod
    def text(self, document: Any) -> str:
        """A text as it was sent; `Declined` where it is none."""

    def made(self, ticket: StoredTicket) -> None:
        super().made(ticket)
        ticket.more = {
            "key": f"ITSM-{self.next_id('key')}",
            "resolution": None,
            "resolved_at": None,
            "histories": [],
        } | ticket.more

    def changed(self, ticket: StoredTicket, change: Change) -> None:
        super().changed(ticket, change)
        items = [self._item(change.field, change.before, change.after)]
        if change.field == "status":
            finished = self.categories[change.after] == "done"
            resolution = ticket.more["resolution"]
            if finished and resolution is None:
                ticket.more |= {"resolution": ticket.more.pop("resolve_as", "Done"), "resolved_at": change.at}
                items.append(self._item("resolution", None, ticket.more["resolution"]))
            if not finished and resolution is not None:
                ticket.more |= {"resolution": None, "resolved_at": None}
                items.append(self._item("resolution", resolution, None))
        entry = {"id": str(change.id), "author": self.user(change.by), "created": self.told(change.at), "items": items}
        ticket.more["histories"].insert(0, entry)

    def say(self, ticket: StoredTicket, body: str, by: Person, *, public: bool, **more: Any) -> StoredComment:
        if not public and not more:
            more = {"visibility": {"type": "role", "value": "Developers"}}
        return super().say(ticket, body, by, public=public, **more)

    def _item(self, field: str, before: str | None, after: str | None) -> dict[str, Any]:
        name = "summary" if field == "subject" else field
        ids = {"from": before and str(len(before)), "to": after and str(len(after))}
        return {"field": name, "fieldtype": "jira", "fieldId": name, **ids, "fromString": before, "toString": after}

    def told(self, at: datetime) -> str:
        """In the zone of the account, milliseconds and an offset without its colon."""
        there = at.astimezone(self.zone)
        return f"{there:%Y-%m-%dT%H:%M:%S}.{there.microsecond // 1000:03}{there:%z}"

    def common_routes(self) -> list[Route]:
        base = f"/rest/api/{self.api}"
        return [
            Route(f"{base}/myself", self._myself),
            Route(f"{base}/issue", self._create, methods=["POST"]),
            Route(f"{base}/issue/{{id}}", self._issue, methods=["GET", "PUT"]),
            Route(f"{base}/issue/{{id}}/comment", self._comments, methods=["GET", "POST"]),
            Route(f"{base}/issue/{{id}}/transitions", self._transitions, methods=["GET", "POST"]),
            Route(f"{base}/user/search", self._people),
        ]

    def found(self, jql: str) -> list[StoredTicket]:
        """By an index that may lag; sorted by creation."""
        try:
            test = compiled(jql, self.clock(), self.zone)
        except BadJql as problem:
            raise declined(str(problem)) from problem
        return sorted(filter(test, self.indexed()), key=lambda ticket: (ticket.created_at, ticket.id))

    def shown(self, ticket: StoredTicket, request: Request) -> dict[str, Any]:
        asked, expanded = (request.query_params.get(name, "").split(",") for name in ("fields", "expand"))
        category = self.categories[ticket.status]
        resolved_at = ticket.more["resolved_at"]
        fields = {
            "summary": ticket.subject, "status": {"name": ticket.status, "statusCategory": {"key": category}},
            "priority": {"name": ticket.priority}, "reporter": self.user(ticket.requester), "assignee": None,
            "created": self.told(ticket.created_at), "updated": self.told(ticket.updated_at), "labels": ticket.tags,
            "project": {"id": "10000", "key": "ITSM"}, "resolutiondate": self.told(resolved_at) if resolved_at else None,
            "description": self.document(ticket.description) if ticket.description else None,
        }  # fmt: skip
        kept = fields if asked == [""] else {name: fields[name] for name in asked if name in fields}
        told = {
            "id": str(ticket.id),
            "key": ticket.more["key"],
            "self": f"{self.base_url}/rest/api/{self.api}/issue/{ticket.id}",
        }
        more: dict[str, Any] = {}
        if "changelog" in expanded:
            more["changelog"] = {
                "startAt": 0,
                "total": len(ticket.more["histories"]),
                "histories": ticket.more["histories"][:40],
            }
        if "renderedFields" in expanded:
            more["renderedFields"] = {"description": rendered(ticket.description)}
        return {**told, "fields": kept, **more}

    async def _myself(self, request: Request) -> Response:
        return JSONResponse(self.user(self.us))

    async def _people(self, request: Request) -> Response:
        wanted = request.query_params.get("query") or request.query_params.get("username") or "-"
        return JSONResponse([self.user(each) for each in self.people.values() if wanted.lower() in each.email.lower()])

    async def _create(self, request: Request) -> Response:
        fields = json.loads(await request.body()).get("fields") or {}
        if (fields.get("project") or {}).get("key") != "ITSM":
            raise declined(project="valid project is required")
        if (fields.get("issuetype") or {}).get("name") != "Task":
            raise declined(issuetype="Specify an issue type")
        self._check(fields)
        if not (fields.get("summary") or "").strip():
            raise declined(summary="You must specify a summary of the issue.")
        reporter = fields.get("reporter") or {}
        asking = next(
            (p for p in self.people.values() if reporter and reporter.items() <= self._reference(p).items()), self.us
        )
        ticket = self.make(
            asking, fields["summary"], self.text(fields["description"]) if fields.get("description") else "", by=self.us,
            priority=(fields.get("priority") or {"name": "Medium"})["name"], tags=fields.get("labels") or (),
        )  # fmt: skip
        return JSONResponse({"id": str(ticket.id), "key": ticket.more["key"]}, 201)

    def _reference(self, person: Person) -> dict[str, str]:
        user = self.user(person)
        return {"id": user["accountId"]} if "accountId" in user else {"name": user["name"]}

    def _check(self, fields: dict[str, Any]) -> None:
        summary = fields.get("summary") or ""
        if "\n" in summary or len(summary) > 255:
            raise declined(summary="The summary is invalid because it contains newline characters or is too long.")
        if any(" " in label for label in fields.get("labels") or ()):
            raise declined(labels="The label contains spaces which is invalid.")
        if "priority" in fields and (fields["priority"] or {}).get("name") not in self.priorities.values():
            raise declined(priority="The priority selected is invalid.")
        for name in ("status", "resolution"):
            if name in fields:
                raise Declined(400, {"errorMessages": [], "errors": {name: "It is not on the appropriate screen."}})

    def issue(self, request: Request) -> StoredTicket:
        wanted = request.path_params["id"]
        for ticket in self.tickets.values():
            if wanted in (str(ticket.id), ticket.more["key"]):
                return ticket
        raise declined("Issue does not exist or you do not have permission to see it.", 404)

    async def _issue(self, request: Request) -> Response:
        ticket = self.issue(request)
        if request.method == "GET":
            return JSONResponse(self.shown(ticket, request))
        fields = json.loads(await request.body()).get("fields") or {}
        self._check(fields)
        given = {"subject": fields.get("summary"), "priority": (fields.get("priority") or {}).get("name")}
        self.change(ticket, self.us, **{name: value for name, value in given.items() if value is not None})
        return Response(status_code=204)

    async def _comments(self, request: Request) -> Response:
        ticket = self.issue(request)
        if request.method == "GET":
            start, size = (int(request.query_params.get(n, d)) for n, d in (("startAt", "0"), ("maxResults", "50")))
            page = [self.said(c, request.query_params.get("expand", "")) for c in ticket.comments[start : start + size]]
            return JSONResponse({"startAt": start, "maxResults": size, "total": len(ticket.comments), "comments": page})
        given = json.loads(await request.body())
        properties = given.get("properties") or []
        hidden = {"key": "sd.public.comment", "value": {"internal": True}} in properties
        visibility = given.get("visibility")
        if visibility and visibility.get("value") != "Developers":
            raise declined(
                commentLevel="You are currently not a member of the project role: " + str(visibility.get("value"))
            )
        body = self.text(given.get("body"))
        if not body.strip():
            raise declined(comment="Comment body can not be empty!")
        public = not hidden and not visibility
        comment = self.say(ticket, body, self.us, public=public, properties=properties, visibility=visibility)
        return JSONResponse(self.said(comment, ""), 201)

    async def _transitions(self, request: Request) -> Response:
        ticket = self.issue(request)
        ways = [way for way in self.ways if way.start in (None, ticket.status) and way.end != ticket.status]
        if request.method == "GET":
            wanted = request.query_params.get("transitionId")
            asks = request.query_params.get("expand") == "transitions.fields"
            shown = [self._way(way, asks) for way in ways if wanted in (None, way.id)]
            return JSONResponse({"expand": "transitions", "transitions": shown})
        given = json.loads(await request.body())
        way = next((each for each in ways if each.id == str((given.get("transition") or {}).get("id"))), None)
        if way is None:
            raise declined("It is not on the appropriate screen, or the transition is not valid for this issue.")
        resolution = ((given.get("fields") or {}).get("resolution") or {}).get("name")
        if way.asks and resolution not in ("Fixed", "Won't Fix"):
            raise declined(resolution="Resolution is required." if resolution is None else "is not valid")
        if not way.asks and resolution is not None:
            raise declined(
                resolution="Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown."
            )
        if resolution:
            ticket.more["resolve_as"] = resolution
        self.change(ticket, self.us, status=way.end)
        return Response(status_code=204)

    def _way(self, way: Way, asks: bool) -> dict[str, Any]:
        to = {"name": way.end, "statusCategory": {"key": self.categories[way.end]}}
        allowed = [{"id": "1", "name": "Fixed"}, {"id": "2", "name": "Won't Fix"}]
        fields = {"resolution": {"required": True, "allowedValues": allowed}} if way.asks else {}
        return {"id": way.id, "name": way.name, "to": to, **({"fields": fields} if asks else {})}

    def said(self, comment: StoredComment, expand: str) -> dict[str, Any]:
        at = self.told(comment.created_at)
        told = {
            "id": str(comment.id), "author": self.user(comment.author), "body": self.document(comment.body),
            "updateAuthor": self.user(comment.author), "created": at, "updated": at,
        }  # fmt: skip
        if comment.more.get("visibility"):
            told["visibility"] = comment.more["visibility"]
        if "renderedBody" in expand:
            told["renderedBody"] = rendered(comment.body)
        if "properties" in expand:
            told["properties"] = comment.more.get("properties") or []
        return told

    # --- webhooks ---------------------------------------------------------------------------------------------------

    def hook(self, event: str, ticket: StoredTicket, **more: Any) -> dict[str, Any]:
        """The document of a webhook: texts are plain there, in the cloud, too."""
        shown = self.shown(ticket, Request({"type": "http", "query_string": b"", "headers": []}))
        shown["fields"]["description"] = ticket.description or None
        return {"timestamp": int(self.clock().timestamp() * 1000), "webhookEvent": event, "issue": shown, **more}

    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        user = {"user": self.user(by)}
        if what == "created":
            self.post(self.hook("jira:issue_created", ticket, **user, issue_event_type_name="issue_created"))
        elif what == "deleted":
            self.post(self.hook("jira:issue_deleted", ticket, **user))
        elif comment is not None:
            self.announce_comment(ticket, comment)
        for change in changes:
            entry = next(each for each in ticket.more["histories"] if each["id"] == str(change.id))
            log = {"changelog": {"id": entry["id"], "items": entry["items"]}}
            self.post(self.hook("jira:issue_updated", ticket, **user, issue_event_type_name="issue_generic", **log))

    @abstractmethod
    def announce_comment(self, ticket: StoredTicket, comment: StoredComment) -> None: ...

    @abstractmethod
    def post(self, document: dict[str, Any]) -> None: ...
