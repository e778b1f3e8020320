"""What people do to a ticket: reply, change, link, merge, take back, forgive. Each as the ticket was when they looked at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, in_path, problem_of, reference
from services.gateway.console.desk.ticket import TicketPages
from services.gateway.console.desk.ticket_view import LINKS_BY_HAND, TicketView, ticket_view
from services.gateway.console.desk.words import PRIORITIES, STATUS_MEANS, spaced
from services.gateway.console.sessions import Fields, SignedIn
from shared.clock import new_id
from shared.rest import etag

TEXTS: Final = ("subject", "team", "assignee", "course", "system", "impact", "cause")
CHOICES: Final = ("status", "priority", "kind")
LONG_FORM_BYTES: Final = 256 * 1024
# What the buttons of the reply form do after the words are sent: (status, what is said then).
THEN: Final[Mapping[str, tuple[str, str]]] = {"solve": ("solved", "solved"), "wait": ("pending", "waits")}


@dataclass(frozen=True, slots=True)
class TicketOrders:
    desk: Desk
    pages: TicketPages

    async def reply(self, request: Request) -> Response:
        """Words, and with them perhaps a change of status. Nothing is sent if somebody else changed the status meanwhile."""
        who, form, number = await self._given(request)
        body, then = form.get("body", "").strip(), THEN.get(form.get("then", ""))
        if not body:
            return await self._again(who, number, form, "Write something first.", 422)
        if then is not None:
            now = await self._read(who, number)
            if str(now.version) != form.get("version") and now.text("status") != form.get("was_status"):
                return self._faster(who, now, form, "reply")
        said: dict[str, Any] = {"body": body, "public": form.get("audience", "public") != "internal"}
        if then is not None:
            said["status"] = then[0]
        try:
            await self.desk.send(who, "POST", f"/v1/tickets/{number}/comments", said, form=form)
        except Refused as refused:
            return await self._again(who, number, form, problem_of(refused), refused.status)
        done = then[1] if then else "replied" if said["public"] else "noted"
        return back_to(f"/tickets/{number}#words-end", done)

    async def change(self, request: Request) -> Response:
        """The fields that differ from what the person saw. What somebody else changed meanwhile is never overwritten unseen."""
        who, form, number = await self._given(request)
        now = await self._read(who, number)
        if str(now.version) != form.get("version"):
            return self._faster(who, now, form, "change")
        try:
            wanted = changes_of(now, form)
        except ValueError as mistake:
            return await self._again(who, number, form, str(mistake), 422)
        if not wanted:
            return back_to(f"/tickets/{number}")
        return await self._patch(who, now, form, wanted, "changed")

    async def attribute(self, request: Request) -> Response:
        """To a wave by hand, or to none."""
        who, form, number = await self._given(request)
        rollout, wave = form.line("rollout"), form.line("wave")
        if not form.get("none") and not (rollout and wave):
            return await self._again(who, number, form, "Name both the rollout and its wave.", 422)
        now = await self._read(who, number)
        if str(now.version) != form.get("version"):
            return self._faster(who, now, form, "attribute")
        wanted = None if form.get("none") else {"rollout": rollout, "wave": wave}
        return await self._patch(who, now, form, {"attribution": wanted}, "changed")

    async def major(self, request: Request) -> Response:
        who, form, number = await self._given(request)
        now = await self._read(who, number)
        on = form.get("major") == "1"
        return await self._patch(who, now, form, {"major": on}, "major" if on else "minor")

    async def link(self, request: Request) -> Response:
        who, form, number = await self._given(request)
        kind, other = form.get("kind", ""), form.line("other").lstrip("#")
        if kind not in LINKS_BY_HAND or not other:
            return await self._again(who, number, form, "Name the other ticket by its number.", 422)
        if form.get("away"):
            return await self._send(who, number, form, "DELETE", f"links/{kind}/{in_path(other)}", None, "unlinked")
        return await self._send(who, number, form, "PUT", f"links/{kind}/{in_path(other)}", None, "linked")

    async def unlink(self, request: Request) -> Response:
        who, form, number = await self._given(request)
        path = f"links/{in_path(form.line('kind'))}/{in_path(form.line('other'))}"
        return await self._send(who, number, form, "DELETE", path, None, "unlinked")

    async def merge(self, request: Request) -> Response:
        """Into another ticket; the page that follows is the one that goes on."""
        who, form, number = await self._given(request)
        into = form.line("into").lstrip("#")
        body = {"into": into, "reason": form.line("reason")}
        if not all(body.values()):
            return await self._again(who, number, form, "Name the ticket that goes on, and say why.", 422)
        return await self._send(who, number, form, "POST", "merge", body, "merged", then=in_path(into))

    async def unmerge(self, request: Request) -> Response:
        who, form, number = await self._given(request)
        return await self._send(who, number, form, "POST", "unmerge", {"reason": form.line("reason")}, "unmerged")

    async def retract(self, request: Request) -> Response:
        who, form, number = await self._given(request)
        path = f"comments/{in_path(str(request.path_params['comment']))}/retract"
        return await self._send(who, number, form, "POST", path, {"reason": form.line("reason")}, "retracted")

    async def exempt(self, request: Request) -> Response:
        who, form, number = await self._given(request)
        path = f"/v1/clocks/{in_path(form.line('clock'))}/exemptions"
        return await self._send(who, number, form, "POST", path, {"reason": form.line("reason")}, "exempted")

    async def revoke(self, request: Request) -> Response:
        who, form, number = await self._given(request)
        path = f"/v1/exemptions/{in_path(form.line('exemption'))}/revoke"
        return await self._send(who, number, form, "POST", path, {"reason": form.line("reason")}, "revoked")

    async def open_there(self, request: Request) -> Response:
        """At a helpdesk as well, with what was said on it."""
        who, form, number = await self._given(request)
        body = {"connector": form.line("connector"), "ownership": {}}
        if not body["connector"]:
            return await self._again(who, number, form, "Choose the helpdesk.", 422)
        return await self._send(who, number, form, "PUT", "remote", body, "sent-there")

    async def keep_here(self, request: Request) -> Response:
        """Cut the link to the helpdesk."""
        who, form, number = await self._given(request)
        return await self._send(who, number, form, "DELETE", "remote", None, "kept-here")

    async def keep_answer(self, request: Request) -> Response:
        """The answer of a solved ticket into its wave's FAQ."""
        who, form, number = await self._given(request)
        now = await self._read(who, number)
        body: dict[str, Any] = {
            "ticket_id": now.ticket_id,
            "question": form.line("question"),
            "answer": form.get("answer", "").strip(),
        }
        body["reviewed"] = bool(form.get("reviewed"))
        return await self._send(who, number, form, "POST", "/v1/faq", body, "faq")

    async def _given(self, request: Request) -> tuple[SignedIn, Fields, str]:
        who, form = await self.desk.form(request, most_bytes=LONG_FORM_BYTES)
        return who, form, reference(request)

    async def _read(self, who: SignedIn, number: str) -> TicketView:
        return ticket_view(await self.desk.get(who, f"/v1/tickets/{number}"))

    async def _patch(
        self, who: SignedIn, now: TicketView, form: Fields, wanted: Mapping[str, Any], done: str
    ) -> Response:
        number = str(now.number)
        try:
            await self.desk.send(who, "PATCH", f"/v1/tickets/{number}", dict(wanted), if_match=etag(now.version))
        except Refused as refused:
            if refused.status == 412:
                return self._faster(who, await self._read(who, number), form, "change")
            return await self._again(who, number, form, problem_of(refused), refused.status)
        return back_to(f"/tickets/{number}", done)

    async def _send(
        self,
        who: SignedIn,
        number: str,
        form: Fields,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        done: str,
        *,
        then: str = "",
    ) -> Response:
        """`path` is within the ticket unless it is absolute; `then` is the ticket to go to."""
        if not path.startswith("/"):
            path = f"/v1/tickets/{number}/{path}"
        try:
            await self.desk.send(who, method, path, body, form=form)
        except Refused as refused:
            return await self._again(who, number, form, problem_of(refused), refused.status)
        return back_to(f"/tickets/{then or number}", done)

    async def _again(self, who: SignedIn, number: str, form: Fields, problem: str, status: int) -> Response:
        """The page as it stands, with what was wrong and what had been typed."""
        return await self.pages.page(who, number, problem=problem, status=status, given=form)

    def _faster(self, who: SignedIn, now: TicketView, form: Fields, what: str) -> Response:
        """Somebody else changed the ticket meanwhile: what they made of it beside what this person wants."""
        typed = {name: value for name, value in form.items() if name not in ("csrf", "once", "version", "was_status")}
        return self.desk.fill(
            "faster.html",
            who,
            status=409,
            here="tickets",
            ticket=now,
            action=f"/tickets/{now.number}/{what}",
            typed=typed,
            again=new_id(),
            rows=_differences(now, typed),
            body=typed.get("body", ""),
        )


