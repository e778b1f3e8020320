"""What-if: replay the history of a period's tickets against another policy, piece by piece, and change nothing of theirs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.tickets.domain.calendar import NeverDue
from services.tickets.domain.clock import UnknownPolicy
from services.tickets.domain.dossier import Dossier, labels_of
from services.tickets.domain.period import Period
from services.tickets.domain.policy import Policy
from services.tickets.domain.policy_document import calendars_named, read_policy
from services.tickets.domain.what_if import Tally, count_in
from services.tickets.errors import PolicyNotUsable, TooMuchToReplay
from services.tickets.ports import TicketsUnit, Units
from services.tickets.ports.what_ifs import WhatIf, WhatIfState
from services.tickets.usecases.policies.publishing import check_document
from shared.clock import Clock, new_id
from shared.errors import FieldProblem, InvalidRequest, TooManyRequests

AT_ONCE = 50
"""Tickets between two looks at anything else: a replay is computing, and requests wait for it."""
MOST_TICKETS = 200_000
MOST_WAITING = 10
DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`policy` is `name@version`, or None with a `document`. `instead_of` limits it to the tickets that were under a policy."""

    policy: str | None
    document: Mapping[str, Any] | None
    instead_of: str | None
    period: Period


async def ask_what_if(unit: TicketsUnit, wanted: Wanted, *, by: str, now: datetime) -> WhatIf:
    """Put a replay in the queue. Raises `PolicyNotFound`, `PolicyNotUsable`, `TooMuchToReplay`, `TooManyRequests`."""
    if await unit.what_ifs.count_waiting() >= MOST_WAITING:
        raise TooManyRequests(f"{MOST_WAITING} replays are waiting already.", retry_after_seconds=60)
    label, document, instead_of = await _policy(unit, wanted, now)
    total = await unit.what_ifs.count_tickets(wanted.period, MOST_TICKETS + 1)
    if total > MOST_TICKETS:
        raise TooMuchToReplay(
            f"More than {MOST_TICKETS:,} tickets were opened in that period; choose a shorter one.",
            errors=[FieldProblem("/to", f"at most {MOST_TICKETS} tickets are replayed at a time")],
        )
    what_if = WhatIf(
        what_if_id=new_id(),
        policy=label,
        document=document,
        instead_of=instead_of,
        period=wanted.period,
        until=now,
        total=total,
        asked_at=now,
        asked_by=by,
    )
    await unit.what_ifs.add(what_if)
    return what_if


async def _policy(unit: TicketsUnit, wanted: Wanted, now: datetime) -> tuple[str, Mapping[str, Any], str | None]:
    """What is replayed under which label, and instead of what. A version replaces the versions of its own policy."""
    if wanted.policy is not None:
        name, _, version = wanted.policy.rpartition("@")
        found = await unit.policies.get(name, int(version))
        return found.label, found.document, wanted.instead_of or name
    if wanted.document is None:
        raise InvalidRequest(
            "Name a policy's version, or send a document.", errors=[FieldProblem("/policy", "missing")]
        )
    # No version is numbered 0, so a draft is never taken for one that somebody signed.
    name = wanted.instead_of or DRAFT
    document, checked = await check_document(unit, name, wanted.document, 0, now)
    if checked.policy is None:
        raise PolicyNotUsable(
            "The policy cannot be used as written.",
            errors=[FieldProblem(f"/document{problem.pointer}", problem.detail) for problem in checked.problems],
        )
    return f"{name}@0", document, wanted.instead_of


class Replayer:
    """The worker. Reads a piece, computes outside any transaction, keeps how far it is: killed, it goes on from there."""

    def __init__(self, units: Units, business: Clock) -> None:
        self._units = units
        self._business = business

    async def step(self) -> bool:
        """Replay one piece of the oldest replay that is not finished. False if none is."""
        async with self._units.read() as unit:
            what_if = await unit.what_ifs.find_next()
            if what_if is None:
                return False
            dossiers = await unit.what_ifs.load_tickets(what_if.period, what_if.cursor, AT_ONCE)
            book = await unit.policies.book({label for each in dossiers for label in labels_of(each)})
            policy = await _replayed_policy(unit, what_if)
        further = self._further(what_if, dossiers, book, policy)
        async with self._units.unit() as unit:
            await unit.what_ifs.keep(further, was_done=what_if.done)
        return True

    def _further(self, what_if: WhatIf, dossiers: list[Dossier], book: Mapping[str, Policy], policy: Policy) -> WhatIf:
        tally = Tally.read(what_if.tally)
        try:
            count_in(tally, dossiers, book, policy, instead_of=what_if.instead_of, until=what_if.until)
        except (NeverDue, UnknownPolicy) as problem:
            return replace(what_if, state=WhatIfState.FAILED, problem=str(problem), finished_at=self._business.now())
        over = len(dossiers) < AT_ONCE
        last = dossiers[-1].ticket if dossiers else None
        return replace(
            what_if,
            state=WhatIfState.DONE if over else WhatIfState.RUNNING,
            done=what_if.done + len(dossiers),
            total=what_if.done + len(dossiers) if over else max(what_if.total, what_if.done + len(dossiers)),
            cursor=(last.opened_at, last.ticket_id) if last else what_if.cursor,
            tally=tally.written(),
            finished_at=self._business.now() if over else None,
        )


async def _replayed_policy(unit: TicketsUnit, what_if: WhatIf) -> Policy:
    name, _, version = what_if.policy.rpartition("@")
    calendars = await unit.calendars.load(calendars_named(what_if.document))
    return read_policy(name, int(version), what_if.document, calendars)
