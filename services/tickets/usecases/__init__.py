"""What the desk, the helpdesks, the clock and the rollout service make happen. Load, decide, save, record the event."""
