"""Business time that passes: clocks run out. `shared.timers` runs these on one replica."""

from services.tickets.usecases.clockwork import breach_due_clocks, next_due

__all__ = ["breach_due_clocks", "next_due"]
