"""The mails of this service, in plain words. Times are wall time in the plan's zone."""

from datetime import datetime, timedelta

from services.rollout.domain.plan import Contact, Plan, WavePlan
from services.rollout.domain.wording import say_instant, say_span
from services.rollout.ports.rollouts import SignoffRequest
from shared.clock import new_id
from shared.events.messages import SignedLink
from shared.events.rollout import NotificationRequested

SIGNOFF_LINK_FOR = timedelta(days=90)
"""From the business time of the request. Business time is never behind real time, by which links expire."""


def go_to_notice(
    plan: Plan, to: Contact, *, plan_version: int, opens_at: datetime, deputy: bool
) -> NotificationRequested:
    """What IT's go-to person (or the deputy) learns when a plan is applied: what, whom, which systems, from when."""
    waves = "\n".join(f"  {index}. {wave.title}" for index, wave in enumerate(plan.waves, start=1))
    systems = f"Systems it touches: {', '.join(plan.systems)}.\n" if plan.systems else ""
    role = "You stand in for the go-to person of IT." if deputy else "You are the go-to person of IT for it."
    notice = f"You have {say_span(plan.notice_for)} notice. " if plan.notice_for else ""
    body = (
        f"Hello {to.name},\n\n"
        f"“{plan.title}” (plan version {plan_version}) is planned. {role}\n\n"
        f"{notice}The first wave opens no earlier than {say_instant(opens_at, plan.zone)}.\n"
        f"{systems}\nThe waves, in turn:\n{waves}\n\n"
        "Each wave waits for its gates, and tickets and missed response times can hold it. If the time does not suit you,\n"
        "tell the training team, or hold a wave yourself: an IT lead's hold is lifted by IT only.\n"
    )
    return NotificationRequested(
        notification_id=new_id(),
        to_email=to.email,
        to_name=to.name,
        subject=f"Coming to IT: {plan.title}",
        body=body,
        rollout=plan.name,
    )


def signoff_request(plan: Plan, wave: WavePlan, request: SignoffRequest) -> NotificationRequested:
    """Asks one person in one role; the gateway puts the signed link in."""
    body = (
        f"Hello {request.name},\n\n"
        f"for “{plan.title}” you are asked to sign off as {request.role}, before “{wave.title}” may open.\n"
        f"It is about version {request.plan_version} of the plan; a new version asks again.\n\n"
        "Approve, approve with conditions, reject or abstain here (no account needed, the link works once):\n"
        "{link}\n"
    )
    return NotificationRequested(
        notification_id=request.id,
        to_email=request.email,
        to_name=request.name,
        subject=f"Sign-off needed ({request.role}): {plan.title}",
        body=body,
        link=SignedLink(purpose="signoff", subject=request.id, expires_at=request.requested_at + SIGNOFF_LINK_FOR),
        rollout=plan.name,
        wave=wave.name,
    )
