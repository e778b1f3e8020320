"""`/calendars/{name}`: the week, what is coming, and days to close: by hand, from a country's list, or from a file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, has, items_of, named, problem_of
from services.gateway.console.desk.places import place_in
from services.gateway.console.desk.week import closing_words, week_view
from services.gateway.console.sessions import Fields, SignedIn, check_csrf, read_upload
from shared.auth import Role

MOST_FILE_BYTES: Final = 640 * 1024
SAID: Final[Mapping[str, str]] = {
    "calendar": "The calendar has a new version, and so has each policy that names it. Open tickets stay with theirs "
    "until they are migrated.",
}
MIGRATE: Final[Mapping[str, str]] = {
    "preview": "show what would become of open tickets",
    "apply": "move open tickets at once",
    "no": "leave open tickets with the old calendar",
}


@dataclass(frozen=True, slots=True)
class CalendarPages:
    desk: Desk

    async def show(self, request: Request) -> Response:
        who = await self.desk.who(request)
        return await self._page(who, request, said=SAID.get(request.query_params.get("done", ""), ""))

    async def close(self, request: Request) -> Response:
        """Days to close. `look` only shows what would come of it."""
        who = await self.desk.who(request)
        form = await read_upload(request, most_bytes=MOST_FILE_BYTES)
        check_csrf(form, who)
        name = named(request)
        try:
            body = _closing(form)
            made = await self.desk.send(who, "POST", f"/v1/calendars/{name}/holidays", body, form=form)
        except ValueError as mistake:
            return await self._page(who, request, problem=str(mistake), given=form, status=422)
        except Refused as refused:
            return await self._page(who, request, problem=problem_of(refused), given=form, status=refused.status)
        if body["dry_run"]:
            return await self._page(who, request, given=form, outcome=made.document)
        migration = made.document.get("migration_id")
        return back_to(f"/migrations/{migration}" if migration else f"/calendars/{name}", "calendar")

    async def write(self, request: Request) -> Response:
        """The whole calendar as JSON: week, shifts, holidays, closures."""
        who, form = await self.desk.form(request, most_bytes=MOST_FILE_BYTES)
        name, text = named(request), form.get("text", "")
        try:
            document = json.loads(text)
            made = await self.desk.behind.ask(
                who.identity,
                "tickets",
                "PUT",
                f"/v1/calendars/{name}",
                body=document,
                query={"dry_run": "true" if form.get("do") == "look" else None},
            )
        except ValueError as mistake:
            return await self._page(who, request, problem=f"This is not JSON: {mistake}", text=text, status=422)
        except Refused as refused:
            places = [place_in(text, pointer, said) for pointer, said in refused.places]
            problem = "It cannot be published yet." if places else problem_of(refused)
            return await self._page(who, request, problem=problem, text=text, places=places, status=refused.status)
        if form.get("do") == "look":
            return await self._page(who, request, text=text, outcome=made.document)
        return back_to(f"/calendars/{name}", "calendar")

    async def _page(
        self,
        who: SignedIn,
        request: Request,
        *,
        said: str = "",
        problem: str = "",
        given: Mapping[str, str] | None = None,
        text: str | None = None,
        places: Any = (),
        outcome: Mapping[str, Any] | None = None,
        status: int = 200,
    ) -> Response:
        name = named(request)
        version = request.query_params.get("version", "")
        asked = int(version) if version.isascii() and version.isdigit() else None
        found = await self.desk.get(who, f"/v1/calendars/{name}", version=asked)
        upcoming = await self.desk.find(who, f"/v1/calendars/{name}/upcoming", limit=50, version=asked)
        versions = items_of(await self.desk.find(who, f"/v1/calendars/{name}/versions", limit=50))
        document = found["calendar"]
        return self.desk.fill(
            "calendar.html",
            who,
            status=status,
            here="policies",
            calendar=found,
            days=week_view(document),
            zone_of_calendar=document.get("zone") or "UTC",
            closings=[(each.get("on"), closing_words(each)) for each in items_of(upcoming)],
            next_change_at=(upcoming or {}).get("next_change_at"),
            open_now=(upcoming or {}).get("open_now"),
            versions=versions,
            text=text if text is not None else json.dumps(document, indent=2, ensure_ascii=False),
            places=places,
            given=given or {},
            outcome=outcome,
            outcome_closings=[(each.get("on"), closing_words(each)) for each in (outcome or {}).get("upcoming") or ()],
            migrate=MIGRATE,
            writes=has(who, Role.IT_LEAD),
            said=said,
            problem=problem,
        )


def _closing(form: Fields) -> dict[str, Any]:
    """What is to be closed. `ValueError` says what is missing."""
    body: dict[str, Any] = {
        "retroactive": bool(form.get("retroactive")),
        "dry_run": form.get("do") == "look",
        "migrate": form.get("migrate") if form.get("migrate") in MIGRATE else "preview",
        "reason": form.line("reason"),
    }
    dates = [day for line in form.get("dates", "").replace(",", "\n").splitlines() if (day := line.strip())]
    if form.get("ics", "").strip():
        return body | {"ics": form["ics"]}
    if form.line("country"):
        years = [int(year) for year in form.get("years", "").replace(",", " ").split() if year.isdigit()]
        if not years:
            raise ValueError("Say for which years, as in 2027, 2028.")
        chosen: dict[str, Any] = {"country": form.line("country").upper(), "years": years}
        if form.line("subdivision"):
            chosen["subdivision"] = form.line("subdivision").upper()
        return body | chosen
    if dates:
        return body | {"dates": dates, "name": form.line("name")}
    raise ValueError("Name the days, or a country and years, or choose a calendar file.")
