"""The first revision makes exactly the tables that the code knows, on both engines."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.engine import make_url

import services.survey
from services.survey.adapters.tables import metadata
from shared.migrations import config_for, upgrade_now

FOLDER = Path(services.survey.__file__).parent / "migrations"


def look(url: str) -> tuple[list[object], list[str]]:
    """What autogenerate would still change, and the tables there are."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        parsed = parsed.set(drivername="sqlite")
    engine = create_engine(parsed)

    def ask(connection: Connection) -> tuple[list[object], list[str]]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata)), inspect(connection).get_table_names()

    try:
        with engine.connect() as connection:
            return ask(connection)
    finally:
        engine.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_code_and_can_be_undone(database_url: str) -> None:
    upgrade_now(database_url, FOLDER)
    upgrade_now(database_url, FOLDER)
    differences, tables = look(database_url)
    assert differences == []
    assert {"campaigns", "sealed_responses", "sealed_participations", "staged_answers", "outbox"} <= set(tables)
    command.downgrade(config_for(database_url, FOLDER), "base")
    assert look(database_url)[1] == ["alembic_version"]
