"""A real Request Tracker 5 on a port and a SQLite database of its own, and what people do there.

`Installation.make(folder)` fills a database once (some seconds); `RequestTracker(installation, folder)` runs on a copy of it.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.rt import packages
from tests.support.servers import free_port

PASSWORD = "correct-horse-battery"
REQUESTER_ADDRESS = "requester@example.com"

# Not UTC, and with summer time: REST answers in UTC but TicketSQL compares with this, which a client must not trip over.
TIMEZONE = "America/New_York"

_SITE_CONFIG = """
use utf8;
Set($rtname, 'example.com');
Set($Organization, 'example.com');
Set($Timezone, '{timezone}');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($WebPath, '');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.db');
Set($DatabaseUser, '');
Set($DatabasePassword, '');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');
Set($MailCommand, 'mbox');
Set($HTMLFormatter, 'core');
Set($BcryptCost, 4);  # each request hashes its token; the default is made to be slow
$RT::VarPath = '{folder}/var';
$RT::MasonDataDir = '{folder}/var/mason';
$RT::MasonSessionDir = '{folder}/var/sessions';
1;
"""


def _configure(folder: Path, port: int) -> dict[str, str]:
    """Writes the folder's configuration; the environment that makes RT read it and nothing of the system's."""
    for name in ("site.d", "var/mason", "var/sessions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    config = _SITE_CONFIG
    for name, value in {"folder": str(folder), "port": str(port), "timezone": TIMEZONE}.items():
        config = config.replace(f"{{{name}}}", value)
    (folder / "site.pm").write_text(config)
    return os.environ | {"RT_SITE_CONFIG": str(folder / "site.pm"), "RT_SITE_CONFIG_DIR": str(folder / "site.d")}


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class Installation:
    """A filled database to copy from, and the token of each of its people (`root`, `glidepath`, `agent`, `requester`)."""

    database: Path
    tokens: dict[str, str]

    @classmethod
    def make(cls, folder: Path) -> "Installation":
        environment = _configure(folder, port=80)
        secret = folder / "root-password"
        secret.write_text(PASSWORD)
        setup = [str(packages.SETUP_DATABASE), "--action", "init", "--dba", "", "--dba-password", ""]
        _run([*setup, "--root-password-file", str(secret)], environment)
        seed = Path(__file__).parent / "seed.pl"
        told = _run(["perl", "-I", str(packages.LIBRARY / "lib"), str(seed)], {**environment, "RT_PASSWORD": PASSWORD})
        return cls(folder / "rt.db", json.loads(told))


class Person:
    """Somebody at the helpdesk's own screen: acts through REST 2.0 under their own name."""

    def __init__(self, base_url: str, token: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"{base_url}/REST/2.0", headers={"Authorization": f"token {token}"}, timeout=30
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, **params: str) -> Any:
        return (await self._ask("GET", path, params=params)).json()

    async def create(self, subject: str, content: str, *, queue: str = "General", **more: Any) -> str:
        """The new ticket's id. `Requestor` is not the creator unless one says so."""
        body = {"Queue": queue, "Subject": subject, "Content": content, **more}
        created = await self._ask("POST", "/ticket", json=body)
        return str(created.json()["id"])

    async def reply(self, ticket: str, content: str) -> str:
        """Writes to the requester; the id of the transaction."""
        return await self._message(ticket, "correspond", content)

    async def comment(self, ticket: str, content: str) -> str:
        """Writes a note that the requester does not see; the id of the transaction."""
        return await self._message(ticket, "comment", content)

    async def set_status(self, ticket: str, status: str) -> None:
        await self.change(ticket, Status=status)

    async def set_priority(self, ticket: str, priority: int) -> None:
        await self.change(ticket, Priority=priority)

    async def change(self, ticket: str, **fields: str | int) -> None:
        """RT answers 200 with a sentence to a change that it refuses; only a second look tells."""
        said = (await self._ask("PUT", f"/ticket/{ticket}", json=fields)).json()
        now = await self.get(f"/ticket/{ticket}")
        wrong = {name: now[name] for name, wanted in fields.items() if str(now[name]) != str(wanted)}
        if wrong:
            raise AssertionError(f"ticket {ticket} still has {wrong}; RT said {said}")

    async def _message(self, ticket: str, kind: str, content: str) -> str:
        # As JSON: RT takes a text/plain body for Latin-1, whatever charset it names.
        body = {"Content": content, "ContentType": "text/plain"}
        added = await self._ask("POST", f"/ticket/{ticket}/{kind}", json=body)
        return added.headers["Location"].rpartition("/")[2]

    async def _ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        answer = await self._client.request(method, path, **how)
        if answer.is_error:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer


class RequestTracker:
    """A Request Tracker child. `stop` ends it, `start` brings it back on the same port and database.

    `token` is that of the user `glidepath`, who has an agent's rights; `root`, `agent` and `requester` are people to act as.
    """

    password = PASSWORD

    def __init__(self, installation: Installation, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(installation.database, folder / "rt.db")
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.base_url = f"http://127.0.0.1:{self._port}"
        self.token = installation.tokens["glidepath"]
        self.root, self.agent, self.requester = (
            Person(self.base_url, installation.tokens[name]) for name in ("root", "agent", "requester")
        )

    @staticmethod
    def install_if_missing() -> None:
        packages.install_if_missing()

    async def start(self) -> None:
        """Returns when it answers."""
        environment = _configure(self._folder, self._port)
        server = packages.LIBRARY / "libexec" / "rt-server"
        command = [str(server), "--host", "127.0.0.1", "--port", str(self._port), "--max-workers", "3"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # starting a child takes a millisecond
                command, env=environment, stdout=log, stderr=log
            )
        # A refused connection is tried again, seven times over half a minute; Perl needs about two seconds to compile RT.
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=7)) as probe:
            try:
                (await probe.get(f"{self.base_url}/REST/2.0/rt", timeout=60)).read()
            except httpx.ConnectError as error:
                raise RuntimeError(f"Request Tracker did not start:\n{self.log()}") from error

    def stop(self) -> None:
        if self._process is not None:
            # Not SIGINT: as root, rt-server answers that by changing the owner of the system's folder.
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)
            self._process = None

    async def close(self) -> None:
        self.stop()
        for person in (self.root, self.agent, self.requester):
            await person.close()

    def log(self) -> str:
        return (self._folder / "log").read_text()

    def mails(self) -> str:
        """Everything that RT would have sent, as one mbox."""
        return "".join(path.read_text() for path in sorted((self._folder / "var").glob("*.mbox")))
