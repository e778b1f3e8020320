"""The deployment that a demo without --url plays on: `glidepath up` as a process of its own, as anybody would start it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread
from typing import IO

from glidepath.embedded.broker import die_with_parent
from glidepath.embedded.folder import DataFolder
from glidepath.faults import Fault, TimedOut
from shared.clock import monotonic

_START_SECONDS = 90.0
_LEFTOVER_SECONDS = 30.0


class DemoDeployment:
    """Runs `glidepath up` with the demo's settings and starts it again when it dies (or is killed)."""

    def __init__(self, folder: Path, *, port: int, mail_port: int) -> None:
        self._data = DataFolder(folder)
        self._port = port
        self._mail_port = mail_port
        self._stopping = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher = Thread(target=self._watch, name="up", daemon=True)

    @property
    def credentials(self) -> dict[str, str]:
        """url, api_key and login_url of the running deployment."""
        document: dict[str, str] = json.loads(self._data.credentials_file.read_text(encoding="utf-8"))
        return document

    @property
    def _output(self) -> Path:
        return self._data.log_file.parent / "up.log"

    def start(self) -> None:
        """Returns once it is ready. `Fault` with its own words when it does not start."""
        self._data.prepare()
        self._wait_for_leftover()
        self._data.credentials_file.unlink(missing_ok=True)
        self._launch()
        deadline = monotonic() + _START_SECONDS
        while not self._data.credentials_file.exists():
            assert self._process is not None
            code = self._process.poll()
            if code is not None and code < 0:
                self._launch()  # somebody killed it; that is no fault of its own
            elif code is not None:
                raise Fault(f"`glidepath up` did not start: {self._last_words()}")
            if monotonic() > deadline:
                raise TimedOut(f"`glidepath up` was not ready within {_START_SECONDS:g} s; see {self._data.log_file}")
            time.sleep(0.05)
        self._watcher.start()

    def _wait_for_leftover(self) -> None:
        """A demo that was killed leaves its deployment a few seconds to end cleanly."""
        deadline = monotonic() + _LEFTOVER_SECONDS
        while True:
            try:
                with self._data.locked():
                    return
            except Fault:
                if monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _launch(self) -> None:
        environment = os.environ | {
            "GLIDEPATH_DEMO": "1",
            "GLIDEPATH_SMTP_HOST": "127.0.0.1",
            "GLIDEPATH_SMTP_PORT": str(self._mail_port),
            "GLIDEPATH_SMTP_STARTTLS": "false",
            "GLIDEPATH_SIMULATOR_HOST": "127.0.0.1",
            "GLIDEPATH_DEMO_MAIL_PORT": str(self._mail_port),
        }
        command = [sys.executable, "-m", "glidepath", "up", "--data", str(self._data.path), "--port", str(self._port)]
        with self._output.open("wb") as output:
            self._process = self._popen(command, environment, output)

    def _popen(self, command: list[str], environment: dict[str, str], output: IO[bytes]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 - our own command
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches the demo only, which ends the deployment last.
            start_new_session=True,
            preexec_fn=die_with_parent,
        )

    def _last_words(self) -> str:
        lines = self._output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1].removeprefix("glidepath: ") if lines else "it said nothing"

    def _watch(self) -> None:
        while not self._stopping.wait(0.2):
            if self._process is not None and self._process.poll() is not None:
                self._launch()
                self._stopping.wait(1.0)

    def stop(self) -> None:
        """End it cleanly; kill it after 20 s."""
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join(timeout=5)
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
