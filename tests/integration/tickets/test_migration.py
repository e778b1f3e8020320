"""The first revision is the metadata, on both engines, and can be taken back."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from services.tickets.adapters.tables import metadata
from shared.migrations import config_for, upgrade_now

MIGRATIONS = Path(__file__).parents[3] / "services" / "tickets" / "migrations"


@pytest.mark.timeout(120)
def test_the_revision_makes_what_the_metadata_says_and_can_be_taken_back(database_url: str) -> None:
    upgrade_now(database_url, MIGRATIONS)
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        url = url.set(drivername="sqlite")
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        indexes = inspect(connection).get_indexes("clocks")
        [due] = [index for index in indexes if index["name"] == "ix_clocks_due"]
        where = {str(option) for option in due["dialect_options"].values()} if due.get("dialect_options") else set()
        assert any("breached_at" in text for text in where)
    command.downgrade(config_for(database_url, MIGRATIONS), "base")
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()
