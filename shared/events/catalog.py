"""The whole contract between the services, on one page. `docs/events.md` is made from it."""

from shared.events import gateway, rollout, survey, tickets
from shared.events.envelope import Event

CATALOGUE: tuple[type[Event], ...] = (
    gateway.SourceChanged,
    gateway.LmsDelivered,
    gateway.HelpdeskDelivered,
    gateway.MailReceived,
    gateway.ClockStepped,
    rollout.PersonChanged,
    rollout.PersonErased,
    rollout.PlanApplied,
    rollout.WaveChanged,
    rollout.WaveOpened,
    rollout.WaveHeld,
    rollout.WaveResumed,
    rollout.WaveCompleted,
    rollout.WaveRolledBack,
    rollout.EnrolmentChanged,
    rollout.SurveyRequested,
    rollout.SignoffRequested,
    rollout.SignoffGiven,
    rollout.DeliveryUnderstood,
    rollout.NotificationRequested,
    survey.CampaignChanged,
    survey.ProgressCounted,
    survey.VerdictReached,
    survey.ActionPublished,
    survey.NotificationRequested,
    tickets.TicketChanged,
    tickets.TicketOpened,
    tickets.TicketResolved,
    tickets.TicketReopened,
    tickets.ClockBreached,
    tickets.ClockBreachConfirmed,
    tickets.ClockBreachWithdrawn,
    tickets.ClockSettled,
    tickets.BaselineMeasured,
    tickets.DeliveryUnderstood,
    tickets.NotificationRequested,
)

BY_TYPE: dict[str, type[Event]] = {model.type(): model for model in CATALOGUE}
OWNERS: tuple[str, ...] = ("gateway", "rollout", "survey", "tickets")


def stream_of(owner: str) -> str:
    """The JetStream stream of an owner; it takes `<owner>.>`."""
    return owner.upper()
