"""The public form: what may be chosen, what was filled in, and what is wrong with it, field by field."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

from fastapi import Request

from services.tickets.domain.policy import Priority
from services.tickets.ports.channel import Wave
from services.tickets.usecases.support import Problem

FORM_TYPE = "application/x-www-form-urlencoded"
MOST_BYTES = 128 * 1024
MOST_FIELDS = 60
MOST_MINUTES = 100_000
LONGEST = {"name": 200, "email": 254, "subject": 300, "description": 20_000, "affected": 300, "impact": 2_000}
LABELS = {
    "name": "Your name",
    "email": "Your e-mail address",
    "subject": "What happened, in one line",
    "description": "More about it",
    "affected": "What is affected",
    "cause": "What do you think it is",
    "minutes_lost": "Time lost so far",
    "urgency": "How bad is it",
    "impact": "Who cannot do what because of it",
    "website": "The field that stays empty",
}
CAUSES = {
    "": "I do not know",
    "access": "No access, or a login that fails",
    "network": "Slow or broken connection, video that stalls",
    "device": "Device, sound or picture",
    "software": "A program that fails",
    "content": "Wrong or missing content",
    "how-to": "I do not know how to do it",
    "other": "Something else",
}
URGENCIES = {
    "P1": "Many people cannot work",
    "P2": "I cannot work",
    "P3": "I can work, but it is hard",
    "P4": "It is a question or a wish",
}
THE_COURSE, SOMETHING_ELSE = "course", "else"
FIELDS = ("name", "email", "subject", "description", "affected", "cause", "minutes_lost", "urgency", "impact")
_EMAIL = re.compile(r"[^@\s\"(),:;<>\\]{1,64}@[^@\s\"(),:;<>\\]{1,189}")
_FORM_ID = re.compile(r"[0-9a-f]{32}")
_ENTRY_ID = re.compile(r"[0-9a-f-]{36}")
# Line ends and tabs are all that a text needs of what cannot be seen; NUL no database keeps.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class FormUnreadable(Exception):
    """`status` and what to tell the person."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


async def read_form(request: Request) -> dict[str, str]:
    """The submitted fields, the last of each name. `FormUnreadable` for what no form of ours sends."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM_TYPE:
        raise FormUnreadable(415, "Please use the form on the page itself.")
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise FormUnreadable(
            413, "That is more than the form takes. Please shorten it; more can be sent by e-mail later."
        )
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise FormUnreadable(400, "What was sent is not a filled-in form.") from error
    return {name: cleaned(values[-1]) for name, values in fields.items()}


def cleaned(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def form_id_of(form: Mapping[str, str]) -> str:
    """The form's own id, by which sending it twice is sending it once; a new one for a new form."""
    given = form.get("form_id", "")
    return given if _FORM_ID.fullmatch(given) else uuid4().hex


def answered_in(form: Mapping[str, str]) -> str | None:
    """The entry that answered it, if the person said so."""
    given = form.get("answered", "")
    return given if _ENTRY_ID.fullmatch(given) else None


def shown_in(form: Mapping[str, str]) -> list[str]:
    return [each for each in form.get("shown", "").split(",")[:10] if _ENTRY_ID.fullmatch(each)]


def systems_of(wave: Wave | None) -> dict[str, str]:
    """What a wave's form offers as affected; empty where it is asked in free words."""
    if wave is None:
        return {}
    course = {THE_COURSE: f"The course: {wave.title}"} if wave.courses else {}
    return {**course, **{f"system:{name}": name for name in wave.systems}, SOMETHING_ELSE: "Something else"}


def problems_in(form: Mapping[str, str], wave: Wave | None) -> dict[str, str]:
    """Field -> what to do about it, in the order of the page; empty when it can be sent."""
    found: dict[str, str] = {}
    for field, most in LONGEST.items():
        if len(form.get(field, "")) > most:
            found[field] = f"Please use at most {most} characters."
    if not form.get("name"):
        found["name"] = "Please write your name."
    if not _EMAIL.fullmatch(form.get("email", "")):
        found["email"] = "Please write an address like name@example.org."
    if not form.get("subject") or "\n" in form["subject"]:
        found["subject"] = "Please say in one line what happened."
    systems = systems_of(wave)
    if systems and form.get("affected") not in systems:
        found["affected"] = "Please choose one."
    if form.get("cause", "") not in CAUSES:
        found["cause"] = "Please choose one of the list."
    minutes = form.get("minutes_lost", "")
    if minutes and not (minutes.isascii() and minutes.isdigit() and int(minutes) <= MOST_MINUTES):
        found["minutes_lost"] = f"Please write a whole number of minutes, at most {MOST_MINUTES}, or nothing."
    if form.get("urgency") not in URGENCIES:
        found["urgency"] = "Please choose one."
    if form.get("urgency") == "P1" and not form.get("impact"):
        found["impact"] = "Please say who cannot do what: with that, others know why this goes first."
    if form.get("website"):
        found["website"] = "Please leave it empty. If your browser filled it in, clear it."
    return {field: found[field] for field in LABELS if field in found}


def problem_of(form: Mapping[str, str], form_id: str, wave: Wave | None) -> Problem:
    """A form without faults as what is to be raised."""
    affected = form.get("affected", "")
    system: str | None = affected or None
    course = None
    if wave is not None:
        system = affected.removeprefix("system:") if affected.startswith("system:") else None
        course = next(iter(wave.courses.values()), None) if affected == THE_COURSE else None
    return Problem(
        form_id=form_id,
        name=form["name"],
        email=form["email"],
        subject=form["subject"],
        description=form.get("description", ""),
        system=system,
        course=course,
        cause=form.get("cause") or None,
        minutes_lost=int(form["minutes_lost"]) if form.get("minutes_lost") else None,
        priority=Priority(form["urgency"]),
        impact=form.get("impact") or None,
        wave=wave,
        about_wave=wave is not None and affected != SOMETHING_ELSE,
    )


def rows_of(form: Mapping[str, str], wave: Wave | None) -> list[tuple[str, str]]:
    """What is about to be sent, label by label, as the person chose it."""
    words: dict[str, Mapping[str, Any]] = {"cause": CAUSES, "urgency": URGENCIES, "affected": systems_of(wave)}
    rows = [
        (LABELS[field], str(words.get(field, {}).get(form.get(field, ""), form.get(field, "")))) for field in FIELDS
    ]
    return [(label, value) for label, value in rows if value]
