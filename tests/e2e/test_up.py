"""`glidepath up` as a person starts, stops, doubles and kills it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from glidepath.embedded.broker import free_port
from shared.clock import monotonic

pytestmark = [pytest.mark.nats, pytest.mark.timeout(240)]
READY_SECONDS = 90.0
STOP_SECONDS = 40.0


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "glidepath", *words]


def environment(**more: str) -> dict[str, str]:
    """Ours without any setting of a Glidepath that happens to run here."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GLIDEPATH_")} | more


class Up:
    """A running `glidepath up` and what it said."""

    def __init__(self, folder: Path, port: int) -> None:
        self.data = folder / "data"
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.said = folder / f"said-{port}.txt"
        self._output = self.said.open("ab")
        self.process = subprocess.Popen(
            command("up", "--data", str(self.data), "--port", str(port)),
            env=environment(),
            cwd=folder,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def text(self) -> str:
        return self.said.read_text(encoding="utf-8")

    def wait_until_ready(self) -> None:
        before = self.text().count("ready at")
        deadline = monotonic() + READY_SECONDS
        while self.text().count("ready at") == before or httpx.get(f"{self.url}/readyz").status_code != 200:
            assert self.process.poll() is None, self.text()
            assert monotonic() < deadline, self.text()
            time.sleep(0.1)

    def nats_pid(self) -> int:
        return int((self.data / "nats" / "nats.pid").read_text())

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=STOP_SECONDS)

    def api_key(self) -> str:
        return str(json.loads((self.data / "credentials.json").read_text())["api_key"])

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers={"Authorization": f"Bearer {self.api_key()}"}, timeout=30)


@contextmanager
def up(folder: Path, port: int | None = None) -> Iterator[Up]:
    running = Up(folder, port or free_port())
    try:
        running.wait_until_ready()
        yield running
    finally:
        with suppress(ProcessLookupError):
            running.process.kill()
        running.process.wait(timeout=STOP_SECONDS)
        running._output.close()


def ends(pid: int) -> bool:
    """Whether the process is gone (or only waits to be reaped) before the deadline."""
    deadline = monotonic() + STOP_SECONDS
    while monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def test_it_comes_up_says_where_and_ends_cleanly_with_its_nats_server_on_ctrl_c(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        assert f"console: {running.url}/login/" in running.text()
        assert running.get("/api/gateway/v1/about").json()["demo"]["enabled"] is False
        for private in ("secrets.json", "credentials.json", "nats/nats.conf"):
            assert (running.data / private).stat().st_mode & 0o077 == 0
        nats = running.nats_pid()
        assert running.stop(signal.SIGINT) == 0
        assert running.text().rstrip().endswith("stopped")
        assert "Traceback" not in running.text()
        assert ends(nats)


def test_a_second_one_on_the_same_data_is_refused_and_told_why(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        second = subprocess.run(
            command("up", "--data", str(running.data), "--port", str(free_port())),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
        )
        assert second.returncode == 1
        assert "already runs on" in second.stderr
        assert f"process {running.process.pid}" in second.stderr
        other = subprocess.run(
            command("up", "--data", str(tmp_path / "other"), "--port", str(running.port)),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
        )
        assert other.returncode == 1
        assert f"port {running.port} is in use" in other.stderr
        assert "Traceback" not in second.stderr + other.stderr
        assert running.get("/readyz").status_code == 200


def test_after_a_kill_its_nats_server_ends_and_everything_acknowledged_is_still_there(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        ticket = httpx.post(
            f"{running.url}/api/tickets/v1/tickets",
            json={"subject": "Kept over a kill", "priority": "P3"},
            headers={"Authorization": f"Bearer {running.api_key()}", "Idempotency-Key": "kept-over-a-kill"},
            timeout=30,
        )
        assert ticket.status_code == 201, ticket.text
        nats = running.nats_pid()
        running.process.kill()
        running.process.wait(timeout=STOP_SECONDS)
        assert ends(nats)
        with up(tmp_path, running.port) as again:
            subjects = [row["subject"] for row in again.get("/api/tickets/v1/tickets").json()["items"]]
            assert subjects == ["Kept over a kill"]
            assert again.stop() == 0


def test_a_nats_server_that_dies_is_started_again(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        first = running.nats_pid()
        os.kill(first, signal.SIGKILL)
        deadline = monotonic() + STOP_SECONDS
        while running.nats_pid() == first or "starting it again" not in running.text():
            assert monotonic() < deadline, running.text()
            time.sleep(0.1)
        while not running.get("/api/rollout/v1/status").json()["nats_connected"]:
            assert monotonic() < deadline
            time.sleep(0.2)
        assert running.stop() == 0
