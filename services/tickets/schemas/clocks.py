"""Clocks of all tickets, watermarks and webhooks over the wire."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from services.tickets.domain.policy import Priority, Target
from services.tickets.ports import ClockCounts, Escalation, Watched, Watermark, Webhook
from services.tickets.schemas.answers import AttributionOut
from services.tickets.schemas.requests import STORABLE
from services.tickets.usecases.clockwork.forecasting import AtRisk


class WatchedOut(BaseModel):
    """An open clock. `remaining_seconds` is business time, negative once overdue; `due_at` is null while it moves."""

    clock_id: str
    ticket_id: str
    ticket_number: int
    ticket_subject: str
    priority: Priority
    ticket_team: str | None
    assignee: str | None
    source: str | None
    attribution: AttributionOut | None
    target: Target
    cycle: int
    team: str | None
    state: Literal["running", "paused"]
    policy: str
    rule: str
    started_at: AwareDatetime
    due_at: AwareDatetime | None
    breached_at: AwareDatetime | None
    unconfirmed: bool
    target_seconds: float | None
    elapsed_seconds: float
    remaining_seconds: float | None


class AtRiskOut(WatchedOut):
    """`probability_to_miss` is the share, of finished clocks of the same policy, target and priority that took at least as long
    as this one has by now, that took as long as its target; null where none did. `alike` is how many there were; with fewer
    than 20, `enough` is false and the share rests on little."""

    probability_to_miss: float | None
    alike: int
    enough: bool


class AtRiskListOut(BaseModel):
    """The likeliest to be missed first. `considered` is how many clocks were due soon enough to be judged."""

    items: list[AtRiskOut]
    considered: int
    within_minutes: int


class ClockCountsOut(BaseModel):
    """Open clocks of all tickets. A figure that equals `most` means that many or more."""

    running: int
    due_within_an_hour: int
    due_within_a_day: int
    paused: int
    overdue: int
    unconfirmed: int
    most: int


class WatermarkIn(BaseModel):
    """The source has been read in full up to this instant: nothing that happened before it is still to come."""

    model_config = ConfigDict(extra="forbid")
    synced_until: AwareDatetime


class WatermarkOut(BaseModel):
    source: str
    synced_until: AwareDatetime
    told_at: AwareDatetime
    told_by: str


class WebhookIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000, pattern=STORABLE)]


class WebhookOut(BaseModel):
    name: str
    url: str
    changed_at: AwareDatetime
    changed_by: str


class WebhookSecretOut(WebhookOut):
    """`secret` signs, as in Standard Webhooks: `whsec_` and base64."""

    secret: str


class EscalationOut(BaseModel):
    """A step of a ladder that was fired. `fires_at` is when it was due, `fired_at` when it was done."""

    escalation_id: str
    clock_id: str
    threshold: str
    occurrence: int
    fires_at: AwareDatetime
    fired_at: AwareDatetime
    told: list[str]
    reason: str | None


def watched_out(watched: Watched, now: datetime) -> WatchedOut:
    clock, attribution = watched.clock, watched.attribution
    elapsed = clock.elapsed(max(now, clock.started_at))
    left = None if clock.target_for is None else clock.target_for - elapsed
    return WatchedOut(
        clock_id=clock.clock_id,
        ticket_id=clock.ticket_id,
        ticket_number=watched.number,
        ticket_subject=watched.subject,
        priority=watched.priority,
        ticket_team=watched.team,
        assignee=watched.assignee,
        source=watched.source,
        attribution=None
        if attribution is None
        else AttributionOut(rollout=attribution.rollout, wave=attribution.wave, rule=attribution.rule),
        target=clock.target,
        cycle=clock.cycle,
        team=clock.team,
        state="paused" if clock.state.value == "paused" else "running",
        policy=clock.policy,
        rule=clock.rule,
        started_at=clock.started_at,
        due_at=clock.due_at,
        breached_at=clock.breached_at,
        unconfirmed=watched.unconfirmed,
        target_seconds=None if clock.target_for is None else clock.target_for / timedelta(seconds=1),
        elapsed_seconds=elapsed / timedelta(seconds=1),
        remaining_seconds=None if left is None else left / timedelta(seconds=1),
    )


def at_risk_out(at_risk: AtRisk, now: datetime) -> AtRiskOut:
    return AtRiskOut(
        **watched_out(at_risk.watched, now).model_dump(),
        probability_to_miss=at_risk.chance.to_miss,
        alike=at_risk.chance.alike,
        enough=at_risk.chance.enough,
    )


def counts_out(counts: ClockCounts) -> ClockCountsOut:
    return ClockCountsOut(
        running=counts.running,
        due_within_an_hour=counts.due_within_an_hour,
        due_within_a_day=counts.due_within_a_day,
        paused=counts.paused,
        overdue=counts.overdue,
        unconfirmed=counts.unconfirmed,
        most=counts.most,
    )


def webhook_out(webhook: Webhook) -> WebhookOut:
    return WebhookOut(name=webhook.name, url=webhook.url, changed_at=webhook.changed_at, changed_by=webhook.changed_by)


def escalation_out(escalation: Escalation) -> EscalationOut:
    return EscalationOut(
        escalation_id=escalation.escalation_id,
        clock_id=escalation.clock_id,
        threshold=escalation.threshold,
        occurrence=escalation.occurrence,
        fires_at=escalation.fires_at,
        fired_at=escalation.fired_at,
        told=list(escalation.told),
        reason=escalation.reason,
    )


def watermark_out(watermark: Watermark) -> WatermarkOut:
    return WatermarkOut(
        source=watermark.source,
        synced_until=watermark.synced_until,
        told_at=watermark.told_at,
        told_by=watermark.told_by,
    )
