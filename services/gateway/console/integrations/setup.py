"""Setting a connector up and changing it: its settings, its credential, the webhook's secret, the steps there, taking it away."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import back_to, in_path, problem_of
from services.gateway.console.desk.sync_words import FIELDS, OWNERS
from services.gateway.console.integrations.asking import Outside, by_field, name_of
from services.gateway.console.integrations.connector_form import polls, read, shown
from services.gateway.console.integrations.credential_form import asks, kinds_of, read_credential
from services.gateway.console.integrations.page import SAID
from services.gateway.console.integrations.steps import steps_for
from services.gateway.console.integrations.words import MODES
from services.gateway.console.rendering import zone_of
from services.gateway.console.sessions import Fields, SignedIn
from shared.errors import NotFound
from shared.rest import etag

MENDED: Final = (400, 409, 412, 422, 428)
"""What a form can be filled in better after."""
SECRET_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class SetupPages:
    outside: Outside

    async def new(self, request: Request) -> Response:
        who = await self.outside.desk.who(request)
        vendor = await self._vendor(who, str(request.path_params["vendor"]))
        name = request.query_params.get("name", "")[:63] or str(vendor["vendor"])
        return self._form(who, vendor, None, given=shown(None, vendor, name=name, zone=_zone(who)))

    async def make(self, request: Request) -> Response:
        who, form = await self.outside.desk.form(request, most_fields=100)
        vendor = await self._vendor(who, str(request.path_params["vendor"]))
        return await self._save(who, form, vendor, None, form.line("name"))

    async def edit(self, request: Request) -> Response:
        who, name = await self.outside.desk.who(request), name_of(request)
        connector = await self.outside.connector(who, name)
        vendor = await self._vendor_of(who, connector)
        return self._form(who, vendor, connector, given=shown(connector, vendor, name=name, zone=_zone(who)))

    async def save(self, request: Request) -> Response:
        who, form = await self.outside.desk.form(request, most_fields=100)
        name = name_of(request)
        connector = await self.outside.connector(who, name)
        return await self._save(who, form, await self._vendor_of(who, connector), connector, name)

    async def _save(
        self, who: SignedIn, form: Fields, vendor: Mapping[str, Any], connector: Mapping[str, Any] | None, name: str
    ) -> Response:
        body, wrong = read(form, vendor, connector=connector, name=name, zone=_zone(who))
        if wrong:
            return self._form(who, vendor, connector, given=form, wrong=wrong, status=422)
        if connector and str(connector.get("version")) != form.get("version"):
            said = (
                "Somebody changed it meanwhile. What you typed stands here still; sending it again overwrites theirs."
            )
            return self._form(who, vendor, connector, given=form, problem=said, status=409)
        if_match = etag(int(connector["version"])) if connector else None
        try:
            await self.outside.desk.send(who, "PUT", f"/v1/connectors/{in_path(name)}", body, if_match=if_match)
        except Refused as refused:
            if refused.status not in MENDED:
                raise
            if connector is None and refused.status in (412, 428):
                wrong, problem = {"name": "There is a connector of this name already. Choose another."}, ""
            else:
                wrong = by_field(refused)
                problem = (refused.detail or refused.title) if wrong else problem_of(refused)
            return self._form(who, vendor, connector, given=form, wrong=wrong, problem=problem, status=422)
        at = f"/integrations/{in_path(name)}"
        return back_to(at, "edited") if connector else back_to(f"{at}/credential", "made")

    def _form(
        self,
        who: SignedIn,
        vendor: Mapping[str, Any],
        connector: Mapping[str, Any] | None,
        *,
        given: Mapping[str, str],
        wrong: Mapping[str, str] | None = None,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        known = {"name", "base_url", "since", "queues", "tags", "exports", *(f"ownership-{each}" for each in FIELDS)}
        known |= {f"settings-{each['name']}" for each in vendor.get("settings") or ()}
        elsewhere = [said for field, said in (wrong or {}).items() if field not in known]
        return self.outside.fill(
            "form.html",
            who,
            status=status,
            vendor=vendor,
            connector=connector,
            steps=steps_for(str(vendor.get("vendor"))),
            given=given,
            wrong=wrong or {},
            problem=" ".join([problem, *elsewhere]).strip(),
            fields=FIELDS,
            owners=OWNERS,
            modes=MODES,
            polls=polls(given.get("poll", "")),
        )

    async def ask_credential(self, request: Request) -> Response:
        who, name = await self.outside.desk.who(request), name_of(request)
        said = SAID.get(request.query_params.get("done", ""), "")
        return await self._credential(who, name, kind=request.query_params.get("kind", ""), said=said)

    async def set_credential(self, request: Request) -> Response:
        who, form = await self.outside.desk.form(request)
        name, kind = name_of(request), form.get("kind", "")
        vendor = await self._vendor_of(who, await self.outside.connector(who, name))
        body, wrong = read_credential(form, kind, vendor)
        if wrong:
            return await self._credential(who, name, kind=kind, user=form.line("user"), wrong=wrong, status=422)
        path = f"/v1/connectors/{in_path(name)}/credential"
        try:
            await self.outside.desk.send(who, "PUT", path, body)
        except Refused as refused:
            if refused.status not in MENDED:
                raise
            wrong = by_field(refused)
            problem = (refused.detail or refused.title) if wrong else problem_of(refused)
            return await self._credential(
                who, name, kind=kind, user=form.line("user"), wrong=wrong, problem=problem, status=422
            )
        return back_to(f"/integrations/{in_path(name)}", "credential")

    async def forget_credential(self, request: Request) -> Response:
        who, _ = await self.outside.desk.form(request)
        name = name_of(request)
        await self.outside.desk.send(who, "DELETE", f"/v1/connectors/{in_path(name)}/credential")
        return back_to(f"/integrations/{in_path(name)}", "forgotten")

    async def _credential(
        self,
        who: SignedIn,
        name: str,
        *,
        kind: str,
        user: str = "",
        wrong: Mapping[str, str] | None = None,
        said: str = "",
        problem: str = "",
        status: int = 200,
    ) -> Response:
        """Nothing secret that was typed is sent back."""
        connector = await self.outside.connector(who, name)
        vendor = await self._vendor_of(who, connector)
        kinds = kinds_of(vendor)
        kind = kind if kind in kinds else str(connector.get("credential_kind") or next(iter(kinds)))
        return self.outside.fill(
            "credential.html",
            who,
            status=status,
            name=name,
            at=f"/integrations/{in_path(name)}",
            connector=connector,
            steps=steps_for(str(connector.get("vendor"))),
            kinds=kinds,
            kind=kind,
            asks=asks(kind, vendor),
            user=user,
            wrong=wrong or {},
            said=said,
            problem=problem,
        )

    async def steps(self, request: Request) -> Response:
        who = await self.outside.desk.who(request)
        return await self._steps(who, name_of(request))

    async def set_secret(self, request: Request) -> Response:
        """The webhook's secret, and with it the gateway's source where there is none yet."""
        who, form = await self.outside.desk.form(request)
        name = name_of(request)
        one = await self.outside.one(who, name)
        given = [value for field in ("secret", "before") if (value := form.line(field))]
        if not given:
            wrong = {"secret": "Paste the secret, or choose one and paste it there as well."}
            return await self._steps(who, name, wrong=wrong, status=422)
        source = one.source or {}
        body = {
            "vendor": source.get("vendor") or one.vendor,
            "kind": source.get("kind") or "helpdesk",
            "enabled": source.get("enabled", True),
            "secrets": given,
        }
        try:
            path = f"/v1/sources/{in_path(name)}"
            await self.outside.desk.behind.ask(who.identity, "gateway", "PUT", path, body=body)
        except Refused as refused:
            return await self._steps(who, name, problem=problem_of(refused), status=refused.status)
        return back_to(f"/integrations/{in_path(name)}", "source")

    async def _steps(
        self,
        who: SignedIn,
        name: str,
        *,
        wrong: Mapping[str, str] | None = None,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        one = await self.outside.one(who, name)
        vendor = await self.outside.vendor(who, one.vendor) or {"vendor": one.vendor, "title": one.title, "auth": []}
        steps = steps_for(one.vendor)
        return self.outside.fill(
            "steps.html",
            who,
            status=status,
            one=one,
            name=name,
            at=f"/integrations/{in_path(name)}",
            vendor=vendor,
            steps=steps,
            hook_url=(one.source or {}).get("hook_url") or self.outside.hook_url(name),
            hooks=bool(steps.webhook) and vendor.get("webhooks", True),
            made_up=secrets.token_urlsafe(SECRET_BYTES) if steps.made_by == "us" else "",
            wrong=wrong or {},
            problem=problem,
        )

    async def ask_removal(self, request: Request) -> Response:
        who, name = await self.outside.desk.who(request), name_of(request)
        return await self._removal(who, name)

    async def remove(self, request: Request) -> Response:
        who, form = await self.outside.desk.form(request)
        name = name_of(request)
        if form.line("typed") != name:
            return await self._removal(who, name, problem=f"To confirm, type the connector's name: {name}", status=422)
        try:
            await self.outside.desk.send(who, "DELETE", f"/v1/connectors/{in_path(name)}")
        except Refused as refused:
            return await self._removal(who, name, problem=problem_of(refused), status=refused.status)
        return back_to("/integrations", "gone")

    async def _removal(self, who: SignedIn, name: str, *, problem: str = "", status: int = 200) -> Response:
        connector = await self.outside.connector(who, name)
        at = f"/integrations/{in_path(name)}"
        return self.outside.fill(
            "remove.html", who, status=status, name=name, at=at, connector=connector, problem=problem
        )

    async def _vendor(self, who: SignedIn, name: str) -> Mapping[str, Any]:
        found = await self.outside.vendor(who, name)
        if found is None:
            raise NotFound("No vendor file of this name says how its helpdesk is asked.")
        return found

    async def _vendor_of(self, who: SignedIn, connector: Mapping[str, Any]) -> Mapping[str, Any]:
        """As far as it is known: a connector outlives its vendor's file."""
        name = str(connector.get("vendor"))
        found = await self.outside.vendor(who, name)
        return found or {
            "vendor": name,
            "title": connector.get("title") or name,
            "settings": [],
            "auth": connector.get("auth") or [],
        }


def _zone(who: SignedIn) -> str:
    return zone_of(who.zone).key
