"""A helpdesk connected from the command line to a running `glidepath up`: read, looked at, then told."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from shared.clock import SystemClock, monotonic
from tests.e2e.test_tickets_command import data_of, typed
from tests.e2e.test_up import up
from tests.support.helpdesks.zendesk import Zendesk
from tests.support.serving import served

pytestmark = [pytest.mark.nats, pytest.mark.timeout(240)]
SECRET = "api-token-1"


@contextmanager
def helpdesk(there: Zendesk) -> Iterator[str]:
    """The simulated helpdesk on a real port, in a thread of its own; its address."""
    listens, over = threading.Event(), threading.Event()
    address = []

    async def serve() -> None:
        async with served(there.app) as port:
            address.append(f"http://127.0.0.1:{port}")
            listens.set()
            while not over.is_set():  # noqa: ASYNC110  # the event is another thread's
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert listens.wait(10)
    try:
        yield address[0]
    finally:
        over.set()
        thread.join()


def test_a_helpdesk_is_connected_looked_at_and_told_from_the_command_line(tmp_path: Path) -> None:
    opened_at = SystemClock().now() - timedelta(minutes=10)
    there = Zendesk(lambda: opened_at)
    key = there.open_ticket(requester="ada@example.com", subject="No sound")
    there.clock = SystemClock().now
    token = tmp_path / "token"
    token.write_text(SECRET)
    with helpdesk(there) as url, up(tmp_path) as running:
        assert "zendesk" in typed(running, "sync", "vendors").stdout
        wrong = typed(running, "sync", "add", "desk", "--vendor", "zendesk", "--url", "nonsense")
        assert (wrong.returncode, "/base_url" in wrong.stderr) == (1, True)
        added = typed(running, "sync", "add", "desk", "--vendor", "zendesk", "--url", url)
        assert added.returncode == 0, added.stderr
        credential = ("--kind", "basic", "--user", "glidepath@helpdesk.example/token", "--token-file", str(token))
        entered = typed(running, "sync", "login", "desk", *credential)
        assert entered.returncode == 0, entered.stderr
        assert typed(running, "sync", "run", "desk").returncode == 0
        [ticket] = data_of(running, "tickets", "list")
        number = str(ticket["number"])
        assert typed(running, "tickets", "comment", number, "Please restart it").returncode == 0
        assert typed(running, "tickets", "set", number, "status=pending").returncode == 0
        looked = typed(running, "sync", "run", "desk", "--dry-run")
        assert "write “Please restart it”" in looked.stdout
        assert "set status to pending" in looked.stdout
        assert there.state(key).comments == ()
        assert typed(running, "sync", "two-way", "desk", "-y").returncode == 0
        deadline = monotonic() + 30
        while there.state(key).status != "pending":
            assert monotonic() < deadline, typed(running, "sync", "writes", "desk").stdout
            time.sleep(0.2)
        assert [comment.by_us for comment in there.state(key).comments] == [True]
        [standing] = data_of(running, "sync", "status")
        assert (standing["status"]["state"], standing["status"]["refused"]) == ("fine", 0)
        token.write_text("wrong")
        refused = typed(running, "sync", "login", "desk", *credential)
        assert (refused.returncode, "401" in refused.stderr) == (1, True)
        failing = typed(running, "sync", "status")
        assert (failing.returncode, "failing" in failing.stdout) == (1, True)
        for said in (added, entered, looked, refused):
            assert SECRET not in said.stdout + said.stderr
            assert "Traceback" not in said.stderr
        assert running.stop() == 0
        assert SECRET not in running.text()
