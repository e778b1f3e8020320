"""Everything in one process: four services on SQLite, and a real NATS server as a child."""
