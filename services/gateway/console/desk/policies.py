"""`/policies` and `/policies/{name}`: what is promised, which version is in force, who signed it, and what it would do."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, has, items_of, named, problem_of
from services.gateway.console.desk.explaining import checks
from services.gateway.console.desk.policy_words import SIDES, STATES, applies_to, rules_of
from services.gateway.console.desk.week import closing_words, week_view
from services.gateway.console.desk.words import KINDS, PRIORITIES
from services.gateway.console.sessions import SignedIn
from services.gateway.console.views import Look
from shared.auth import Role

SAID: Final[Mapping[str, str]] = {
    "proposed": "The version was proposed. It is in force once both sides have signed it.",
    "signed": "Signed.",
    "enforced": "The version is in force without both signatures. That is in the audit trail.",
    "calendar": "The calendar has a new version, and so has each policy that names it.",
}
FEATURES: Final = ("priority", "kind", "team", "tags", "source", "system", "course", "rollout", "wave")


@dataclass(frozen=True, slots=True)
class PolicyPages:
    desk: Desk

    async def index(self, request: Request) -> Response:
        who = await self.desk.who(request)
        versions, calendars, migrations = await asyncio.gather(
            self.desk.items(who, "/v1/policies", limit=200),
            self.desk.find(who, "/v1/calendars", limit=200),
            self.desk.find(who, "/v1/migrations", limit=10),
        )
        return self.desk.fill(
            "policies.html",
            who,
            here="policies",
            policies=_newest(versions),
            calendars=_newest(items_of(calendars)),
            migrations=items_of(migrations),
            applies_to=applies_to,
            state_look=state_look,
            writes=has(who, Role.IT_LEAD, Role.TRAINING),
            said=SAID.get(request.query_params.get("done", ""), ""),
        )

    async def show(self, request: Request) -> Response:
        who = await self.desk.who(request)
        said = SAID.get(request.query_params.get("done", ""), "")
        tried = {name: request.query_params[name][:300] for name in FEATURES if request.query_params.get(name)}
        return await self._page(who, request, said=said, tried=tried if request.query_params.get("try") else None)

    async def sign(self, request: Request) -> Response:
        """One side's name under a version, by somebody who may give it."""
        who, form = await self.desk.form(request)
        path = f"/v1/policies/{named(request)}/versions/{_version(request)}/sign"
        try:
            await self.desk.send(who, "POST", path, {"side": form.get("side", "")}, form=form)
        except Refused as refused:
            return await self._page(who, request, problem=problem_of(refused), status=refused.status)
        return back_to(f"/policies/{named(request)}", "signed")

    async def enforce(self, request: Request) -> Response:
        who, form = await self.desk.form(request)
        path = f"/v1/policies/{named(request)}/versions/{_version(request)}/enforce"
        try:
            await self.desk.send(who, "POST", path, {"reason": form.line("reason")}, form=form)
        except Refused as refused:
            return await self._page(who, request, problem=problem_of(refused), status=refused.status)
        return back_to(f"/policies/{named(request)}", "enforced")

    async def _page(
        self,
        who: SignedIn,
        request: Request,
        *,
        said: str = "",
        problem: str = "",
        status: int = 200,
        tried: Mapping[str, str] | None = None,
    ) -> Response:
        name = named(request)
        listed = await self.desk.get(who, f"/v1/policies/{name}/versions", limit=100)
        versions = sorted(items_of(listed), key=lambda each: -int(each.get("version") or 0))
        shown = _chosen(versions, request.query_params.get("version"))
        rules = rules_of(shown["policy"]) if shown else []
        before = _before(versions, shown)
        calendars, diff, result = await asyncio.gather(
            self._calendars(who, [rule.calendar for rule in rules if rule.calendar]),
            self._diff(who, name, before, shown),
            self._try(who, shown, name, tried),
        )
        return self.desk.fill(
            "policy.html",
            who,
            status=status,
            here="policies",
            name=str(request.path_params["name"]),
            at=f"/policies/{name}",
            versions=versions,
            shown=shown,
            before=before,
            changes=diff,
            applies=applies_to(shown["policy"]) if shown else "",
            rules=rules,
            weeks=calendars | {rule.name: _inline(rule.inline) for rule in rules if rule.inline},
            state_look=state_look,
            sides=_sides(who),
            side_words=SIDES,
            writes=has(who, Role.IT_LEAD),
            enforces=has(who),
            tried=tried or {},
            result=result,
            kinds=KINDS,
            priorities=PRIORITIES,
            said=said,
            problem=problem,
        )

    async def _calendars(self, who: SignedIn, labels: Sequence[str]) -> dict[str, Any]:
        async def one(label: str) -> dict[str, Any] | None:
            calendar, _, version = label.partition("@")
            found, upcoming = await asyncio.gather(
                self.desk.find(who, f"/v1/calendars/{calendar}", version=version or None),
                self.desk.find(who, f"/v1/calendars/{calendar}/upcoming", version=version or None),
            )
            return _week(found, upcoming) if found else None

        unique = list(dict.fromkeys(labels))
        found = await asyncio.gather(*(one(label) for label in unique))
        return {label: week for label, week in zip(unique, found, strict=True) if week}

    async def _diff(self, who: SignedIn, name: str, before: Any, shown: Any) -> list[Any]:
        if not before or not shown:
            return []
        found = await self.desk.find(
            who, f"/v1/policies/{name}/versions/{shown['version']}/diff", against=before["version"]
        )
        return list((found or {}).get("changes") or ())

    async def _try(self, who: SignedIn, shown: Any, name: str, tried: Mapping[str, str] | None) -> Any:
        """Which rule a ticket with these features would come under, and when what would be due."""
        if tried is None or not shown:
            return None
        body = {"policy": shown["policy"], "name": name, "features": features_of(tried)}
        try:
            found = (await self.desk.send(who, "POST", "/v1/policies/check", body)).document
        except Refused as refused:
            return {"problem": problem_of(refused), "rules": (), "promises": ()}
        return {
            "problem": "",
            "policy": found.get("policy"),
            "rules": checks(found.get("rules") or ()),
            "promises": found.get("promises") or (),
            "opened_at": found.get("opened_at"),
        }


