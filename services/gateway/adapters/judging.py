"""Carries one `verify` section of a vendor file out on a delivery."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.gateway.domain.delivery import Arrival


async def judge_delivery(spec: Any, arrival: Arrival, secrets: Sequence[str], now: datetime) -> str | None:
    """None if the delivery is what `spec` asks for, else the reason in plain words."""
    from services.gateway.domain.signatures import Rejected, verify  # type: ignore

    judged = verify(spec, secrets, arrival.headers, arrival.body, now)
    return str(judged.reason) if isinstance(judged, Rejected) else None
