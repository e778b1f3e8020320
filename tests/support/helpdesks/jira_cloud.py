"""Jira in the cloud: documents instead of texts, pages by token, people by account ids, an internal comment by its property."""

import base64
import hashlib
import hmac
import json
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.desk import Words
from tests.support.helpdesks.jira import Jira, Way, declined
from tests.support.helpdesks.records import Person, StoredComment, StoredTicket

STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Waiting for customer": "indeterminate", "Done": "done"}


class JiraCloud(Jira):
    api = "3"
    statuses: ClassVar[Words] = {
        "new": "To Do", "open": "In Progress", "pending": "Waiting for customer", "on_hold": "Waiting for customer",
        "solved": "Done", "closed": "Done",
    }  # fmt: skip
    categories: ClassVar[Words] = STATUSES
    # A simplified workflow: from everywhere to everywhere, and `Done` sets the resolution by itself.
    ways: ClassVar[tuple[Way, ...]] = tuple(Way(str(11 + n), name, None, name) for n, name in enumerate(STATUSES))
    credential = {"kind": "basic", "user": "glidepath@helpdesk.example", "secret": "ATATT-1"}
    settings = {"api": "3", "project": "ITSM", "internal": "service"}

    def routes(self) -> list[Route]:
        return [
            *self.common_routes(),
            Route("/rest/api/3/search/jql", self._search),
            Route("/rest/api/3/search", self._removed),
        ]

    def user(self, person: Person) -> dict[str, Any]:
        # Addresses are told of those only who let them be seen.
        seen = {} if person.agent else {"emailAddress": person.email}
        return {"accountId": f"5c5f88-{person.id}", "displayName": person.name, "accountType": "atlassian", **seen}

    def document(self, text: str) -> Any:
        lines = [
            {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []}
            for line in text.splitlines()
        ]
        return {"type": "doc", "version": 1, "content": lines}

    def text(self, document: Any) -> str:
        if not isinstance(document, dict) or (document.get("type"), document.get("version")) != ("doc", 1):
            raise declined(comment="Comment body is not valid!")
        return "\n".join(_flat(node) for node in document.get("content", []))

    def said(self, comment: StoredComment, expand: str) -> dict[str, Any]:
        return {**super().said(comment, expand), "jsdPublic": comment.public}

    async def _removed(self, request: Request) -> Response:
        raise declined("The requested API has been removed. Please use the /rest/api/3/search/jql API.", 410)

    async def _search(self, request: Request) -> Response:
        size = min(int(request.query_params.get("maxResults", 50)), 100)
        token = request.query_params.get("nextPageToken")
        start = int(base64.b64decode(token)) if token else 0
        found = self.found(request.query_params.get("jql", ""))
        if "fields" not in request.query_params:  # ids only, unless told otherwise
            return JSONResponse({"issues": [{"id": str(t.id)} for t in found[start : start + size]], "isLast": True})
        more = start + size < len(found)
        following = {"nextPageToken": base64.b64encode(str(start + size).encode()).decode()} if more else {}
        page = [self.shown(ticket, request) for ticket in found[start : start + size]]
        return JSONResponse({"issues": page, "isLast": not more, **following})

    def announce_comment(self, ticket: StoredTicket, comment: StoredComment) -> None:
        said = {**self.said(comment, ""), "body": comment.body}
        self.post(self.hook("comment_created", ticket, comment=said))

    def post(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        signed = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        identifier = f"d-{self.next_id('delivery')}"
        self.send(body, {"X-Hub-Signature": f"sha256={signed}", "X-Atlassian-Webhook-Identifier": identifier})


def _flat(node: dict[str, Any]) -> str:
    if node.get("type") == "text":
        if not node.get("text"):
            raise declined(comment="Comment body is not valid!")  # a text node holds at least one character
        return str(node["text"])
    if node.get("type") == "hardBreak":
        return "\n"
    return "".join(_flat(each) for each in node.get("content", []))
