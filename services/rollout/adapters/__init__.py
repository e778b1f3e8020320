"""What the rollout service keeps in its database, and the outside systems it calls."""
