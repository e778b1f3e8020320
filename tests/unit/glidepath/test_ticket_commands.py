"""`glidepath tickets ...`, `policies ...` and `reports ...` as typed, against answers that are written down."""

import json
from collections import deque
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from glidepath.commands import calendars, policies, reports, tickets
from glidepath.faults import Fault, NotThere
from tests.unit.glidepath.command_line import WrittenAnswers, run

pytestmark = pytest.mark.usefixtures("in_berlin")
V1 = "/api/tickets/v1"
CLOCK: dict[str, Any] = {
    "clock_id": "t1:first_response:1",
    "target": "first_response",
    "cycle": 1,
    "state": "settled",
    "due_at": "2026-11-23T10:00:00Z",
    "breached_at": None,
    "settled_at": "2026-11-23T09:20:00Z",
    "started_at": "2026-11-23T09:00:00Z",
    "counting_since": "2026-11-23T09:00:00Z",
    "target_seconds": 3600.0,
    "elapsed_seconds": 1200.0,
    "remaining_seconds": 2400.0,
    "segments": [
        {
            "kind": "running",
            "began_at": "2026-11-23T09:00:00Z",
            "ended_at": "2026-11-23T09:20:00Z",
            "seconds": 1200.0,
        }
    ],
}
TICKET: dict[str, Any] = {
    "ticket_id": "t1",
    "number": 12,
    "subject": "Video [b]stalls[/b]",
    "description": "Since this morning",
    "status": "on_hold",
    "priority": "P1",
    "policy": "standard@1",
    "version": 3,
    "assignee": None,
    "requester": {"name": "Ada", "email": "ada@example.com"},
    "attribution": {"rollout": "safety-video", "wave": "north", "rule": "tag"},
    "links": [{"kind": "parent", "number": 7, "subject": "The network is down"}],
    "opened_at": "2026-11-23T09:00:00Z",
    "clocks": [CLOCK],
}
COMMENT = {
    "at": "2026-11-23T09:20:00Z",
    "author_name": "Bob",
    "author_role": "agent",
    "public": True,
    "body": "We are on it",
}


