"""Machines that write: they are never answered, they answer nobody, and they open no ticket (RFC 3834, RFC 5230, practice)."""

import re
from email.message import EmailMessage

from services.tickets.domain.mail.headers import header, headers

MOST_HOPS = 40
"""Mail systems give up between 25 and 100; one that came this far goes in circles."""
_MACHINES = frozenset({"mailer-daemon", "maildaemon"})
_SUBJECTS = re.compile(
    r"\s*(automatic reply|auto[- ]?reply|autoreply|out of office|automatische antwort|abwesenheitsnotiz|r[ée]ponse automatique"
    r"|respuesta autom[áa]tica|risposta automatica|automatisch antwoord|undeliverable|delivery status notification)\b",
    re.IGNORECASE,
)


def why_automatic(message: EmailMessage, *, mail_from: str, sender: str, mailbox: str) -> str | None:
    """The sign that no person wrote this just now, in words; None if there is none.

    `mail_from` is the return path, `sender` the From address, `mailbox` our own address without what follows `+`.
    """
    local, _, domain = sender.partition("@")
    own_local, _, own_domain = mailbox.casefold().partition("@")
    if (local.partition("+")[0], domain) == (own_local, own_domain):
        return "our own mail came back"
    if len(headers(message, "Received")) > MOST_HOPS:
        return f"it passed more than {MOST_HOPS} mail systems: it goes in circles"
    if not mail_from:
        return "it has no return path, as bounces and automatic answers have none"
    if local in _MACHINES:
        return f"it is from {local}"
    if message.get_content_type() == "multipart/report":
        return "it is a delivery report"
    return _said_in_headers(message) or _said_in_subject(message)


def _said_in_headers(message: EmailMessage) -> str | None:
    submitted = header(message, "Auto-Submitted").partition(";")[0].strip().casefold()
    if submitted and submitted != "no":
        return f"Auto-Submitted: {submitted[:60]}"
    suppress = header(message, "X-Auto-Response-Suppress").casefold()
    if suppress and suppress != "none":
        return f"X-Auto-Response-Suppress: {suppress[:60]}"
    precedence = header(message, "Precedence").casefold()
    if precedence in ("bulk", "junk", "list", "auto_reply"):
        return f"Precedence: {precedence}"
    for name in ("List-Id", "List-Post", "X-Autoreply", "X-Autorespond", "X-Auto-Reply-From", "X-Mail-Autoreply"):
        if headers(message, name):
            return f"it bears {name}"
    return None


def _said_in_subject(message: EmailMessage) -> str | None:
    found = _SUBJECTS.match(header(message, "Subject"))
    return f"its subject begins with “{found[1]}”" if found else None
