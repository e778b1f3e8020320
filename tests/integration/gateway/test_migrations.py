"""The gateway's migrations say what its tables say, there and back, on both engines."""

import asyncio

from alembic import command

from services.gateway.main import MIGRATIONS
from shared.migrations import config_for, upgrade


async def test_the_schema_is_what_the_tables_declare_and_can_be_undone(database_url: str) -> None:
    await upgrade(database_url, MIGRATIONS)
    config = config_for(database_url, MIGRATIONS)
    await asyncio.to_thread(command.check, config)
    await asyncio.to_thread(command.downgrade, config, "base")
    await upgrade(database_url, MIGRATIONS)
