"""Tickets: IT tickets and the SLA clocks that run on them.

Owns:      tickets, comments, contacts, SLA policies (immutable versions), clocks and the ledger of breaches; connectors to
           helpdesks, links of tickets, and what helpdesks are to be told.
Publishes: tickets.ticket.changed (state); tickets.ticket.opened / resolved / reopened; tickets.clock.breached /
           breach_withdrawn / settled; tickets.delivery.understood (facts).
Consumes:  gateway.source.changed, gateway.helpdesk.delivered; rollout.plan.applied, wave.changed, enrolment.changed,
           person.changed, person.erased (kept only as far as attribution to a wave needs them).

A ticket's clocks are a pure function of what happened to it, in the order in which it happened (`domain/clock`). A fact
that arrives late is put in its place and the clocks are run again; the ledger of breaches then says what changed.
"""
