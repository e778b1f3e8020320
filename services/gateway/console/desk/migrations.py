"""`/migrations/{id}`: open tickets moved to another version: the dry run, its numbers and samples, then apply and undo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.console.behind import Refused
from services.gateway.console.desk.asking import Desk, back_to, has, in_path, named, problem_of
from services.gateway.console.desk.words import target_words
from services.gateway.console.sessions import SignedIn
from services.gateway.console.views import Look
from shared.auth import Role
from shared.errors import NotFound

RUNS: Final = frozenset({"previewing", "applying", "undoing"})
PHASES: Final[Mapping[str, Look]] = {
    "previewing": Look("timer", "Dry run under way", "bake"),
    "previewed": Look("check", "Dry run done, nothing changed", "wait"),
    "applying": Look("timer", "Being applied", "bake"),
    "applied": Look("check", "Applied", "done"),
    "undoing": Look("timer", "Being undone", "bake"),
    "undone": Look("undo", "Undone", "over"),
}
EFFECTS: Final[Mapping[str, str]] = {
    "tickets": "tickets",
    "clocks": "clocks",
    "earlier": "due earlier",
    "later": "due later",
    "same": "the same",
    "newly_breached": "newly breached",
    "newly_promised": "newly promised",
    "cancelled": "cancelled",
    "restarted": "begun anew",
    "needless": "breaches that would not have been",
}
SAID: Final[Mapping[str, str]] = {
    "started": "The dry run has begun. Nothing is changed by it.",
    "apply": "The tickets are being moved.",
    "undo": "The move is being taken back.",
    "calendar": "The calendar has a new version; here is what becomes of open tickets.",
}


@dataclass(frozen=True, slots=True)
class MigrationPages:
    desk: Desk

    async def start(self, request: Request) -> Response:
        who, form = await self.desk.form(request)
        body = {
            "from": form.line("from"),
            "to": form.line("to"),
            "retroactive": bool(form.get("retroactive")),
            "reason": form.line("reason"),
        }
        made = await self.desk.send(who, "POST", "/v1/migrations", body, form=form)
        return back_to(f"/migrations/{in_path(str(made.document['migration_id']))}", "started")

    async def show(self, request: Request) -> Response:
        who = await self.desk.who(request)
        return await self._page(who, request, said=SAID.get(request.query_params.get("done", ""), ""))

    async def act(self, request: Request) -> Response:
        """`apply` or `undo`."""
        who, form = await self.desk.form(request)
        what = str(request.path_params["what"])
        if what not in ("apply", "undo"):
            raise NotFound("There is no page here.")
        try:
            await self.desk.send(who, "POST", f"/v1/migrations/{named(request, 'id')}/{what}", form=form)
        except Refused as refused:
            return await self._page(who, request, problem=problem_of(refused), status=refused.status)
        return back_to(f"/migrations/{named(request, 'id')}", what)

    async def _page(
        self, who: SignedIn, request: Request, *, said: str = "", problem: str = "", status: int = 200
    ) -> Response:
        migration = await self.desk.get(who, f"/v1/migrations/{named(request, 'id')}")
        state = str(migration.get("state") or "")
        progress = migration.get("progress") or {}
        done, total = int(progress.get("done") or 0), int(progress.get("total") or 0)
        return self.desk.fill(
            "migration.html",
            who,
            status=status,
            here="policies",
            topic="tickets",
            migration=migration,
            look=PHASES.get(state, Look("question", state.capitalize() or "Unknown", "idle")),
            runs=state in RUNS,
            done=done,
            total=total,
            percent=100 * done // total if total else 0,
            counts=_counts(migration.get("counts")),
            applied=_counts(migration.get("applied")) if migration.get("applied_at") else [],
            samples=[_sample(sample) for sample in migration.get("samples") or ()],
            applies=has(who, Role.IT_LEAD) and state == "previewed",
            undoes=has(who, Role.IT_LEAD) and state == "applied",
            said=said,
            problem=problem,
        )


def _counts(counts: Mapping[str, Any] | None) -> list[tuple[str, int]]:
    """(words, number), those that people decide by first."""
    found = counts or {}
    names = [name for name in EFFECTS if name in found] + [name for name in found if name not in EFFECTS]
    return [(EFFECTS.get(name, name.replace("_", " ")), int(found[name])) for name in names]


def _sample(sample: Mapping[str, Any]) -> dict[str, Any]:
    effect = str(sample.get("effect") or "")
    return {**sample, "target_words": target_words(sample.get("target")), "words": EFFECTS.get(effect, effect)}
