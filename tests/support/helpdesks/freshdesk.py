"""Freshdesk, as https://developers.freshdesk.com/api/ documents it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.helpdesks.freshworks import NAMES, PRIORITY_NAMES, Freshworks
from tests.support.helpdesks.records import Change, StoredComment, StoredTicket


class Freshdesk(Freshworks):
    """No envelopes; lists end at page 300 and can be sorted by change."""

    vendor = "freshdesk"
    statuses = {"new": "2", "open": "2", "pending": "3", "on_hold": "7", "solved": "4", "closed": "5"}
    means = {"2": "open", "6": "pending"}
    orders = frozenset({"created_at", "due_by", "updated_at", "status"})
    embeds = frozenset({"stats", "requester", "description", "company", "conversations"})
    last_page = 300

    def routes(self) -> list[Route]:
        return [Route("/api/v2/agents/me", self.me, methods=["GET"]), *super().routes()]

    async def me(self, request: Request) -> Response:
        return JSONResponse({"id": self.us.id, "contact": {"email": self.us.email, "name": self.us.name}})

    def one(self, name: str, thing: dict[str, Any]) -> dict[str, Any]:
        return thing

    def many(self, name: str, things: list[dict[str, Any]]) -> Any:
        return things

    def template(self, what: str, ticket: StoredTicket, changes: list[Change], comment: StoredComment | None) -> str:
        event = "{ticket_action:created}"
        if comment is not None:
            event = f"{{note_type:{'public' if comment.public else 'private'}}}"
        elif changes:
            event = f"{{{changes[0].field}:{{from:{changes[0].before},to:{changes[0].after}}}}}"
        return f"""{{"freshdesk_webhook": {{
            "triggered_event": "{event}", "ticket_id": "{ticket.id}", "ticket_subject": "{ticket.subject}",
            "ticket_status": "{NAMES[ticket.status]}", "ticket_priority": "{PRIORITY_NAMES[ticket.priority]}",
            "requester_name": "{ticket.requester.name}", "requester_email": "{ticket.requester.email}"}}}}"""
