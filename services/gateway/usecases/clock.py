"""The demo's business clock."""

from services.gateway.errors import DemoOnly
from services.gateway.ports import GatewayUnit
from shared.errors import FieldProblem, InvalidRequest
from shared.events.gateway import ClockStepped

MOST_SECONDS = 20 * 366 * 86400.0


async def step_clock(unit: GatewayUnit, offset_seconds: float, *, demo: bool) -> float:
    """Set business time to `offset_seconds` ahead of real time, for every service; it never goes back. The offset now."""
    if not demo:
        raise DemoOnly("Business time can be stepped only where GLIDEPATH_DEMO=1.")
    if not 0 <= offset_seconds <= MOST_SECONDS:
        raise InvalidRequest(
            "Business time can be at most twenty years ahead.",
            errors=[FieldProblem("/offset_seconds", f"0 to {MOST_SECONDS:.0f}")],
        )
    held, version = await unit.clocks.offset()
    if offset_seconds <= held:
        return held
    await unit.clocks.set_offset(offset_seconds, version + 1)
    unit.record(ClockStepped(offset_seconds=offset_seconds), aggregate_version=version + 1)
    return offset_seconds
