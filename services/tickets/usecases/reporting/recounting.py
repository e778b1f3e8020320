"""Whether the counters are what the results come to, and every decided clock has a result."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.tickets.domain.period import Period
from services.tickets.domain.report import CountKey, Figures
from services.tickets.ports import TicketsUnit
from services.tickets.usecases.reporting.noting import decided, result_of

MOST_NAMED = 100
MOST_REPAIRED = 2_000
"""Clocks whose results are made up for in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """`differences` (counter, as kept, as counted anew) and `missing_clocks` name the first hundred of `different`, `missing`."""

    period: Period
    counters: int
    different: int
    differences: Sequence[tuple[CountKey, Figures, Figures]]
    missing: int
    missing_clocks: Sequence[str]

    @property
    def consistent(self) -> bool:
        return not self.different and not self.missing


async def check_counters(unit: TicketsUnit, period: Period) -> Consistency:
    """Both sides as of one instant. Changes nothing."""
    await unit.reports.hold_snapshot()
    return await _compare(unit, period)


async def recount(unit: TicketsUnit, period: Period) -> Consistency:
    """Put right what is wrong in the period; what was wrong before. Repeat it until nothing is.

    Missing results come first, a batch at a time: those of clocks that were decided before there was a ledger. Once none is
    missing, the counters are made what the results come to. Never both in one transaction: the first locks tickets, the
    second keeps everybody who holds one from noting results.
    """
    missing, named = await unit.reports.without_result(period, MOST_REPAIRED)
    if missing:
        found = await _compare(unit, period)
        dossiers = await unit.tickets.load({clock_id.partition(":")[0] for clock_id in named})
        absent = set(named)
        await unit.reports.note(
            [
                result_of(clock, dossier.ticket)
                for dossier in dossiers
                for clock in dossier.clocks.values()
                if clock.clock_id in absent and decided(clock)
            ]
        )
        return found
    await unit.reports.hold_counters()
    found = await _compare(unit, period)
    if found.different:
        first_day, end_day = period.first_day, period.end_day
        counted = await unit.reports.recount(first_day, end_day)
        await unit.reports.replace_counters(first_day, end_day, counted)
    return found


async def _compare(unit: TicketsUnit, period: Period) -> Consistency:
    first_day, end_day = period.first_day, period.end_day
    kept = await unit.reports.counters(first_day, end_day)
    counted = await unit.reports.recount(first_day, end_day)
    nothing = Figures()
    wrong = [key for key in sorted({*kept, *counted}) if kept.get(key, nothing) != counted.get(key, nothing)]
    missing, named = await unit.reports.without_result(period, MOST_NAMED)
    return Consistency(
        period=period,
        counters=len(counted),
        different=len(wrong),
        differences=[(key, kept.get(key, nothing), counted.get(key, nothing)) for key in wrong[:MOST_NAMED]],
        missing=missing,
        missing_clocks=named,
    )
