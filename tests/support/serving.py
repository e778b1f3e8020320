"""An ASGI app on a real port, for what an in-process client cannot show: the wire."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from tests.support.servers import free_port


@asynccontextmanager
async def served(app: Any, *, lifespan: bool = False) -> AsyncIterator[int]:
    """The port on which the app listens on the loopback."""
    port = free_port()
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        lifespan="on" if lifespan else "off",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign]  # the test's process keeps its own
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started and not task.done():  # noqa: ASYNC110  # uvicorn offers no event
            await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        await task


def _no_signals() -> Any:
    from contextlib import nullcontext

    return nullcontext()
