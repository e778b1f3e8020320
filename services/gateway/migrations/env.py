"""Alembic's entry point for the gateway."""

from services.gateway.adapters.tables import metadata
from shared.migrations import run

run(metadata)
