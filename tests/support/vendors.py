"""Asking vendor files what a body means."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.mapping import RawDelivery, Understanding, VendorFile, load_vendor, understand, understand_answer

RECEIVED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FIXTURES = Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"
"""Real payloads under other people's licences: tested against where they lie, never copied into the project."""


def understood(
    vendor: str | VendorFile,
    body: Any,
    *,
    headers: Mapping[str, str] | None = None,
    content_type: str = "application/json",
    received_at: datetime = RECEIVED_AT,
) -> Understanding:
    """What a body (bytes, or a document to be written as JSON) means."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    delivery = RawDelivery(body=raw, content_type=content_type, headers=dict(headers or {}), received_at=received_at)
    return understand(load_vendor(vendor) if isinstance(vendor, str) else vendor, delivery)


def facts_of(vendor: str, body: Any, **more: Any) -> list[dict[str, Any]]:
    """The facts as JSON values, without what is unset."""
    found = understood(vendor, body, **more)
    assert found.problems == []
    return [short(fact) for fact in found.facts]


def fact_of(vendor: str, body: Any, **more: Any) -> dict[str, Any]:
    """The one fact of a body."""
    (fact,) = facts_of(vendor, body, **more)
    return fact


def answer_facts(vendor: str, answer: str, document: Any, **context: Any) -> list[dict[str, Any]]:
    """The facts of a REST answer as JSON values, without what is unset."""
    return [short(fact) for fact in understand_answer(load_vendor(vendor), answer, document, context=context)]


def short(fact: Any) -> dict[str, Any]:
    plain: dict[str, Any] = fact.model_dump(mode="json", exclude_none=True)
    if not plain["zone_assumed"]:
        del plain["zone_assumed"]
    return plain
