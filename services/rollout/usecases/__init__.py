"""What can be done with rollouts: load, decide, save, record the event."""