def state_look(state: object) -> Look:
    return Look(*STATES.get(str(state), ("question", str(state).capitalize(), "idle")))


def features_of(tried: Mapping[str, str]) -> dict[str, Any]:
    features: dict[str, Any] = {
        name: value.strip() for name, value in tried.items() if value.strip() and name != "tags"
    }
    tags = [tag.strip() for tag in tried.get("tags", "").split(",") if tag.strip()]
    return features | ({"tags": tags} if tags else {})


def _newest(versions: Sequence[Any]) -> list[Any]:
    """One row per name: the newest version, with the one in force beside it."""
    rows: dict[str, dict[str, Any]] = {}
    for version in sorted(versions, key=lambda each: -int(each.get("version") or 0)):
        name = str(version.get("name"))
        row = rows.setdefault(name, {"newest": version, "in_force": None})
        if row["in_force"] is None and version.get("state") == "in_force":
            row["in_force"] = version
    return [rows[name] for name in sorted(rows)]


def _chosen(versions: Sequence[Any], wanted: str | None) -> Any:
    """The version asked for, else the newest that is proposed, else the one in force."""
    for version in versions:
        if str(version.get("version")) == wanted:
            return version
    return versions[0] if versions else None


def _before(versions: Sequence[Any], shown: Any) -> Any:
    """What a version is held against: the one in force if that is older, else the one before it."""
    older = [each for each in versions if shown and each["version"] < shown["version"]]
    return next((each for each in older if each.get("state") == "in_force"), older[0] if older else None)


def _sides(who: SignedIn) -> list[str]:
    """For which sides somebody may sign."""
    return [side for side, role in (("it", Role.IT_LEAD), ("training", Role.TRAINING)) if has(who, role)]


def _version(request: Request) -> int:
    return int(request.path_params["version"])


def _week(found: Mapping[str, Any], upcoming: Mapping[str, Any] | None) -> dict[str, Any]:
    document = found.get("calendar") or {}
    closings = [(each.get("on"), closing_words(each)) for each in (upcoming or {}).get("items") or ()]
    return {
        "label": f"{found.get('name')}@{found.get('version')}",
        "name": found.get("name"),
        "zone": document.get("zone") or "UTC",
        "days": week_view(document),
        "closings": closings,
        "open_now": (upcoming or {}).get("open_now"),
        "next_change_at": (upcoming or {}).get("next_change_at"),
    }


def _inline(calendar: Mapping[str, Any] | None) -> dict[str, Any]:
    written = calendar or {}
    days = [
        (day, (written.get("names") or {}).get(day, "closed all day")) for day in sorted(written.get("holidays") or ())
    ]
    return {
        "label": "",
        "name": "",
        "zone": written.get("zone") or "UTC",
        "days": week_view(written),
        "closings": days[-12:],
        "open_now": None,
        "next_change_at": None,
    }
