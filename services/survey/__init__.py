"""Survey: questionnaires, campaigns, honest statistics, and anonymity that the tables themselves enforce.

Owns: published instruments, campaigns, invitations, answers, tallies, verdicts, and a projection of people and enrolments.
Publishes: survey.campaign.changed, survey.progress.counted, survey.verdict.reached, survey.notification.requested.
Consumes: rollout.survey.requested (a gate wants to know), rollout.person.changed / erased and rollout.enrolment.changed
(who belongs to a wave).

An answer waits in `staged_answers` until its batch is released. What is told to anybody comes from released batches alone.
"""