def changes_of(now: TicketView, form: Fields) -> dict[str, Any]:
    """What a form asks to be changed: only what it has and what differs. `ValueError` says what cannot be."""
    wanted: dict[str, Any] = {}
    for name in TEXTS:
        if name in form and form.line(name) != now.text(name):
            wanted[name] = form.line(name) or None
    if "subject" in wanted and not wanted["subject"]:
        raise ValueError("A ticket needs a subject.")
    allowed = {"status": STATUS_MEANS, "priority": PRIORITIES}
    for name in CHOICES:
        value = form.line(name)
        if value and value != now.text(name) and value in allowed.get(name, (value,)):
            wanted[name] = value
    if "tags" in form and _tags(form["tags"]) != list(now.raw.get("tags") or ()):
        wanted["tags"] = _tags(form["tags"])
    if "minutes_lost" in form and form.line("minutes_lost") != now.text("minutes_lost"):
        wanted["minutes_lost"] = _minutes(form.line("minutes_lost"))
    return wanted


def _tags(text: str) -> list[str]:
    return list(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))


def _minutes(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise ValueError("Write the time lost in whole minutes.")
    return int(text)


def _differences(now: TicketView, typed: Mapping[str, str]) -> Sequence[tuple[str, str, str]]:
    """(field, as it is now, as this person wants it)."""
    names = [*CHOICES, *TEXTS, "minutes_lost"]
    rows = [(spaced(name).capitalize(), now.text(name), typed[name].strip()) for name in names if name in typed]
    if "tags" in typed:
        rows.append(("Tags", now.tags, ", ".join(_tags(typed["tags"]))))
    if "wave" in typed and "rollout" in typed:
        is_now = " / ".join(str(now.attribution.get(key) or "") for key in ("rollout", "wave")).strip(" /")
        rows.append(("Wave", is_now, "none" if typed.get("none") else f"{typed['rollout']} / {typed['wave']}"))
    return [row for row in rows if row[1] != row[2]]
