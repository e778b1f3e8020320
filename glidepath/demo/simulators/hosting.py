"""Runs the simulators' servers on a thread of their own, so that the story reads as a plain script."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette

T = TypeVar("T")


class Hosting:
    """One event loop on a daemon thread with any number of HTTP and line servers; `stop` ends them all."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="simulators", daemon=True)
        self._stops: list[Callable[[], Awaitable[None]]] = []
        self._thread.start()

    def serve_http(self, app: Starlette, port: int = 0) -> int:
        """Serve `app`; the port it really has. `OSError` if the port is taken."""
        listening = listen_on(self.host, port)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        task = self._submit(server.serve(sockets=[listening]))

        async def stop() -> None:
            server.should_exit = True
            await asyncio.wrap_future(task)

        self._stops.append(stop)
        return int(listening.getsockname()[1])

    def serve_lines(
        self, talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], port: int = 0
    ) -> int:
        """Serve a protocol of lines (SMTP); the port it really has. `OSError` if the port is taken."""
        listening = listen_on(self.host, port)

        async def start() -> asyncio.Server:
            return await asyncio.start_server(talk, sock=listening, limit=2**20)

        server = self._submit(start()).result(timeout=10)

        async def stop() -> None:
            server.close()

        self._stops.append(stop)
        return int(listening.getsockname()[1])

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def stop(self) -> None:
        """End every server, then the loop with whatever conversation is still open."""

        async def end() -> None:
            for stop in self._stops:
                await stop()
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._submit(end()).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()


def listen_on(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(256)  # at once: two sockets that only are bound can share a port
    except OSError:
        listening.close()
        raise
    return listening
