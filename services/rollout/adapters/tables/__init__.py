"""The rollout service's tables, on metadata of its own. Importing this package imports every table of the service."""

from services.rollout.adapters.tables.record import Record, metadata, plumbing

from services.rollout.adapters.tables import people, rollouts  # isort: skip  (they need Record)

__all__ = ["Record", "metadata", "people", "plumbing", "rollouts"]
