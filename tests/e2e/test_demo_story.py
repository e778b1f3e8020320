"""The story as `make demo ARGS=--once` plays it, killed once in the middle, and its broker once more: nothing is lost and nothing
told twice."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glidepath.embedded.broker import free_port
from shared.clock import monotonic

pytestmark = [pytest.mark.nats, pytest.mark.timeout(600)]
STORY_SECONDS = 400.0


def start(folder: Path, port: int, output: Path) -> "subprocess.Popen[bytes]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GLIDEPATH_")}
    with output.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "glidepath", "demo", "--once"],
            env=clean | {"GLIDEPATH_PORT": str(port), "PYTHONUNBUFFERED": "1"},
            cwd=folder,
            stdout=file,
            stderr=subprocess.STDOUT,
        )


def wait_until_told(story: "subprocess.Popen[bytes]", output: Path, words: str) -> None:
    deadline = monotonic() + STORY_SECONDS
    while words not in output.read_text(encoding="utf-8"):
        assert story.poll() is None, output.read_text(encoding="utf-8")
        assert monotonic() < deadline
        time.sleep(0.1)


def assert_every_check_passed(story: "subprocess.Popen[bytes]", output: Path) -> None:
    code = story.wait(timeout=STORY_SECONDS)
    text = output.read_text(encoding="utf-8")
    found = re.fullmatch(r"demo: (\d+) of (\d+) checks passed", text.rstrip().splitlines()[-1])
    assert found is not None, text
    assert (code, found[1]) == (0, found[2]), text
    assert int(found[2]) >= 15


def test_a_rollout_is_held_and_resumed_by_real_events_even_when_everything_is_killed_in_the_middle(
    tmp_path: Path,
) -> None:
    port = free_port()
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    killed = start(tmp_path, port, first)
    wait_until_told(killed, first, "webhooks:")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    again = start(tmp_path, port, second)
    wait_until_told(again, second, "is completed")
    os.kill(int((tmp_path / "data" / "demo" / str(port) / "up/nats/nats.pid").read_text()), signal.SIGKILL)
    assert_every_check_passed(again, second)
    assert "going on after" in second.read_text(encoding="utf-8")
