"""Rollout: who is taught what, in which wave, and what each wave waits for.

Owns: people and how other systems name them, plans, waves, gates, holds, sign-offs, freezes, enrolments, LMS connections.
Publishes: rollout.person.changed/erased, rollout.plan.applied, rollout.wave.changed/opened/held/resumed/completed/rolled_back,
    rollout.enrolment.changed, rollout.survey.requested, rollout.signoff.requested/given, rollout.notification.requested,
    rollout.delivery.understood.
Consumes: tickets.ticket.* and tickets.clock.* (evidence of the tickets and sla gates), survey.verdict.reached and
    survey.campaign.changed (the survey gate), gateway.lms.delivered and gateway.source.changed (what learning systems say).
Never calls another service; calls learning systems only from its paced push and poll workers.
"""
