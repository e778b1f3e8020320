"""What the service does with events of others: one use case per event."""
