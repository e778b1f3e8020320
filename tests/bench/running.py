"""What a bench runs against: servers from wheels that keep what they promise, and the service as a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import nats

from shared import migrations
from shared.events.catalog import stream_of
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
        self._environment = {
            **os.environ,
            "GLIDEPATH_DATABASE_URL": url,
            "GLIDEPATH_NATS_URL": nats_url,
            "GLIDEPATH_IDENTITY_KEY": "identity-key-of-the-bench",
            "GLIDEPATH_LINK_KEY": "link-key-of-this-very-bench",
            "GLIDEPATH_LOG_LEVEL": "error",
        }
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, crash_at: str = "") -> None:
        """Until it says that it is ready."""
        port = free_port()
        command = ["uvicorn", "services.tickets.main:create_app", "--factory", "--port", str(port), "--no-access-log"]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *command,
            cwd=ROOT,
            env={**self._environment, "GLIDEPATH_CRASH_AT": crash_at},
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient() as client:
            while not await _is_ready(client, port):  # what is waited for happens in another process
                if self._process.returncode is not None:
                    return
                await asyncio.sleep(0.05)

    async def died(self, seconds: float) -> int:
        """Wait for it to end by itself; its exit code."""
        assert self._process is not None
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    async def kill(self) -> None:
        """As a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.wait()
        self._process = None


async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False
