"""The ticket commands against a running `glidepath up`: what a person types is what happens."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_up import Up, command, environment, up

pytestmark = [pytest.mark.nats, pytest.mark.timeout(240)]


def typed(running: Up, *words: str) -> subprocess.CompletedProcess[str]:
    settings = environment(GLIDEPATH_URL=running.url, GLIDEPATH_API_KEY=running.api_key(), TZ="UTC")
    return subprocess.run(command(*words), env=settings, capture_output=True, text=True, timeout=90)


def data_of(running: Up, *words: str) -> Any:
    done = typed(running, *words, "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_ticket_is_opened_answered_explained_and_counted_from_the_command_line(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        refused = typed(running, "tickets", "open", "Video stalls", "-p", "P1")
        assert (refused.returncode, "/impact" in refused.stderr) == (1, True)
        wanted = ("Video stalls", "-p", "P1", "--impact", "200 learners", "--requester", "ada@example.com")
        ticket = data_of(running, "tickets", "open", *wanted)
        number = str(ticket["number"])
        board = data_of(running, "tickets", "sla")
        assert board["summary"]["running"] == len(board["clocks"]) == 2
        assert typed(running, "tickets", "comment", number, "We are on it").returncode == 0
        shown = data_of(running, "tickets", "show", number)
        assert [(each["target"], each["outcome"]) for each in shown["clocks"]] == [
            ("first_response", "met"),
            ("resolution", None),
        ]
        explained = typed(running, "tickets", "explain", number)
        assert explained.returncode == 0, explained.stderr
        assert "First response within 1 h" in explained.stdout
        assert data_of(running, "reports", "attainment")["whole"]["met"] == 1
        missing = typed(running, "tickets", "show", "999999")
        assert (missing.returncode, "Traceback" in missing.stderr) == (5, False)
        assert running.stop() == 0
    unreachable = subprocess.run(
        command("tickets", "list"),
        env=environment(GLIDEPATH_URL=running.url, GLIDEPATH_API_KEY="gp_x"),
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert (unreachable.returncode, "nothing answers there" in unreachable.stderr) == (3, True)
