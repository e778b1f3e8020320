"""The verbs: a page (or dialog) that says what will happen, and a form that makes it so. Roles are the service's to judge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.gateway.console.behind import Behind, Document, Refused
from services.gateway.console.order_forms import OrderForm, affected, order_form, required_verb
from services.gateway.console.rendering import Pages, zone_of
from services.gateway.console.rollouts import RolloutPages, checked_name
from services.gateway.console.sentences import Tree
from services.gateway.console.sessions import SessionDesk, SignedIn, check_csrf, read_form
from services.gateway.console.views import RolloutView, WaveView
from shared.clock import new_id, render_instant, require_aware
from shared.errors import NotFound

SHOWN_NAMES = 6


class Mistyped(ValueError):
    """Something in the form is missing or wrong; the message says what, in plain words. `where` is the field's name."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True, slots=True)
class Asked:
    """An order that somebody looks at: the rollout as it stands, the wave, the hold, and the form."""

    rollout: RolloutView
    wave: WaveView
    form: OrderForm
    hold: Tree | None = None

    @property
    def allowed(self) -> bool:
        if self.form.verb == "lift":
            return bool(self.hold and self.hold.get("may_lift"))
        return required_verb(self.form.verb) in self.wave.verbs


@dataclass(frozen=True, slots=True)
class OrderPages:
    behind: Behind
    desk: SessionDesk
    pages: Pages
    rollouts: RolloutPages

    async def show(self, request: Request) -> Response:
        who = await self.desk.require(request)
        asked = await self._asked(who, request)
        if not asked.allowed:
            return self._not_offered(who, asked)
        return await self._form(who, asked, given={})

    async def carry_out(self, request: Request) -> Response:
        who = await self.desk.require(request)
        form = await read_form(request)
        check_csrf(form, who)
        asked = await self._asked(who, request)
        if form.get("phase", asked.wave.phase) != asked.wave.phase:
            changed = f"Meanwhile the wave became {asked.wave.look.word.lower()}. Look again, then confirm."
            return await self._form(who, asked, given=form, problem=changed, status=409)
        try:
            body = body_of(asked, form)
        except Mistyped as mistake:
            return await self._form(who, asked, given=form, problem=str(mistake), where=mistake.where, status=422)
        path = f"/v1/rollouts/{asked.rollout.name}/waves/{asked.wave.name}/{asked.form.path}"
        try:
            # The service judges roles and state itself, so a forced order is refused there.
            await self.behind.post(who.identity, "rollout", path, body, once=form.get("once") or new_id())
        except Refused as refused:
            if refused.status not in (409, 422):
                raise
            problem = " ".join([refused.detail, *(detail for _, detail in refused.places)])
            return await self._form(who, asked, given=form, problem=problem, status=refused.status)
        query = urlencode({"done": asked.form.verb, "wave": asked.wave.name})
        return RedirectResponse(f"/rollouts/{asked.rollout.name}?{query}#wave-{asked.wave.name}", status_code=303)

    async def _asked(self, who: SignedIn, request: Request) -> Asked:
        name, wave_name = checked_name(request, "name"), checked_name(request, "wave")
        rollout = await self.rollouts.view(who, name)
        wave = rollout.wave(wave_name)
        if wave is None:
            raise NotFound(f"“{rollout.title}” has no wave of this name.")
        hold_id = request.path_params.get("hold_id")
        hold = next((one for one in wave.holds if one.get("hold_id") == hold_id), None)
        form = order_form(rollout, wave, str(request.path_params.get("verb", "lift")), hold=hold)
        if form is None:
            gone = "This hold is no longer in force." if hold_id else "There is no such order."
            raise NotFound(gone)
        return Asked(rollout, wave, form, hold)

    async def _form(
        self,
        who: SignedIn,
        asked: Asked,
        *,
        given: Mapping[str, str],
        problem: str = "",
        where: str = "",
        status: int = 200,
    ) -> Response:
        return self.pages.fill(
            "order.html",
            who=who,
            status=status,
            here="rollouts",
            zone=asked.rollout.zone,
            rollout=asked.rollout,
            wave=asked.wave,
            form=asked.form,
            hold=asked.hold,
            affected=affected(asked.rollout, asked.wave),
            people=await self._some_people(who, asked),
            given=given,
            problem=problem,
            where=where,
            once=new_id(),
        )

    async def _some_people(self, who: SignedIn, asked: Asked) -> list[str]:
        """A few names, so that a number becomes people; none for those who may not see them."""
        if not asked.wave.progress.members:
            return []
        path = f"/v1/rollouts/{asked.rollout.name}/enrolments"
        try:
            page = await self.behind.get(who.identity, "rollout", path, wave=asked.wave.name, limit=SHOWN_NAMES)
        except Refused:
            return []
        return [str(item.get("name") or item.get("person_id") or "") for item in page.get("items", [])]

    def _not_offered(self, who: SignedIn, asked: Asked) -> Response:
        forbidden = not asked.wave.verbs and not asked.wave.over
        return self.pages.fill(
            "not_offered.html",
            who=who,
            status=403 if forbidden else 409,
            here="rollouts",
            zone=asked.rollout.zone,
            rollout=asked.rollout,
            wave=asked.wave,
            form=asked.form,
            hold=asked.hold,
            forbidden=forbidden,
        )


def body_of(asked: Asked, form: Mapping[str, str]) -> Document:
    """What is sent to the service. `Mistyped`."""
    reason = form.get("reason", "").strip()
    if not reason:
        raise Mistyped("reason", "Say why: the reason is kept in the timeline for everybody who asks later.")
    if asked.form.needs_typing and form.get("typed", "").strip() != asked.wave.name:
        raise Mistyped("typed", f"To confirm, type the wave's name: {asked.wave.name}")
    body: dict[str, Any] = {"reason": reason[:1000]}
    if asked.form.verb == "promote-full":
        body["full"] = True
    if asked.form.offers_roll_back and form.get("roll_back"):
        body["roll_back"] = True
    if asked.form.offers_next_step and form.get("next_step", "").strip():
        body["next_step"] = form["next_step"].strip()[:1000]
    if asked.form.offers_expiry and form.get("expires_at", "").strip():
        body["expires_at"] = _expiry(form["expires_at"].strip(), asked.rollout.zone)
    return body


def _expiry(text: str, zone: str) -> str:
    """`2026-03-02T09:00` of a date field, as wall time in the rollout's zone, as an instant."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise Mistyped("expires_at", "Write the time as in 2026-03-02T09:00.") from error
    if local.tzinfo is None:
        local = local.replace(tzinfo=zone_of(zone))
    return render_instant(require_aware(local))
