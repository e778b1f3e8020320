"""REST: attainment, and whether the counters behind it are right."""

from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import Query, Response

from services.tickets.api.reading import Unit
from services.tickets.domain.policy import Priority, Target
from services.tickets.domain.report import By
from services.tickets.ports import Cut
from services.tickets.schemas import STORABLE
from services.tickets.schemas.reports import (
    AttainmentOut,
    ConsistencyOut,
    CounterDifference,
    attainment_csv,
    attainment_out,
)
from services.tickets.usecases.reporting.attaining import attain, read_period
from services.tickets.usecases.reporting.recounting import Consistency, check_counters, recount
from shared.rest import Caller, Now, Router

router = Router(tags=["reports"])
FromDay = Annotated[date | None, Query(alias="from", description="The first day; else the first of this month.")]
ToDay = Annotated[date | None, Query(alias="to", description="The day after the last one; else tomorrow.")]
Value = Annotated[str | None, Query(max_length=300, pattern=STORABLE)]
CSV = "text/csv; charset=utf-8; header=present"


@router.get("/v1/reports/attainment", response_model=AttainmentOut)
async def get_attainment(
    unit: Unit,
    caller: Caller,
    now: Now,
    from_on: FromDay = None,
    to_on: ToDay = None,
    by: By = By.TARGET,
    zone: Annotated[str, Query(max_length=100, description="Whose midnight days begin at.")] = "UTC",
    policy: Annotated[
        str | None, Query(max_length=300, pattern=STORABLE, description="A name, or one version: standard@2.")
    ] = None,
    team: Value = None,
    agent: Value = None,
    priority: Priority | None = None,
    target: Target | None = None,
    rollout: Value = None,
    wave: Value = None,
    format: Literal["json", "csv"] = "json",
) -> AttainmentOut | Response:
    """How often the promise was kept, raw and with exemptions. Figures of an agent are for that agent and the IT lead."""
    from_on, to_on = _days(from_on, to_on, now.date())
    cut = Cut(policy=policy, team=team, agent=agent, priority=priority, target=target, rollout=rollout, wave=wave)
    report = attainment_out(
        await attain(unit, by, read_period(from_on, to_on, zone), cut, caller), by, from_on, to_on, zone
    )
    if format == "json":
        return report
    name = f"attainment-by-{by}-{from_on}-{to_on}.csv"
    return Response(
        attainment_csv(report), media_type=CSV, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get("/v1/reports/consistency")
async def get_consistency(unit: Unit, now: Now, from_on: FromDay = None, to_on: ToDay = None) -> ConsistencyOut:
    """Count the counters anew from the results, and the results from the clocks; say every difference. Changes nothing."""
    from_on, to_on = _days(from_on, to_on, now.date())
    return _consistency_out(await check_counters(unit, read_period(from_on, to_on, "UTC")))


@router.post("/v1/reports/recount")
async def post_recount(unit: Unit, now: Now, from_on: FromDay = None, to_on: ToDay = None) -> ConsistencyOut:
    """Put right what the consistency check found, results before counters; what was wrong. Repeat it until nothing is."""
    from_on, to_on = _days(from_on, to_on, now.date())
    return _consistency_out(await recount(unit, read_period(from_on, to_on, "UTC")))


def _days(from_on: date | None, to_on: date | None, today: date) -> tuple[date, date]:
    to_on = to_on or today + timedelta(days=1)
    return from_on or (to_on - timedelta(days=1)).replace(day=1), to_on


def _consistency_out(found: Consistency) -> ConsistencyOut:
    return ConsistencyOut(
        first_day=found.period.first_day,
        end_day=found.period.end_day,
        counters=found.counters,
        different=found.different,
        differences=[
            CounterDifference(
                day=key.day,
                key=key.named(),
                kept=kept.named(),
                counted=counted.named(),
            )
            for key, kept, counted in found.differences
        ],
        missing=found.missing,
        missing_clocks=list(found.missing_clocks),
        consistent=found.consistent,
    )
