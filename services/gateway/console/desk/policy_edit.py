"""`/policies/{name}/edit` and `/policies/new`: a version written as JSON, mistakes shown at their place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, in_path, items_of, problem_of
from services.gateway.console.desk.places import Place, place_in
from services.gateway.console.desk.policies import SAID
from services.gateway.console.desk.policy_words import rules_of
from services.gateway.console.sessions import SignedIn

LONG_FORM_BYTES: Final = 1024 * 1024
EXAMPLE: Final[Mapping[str, Any]] = {
    "order": 50,
    "when": {"team": ["network"]},
    "rules": [
        {
            "name": "urgent",
            "when": {"priority": ["P1"]},
            "calendar": {"zone": "UTC", "hours": {"monday": ["00:00-24:00"]}, "holidays": []},
            "targets": {"P1": {"first_response_minutes": 15, "resolution_minutes": 240}},
        }
    ],
}


@dataclass(frozen=True, slots=True)
class PolicyEditPages:
    desk: Desk

    async def show(self, request: Request) -> Response:
        """The newest version's text, to make the next one of it; an example for a policy that is not there yet."""
        who = await self.desk.who(request)
        name = str(request.path_params.get("name", ""))
        document: Any = EXAMPLE
        if name:
            versions = items_of(await self.desk.get(who, f"/v1/policies/{in_path(name)}/versions", limit=1))
            document = versions[0]["policy"] if versions else EXAMPLE
        return self._form(who, request, name=name, text=json.dumps(document, indent=2, ensure_ascii=False))

    async def send(self, request: Request) -> Response:
        """Look at it (`check`) or propose it."""
        who, form = await self.desk.form(request, most_bytes=LONG_FORM_BYTES)
        name, text = str(request.path_params.get("name") or form.line("name")), form.get("text", "")
        if not name:
            return self._form(who, request, name="", text=text, problem="Give the policy a name.", status=422)
        try:
            document = json.loads(text)
        except ValueError as mistake:
            where = [_not_json(mistake)]
            return self._form(who, request, name=name, text=text, problem="This is not JSON.", places=where, status=422)
        try:
            if form.get("do") == "propose":
                await self.desk.send(who, "PUT", f"/v1/policies/{in_path(name)}", document)
                return back_to(f"/policies/{in_path(name)}", "proposed")
            found = await self.desk.send(who, "POST", "/v1/policies/check", {"policy": document, "name": name})
        except Refused as refused:
            if refused.status not in (400, 409, 422):
                raise
            places = [place_in(text, pointer.removeprefix("/policy"), said) for pointer, said in refused.places]
            problem = "It cannot be published yet." if places else problem_of(refused)
            return self._form(who, request, name=name, text=text, problem=problem, places=places, status=422)
        checked = found.document
        return self._form(
            who,
            request,
            name=name,
            text=text,
            places=[place_in(text, each["pointer"], each["detail"]) for each in checked.get("problems") or ()],
            warnings=[place_in(text, each["pointer"], each["detail"]) for each in checked.get("warnings") or ()],
            rules=rules_of(document),
            checked=True,
        )

    def _form(self, who: SignedIn, request: Request, *, status: int = 200, **values: Any) -> Response:
        given: dict[str, Any] = {"problem": "", "places": [], "warnings": [], "rules": [], "checked": False, **values}
        return self.desk.fill(
            "policy_edit.html",
            who,
            status=status,
            here="policies",
            at=request.url.path,
            is_new="name" not in request.path_params,
            said=SAID.get(request.query_params.get("done", ""), ""),
            **given,
        )


def _not_json(mistake: ValueError) -> Place:
    if isinstance(mistake, json.JSONDecodeError):
        return Place(pointer="", line=mistake.lineno, column=mistake.colno, detail=mistake.msg)
    return Place(pointer="", line=1, column=1, detail=str(mistake))
