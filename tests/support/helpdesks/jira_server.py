"""Jira on a server or in a data center: wiki texts, pages by number, a classic workflow whose last steps ask for a resolution."""

import json
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Words
from tests.support.helpdesks.jira import Jira, Way, declined
from tests.support.helpdesks.records import Person, StoredComment, StoredTicket


class JiraServer(Jira):
    api = "2"
    statuses: ClassVar[Words] = {
        "new": "Open", "open": "In Progress", "pending": "In Progress", "on_hold": "In Progress",
        "solved": "Resolved", "closed": "Closed",
    }  # fmt: skip
    means: ClassVar[Words] = {"Reopened": "open"}
    categories: ClassVar[Words] = {
        "Open": "new", "In Progress": "indeterminate", "Reopened": "new", "Resolved": "done", "Closed": "done",
    }  # fmt: skip
    ways: ClassVar[tuple[Way, ...]] = (
        *(Way("4", "Start Progress", start, "In Progress") for start in ("Open", "Reopened")),
        Way("301", "Stop Progress", "In Progress", "Open"),
        *(Way("5", "Resolve Issue", start, "Resolved", asks=True) for start in ("Open", "In Progress", "Reopened")),
        *(Way("2", "Close Issue", start, "Closed", asks=True) for start in ("Open", "In Progress", "Reopened")),
        Way("701", "Close Issue", "Resolved", "Closed"),
        *(Way("3", "Reopen Issue", start, "Reopened") for start in ("Resolved", "Closed")),
    )
    credential = {"kind": "token", "secret": "personal-access-token"}
    settings = {"api": "2", "project": "ITSM", "internal": "Developers", "resolution": "Fixed"}
    secret = "allow:192.0.2.7"  # it signs nothing

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.base_url = "https://jira-server.test"

    def routes(self) -> list[Route]:
        return [*self.common_routes(), Route("/rest/api/2/search", self._search)]

    def user(self, person: Person) -> dict[str, Any]:
        name = person.email.partition("@")[0]
        told = {"key": f"JIRAUSER{person.id}", "emailAddress": person.email, "displayName": person.name, "active": True}
        return {"name": name, **told}

    def document(self, text: str) -> Any:
        return text

    def text(self, document: Any) -> str:
        if not isinstance(document, str):
            raise declined(comment="Operation value must be a string")
        return document

    async def _search(self, request: Request) -> Response:
        start = int(request.query_params.get("startAt", 0))
        size = min(int(request.query_params.get("maxResults", 50)), 100)
        found = self.found(request.query_params.get("jql", ""))
        page = [self.shown(ticket, request) for ticket in found[start : start + size]]
        return JSONResponse({"startAt": start, "maxResults": size, "total": len(found), "issues": page})

    def announce_comment(self, ticket: StoredTicket, comment: StoredComment) -> None:
        """Twice: by itself, where only its address names the issue, and inside an update of the issue."""
        address = f"{self.base_url}/rest/api/2/issue/{ticket.id}/comment/{comment.id}"
        said = {"self": address, **self.said(comment, "")}
        stamp = int(self.clock().timestamp() * 1000)
        self.post({"timestamp": stamp, "webhookEvent": "comment_created", "comment": said})
        user = self.user(comment.author)
        self.post(
            self.hook("jira:issue_updated", ticket, user=user, issue_event_type_name="issue_commented", comment=said)
        )

    def post(self, document: dict[str, Any]) -> None:
        self.send(json.dumps(document).encode(), {"X-Atlassian-Webhook-Identifier": f"d-{self.next_id('delivery')}"})
