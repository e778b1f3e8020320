"""Freshservice, as https://api.freshservice.com documents it."""

from typing import Any

from tests.support.helpdesks.desk import Words
from tests.support.helpdesks.freshworks import NAMES, Freshworks, invalid
from tests.support.helpdesks.records import Change, StoredComment, StoredTicket


class Freshservice(Freshworks):
    """Everything in an envelope; lists are sorted by creation and know no other order; the incident's number has a prefix where
    people see it. This account asks for resolution notes."""

    vendor = "freshservice"
    statuses = {"new": "2", "open": "2", "pending": "3", "on_hold": "3", "solved": "4", "closed": "5"}
    means = {"2": "open", "3": "pending"}
    settings = {"resolution_notes": "Solved in Glidepath"}
    orders = frozenset({"created_at"})
    embeds = frozenset({"stats", "requester", "requested_for", "tags", "conversations"})

    def one(self, name: str, thing: dict[str, Any]) -> dict[str, Any]:
        return {name: thing}

    def many(self, name: str, things: list[dict[str, Any]]) -> Any:
        return {name: things}

    def known(self, name: str, words: Words) -> list[str]:
        return [word for word in words if name != "status" or word in "2345"]

    def shows_tags(self, include: set[str]) -> bool:
        return "tags" in include

    def shown(self, ticket: StoredTicket, include: set[str]) -> dict[str, Any]:
        written = {"description": ticket.description, "description_text": ticket.description, "workspace_id": 2}
        return {**super().shown(ticket, include), "type": "Incident", **written}

    def before_update(self, ticket: StoredTicket, given: dict[str, Any]) -> None:
        noted = given.get("resolution_notes") or ticket.more.get("resolution_notes")
        if str(given.get("status", ticket.status)) in ("4", "5") and not noted:
            raise invalid("resolution_notes", "It should not be blank as this is a mandatory field", "missing_field")
        ticket.more["resolution_notes"] = noted

    def template(self, what: str, ticket: StoredTicket, changes: list[Change], comment: StoredComment | None) -> str:
        note = "" if comment is None or not comment.public else comment.body
        return f"""{{"ticket": {{
            "id": "INC-{ticket.id}", "subject": "{ticket.subject}", "status": "{NAMES[ticket.status]}",
            "latest_note": "{note}", "requester_email": "{ticket.requester.email}"}}}}"""
