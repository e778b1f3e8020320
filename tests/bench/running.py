"""What a bench runs against: servers from wheels that keep what they promise, and the service as a process of its own."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx
import nats

from shared import migrations
from shared.events.catalog import stream_of
from tests.support import processes, service_process
from tests.support.servers import NatsServer, Postgres, free_port

ROOT = Path(__file__).parent.parent.parent
MIGRATIONS = ROOT / "services" / "tickets" / "migrations"
READY_SECONDS = 60.0


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """The URL of a migrated tickets database. PostgreSQL writes through to the disk, as ours does."""
    if engine == "sqlite":
        path = folder / "tickets.db"
        folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite+aiosqlite:///{path}"
        migrations.upgrade_now(url, MIGRATIONS)
        yield url
        return
    server = Postgres(durable=True)
    try:
        url = server.url(server.create_database())
        migrations.upgrade_now(url, MIGRATIONS)
        yield url
    finally:
        server.stop()


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[str]:
    """A NATS server with the streams that the tickets service listens to."""
    server = NatsServer(folder / "nats")
    await server.start()
    link = await nats.connect(server.url)
    for owner in ("gateway", "rollout"):
        await link.jetstream().add_stream(name=stream_of(owner), subjects=[f"{owner}.>"])
    await link.close()
    try:
        yield server.url
    finally:
        server.stop()


class Service:
    """The tickets service as `uvicorn` runs it, to be started and killed."""

    def __init__(self, url: str, nats_url: str) -> None:
        self._settings = {
            "GLIDEPATH_DATABASE_URL": url,
            "GLIDEPATH_NATS_URL": nats_url,
            "GLIDEPATH_IDENTITY_KEY": "identity-key-of-the-bench",
            "GLIDEPATH_LINK_KEY": "link-key-of-this-very-bench",
            "GLIDEPATH_LOG_LEVEL": "error",
        }
        self._process: Process | BaseProcess | None = None

    async def start(self, crash_at: str = "") -> None:
        """Until it says that it is ready."""
        port = free_port()
        await self._launch(port, crash_at)
        async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient() as client:
            while not await _is_ready(client, port):  # what is waited for happens in another process
                if self._code() is not None:
                    return
                await asyncio.sleep(0.05)

    async def died(self, seconds: float) -> int:
        """Wait for it to end by itself; its exit code."""
        async with asyncio.timeout(seconds):
            while (code := self._code()) is None:  # noqa: ASYNC110  # it ends by itself
                await asyncio.sleep(0.02)
        return code

    async def kill(self) -> None:
        """As a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._code() is None:
            assert self._process.pid is not None
            os.kill(self._process.pid, how)
            await self.died(READY_SECONDS)
        self._process = None

    async def _launch(self, port: int, crash_at: str) -> None:
        command = ["uvicorn", "services.tickets.main:create_app", "--factory", "--port", str(port), "--no-access-log"]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *command,
            cwd=ROOT,
            env={**os.environ, **self._settings, "GLIDEPATH_CRASH_AT": crash_at},
            stdout=asyncio.subprocess.DEVNULL,
        )

    def _code(self) -> int | None:
        assert self._process is not None
        return self._process.returncode if isinstance(self._process, Process) else self._process.exitcode


class WarmService(Service):
    """Forked off a process that has imported everything already. Importing is most of a start, which only a bench measures."""

    async def _launch(self, port: int, crash_at: str) -> None:
        self._process = await processes.start(service_process.main, self._settings, port, crash_at=crash_at)


async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False
