"""A plan as plain values in one canonical form, and its hash. What reads alike hashes alike: comments and order do not count."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from services.rollout.domain.assignment import Audience
from services.rollout.domain.gate import Gate, SignoffGate
from services.rollout.domain.plan.duration import render_duration
from services.rollout.domain.plan.parse import API_VERSION, KIND
from services.rollout.domain.plan.values import Contact, Plan, WavePlan


def render_plan(plan: Plan) -> dict[str, Any]:
    """A document that `parse_plan` reads back as the same plan."""
    spec: dict[str, Any] = {
        "zone": plan.zone,
        "notice": render_duration(plan.notice_for),
        "courses": dict(plan.courses),
        "systems": list(plan.systems),
        "signers": {role: [_contact(person) for person in people] for role, people in plan.signers.items()},
        "waves": [_wave(wave) for wave in plan.waves],
    }
    if plan.go_to is not None:
        spec["go_to"] = _contact(plan.go_to) | ({"deputy": _contact(plan.deputy)} if plan.deputy else {})
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": plan.name, "title": plan.title},
        "spec": spec,
    }


def plan_hash(plan: Plan) -> str:
    """`sha256:` and the hex digest of the canonical JSON."""
    canonical = json.dumps(render_plan(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _contact(contact: Contact) -> dict[str, str]:
    return {"name": contact.name, "email": contact.email}


def _wave(wave: WavePlan) -> dict[str, Any]:
    rendered: dict[str, Any] = {
        "name": wave.name,
        "title": wave.title,
        "after": list(wave.after),
        "audience": _audience(wave.audience),
        "bake": render_duration(wave.bake_for),
        "gates": [_gate(gate) for gate in wave.gates],
    }
    if wave.source is not None:
        rendered["source"] = wave.source
    if wave.not_before_at is not None:
        rendered["not_before"] = wave.not_before_at.isoformat()
    return rendered


def _audience(audience: Audience) -> dict[str, Any]:
    rendered: dict[str, Any] = {
        "filter": audience.filter,
        "exclude_filter": audience.exclude_filter,
        "members": list(audience.members),
        "exclude": list(audience.exclude),
    }
    if audience.percentage != 100:
        rendered["percentage"] = audience.percentage
    return {key: value for key, value in rendered.items() if value not in (None, [])}


def _gate(gate: Gate) -> dict[str, Any]:
    settings = {field.name: _plain(getattr(gate, field.name)) for field in fields(gate)}
    if isinstance(gate, SignoffGate):
        settings["roles"] = settings.pop("quorum")
    return {"kind": gate.kind} | {key: value for key, value in settings.items() if value not in (None, [])}


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return render_duration(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value.isoformat() if isinstance(value, datetime) else value