def page(*items: Any, following: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": following}


def test_the_list_sends_every_filter_and_repeats_what_may_be_repeated() -> None:
    desk = WrittenAnswers({f"GET {V1}/tickets": page(TICKET)})
    result = run(
        tickets.COMMANDS, desk, "list", "-q", "video stalls", "--view", "mine", "-s", "new", "-s", "open", "-p", "p1",
        "--sla", "at_risk", "--team", "network", "--sort", "due", "-n", "5",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert desk.query(f"GET {V1}/tickets") == [
        ("limit", "6"),
        ("q", "video stalls"),
        ("view", "mine"),
        ("status", "new"),
        ("status", "open"),
        ("priority", "P1"),
        ("team", "network"),
        ("sla", "at_risk"),
        ("sort", "due"),
    ]
    assert "Video [b]stalls[/b]" in result.output


def test_the_list_says_when_there_are_more_than_it_shows() -> None:
    desk = WrittenAnswers({f"GET {V1}/tickets": page(TICKET, TICKET, following="x")})
    assert "there are more" in run(tickets.COMMANDS, desk, "list", "-n", "1").output
    assert "there are more" not in run(tickets.COMMANDS, desk, "list", "-n", "2", "-o", "json").output


def test_the_list_follows_the_pages() -> None:
    desk = WrittenAnswers({f"GET {V1}/tickets": deque([page(TICKET, following="c"), page(TICKET)])})
    result = run(tickets.COMMANDS, desk, "list", "-o", "json")
    assert [each["number"] for each in json.loads(result.output)] == [12, 12]
    assert dict(desk.asked[1].url.params)["cursor"] == "c"


def test_watching_is_for_people_and_says_so_to_programs() -> None:
    for words in (("list", "-w", "-o", "json"), ("sla", "-w", "-o", "yaml")):
        result = run(tickets.COMMANDS, WrittenAnswers({}), *words)
        assert isinstance(result.exception, Fault)
        assert "--watch draws a table" in result.exception.message


def shown() -> WrittenAnswers:
    return WrittenAnswers(
        {
            f"GET {V1}/tickets/12": TICKET,
            f"GET {V1}/tickets/12/clocks": [CLOCK],
            f"GET {V1}/tickets/12/comments": page(COMMENT, COMMENT | {"public": False, "body": "a note"}),
            f"GET {V1}/tickets/12/history": page(
                {"at": "2026-11-23T09:00:00Z", "observed_at": "2026-11-23T09:05:00Z", "kind": "opened", "actor": "Ada"}
            ),
        }
    )


def test_a_ticket_is_shown_with_its_conversation_links_and_clocks_that_add_up() -> None:
    result = run(tickets.COMMANDS, shown(), "show", "#12", "--segments", "--history")
    assert result.exit_code == 0, result.output
    for words in (
        "#12 Video [b]stalls[/b]", "P1, on hold, policy standard@1, version 3", "Ada <ada@example.com>",
        "safety-video / north (by tag)", "#7 The network is down", "Bob (agent)", "Bob (agent, internal)",
        "✔ met", "counted 00:20:00 of 01:00:00", "Mon 2026-11-23 10:20:00", "times in CET",
    ):  # fmt: skip
        assert words in result.output, words


def test_json_has_the_ticket_with_its_clocks_and_comments() -> None:
    data = json.loads(run(tickets.COMMANDS, shown(), "show", "12", "-o", "json").output)
    assert (data["number"], data["clocks"][0]["target"], len(data["comments"])) == (12, "first_response", 2)


def test_a_ticket_that_is_not_there_is_said_with_its_exit_code() -> None:
    result = run(tickets.COMMANDS, WrittenAnswers({}), "show", "99")
    assert isinstance(result.exception, NotThere)
    assert result.exception.exit_code == 5


def watched(number: int, **fields: Any) -> dict[str, Any]:
    about = {"ticket_number": number, "ticket_subject": f"Ticket {number}", "priority": "P1", "policy": "standard@1"}
    return CLOCK | {"state": "running", "settled_at": None, "due_at": "2999-01-01T00:00:00Z"} | about | fields


SUMMARY = {"running": 4, "paused": 1, "due_within_an_hour": 2, "overdue": 30, "unconfirmed": 0, "most": 30}


def test_the_board_shows_counts_what_is_overdue_and_what_is_due_next() -> None:
    late = [watched(number, breached_at="2026-11-23T10:00:00Z") for number in range(1, 4)]
    lists = deque([page(*late), page(watched(7), watched(8))])
    desk = WrittenAnswers({f"GET {V1}/clocks/summary": SUMMARY, f"GET {V1}/clocks": lists})
    result = run(tickets.COMMANDS, desk, "sla", "--team", "network", "-n", "4")
    assert result.exit_code == 0, result.output
    assert "30+ overdue   2 due within an hour   4 running" in result.output
    assert [line.split()[0] for line in result.output.splitlines()[2:]] == ["#1", "#2", "#7", "#8"]
    asked = [dict(each.url.params) for each in desk.asked if each.url.path.endswith("/clocks")]
    assert [(each["state"], each["team"]) for each in asked] == [("overdue", "network"), ("running", "network")]


def test_the_board_is_data_for_programs() -> None:
    lists = deque([page(), page(watched(7))])
    desk = WrittenAnswers({f"GET {V1}/clocks/summary": SUMMARY, f"GET {V1}/clocks": lists})
    data = json.loads(run(tickets.COMMANDS, desk, "sla", "-o", "json").output)
    assert (data["summary"]["overdue"], [each["ticket_number"] for each in data["clocks"]]) == (30, [7])


def test_the_board_of_one_ticket_draws_its_bars() -> None:
    result = run(tickets.COMMANDS, shown(), "sla", "12")
    assert "█" * 48 in result.output
    assert "#12 Video [b]stalls[/b]  P1 on hold" in result.output


def test_an_explanation_names_the_rule_why_not_the_earlier_ones_and_every_sum() -> None:
    explanation = {
        "policy": "standard@1",
        "policies": [{"name": "acceptance@2", "matched": False, "reason": "source is not acceptance"}],
        "rules": [
            {"name": "network", "matched": False, "reason": "team is not network"},
            {"name": "urgent", "matched": True, "reason": None},
        ],
        "clocks": [CLOCK | {"promise": "1 h of berlin@4", "sentences": ["Answered by Bob at 10:20."]}],
    }
    desk = WrittenAnswers({f"GET {V1}/tickets/12/explain": explanation, f"GET {V1}/tickets/12": TICKET})
    result = run(tickets.COMMANDS, desk, "explain", "12")
    assert result.exit_code == 0, result.output
    for words in ("team is not network", "the first match wins", "1 h of berlin@4", "Answered by Bob", "00:40:00"):
        assert words in result.output, words


def test_fields_are_set_on_the_version_that_was_read() -> None:
    desk = WrittenAnswers({f"GET {V1}/tickets/12": TICKET, f"PATCH {V1}/tickets/12": TICKET | {"version": 4}})
    words = ("status=pending", "assignee=", "tags=a, b", "minutes_lost=30", "subject=a=b")
    result = run(tickets.COMMANDS, desk, "set", "12", *words)
    assert result.exit_code == 0, result.output
    assert desk.sent(f"PATCH {V1}/tickets/12") == {
        "status": "pending", "assignee": None, "tags": ["a", "b"], "minutes_lost": 30, "subject": "a=b",
    }  # fmt: skip
    [patch] = [each for each in desk.asked if each.method == "PATCH"]
    assert patch.headers["if-match"] == 'W/"3"'


@pytest.mark.parametrize(("word", "says"), [("status", "FIELD=VALUE"), ("minutes_lost=many", "whole number")])
def test_a_field_that_is_written_wrongly_is_refused_before_anything_is_asked(word: str, says: str) -> None:
    desk = WrittenAnswers({})
    result = run(tickets.COMMANDS, desk, "set", "12", word)
    assert isinstance(result.exception, Fault)
    assert says in result.exception.message
    assert desk.asked == []


def test_a_ticket_is_opened_with_what_was_said_and_nothing_else() -> None:
    desk = WrittenAnswers({f"POST {V1}/tickets": httpx.Response(201, json=TICKET)})
    result = run(
        tickets.COMMANDS, desk, "open", "Video stalls", "-p", "p2", "--tag", "x", "--requester", "a@example.com"
    )
    assert result.exit_code == 0, result.output
    assert desk.sent(f"POST {V1}/tickets") == {
        "subject": "Video stalls", "description": "", "priority": "P2", "kind": "incident", "tags": ["x"],
        "requester": {"email": "a@example.com"},
    }  # fmt: skip


def test_a_merge_shows_both_tickets_and_asks_first() -> None:
    other = TICKET | {"ticket_id": "t2", "number": 13, "subject": "The same"}
    answers = {
        f"GET {V1}/tickets/13": other,
        f"GET {V1}/tickets/12": TICKET,
        f"POST {V1}/tickets/13/merge": TICKET,
    }
    desk = WrittenAnswers(answers)
    refused = run(tickets.COMMANDS, desk, "merge", "13", "--into", "12", "-r", "twice", stdin="n\n")
    assert refused.exit_code == 1
    assert not [each for each in desk.asked if each.method == "POST"]
    result = run(tickets.COMMANDS, desk, "merge", "13", "--into", "12", "-r", "twice", stdin="y\n")
    assert result.exit_code == 0, result.output
    assert desk.sent(f"POST {V1}/tickets/13/merge") == {"into": "t1", "reason": "twice"}


POLICY = {"order": 100, "rules": [{"name": "all", "targets": {"P1": {"first_response_minutes": 60}}}]}
VERSION = {
    "name": "standard",
    "version": 2,
    "policy": POLICY,
    "state": "in_force",
    "created_by": "it",
    "signatures": [],
}


def test_a_policy_file_is_checked_and_every_problem_is_named_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "standard.yaml"
    file.write_text(yaml.safe_dump(POLICY | {"until": "x"}) + "since: 2026-12-25\n")
    problem = {"pointer": "/rules/0/calendar", "detail": "is missing"}
    desk = WrittenAnswers({f"POST {V1}/policies/check": {"problems": [problem]}})
    result = run(policies.COMMANDS, desk, "check", str(file), "-f", "priority=P1", "-f", "tags=a,b")
    assert isinstance(result.exception, Fault)
    assert result.exception.lines()[1:] == ["  /rules/0/calendar: is missing"]
    sent = desk.sent(f"POST {V1}/policies/check")
    assert sent["features"] == {"priority": "P1", "tags": ["a", "b"]}
    assert sent["policy"]["since"] == "2026-12-25"


@pytest.mark.parametrize(("text", "says"), [("a: [", "cannot be read"), ("- 1", "holds no policy")])
def test_a_file_that_is_no_policy_is_refused_by_its_name(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    result = run(policies.COMMANDS, WrittenAnswers({}), "put", str(file))
    assert isinstance(result.exception, Fault)
    assert says in result.exception.message
    assert "broken.yaml" in result.exception.message


def test_a_version_that_is_not_there_is_told_with_those_that_are() -> None:
    desk = WrittenAnswers({f"GET {V1}/policies/standard/versions": page(VERSION)})
    result = run(policies.COMMANDS, desk, "show", "standard@7")
    assert isinstance(result.exception, NotThere)
    assert "its versions are 2" in result.exception.message
    shown_now = run(policies.COMMANDS, desk, "show", "standard@2")
    assert "first_response_minutes: 60" in shown_now.output


def test_signing_needs_a_version() -> None:
    result = run(policies.COMMANDS, WrittenAnswers({}), "sign", "standard", "--side", "it")
    assert isinstance(result.exception, Fault)
    assert "which version" in result.exception.message
    desk = WrittenAnswers({f"POST {V1}/policies/standard/versions/2/sign": VERSION})
    assert run(policies.COMMANDS, desk, "sign", "standard@2", "--side", "training").exit_code == 0
    assert desk.sent(f"POST {V1}/policies/standard/versions/2/sign") == {"side": "training"}


JOB: dict[str, Any] = {
    "migration_id": "m1",
    "from": "standard@1",
    "to": "standard@2",
    "state": "previewed",
    "progress": {"done": 3, "total": 3},
    "counts": {"earlier": 1, "later": 2, "same": 0, "newly_breached": 1, "clocks": 3, "tickets": 2},
    "applied": {},
    "samples": [
        {"number": 12, "target": "resolution", "effect": "later", "due_before": "2026-11-23T13:00:00Z",
         "due_after": "2026-11-23T14:00:00Z"}
    ],
}  # fmt: skip


def migrating() -> WrittenAnswers:
    return WrittenAnswers(
        {
            f"POST {V1}/migrations": httpx.Response(202, json=JOB),
            f"GET {V1}/migrations/m1": JOB,
            f"POST {V1}/migrations/m1/apply": httpx.Response(202, json=JOB | {"state": "applied"}),
            f"POST {V1}/migrations/m1/undo": httpx.Response(202, json=JOB | {"state": "undone"}),
        }
    )


def test_a_migration_shows_what_would_change_and_asks_before_it_changes_anything() -> None:
    desk = migrating()
    result = run(policies.COMMANDS, desk, "migrate", "standard@1", "standard@2", stdin="n\n")
    assert result.exit_code == 1
    assert [line.strip() for line in result.output.splitlines()[:5]] == [
        "open clocks: 3, of 2 tickets", "1  due earlier", "2  due later", "0  due as before", "1  breached by the move itself",
    ]  # fmt: skip
    assert "Mon 2026-11-23 14:00:00" in result.output
    assert [each.url.path for each in desk.asked if each.method == "POST"] == [f"{V1}/migrations"]
    result = run(policies.COMMANDS, desk, "migrate", "standard@1", "standard@2", "--retroactive", "-y")
    assert "glidepath policies undo m1" in result.output


def test_a_dry_run_changes_nothing_and_a_program_is_never_asked() -> None:
    desk = migrating()
    data = json.loads(run(policies.COMMANDS, desk, "migrate", "a@1", "a@2", "--dry-run", "-o", "json").output)
    assert data["counts"]["later"] == 2
    result = run(policies.COMMANDS, desk, "migrate", "a@1", "a@2", "-o", "json")
    assert isinstance(result.exception, Fault)
    assert not [each for each in desk.asked if each.url.path.endswith("/apply")]


def test_a_migration_is_taken_back_by_its_id() -> None:
    result = run(policies.COMMANDS, migrating(), "undo", "m1", "-y")
    assert result.exit_code == 0, result.output
    assert "standard@1 -> standard@2 is undone" in result.output


def test_attainment_is_told_in_counts_where_there_are_few_cases() -> None:
    figures = {"decided": 5, "met": 4, "breached": 1, "exempted": 1, "raw_said": "4 of 5", "adjusted_said": "4 of 4"}
    row = figures | {"key": "P1", "target": "first_response", "elapsed_p50_seconds": 1200.0}
    report = {"from": "2026-11-01", "to": "2026-12-01", "zone": "UTC", "rows": [row], "whole": figures}
    desk = WrittenAnswers({f"GET {V1}/reports/attainment": report})
    result = run(
        {"attainment": reports.attainment, "other": reports.attainment}, desk,
        "attainment", "--from", "2026-11-01", "--to", "2026-12-01", "--by", "priority",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert desk.query(f"GET {V1}/reports/attainment") == [
        ("from", "2026-11-01"),
        ("to", "2026-12-01"),
        ("by", "priority"),
    ]
    line = next(line for line in result.output.splitlines() if line.startswith("P1"))
    assert line.split("  ")[0] == "P1"
    assert "4 of 5" in line
    assert "4 of 4" in line
    assert "20m" in line


def test_a_version_is_compared_in_sentences() -> None:
    change = {"pointer": "/rules/0/targets/P1", "sentence": "all: the first response of P1 is 30 minutes, not 60."}
    diff = {"before": "standard@1", "after": "standard@2", "changes": [change]}
    desk = WrittenAnswers({f"GET {V1}/policies/standard/versions/2/diff": diff})
    result = run(policies.COMMANDS, desk, "diff", "standard@2")
    assert result.output.splitlines() == ["standard@1 -> standard@2", f"  {change['sentence']}"]


CHANGE: dict[str, Any] = {
    "calendar": "office@2",
    "document": {},
    "added": ["2026-12-24"],
    "already": [],
    "notes": [],
    "policies": {"standard@1": "standard@2"},
    "migration_id": "m1",
    "upcoming": [{"on": "2026-12-24", "kind": "holiday", "name": "", "closed": ["09:00-17:00"], "remaining": []}],
}


def test_days_are_closed_and_it_is_said_what_that_moves(tmp_path: Path) -> None:
    desk = WrittenAnswers({f"POST {V1}/calendars/office/holidays": CHANGE})
    result = run(calendars.COMMANDS, desk, "holidays", "office", "--day", "2026-12-24", "-r", "agreed")
    assert result.exit_code == 0, result.output
    for words in ("office@2 is made", "standard@1 -> standard@2", "policies migrations (m1)", "09:00-17:00"):
        assert words in result.output, words
    assert desk.sent(f"POST {V1}/calendars/office/holidays") == {
        "dates": ["2026-12-24"], "retroactive": False, "dry_run": False, "migrate": "preview", "reason": "agreed",
    }  # fmt: skip
    file = tmp_path / "days.ics"
    file.write_bytes(b"\xff\xfe")
    broken = run(calendars.COMMANDS, desk, "holidays", "office", "--ics", str(file))
    assert isinstance(broken.exception, Fault)
    assert "not UTF-8" in broken.exception.message


def test_a_calendar_says_whether_it_is_open_and_what_comes() -> None:
    coming = {"calendar": "office@2", "zone": "Europe/Berlin", "open_now": True, "items": CHANGE["upcoming"]}
    found = {"name": "office", "version": 2, "calendar": {"hours": {"monday": ["09:00-12:00", "13:00-17:00"]}}}
    answers = {f"GET {V1}/calendars/office": found}
    answers[f"GET {V1}/calendars/office/upcoming"] = coming | {"next_change_at": "2026-11-23T11:00:00Z"}
    result = run(calendars.COMMANDS, WrittenAnswers(answers), "show", "office")
    assert "open until Mon 2026-11-23 12:00:00" in result.output
    assert "monday     09:00-12:00, 13:00-17:00" in result.output
