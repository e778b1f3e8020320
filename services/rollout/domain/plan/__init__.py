"""Plans: what a rollout is meant to be, read from a document, checked whole, hashed canonically."""

from services.rollout.domain.plan.duration import parse_duration, render_duration
from services.rollout.domain.plan.parse import PlanInvalid, parse_plan
from services.rollout.domain.plan.place import Problem
from services.rollout.domain.plan.render import plan_hash, render_plan
from services.rollout.domain.plan.values import Contact, Plan, WavePlan

__all__ = [
    "Contact",
    "Plan",
    "PlanInvalid",
    "Problem",
    "WavePlan",
    "parse_duration",
    "parse_plan",
    "plan_hash",
    "render_duration",
    "render_plan",
]
