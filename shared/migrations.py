"""Alembic for one service's database: one at a time, no long waits for locks, never on a newer schema.

`upgrade(url, folder)` is what the one-shot migrate service and `glidepath up` call; `run(metadata)` is what a service's
`migrations/env.py` calls.
"""

import asyncio
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, pool, text
from sqlalchemy.engine import make_url

LOCK_TIMEOUT_SECONDS = 5
# One constant per deployment's database is enough: each service has its own.
ADVISORY_LOCK = 0x676C6964


class SchemaTooNew(RuntimeError):
    """The database was migrated by a newer release than this one."""


def config_for(url: str, folder: Path) -> Config:
    """Alembic's configuration for the service whose migrations lie in `folder`."""
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(url: str, folder: Path) -> None:
    """Bring the database to this release's schema. Safe to call from several processes at once. `SchemaTooNew`."""
    await asyncio.to_thread(upgrade_now, url, folder)


def upgrade_now(url: str, folder: Path) -> None:
    """The same, blocking."""
    config = config_for(url, folder)
    _refuse_newer(config)
    command.upgrade(config, "head")


def _sync_url(url: str) -> str:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        parsed = parsed.set(drivername="sqlite")
    return parsed.render_as_string(hide_password=False)


def _refuse_newer(config: Config) -> None:
    engine = create_engine(_sync_url(config.get_main_option("sqlalchemy.url") or ""), poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaTooNew(
            f"The database is at schema {current}, which this release does not know. Run the newer release, or restore"
            " the backup made before the upgrade."
        )


def run(metadata: MetaData) -> None:
    """Called by `env.py`: migrate online in one transaction per revision, behind an advisory lock on PostgreSQL."""
    engine = create_engine(_sync_url(context.config.get_main_option("sqlalchemy.url") or ""), poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                _migrate_postgresql(connection, metadata)
            else:
                _migrate(connection, metadata)
    finally:
        engine.dispose()


def _migrate_postgresql(connection: Connection, metadata: MetaData) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"))
    connection.commit()
    try:
        _migrate(connection, metadata)
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
