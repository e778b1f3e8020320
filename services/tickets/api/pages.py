"""The desk's public pages, filled: HTML and one style sheet, no script, nothing from elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.tickets.api.forms import CAUSES, FIELDS, LABELS, URGENCIES, rows_of, systems_of
from services.tickets.domain.dossier import Dossier
from services.tickets.domain.faq import Entry
from services.tickets.domain.policy import Status
from services.tickets.domain.promise import promises_of, spoken, time_left
from services.tickets.domain.ticket import Ticket
from services.tickets.ports.channel import Wave
from services.tickets.usecases.support import Followed

TEMPLATES = Path(__file__).parent.parent / "templates"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # A ticket's address bears its link: it must not travel on, be kept, or be found.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
STANDING = {
    Status.NEW: ("We have it", "Nobody has begun to work on it yet."),
    Status.OPEN: ("It is being worked on", "You will get an e-mail when there is an answer."),
    Status.PENDING: ("We wait for you", "There is a question for you below. Until you answer, the work waits."),
    Status.ON_HOLD: ("It waits for somebody else", "For example for a supplier. Nothing is asked of you."),
    Status.SOLVED: ("It is marked as solved", "If it is not, say so below, and it is opened again."),
    Status.CLOSED: ("It is closed", "If there is more to say, please raise a new ticket and name this number."),
    Status.UNKNOWN: ("It is being looked at", "You will get an e-mail when there is an answer."),
}
DONE = {
    "said": "What you wrote was sent.",
    "solved": "Thank you. The ticket is marked as solved.",
    "reopened": "Thank you for telling us. The ticket is open again.",
    "withdrawn": "The ticket is withdrawn.",
}


class Pages:
    """The templates, filled. Whatever people wrote is text, never markup."""

    def __init__(self, mail_address: str | None) -> None:
        self._mail_address = mail_address
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.style_sheet = (TEMPLATES / "support.css").read_text(encoding="utf-8")

    def form(
        self,
        wave: Wave | None,
        entries: Sequence[Entry],
        *,
        form_id: str,
        given: Mapping[str, str],
        problems: Mapping[str, str],
        status: int = 200,
    ) -> HTMLResponse:
        """Step one; what was written before is kept in it."""
        return self._fill(
            "help.html",
            status,
            heading=_heading(wave),
            wave=wave,
            entries=entries,
            form_id=form_id,
            given={field: given.get(field, "") for field in FIELDS},
            problems=problems,
            labels=LABELS,
            systems=systems_of(wave),
            causes=CAUSES,
            urgencies=URGENCIES,
            mail_address=self._mail_address,
        )

    def check(
        self, wave: Wave | None, entries: Sequence[Entry], *, form_id: str, given: Mapping[str, str]
    ) -> HTMLResponse:
        """Step two: perhaps it is answered already; and what would be sent."""
        hidden = {field: given.get(field, "") for field in FIELDS}
        hidden |= {"form_id": form_id, "shown": ",".join(entry.entry_id for entry in entries)}
        return self._fill(
            "check.html", 200, heading=_heading(wave), entries=entries, hidden=hidden, rows=rows_of(given, wave)
        )

    def receipt(self, dossier: Dossier, *, again: str, now: datetime) -> HTMLResponse:
        """Number and promise, and nothing of what is in the ticket: the address is not proved yet."""
        promises = _promises(dossier, None, now)
        shown = [promise for promise in promises if promise["spoken"]]
        return self._fill("receipt.html", 200, number=dossier.ticket.number, promises=shown, again=again)

    def ticket(
        self, followed: Followed, now: datetime, *, done: str = "", problem: str = "", text: str = "", status: int = 200
    ) -> HTMLResponse:
        """The ticket as its requester sees it."""
        ticket = followed.dossier.ticket
        zone = followed.zone or next((each.zone for each in promises_of(followed.dossier)), "UTC")
        goes_on = followed.survivor.ticket if followed.survivor is not None else ticket
        title, standing = _standing(ticket, followed.survivor)
        return self._fill(
            "ticket.html",
            status,
            number=ticket.number,
            subject=ticket.subject,
            description=ticket.description,
            opened=spoken(ticket.opened_at, zone),
            asked_by=followed.requester.name or "You",
            standing={"title": title, "text": standing},
            promises=_promises(followed.survivor or followed.dossier, followed.zone, now),
            words=[
                {
                    "author": comment.author_name or "The desk",
                    "at": spoken(comment.at, zone),
                    "body": comment.body,
                    "own": comment.author_id == ticket.requester_id,
                }
                for comment in followed.comments
            ],
            more=followed.more,
            can_write=ticket.status is not Status.CLOSED and ticket.merged_into is None,
            is_solved=goes_on.status.done,
            done=DONE.get(done, ""),
            problems={"text": problem} if problem else {},
            text=text,
            form_id=uuid4().hex,
        )

    def over(self, why: str, *, status: int = 410) -> HTMLResponse:
        """A link of ours that no longer works, with the offer of a new one."""
        return self._fill("over.html", status, why=why)

    def message(
        self, heading: str, *lines: str, status: int = 200, again: str = "", again_text: str = "Back to the form"
    ) -> HTMLResponse:
        return self._fill("message.html", status, heading=heading, lines=lines, again=again, again_text=again_text)

    def _fill(self, template: str, status: int, **values: Any) -> HTMLResponse:
        html = self._templates.get_template(template).render(**values)
        return HTMLResponse(html, status_code=status, headers=HEADERS)


def _heading(wave: Wave | None) -> str:
    return "How can we help?" if wave is None else f"Help with {wave.title}"


def _standing(ticket: Ticket, survivor: Dossier | None) -> tuple[str, str]:
    if survivor is not None:
        title, _ = STANDING[survivor.ticket.status]
        return title, f"Your ticket is about the same as ticket #{survivor.ticket.number} and goes on there."
    if ticket.waits_for is not None and not ticket.status.done:
        return "It waits for a larger problem", "The same keeps others from working; it is being worked on."
    return STANDING[ticket.status]


def _promises(dossier: Dossier, zone: str | None, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "what": promise.what,
            "spoken": spoken(promise.due_at, zone or promise.zone) if promise.due_at is not None else "",
            "left": time_left(promise.due_at, now) if promise.due_at is not None else "",
            "over": promise.missed or (promise.due_at is not None and promise.due_at <= now),
        }
        for promise in promises_of(dossier)
    ]
