"""GitHub's issues, as https://docs.github.com/en/rest/issues documents them."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Declined, SimulatedDesk, What, stamp
from tests.support.helpdesks.records import Change, Person, StoredComment, StoredTicket

REPOSITORY = "acme/helpdesk"
HOME = "https://github.test/repos/" + REPOSITORY
ISSUE = f"/repos/{REPOSITORY}/issues/{{id:int}}"
PRIORITY_LABELS = ("P1", "P2", "P3", "P4")
DOCUMENTS = "https://docs.github.com/rest"


def invalid(field: str) -> Declined:
    errors = [{"resource": "Issue", "field": field, "code": "invalid"}]
    return Declined(422, {"message": "Validation Failed", "errors": errors, "documentation_url": DOCUMENTS})


class GitHub(SimulatedDesk):
    """Lists hold pull requests, too, and only what is open unless asked for more. `status` is `open` or the reason of closing."""

    vendor = "github"
    statuses = {
        "new": "open", "open": "open", "pending": "open", "on_hold": "open", "solved": "completed", "closed": "not_planned",
    }  # fmt: skip
    means = {"open": "open", "duplicate": "closed"}
    priorities = {label: label for label in PRIORITY_LABELS}
    credential = {"kind": "token", "secret": "a-fine-grained-token"}
    settings = {"repository": REPOSITORY}
    internal_comments = False
    first_ticket = 1

    def routes(self) -> list[Route]:
        issues = f"/repos/{REPOSITORY}/issues"
        return [
            Route(f"/repos/{REPOSITORY}", self.repository, methods=["GET"]),
            Route(issues, self.list_issues, methods=["GET"]),
            Route(issues, self.create, methods=["POST"]),
            Route(ISSUE, self.view, methods=["GET"]),
            Route(ISSUE, self.update, methods=["PATCH"]),
            Route(f"{ISSUE}/comments", self.list_comments, methods=["GET"]),
            Route(f"{ISSUE}/comments", self.add_comment, methods=["POST"]),
            Route(f"{ISSUE}/labels", self.add_labels, methods=["POST"]),
            Route(f"{ISSUE}/labels/{{name}}", self.remove_label, methods=["DELETE"]),
        ]

    def unauthorised(self) -> Declined:
        return Declined(401, {"message": "Bad credentials", "documentation_url": DOCUMENTS})

    def answer_headers(self) -> dict[str, str]:
        return {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4987", "X-GitHub-Media-Type": "github.v3"}

    def id_of(self, ticket: StoredTicket) -> str:
        return f"{REPOSITORY}#{ticket.id}"

    def stored(self, ticket_id: str) -> StoredTicket:
        return self.tickets[int(ticket_id.rpartition("#")[2])]

    def ticket_ids(self) -> list[str]:
        return [self.id_of(ticket) for ticket in self.tickets.values() if not ticket.more.get("pull")]

    def reply(
        self, ticket_id: str, body: str, *, by: Literal["agent", "requester"] = "agent", public: bool = True
    ) -> str:
        if not public:
            raise ValueError("on GitHub everybody sees every comment")
        return super().reply(ticket_id, body, by=by)

    def open_pull_request(self, title: str) -> None:
        """It has a number among the issues and is listed with them."""
        number = self.next_id("ticket")
        self.tickets[number] = StoredTicket(
            number, title, "", "open", "", self.agent, self.now(), self.now(), more={"pull": True}
        )

    def made(self, ticket: StoredTicket) -> None:
        super().made(ticket)
        if ticket.priority and ticket.priority not in ticket.tags:
            ticket.tags.append(ticket.priority)

    def changed(self, ticket: StoredTicket, change: Change) -> None:
        super().changed(ticket, change)
        if change.field == "status":
            ticket.more["closed_at"] = None if change.after == "open" else change.at
        if change.field == "priority" and change.by is not self.us:
            ticket.tags = [tag for tag in ticket.tags if tag not in PRIORITY_LABELS] + [change.after]

    # --- reading -----------------------------------------------------------------------------------------------------

    async def repository(self, request: Request) -> Response:
        return JSONResponse({"full_name": REPOSITORY, "has_issues": True})

    async def list_issues(self, request: Request) -> Response:
        asked = request.query_params
        state, sort = asked.get("state", "open"), asked.get("sort", "created")
        if state not in ("open", "closed", "all") or sort not in ("created", "updated", "comments"):
            raise invalid("state" if sort in ("created", "updated", "comments") else "sort")
        since = datetime.fromisoformat(asked["since"]) if "since" in asked else None
        found = [
            ticket for ticket in self.tickets.values()
            if (state == "all" or (ticket.status == "open") == (state == "open"))
            and (since is None or ticket.updated_at >= since)
            and set(filter(None, asked.get("labels", "").split(","))) <= set(ticket.tags)
        ]  # fmt: skip
        found.sort(key=lambda t: t.updated_at if sort == "updated" else t.created_at)
        if asked.get("direction", "desc") == "desc":
            found.reverse()
        return self._page(request, [self.issue(ticket) for ticket in found])

    async def view(self, request: Request) -> Response:
        return JSONResponse(self.issue(self._found(request)))

    async def list_comments(self, request: Request) -> Response:
        ticket = self._found(request)
        return self._page(request, [self.comment(ticket, comment) for comment in ticket.comments])

    def issue(self, ticket: StoredTicket) -> dict[str, Any]:
        is_open = ticket.status == "open"
        reopened = "reopened" if any(change.field == "status" for change in ticket.history) else None
        return {
            "id": 90_000 + ticket.id, "number": ticket.id, "title": ticket.subject, "body": ticket.description or None,
            "state": "open" if is_open else "closed", "state_reason": reopened if is_open else ticket.status,
            "labels": [{"id": 1, "name": tag} for tag in ticket.tags], "user": self.user(ticket.requester), "assignee": None,
            "repository_url": HOME, "url": f"{HOME}/issues/{ticket.id}", "comments": len(ticket.comments),
            "created_at": stamp(ticket.created_at), "updated_at": stamp(ticket.updated_at),
            "closed_at": stamp(ticket.more["closed_at"]) if ticket.more.get("closed_at") else None,
            **({"pull_request": {"url": f"{HOME}/pulls/{ticket.id}"}} if ticket.more.get("pull") else {}),
        }  # fmt: skip

    def comment(self, ticket: StoredTicket, comment: StoredComment) -> dict[str, Any]:
        return {
            "id": comment.id, "body": comment.more.get("written", comment.body), "user": self.user(comment.author),
            "author_association": "MEMBER" if comment.author.agent else "NONE", "issue_url": f"{HOME}/issues/{ticket.id}",
            "created_at": stamp(comment.created_at), "updated_at": stamp(comment.created_at),
        }  # fmt: skip

    def user(self, person: Person) -> dict[str, Any]:
        return {"login": person.email.partition("@")[0], "id": person.id, "type": "User"}

    # --- writing -----------------------------------------------------------------------------------------------------

    async def create(self, request: Request) -> Response:
        given = await request.json()
        if not given.get("title"):
            raise invalid("title")
        labels = [str(label) for label in given.get("labels", [])]
        priority = next((label for label in PRIORITY_LABELS if label in labels), "")
        ticket = self.make(
            self.us, given["title"], given.get("body") or "", status="open", priority=priority, tags=labels
        )
        return JSONResponse(self.issue(ticket), 201)

    async def update(self, request: Request) -> Response:
        ticket = self._found(request)
        given = await request.json()
        if given.get("state", "open") not in ("open", "closed"):
            raise invalid("state")
        if given.get("state_reason") not in (None, "completed", "not_planned", "duplicate", "reopened"):
            raise invalid("state_reason")
        fields = {"subject": given["title"]} if "title" in given else {}
        if "state" in given:
            fields["status"] = "open" if given["state"] == "open" else given.get("state_reason") or "completed"
        self.change(ticket, self.us, **fields)
        return JSONResponse(self.issue(ticket))

    async def add_comment(self, request: Request) -> Response:
        ticket = self._found(request)
        written = (await request.json()).get("body")
        if not written:
            raise invalid("body")
        read = written.partition("<!--")[0].strip()
        return JSONResponse(self.comment(ticket, self.say(ticket, read, self.us, public=True, written=written)), 201)

    async def add_labels(self, request: Request) -> Response:
        ticket = self._found(request)
        self._label(ticket, list(dict.fromkeys([*ticket.tags, *(await request.json())["labels"]])))
        return JSONResponse(self.issue(ticket)["labels"])

    async def remove_label(self, request: Request) -> Response:
        ticket, name = self._found(request), request.path_params["name"]
        if name not in ticket.tags:
            raise Declined(404, {"message": "Label does not exist", "documentation_url": DOCUMENTS})
        self._label(ticket, [tag for tag in ticket.tags if tag != name])
        return JSONResponse(self.issue(ticket)["labels"])

    def _label(self, ticket: StoredTicket, labels: list[str]) -> None:
        ticket.tags = labels
        ticket.updated_at = max(ticket.updated_at, self.now())
        first = next((label for label in PRIORITY_LABELS if label in labels), "")
        if first != ticket.priority:
            self.change(ticket, self.us, priority=first)
        else:
            self.announce("changed", ticket, self.us, [], None)

    # --- webhooks ----------------------------------------------------------------------------------------------------

    def announce(
        self, what: What, ticket: StoredTicket, by: Person, changes: list[Change], comment: StoredComment | None
    ) -> None:
        event, action = "issues", {"created": "opened", "deleted": "deleted"}.get(what, "edited")
        if comment is not None:
            event, action = "issue_comment", "created"
        elif what == "changed":
            fields = {change.field for change in changes}
            action = "edited" if "subject" in fields else "labeled"
            if "status" in fields:
                action = "reopened" if ticket.status == "open" else "closed"
        document = {
            "action": action, "issue": self.issue(ticket), "repository": {"full_name": REPOSITORY}, "sender": self.user(by),
            **({"comment": self.comment(ticket, comment)} if comment is not None else {}),
        }  # fmt: skip
        body = json.dumps(document).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        self.send(body, {
            "X-GitHub-Event": event, "X-GitHub-Delivery": f"delivery-{self.next_id('delivery')}",
            "X-Hub-Signature-256": f"sha256={signature}",
        })  # fmt: skip

    # --- odds and ends -----------------------------------------------------------------------------------------------

    def _found(self, request: Request) -> StoredTicket:
        number = request.path_params["id"]
        if number in self.tickets:
            return self.tickets[number]
        if number <= self._last_id.get("ticket", 0):
            raise Declined(410, {"message": "This issue was deleted", "documentation_url": DOCUMENTS})
        raise Declined(404, {"message": "Not Found", "documentation_url": DOCUMENTS})

    def _page(self, request: Request, things: list[dict[str, Any]]) -> Response:
        size, number = min(int(request.query_params.get("per_page", 30)), 100), int(request.query_params.get("page", 1))
        more = len(things) > number * size
        address = request.url.include_query_params(page=number + 1)
        link = {"Link": f'<{address}>; rel="next", <{address}>; rel="last"'} if more else {}
        return JSONResponse(things[(number - 1) * size : number * size], headers=link)
