"""How often the people of a wave asked for help before it opened, measured once, to compare with what comes after."""

from datetime import datetime, timedelta

from services.tickets.domain.baseline import BEFORE, Baseline
from services.tickets.errors import BaselineNotMeasured
from services.tickets.ports import Since, TicketsUnit
from shared.events.tickets import BaselineMeasured

PATIENCE = timedelta(hours=1)
"""How long after the opening we wait to hear of everybody; then those we know of have to do."""


async def measure_if_open(unit: TicketsUnit, rollout: str, wave: str, now: datetime) -> None:
    """Whatever completes the picture calls this: the wave that opened, or the last of its people that we hear of."""
    opened = await unit.baselines.unmeasured(rollout, wave)
    if opened is None:
        return
    people = await unit.baselines.people(rollout, wave)
    if people < (opened.audience_size or 0) and now - opened.opened_at < PATIENCE:
        return
    since = opened.opened_at - BEFORE
    baseline = Baseline(
        rollout=rollout,
        wave=wave,
        opened_at=opened.opened_at,
        since=since,
        people=people,
        tickets=await unit.baselines.tickets(rollout, wave, since, opened.opened_at),
        measured_at=now,
    )
    if await unit.baselines.keep(baseline):
        measured = BaselineMeasured(
            wave_id=f"{rollout}:{wave}",
            rollout=rollout,
            wave=wave,
            opened_at=baseline.opened_at,
            since=since,
            people=people,
            tickets=baseline.tickets,
            per_100_per_week=baseline.per_100_per_week,
            measured_at=now,
        )
        unit.record(measured, aggregate_version=1)


async def compare_with_baseline(
    unit: TicketsUnit, rollout: str, wave: str, now: datetime
) -> tuple[Baseline, Since, datetime]:
    """The baseline, what has come since, and until when. Raises `BaselineNotMeasured`."""
    baseline = await unit.baselines.find(rollout, wave)
    if baseline is None:
        raise BaselineNotMeasured("It is measured when the wave opens and its people are known; look again then.")
    since = Since(
        people=await unit.baselines.people(rollout, wave),
        tickets=await unit.baselines.tickets(rollout, wave, baseline.opened_at, now),
        attributed=await unit.baselines.attributed(rollout, wave),
    )
    return baseline, since, now
