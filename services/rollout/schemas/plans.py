"""What linting and applying a plan answer."""

from typing import Any

from pydantic import AwareDatetime, BaseModel

from services.rollout.usecases.plans import Applied, Lint


class PlaceOut(BaseModel):
    """One thing that is wrong, and where: a JSON pointer into the plan; the detail names the line."""

    pointer: str
    detail: str


class LintOut(BaseModel):
    """`valid` exactly when there are no problems; then `plan_hash` is what applying it would bind sign-offs to."""

    valid: bool
    problems: list[PlaceOut]
    name: str | None = None
    waves: list[str] = []
    plan_hash: str | None = None

    @classmethod
    def of(cls, lint: Lint) -> "LintOut":
        return cls(
            valid=not lint.problems,
            problems=[PlaceOut(pointer=problem.pointer, detail=problem.detail) for problem in lint.problems],
            name=lint.plan.name if lint.plan else None,
            waves=[wave.name for wave in lint.plan.waves] if lint.plan else [],
            plan_hash=lint.plan_hash,
        )


class AppliedOut(BaseModel):
    """`changed` is false where the plan was in force already."""

    name: str
    title: str
    plan_version: int
    plan_hash: str
    changed: bool

    @classmethod
    def of(cls, applied: Applied) -> "AppliedOut":
        rollout = applied.rollout
        return cls(
            name=rollout.name,
            title=rollout.title,
            plan_version=rollout.plan_version,
            plan_hash=rollout.plan_hash,
            changed=applied.changed,
        )


class PlanOut(BaseModel):
    """The version in force: canonical, and as it was sent."""

    name: str
    plan_version: int
    plan_hash: str
    applied_at: AwareDatetime
    applied_by: str
    document: dict[str, Any]
    source: str
