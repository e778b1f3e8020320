"""How a connector stands, in one word and one sentence; and what an order tells, in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.tickets.domain.sync import (
    Backlog,
    Connector,
    Mode,
    RemoteWrite,
    State,
    WriteKind,
    say_standing,
    say_write,
    state_of,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
READ = Connector(
    name="desk",
    vendor="zendesk",
    base_url="https://desk.example",
    credential="sealed",
    credential_kind="token",
    created_at=NOW - timedelta(days=1),
    changed_at=NOW,
    polled_at=NOW - timedelta(minutes=1),
)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, State.FINE),
        ({"cursor": {"page": {}}}, State.RUNNING),
        ({"polled_at": None}, State.STARTING),
        ({"polled_at": None, "cursor": {"page": {"number": 1}}}, State.STARTING),
        ({"delivered_at": NOW - timedelta(hours=3), "usual_gap_for": timedelta(minutes=1)}, State.SILENT),
        ({"delivered_at": NOW - timedelta(hours=3), "usual_gap_for": timedelta(hours=1)}, State.FINE),
        ({"problem": "It answered 500.", "polled_at": None}, State.FAILING),
        ({"problem": "It answered 500.", "credential": None}, State.NO_CREDENTIAL),
        ({"credential": None, "enabled": False}, State.OFF),
    ],
)
def test_the_state_is_the_first_thing_that_somebody_has_to_know(changes: dict[str, Any], state: State) -> None:
    connector = replace(READ, **changes)
    assert state_of(connector, NOW) is state
    assert say_standing(connector, Backlog(), NOW).endswith(".")


def test_a_failure_says_since_when_and_when_it_is_tried_again() -> None:
    failing = replace(
        READ,
        problem="Zendesk Support answered 500 to GET /x",
        problem_since=NOW - timedelta(hours=1),
        next_call_at=NOW + timedelta(minutes=4),
    )
    assert say_standing(failing, Backlog(), NOW) == (
        "Zendesk Support answered 500 to GET /x. It has been so since 2026-11-23 08:00 UTC; the next attempt is at"
        " 2026-11-23 09:04 UTC."
    )
    assert say_standing(replace(failing, problem_since=None), Backlog(), NOW) == f"{failing.problem}."


def test_what_waits_is_said_with_the_command_that_shows_it() -> None:
    said = say_standing(READ, Backlog(waiting=3, refused=1, uncertain=2, problems=1), NOW)
    assert said == (
        "All that it told has been read. It refused 1 order: see why with `glidepath sync writes desk --state refused`."
        " 1 item could not be understood: `glidepath sync quarantine desk` shows them."
        " 2 orders had no answer yet; each is looked for before it is sent again."
        " 3 orders would be told if it were two-way: see `glidepath sync writes desk`."
    )
    two_way = replace(READ, mode=Mode.TWO_WAY)
    assert say_standing(two_way, Backlog(waiting=1), NOW).endswith("1 order waits to be told.")


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        (WriteKind.CREATE, {"subject": "No  sound", "priority": "P2"}, "open it there as “No sound”, P2"),
        (WriteKind.CHANGE, {"status": "solved"}, "set status to solved"),
        (WriteKind.CHANGE, {"subject": "No sound", "priority": "P2"}, "set subject to “No sound”, priority to P2"),
        (WriteKind.CHANGE, {}, "nothing: both sides say the same by now"),
        (WriteKind.COMMENT, {"body": "On\nit", "public": "true"}, "write “On it”"),
        (WriteKind.COMMENT, {"public": "false"}, "note internally"),
        (WriteKind.COMMENT, {}, "nothing: the comment was taken back"),
    ],
)
def test_an_order_is_said_in_words(kind: WriteKind, payload: dict[str, str], said: str) -> None:
    write = RemoteWrite(write_id="w", connector="desk", ticket_id="t", kind=kind, recorded_at=NOW, try_at=NOW)
    assert say_write(write, payload) == said


def test_a_long_comment_is_quoted_by_its_beginning() -> None:
    write = RemoteWrite(
        write_id="w", connector="desk", ticket_id="t", kind=WriteKind.COMMENT, recorded_at=NOW, try_at=NOW
    )
    said = say_write(write, {"body": "word " * 100, "public": "true"})
    assert said.endswith("…”")
    assert len(said) == len("write “”") + 80
