"""Linting and applying plans."""

from functools import cache

from fastapi import Request

from services.rollout.api.units import RolloutUow
from services.rollout.schemas.plans import AppliedOut, LintOut, PlanOut
from services.rollout.usecases.plans import apply_plan, lint_plan
from services.rollout.usecases.views import get_plan
from shared.errors import BadRequest
from shared.rest import Caller, Now, Router

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


async def _text(request: Request) -> str:
    """The plan as text; JSON is YAML. `BadRequest` for anything but UTF-8."""
    try:
        return (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The plan is not UTF-8 text: byte {error.start} does not fit.") from error


@cache
def make_plans_router() -> Router:
    router = Router(tags=["plans"])

    @router.post("/v1/plans/lint", openapi_extra=_BODY)
    async def lint(request: Request) -> LintOut:
        """Check a plan and change nothing; every problem is named with its place."""
        return LintOut.of(lint_plan(await _text(request)))

    @router.post("/v1/plans/apply", openapi_extra=_BODY)
    async def apply(request: Request, unit: RolloutUow, caller: Caller, now: Now) -> AppliedOut:
        """Put a plan into force, or its next version. The same plan again changes nothing."""
        return AppliedOut.of(await apply_plan(unit, await _text(request), by=caller.name, now=now))

    @router.get("/v1/rollouts/{name}/plan")
    async def show_plan(name: str, unit: RolloutUow) -> PlanOut:
        """The version of the plan in force."""
        applied = await get_plan(unit, name)
        return PlanOut(
            name=name,
            plan_version=applied.plan_version,
            plan_hash=applied.plan_hash,
            applied_at=applied.applied_at,
            applied_by=applied.applied_by,
            document=dict(applied.document),
            source=applied.source,
        )

    return router
