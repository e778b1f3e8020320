"""`/tickets/new`: opening a ticket for somebody, with answers shown that may make it needless."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, has, problem_of
from services.gateway.console.desk.people import people_and_teams
from services.gateway.console.desk.words import KINDS, PRIORITIES
from services.gateway.console.sessions import Fields, SignedIn
from shared.auth import Role

LINES: Final = ("subject", "priority", "kind", "course", "system", "impact", "cause", "team")
ANSWERS: Final = 5
LONG_FORM_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class NewTicketPage:
    desk: Desk

    async def show(self, request: Request) -> Response:
        who = await self.desk.who(request)
        return await self._form(who, {name: value[:300] for name, value in request.query_params.items()})

    async def open(self, request: Request) -> Response:
        who, form = await self.desk.form(request, most_bytes=LONG_FORM_BYTES)
        try:
            made = await self.desk.send(who, "POST", "/v1/tickets", _body(form), form=form)
        except Refused as refused:
            if refused.status not in (409, 422):
                raise
            places = {_field(place): said for place, said in refused.places}
            return await self._form(who, form, problem=problem_of(refused), places=places, status=refused.status)
        return back_to(f"/tickets/{made.document['number']}", "opened")

    async def _form(
        self,
        who: SignedIn,
        given: Mapping[str, str],
        *,
        problem: str = "",
        places: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        subject = given.get("subject", "").strip()
        place = {name: given.get(name) or None for name in ("rollout", "wave")}
        answers = await self.desk.items(who, "/v1/faq", q=subject, limit=ANSWERS, **place) if subject else []
        _, teams = await people_and_teams(self.desk, who)
        return self.desk.fill(
            "new.html",
            who,
            status=status,
            here="tickets",
            given=_for_wave(given),
            place=urlencode({name: value for name, value in place.items() if value}),
            answers=answers,
            kinds=KINDS,
            priorities=PRIORITIES,
            teams=teams,
            for_others=has(who, Role.TRAINING, Role.IT_AGENT, Role.IT_LEAD, Role.INTEGRATION),
            places=places or {},
            problem=problem,
        )


def _for_wave(given: Mapping[str, str]) -> Mapping[str, str]:
    """A form that was opened from a wave's page begins with the tags that count for the wave."""
    if given.get("rollout") and given.get("wave") and "tags" not in given:
        return {**given, "tags": f"rollout:{given['rollout']}, wave:{given['wave']}"}
    return given


def _body(form: Fields) -> dict[str, Any]:
    """Only what was filled in: the service knows what goes without saying."""
    body: dict[str, Any] = {name: form.line(name) for name in LINES if form.line(name)}
    body.setdefault("subject", "")
    if form.get("description", "").strip():
        body["description"] = form["description"].strip()
    if form.line("requester_email"):
        body["requester"] = {"email": form.line("requester_email"), "name": form.line("requester_name")}
    tags = [tag.strip() for tag in form.get("tags", "").split(",") if tag.strip()]
    if tags:
        body["tags"] = tags
    if form.line("minutes_lost").isdigit():
        body["minutes_lost"] = int(form.line("minutes_lost"))
    return body


def _field(pointer: str) -> str:
    """`/requester/email` as the form calls it."""
    name = pointer.removeprefix("body").strip("/").replace("/", "_")
    return name or "subject"
