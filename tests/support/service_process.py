"""The tickets service as uvicorn runs it, as a process of its own, to be killed."""

import os
from collections.abc import Mapping

import uvicorn


async def main(settings: Mapping[str, str], port: int) -> None:
    """Until it is ended; `settings` are environment variables."""
    os.environ.update(settings)
    app = "services.tickets.main:create_app"
    await uvicorn.Server(uvicorn.Config(app, factory=True, port=port, access_log=False)).serve()
