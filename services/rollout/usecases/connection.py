"""Say how a learning system is called, and ask it for news now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.rollout.domain.batch import Pace
from services.rollout.domain.enrolment import tried_again
from services.rollout.ports.learning import Connection, LearningUnit
from shared.clock import new_id
from shared.errors import FieldProblem, InvalidRequest, NotFound
from shared.vault import Vault


class ConnectionNotFound(NotFound):
    code = "connection_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOrder:
    """How a system shall be called. `token` None keeps the one that is held."""

    vendor: str
    base_url: str
    token: str | None
    match_by: str
    student_role_id: int
    pace: Pace
    poll_every_for: timedelta


async def connect_source(
    unit: LearningUnit, vault: Vault, vendors: Sequence[str], source: str, order: ConnectionOrder, now: datetime
) -> Connection:
    """Make or change a connection. `now` is real time. The token is sealed here and never leaves again but to its system.

    Whoever the system would not take before is tried once more, for what was wrong may be mended now.
    """
    if order.vendor not in vendors:
        problem = FieldProblem("/vendor", f"known are {', '.join(vendors)}")
        raise InvalidRequest(f"Nobody here can call {order.vendor!r}.", errors=[problem])
    held = await unit.people.connections.find_connection(source)
    if order.token is None and (held is None or held.base_url != order.base_url):
        # A token that is held must not be sent to an address that somebody else chose.
        problem = FieldProblem("/token", "required for a new connection and for a new address")
        raise InvalidRequest("The connection needs its token.", errors=[problem])
    row_id = held.id if held else new_id()
    sealed = (
        vault.seal_text(order.token, owner=row_id) if order.token is not None else held.sealed_token if held else ""
    )
    before = held or Connection(
        id=row_id, source=source, vendor=order.vendor, base_url=order.base_url, sealed_token=sealed, version=0
    )
    connection = replace(
        before,
        vendor=order.vendor,
        base_url=order.base_url,
        sealed_token=sealed,
        match_by=order.match_by,
        student_role_id=order.student_role_id,
        pace=order.pace,
        poll_every_for=order.poll_every_for,
        poll_wanted=True,
        next_call_at=None,
        failures=0,
        last_error=None,
        version=before.version + 1,
    )
    await unit.people.connections.save_connection(connection, now)
    failed = await unit.people.enrolments.lock_failed(source)
    await unit.people.enrolments.save_members([(member, tried_again(member)) for member in failed], now)
    return connection


async def ask_for_poll(unit: LearningUnit, source: str) -> Connection:
    """Ask the system soon for what no webhook said. Asking while a poll runs starts another after it."""
    held = await unit.people.connections.find_connection(source)
    if held is None:
        raise ConnectionNotFound(f"There is no connection to {source}.")
    await unit.people.connections.update_call(source, {"poll_wanted": True, "next_call_at": None})
    return replace(held, poll_wanted=True, next_call_at=None)
