"""What the REST routes take and answer. Separate from the tables on purpose."""
