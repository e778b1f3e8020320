"""`glidepath up`: starts everything in order, says when it is ready, and ends it in the opposite order."""

import asyncio
import gc
import json
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
import uvloop
from fastapi import FastAPI

from glidepath.embedded.broker import Broker
from glidepath.embedded.folder import DataFolder, Secrets, write_private
from glidepath.faults import Fault
from shared.clock import monotonic

_READY_SECONDS = 60.0
_IMPATIENT_AFTER_SECONDS = 1.0
Tell = Callable[[str], None]


class Embedded:
    """One running deployment on one data folder. `stop_requested` is set by a signal, once; a second one hurries."""

    def __init__(self, folder: DataFolder, *, port: int, nats_port: int = 0, tell: Tell) -> None:
        self._folder = folder
        self._port = port
        self._nats_port = nats_port
        self._tell = tell
        self._stop = asyncio.Event()
        self._stop_asked_at: float | None = None
        self._hang_up: Callable[[], None] = lambda: None
        self._server: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def request_stop(self) -> None:
        """Finish what was begun, then end. Asked again after a second or more: end now."""
        now = monotonic()
        if self._stop_asked_at is None:
            self._stop_asked_at = now
        # One Ctrl-C can reach us twice, through the terminal and through whoever started us.
        elif now - self._stop_asked_at >= _IMPATIENT_AFTER_SECONDS and self._server is not None:
            self._server.force_exit = True
        self._stop.set()
        self._hang_up()
        if self._server is not None:
            self._server.should_exit = True

    async def run(self) -> None:
        """Until a stop is requested. `Fault` when it cannot start."""
        self._folder.prepare()
        with self._folder.locked(), _listening(self._port) as listening:
            secrets = self._folder.secrets()
            broker = Broker(self._folder, secrets.nats_password, port=self._nats_port, tell=self._tell)
            try:
                await broker.start()
                await self._serve(broker, secrets, listening)
            finally:
                await broker.stop()
        self._tell("stopped")

    async def _serve(self, broker: Broker, secrets: Secrets, listening: socket.socket) -> None:
        # Imported here: the services cost a second to import, and a wrong port or a locked folder should be told at once.
        with _staying():
            from glidepath.embedded.stack import build_stack, migrate_all

            stack = build_stack(self._folder, secrets, nats_url=broker.url, public_url=self.url)
        await asyncio.to_thread(migrate_all, self._folder)
        if self._stop.is_set():
            return
        async with stack.others_running():
            self._server = _Server(_config(stack.gateway))
            # The console's live pages are answers that never end by themselves; a stop must not wait for them.
            self._hang_up = stack.gateway.state.console.hang_up
            serving = asyncio.create_task(self._server.serve(sockets=[listening]), name="gateway")
            try:
                await self._until_ready(stack.unready_because, serving)
                if not self._stop.is_set():
                    await self._announce(stack.gateway, secrets)
                await serving
            finally:
                self._server.should_exit = True
                await asyncio.gather(serving, return_exceptions=True)

    async def _until_ready(
        self, unready_because: Callable[[], Awaitable[list[str]]], serving: asyncio.Task[None]
    ) -> None:
        deadline = monotonic() + _READY_SECONDS
        assert self._server is not None
        while not self._stop.is_set():
            if serving.done():
                raise Fault(f"the gateway did not start; see {self._folder.log_file}")
            reasons = await unready_because() if self._server.started else ["gateway: starting"]
            if not reasons:
                return
            if monotonic() > deadline:
                raise Fault(f"not ready after {_READY_SECONDS:g} s", places=reasons)
            await asyncio.sleep(0.05)

    async def _announce(self, gateway: FastAPI, secrets: Secrets) -> None:
        from glidepath.embedded.login import login_link

        login = await login_link(gateway.state.runtime)
        document = {"url": self.url, "api_key": secrets.admin_api_key, "login_url": login}
        write_private(self._folder.credentials_file, json.dumps(document, indent=2))
        self._tell(f"console: {login}")
        self._tell(f"ready at {self.url}, data in {self._folder.path}, log in {self._folder.log_file}")


@contextmanager
def _staying() -> Iterator[None]:
    """What is made in here stays to the end: the collector, whose every look at it stops the process for a tenth of a second,
    need not look for garbage in it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: it would end the process before the NATS server is stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(gateway: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        gateway,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_graceful_shutdown=5,
    )


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """Loopback only: whoever wants it reachable puts a proxy with TLS in front, or uses the compose file."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(1024)  # at once: two sockets that only are bound can share a port
    except OSError as error:
        listening.close()
        raise Fault(f"port {port} is in use ({error.strerror}). Set GLIDEPATH_PORT or --port to a free one.") from error
    with listening:
        yield listening


def serve_forever(folder: Path, *, port: int, nats_port: int, show_log: bool) -> None:
    """Blocking, on the main thread: Ctrl-C and SIGTERM stop it cleanly."""
    data = DataFolder(folder)
    data.prepare()
    # uvloop: a third less work for what SQLite's threads and the sockets keep waking up.
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with _log_to(None if show_log else data.log_file), runner:
        runner.run(_main(data, port=port, nats_port=nats_port))


async def _main(folder: DataFolder, *, port: int, nats_port: int) -> None:
    embedded = Embedded(folder, port=port, nats_port=nats_port, tell=_tell)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, embedded.request_stop)
    await embedded.run()


def _tell(line: str) -> None:
    # Whoever started us may have gone away with the other end of the pipe; that is no reason to stop.
    with suppress(BrokenPipeError):
        print(f"glidepath: {line}", flush=True)


@contextmanager
def _log_to(path: Path | None) -> Iterator[None]:
    """The services log to standard error; put that into a file, so that the terminal stays readable."""
    if path is None:
        yield
        return
    before = sys.stderr
    with path.open("a", encoding="utf-8", buffering=1) as file:
        sys.stderr = file
        try:
            yield
        finally:
            sys.stderr = before
