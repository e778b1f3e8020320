"""`glidepath sync ...` as typed, against answers that are written down."""

import json
from collections import deque
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from glidepath.commands import sync
from glidepath.commands.sync import running
from glidepath.faults import Fault, NotThere, TimedOut
from tests.unit.glidepath.command_line import WrittenAnswers
from tests.unit.glidepath.command_line import run as typed

pytestmark = pytest.mark.usefixtures("in_berlin")
V1 = "/api/tickets/v1"
DESK = f"{V1}/connectors/desk"
AUTH = [
    {"kind": "token", "title": "An access token", "needs": ["secret"], "may_have": []},
    {"kind": "basic", "title": "An API token", "needs": ["user", "secret"], "may_have": []},
]
OAUTH = {
    "kind": "oauth2",
    "title": "A client",
    "needs": ["client_id", "client_secret"],
    "may_have": ["refresh_token", "access_token"],
}


def connector(state: str = "fine", **status: Any) -> dict[str, Any]:
    return {
        "name": "desk",
        "vendor": "zendesk",
        "title": "Zendesk Support",
        "base_url": "https://desk.example",
        "settings": {"group": "7"},
        "auth": AUTH,
        "credential_kind": "basic",
        "mode": "read_only",
        "enabled": True,
        "filters": {"since": None, "queues": ["it"], "tags": []},
        "ownership": {"status": "newest", "priority": "newest", "subject": "newest"},
        "exports": [],
        "poll_every_seconds": 300,
        "version": 4,
        "status": {
            "state": state,
            "says": f"It is {state}.",
            "lag_seconds": 72.0,
            "polled_at": "2026-11-23T09:00:00Z",
            "polling": False,
            "next_look_at": "2026-11-23T09:05:00Z",
            "waiting": 2,
            "uncertain": 0,
            "refused": 0,
            "problems": 0,
            "conflicts": 1,
            **status,
        },
    }


def page(*items: Any) -> dict[str, Any]:
    return {"items": list(items), "next": None}


def order(number: int, says: str, **changes: Any) -> dict[str, Any]:
    return {
        "write_id": f"w{number}",
        "number": number,
        "subject": "No sound",
        "kind": "change",
        "state": "waiting",
        "says": says,
        "recorded_at": "2026-11-23T09:00:00Z",
        "recorded_by": "Bob",
        "problem": None,
        **changes,
    }


def fault_of(result: Any) -> Fault:
    assert isinstance(result.exception, Fault), result.output
    return result.exception


def test_status_shows_every_connector_and_says_what_is_not_simply_fine() -> None:
    desk = WrittenAnswers({f"GET {V1}/connectors": page(connector(), connector("silent") | {"name": "other"})})
    result = typed(sync.COMMANDS, desk, "status")
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    assert lines[1][:6] == ["desk", "fine", "read", "only", "1m", "12s"]
    assert "other: It is silent." in result.output


def test_status_exits_with_1_while_one_is_failing() -> None:
    desk = WrittenAnswers({f"GET {V1}/connectors": page(connector(), connector("failing") | {"name": "other"})})
    result = typed(sync.COMMANDS, desk, "status")
    assert result.exit_code == 1
    assert "other: It is failing." in result.output
    result = typed(sync.COMMANDS, desk, "status", "-o", "json")
    assert (result.exit_code, len(json.loads(result.output))) == (1, 2)


def test_status_of_one_connector_and_of_none() -> None:
    desk = WrittenAnswers({f"GET {DESK}": connector(), f"GET {V1}/connectors": page()})
    result = typed(sync.COMMANDS, desk, "status", "desk", "-o", "yaml")
    assert [each["name"] for each in yaml.safe_load(result.output)] == ["desk"]
    assert "glidepath sync add" in typed(sync.COMMANDS, desk, "status").output
    missing = typed(sync.COMMANDS, desk, "status", "another")
    assert isinstance(missing.exception, NotThere)


def test_a_helpdesk_is_added_with_all_that_was_said() -> None:
    desk = WrittenAnswers({f"PUT {DESK}": connector() | {"credential_kind": None}})
    result = typed(
        sync.COMMANDS, desk, "add", "desk", "--vendor", "zendesk", "--url", "https://desk.example", "--set", "group=7",
        "--queue", "it", "--queue", "hr", "--tag", "x", "--since", "2026-01-31", "--owner", "status=remote",
        "--export", "network", "--every", "60", "--two-way",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert desk.sent(f"PUT {DESK}") == {
        "vendor": "zendesk",
        "base_url": "https://desk.example",
        "poll_every_seconds": 60,
        "exports": ["network"],
        "settings": {"group": "7"},
        "ownership": {"status": "remote"},
        "mode": "two_way",
        "filters": {"queues": ["it", "hr"], "tags": ["x"], "since": "2026-01-31T00:00:00+00:00"},
    }
    assert "glidepath sync login desk" in result.output


def test_a_new_helpdesk_needs_a_vendor_and_an_address() -> None:
    assert "--vendor and --url" in fault_of(typed(sync.COMMANDS, WrittenAnswers({}), "add", "desk")).message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "group"), "--set 'group' is not written like KEY=VALUE"),
        (("--owner", "=remote"), "--owner '=remote'"),
        (("--since", "yesterday"), "--since 'yesterday' is no day"),
    ],
)
def test_what_is_not_written_as_it_should_be_is_named(words: tuple[str, ...], said: str) -> None:
    assert said in fault_of(typed(sync.COMMANDS, WrittenAnswers({}), "add", "desk", *words)).message


def test_a_connected_helpdesk_is_changed_where_something_was_said_and_asked_for_first() -> None:
    desk = WrittenAnswers({f"GET {DESK}": connector(), f"PUT {DESK}": connector()})
    refused = typed(sync.COMMANDS, desk, "add", "desk", "--set", "brand=9", stdin="n\n")
    assert refused.exit_code == 1
    assert len(desk.asked) == 1
    result = typed(sync.COMMANDS, desk, "add", "desk", "--set", "brand=9", "--tag", "x", "-y")
    assert result.exit_code == 0, result.output
    sent = desk.sent(f"PUT {DESK}")
    assert sent["settings"] == {"group": "7", "brand": "9"}
    assert sent["filters"] == {"since": None, "queues": ["it"], "tags": ["x"]}
    assert (sent["mode"], sent["poll_every_seconds"]) == ("read_only", 300)
    assert desk.asked[-1].headers["If-Match"] == 'W/"4"'


def logged_in(**answers: Any) -> WrittenAnswers:
    done = connector(polled_at="2026-11-23T10:00:00Z")
    looks = deque([connector(), done, done])
    return WrittenAnswers({f"GET {DESK}": looks, f"PUT {DESK}/credential": httpx.Response(204)} | answers)


def test_a_secret_comes_from_standard_input_and_is_not_printed() -> None:
    desk = logged_in()
    result = typed(sync.COMMANDS, desk, "login", "desk", "--kind", "token", stdin="s3cret-token\n")
    assert result.exit_code == 0, result.output
    assert desk.sent(f"PUT {DESK}/credential") == {"kind": "token", "secret": "s3cret-token"}
    assert "s3cret" not in result.output
    assert "it lets us in" in result.output


def test_a_secret_comes_from_a_file_with_the_kind_that_is_held(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    desk = logged_in()
    result = typed(sync.COMMANDS, desk, "login", "desk", "--user", "me@x.example", "--token-file", str(file))
    assert result.exit_code == 0, result.output
    assert desk.sent(f"PUT {DESK}/credential") == {"kind": "basic", "user": "me@x.example", "secret": "s3cret"}


def test_the_parts_of_a_client_come_as_json() -> None:
    answers = deque([connector() | {"auth": [OAUTH], "credential_kind": None}])
    desk = logged_in(**{f"GET {DESK}": answers})
    told = {"kind": "oauth2", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    result = typed(
        sync.COMMANDS, desk, "login", "desk", "--token-file", "-", "--wait", "0", stdin=json.dumps(told)
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert desk.sent(f"PUT {DESK}/credential") == told


def test_of_several_kinds_one_has_to_be_named() -> None:
    desk = WrittenAnswers({f"GET {DESK}": connector() | {"credential_kind": None}})
    fault = fault_of(typed(sync.COMMANDS, desk, "login", "desk", stdin="x"))
    assert fault.places == ("--kind token: An access token", "--kind basic: An API token")


def test_nothing_read_is_no_secret_and_broken_json_is_named() -> None:
    desk = WrittenAnswers({f"GET {DESK}": connector()})
    assert "nothing was read" in fault_of(typed(sync.COMMANDS, desk, "login", "desk", stdin="\n")).message
    broken = typed(sync.COMMANDS, desk, "login", "desk", stdin="{broken")
    assert "begins like JSON" in fault_of(broken).message


def test_a_credential_that_does_not_let_us_in_is_a_fault_that_says_why() -> None:
    desk = logged_in(**{f"GET {DESK}": deque([connector(), connector("failing", says="It answered 401.")])})
    result = typed(sync.COMMANDS, desk, "login", "desk", stdin="x")
    assert fault_of(result).message == "It answered 401."


def test_a_dry_run_lists_every_order_the_oldest_first() -> None:
    begun = run_of(finished_at=None)
    desk = WrittenAnswers(
        {
            f"POST {DESK}/runs": begun,
            f"GET {V1}/sync-runs/r1": deque([begun, run_of(tickets=3, fresh=2)]),
            f"GET {DESK}/writes": page(
                order(13, "write “On it”", kind="comment"), order(12, "set status to solved, priority to P2")
            ),
        }
    )
    result = typed(sync.COMMANDS, desk, "run", "desk", "--dry-run")
    assert result.exit_code == 0, result.output
    assert desk.sent(f"POST {DESK}/runs") == {"dry": True, "whole": False}
    assert ("state", "waiting") in desk.query(f"GET {DESK}/writes")
    lines = result.output.splitlines()
    assert lines[0] == "would read 3 tickets and take in 2 that are new; nothing was changed, here or there"
    assert lines[2].startswith("#12     change   set status to solved, priority to P2")
    assert lines[3].startswith("#13     comment  write “On it”")


def run_of(**changes: Any) -> dict[str, Any]:
    return {
        "run_id": "r1",
        "connector": "desk",
        "dry": True,
        "whole": False,
        "finished_at": "2026-11-23T09:00:01Z",
        "pages": 1,
        "tickets": 0,
        "fresh": 0,
        "problems": 0,
        "writes": 0,
        "failure": None,
        **changes,
    }


def test_a_dry_run_for_a_program_has_its_orders_within() -> None:
    answers = {f"POST {DESK}/runs": run_of(), f"GET {DESK}/writes": page(order(12, "set status to solved"))}
    result = typed(sync.COMMANDS, WrittenAnswers(answers), "run", "desk", "--dry-run", "-o", "json")
    assert [each["says"] for each in json.loads(result.output)["orders"]] == ["set status to solved"]


def test_a_run_says_what_it_read_and_what_it_did_not_understand() -> None:
    desk = WrittenAnswers({f"POST {DESK}/runs": run_of(dry=False, tickets=1, fresh=1, problems=2)})
    result = typed(sync.COMMANDS, desk, "run", "desk", "--whole")
    assert desk.sent(f"POST {DESK}/runs") == {"dry": False, "whole": True}
    assert result.output.splitlines() == [
        "read 1 ticket, 1 of them new",
        "2 items could not be understood: glidepath sync quarantine desk",
    ]


def test_a_run_that_failed_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = WrittenAnswers({f"POST {DESK}/runs": run_of(dry=False, failure="It answered 500.")})
    assert fault_of(typed(sync.COMMANDS, desk, "run", "desk")).message == "It answered 500."
    monkeypatch.setattr(running, "LOOK_EVERY", 1)
    stuck = WrittenAnswers(
        {f"POST {DESK}/runs": run_of(dry=False, finished_at=None), f"GET {DESK}": connector("failing")}
    )
    assert fault_of(typed(sync.COMMANDS, stuck, "run", "desk")).message == "It is failing."
    late = typed(sync.COMMANDS, stuck, "run", "desk", "--timeout", "0")
    assert isinstance(late.exception, TimedOut)


def test_orders_are_listed_by_their_states_with_why_they_were_refused() -> None:
    refused = order(12, "set status to solved", state="refused", problem="It is closed there.")
    desk = WrittenAnswers({f"GET {DESK}/writes": page(refused)})
    result = typed(sync.COMMANDS, desk, "writes", "desk", "-s", "refused", "-s", "waiting")
    assert ("state", "refused,waiting") in desk.query(f"GET {DESK}/writes")
    assert "It is closed there." in result.output
    assert (
        "no such order" in typed(sync.COMMANDS, WrittenAnswers({f"GET {DESK}/writes": page()}), "writes", "desk").output
    )


def test_refused_orders_are_tried_again_one_or_all() -> None:
    answers = {f"POST {DESK}/writes/retry": {"writes": 2}, f"POST {V1}/remote-writes/w1/retry": order(1, "x")}
    desk = WrittenAnswers(answers)
    assert typed(sync.COMMANDS, desk, "retry", "desk").output == "2 orders are to be tried again\n"
    assert typed(sync.COMMANDS, desk, "retry", "desk", "--only", "w1").output == "1 order is to be tried again\n"


def test_orders_are_given_up_only_when_somebody_says_so() -> None:
    desk = WrittenAnswers({f"GET {DESK}": connector(), f"POST {DESK}/writes/discard": {"writes": 2}})
    refused = typed(sync.COMMANDS, desk, "discard", "desk", stdin="n\n")
    assert "give up 2 orders that wait?" in refused.output
    assert [each.method for each in desk.asked] == ["GET"]
    assert typed(sync.COMMANDS, desk, "discard", "desk", "-y").output == "2 orders are given up\n"


def test_two_way_says_what_waits_before_it_asks() -> None:
    desk = WrittenAnswers({f"GET {DESK}": connector(), f"PUT {DESK}": connector() | {"mode": "two_way"}})
    refused = typed(sync.COMMANDS, desk, "two-way", "desk", stdin="n\n")
    assert "2 orders wait to be told" in refused.output
    assert [each.method for each in desk.asked] == ["GET"]
    result = typed(sync.COMMANDS, desk, "two-way", "desk", "-y")
    assert result.output == "desk is told what is done here\n"
    assert desk.sent(f"PUT {DESK}")["mode"] == "two_way"


def test_read_only_asks_nobody() -> None:
    desk = WrittenAnswers({f"GET {DESK}": connector() | {"mode": "two_way"}, f"PUT {DESK}": connector()})
    assert typed(sync.COMMANDS, desk, "read-only", "desk").output == "desk is only read\n"
    assert desk.sent(f"PUT {DESK}")["mode"] == "read_only"


def test_conflicts_and_quarantine_are_tables() -> None:
    conflict = {"at": "2026-11-23T09:00:00Z", "number": 12, "field": "status", "ours": "solved", "theirs": "pending"}
    item = {"problem_id": "p1", "last_at": "2026-11-23T09:00:00Z", "times": 3, "answer": "tickets"}
    desk = WrittenAnswers(
        {
            f"GET {DESK}/conflicts": page(conflict | {"kept": "theirs", "rule": "remote"}),
            f"GET {DESK}/problems": page(item | {"expression": "body.created_at", "reason": "not a time"}),
        }
    )
    shown = typed(sync.COMMANDS, desk, "conflicts", "desk").output.splitlines()[1]
    assert shown.split() == ["Mon", "2026-11-23", "10:00:00", "#12", "status", "solved", "pending", "theirs", "remote"]
    assert "body.created_at" in typed(sync.COMMANDS, desk, "quarantine", "desk").output


def test_an_item_is_replayed_and_a_failure_names_the_expression() -> None:
    problem = {
        "detail": "It fails still.",
        "code": "still_not_understood",
        "errors": [{"pointer": "body.created_at", "detail": "not a time"}],
    }
    desk = WrittenAnswers(
        {
            f"POST {V1}/sync-problems/p1/replay": {"facts": 1, "external_ids": ["7"]},
            f"POST {V1}/sync-problems/p2/replay": httpx.Response(409, json=problem),
            f"POST {V1}/sync-problems/p1/dismiss": httpx.Response(204),
        }
    )
    assert typed(sync.COMMANDS, desk, "replay", "p1").output == "p1 is understood: 1 fact of 7\n"
    assert fault_of(typed(sync.COMMANDS, desk, "replay", "p2")).places == ("body.created_at: not a time",)
    assert typed(sync.COMMANDS, desk, "dismiss", "p1", "-y").output == "p1 is dismissed\n"


def test_a_ticket_is_linked_and_unlinked_by_its_number() -> None:
    ticket = {"number": 12, "subject": "No sound"}
    desk = WrittenAnswers(
        {
            f"GET {V1}/tickets/12": ticket,
            f"PUT {V1}/tickets/12/remote": {"external_id": None},
            f"DELETE {V1}/tickets/12/remote": httpx.Response(204),
        }
    )
    result = typed(sync.COMMANDS, desk, "link", "#12", "desk", "--owner", "status=local")
    assert result.output == "#12 is to be opened at desk\n"
    assert desk.sent(f"PUT {V1}/tickets/12/remote") == {"connector": "desk", "ownership": {"status": "local"}}
    assert typed(sync.COMMANDS, desk, "unlink", "12", "-y").output == "#12 is linked no more\n"


def test_a_connector_is_removed_only_when_somebody_says_so() -> None:
    desk = WrittenAnswers({f"GET {DESK}": connector(), f"DELETE {DESK}": httpx.Response(204)})
    refused = typed(sync.COMMANDS, desk, "remove", "desk", stdin="n\n")
    assert "2 orders that wait are given up" in refused.output
    assert [each.method for each in desk.asked] == ["GET"]
    assert "is connected no more" in typed(sync.COMMANDS, desk, "remove", "desk", "-y").output


def test_resealing_names_what_no_key_opens() -> None:
    desk = WrittenAnswers({f"POST {V1}/connectors/reseal": {"resealed": 2, "lost": ["old"]}})
    result = typed(sync.COMMANDS, desk, "reseal")
    assert "2 credentials are sealed" in result.output
    assert fault_of(result).places == ("old: glidepath sync login old",)


def test_vendors_are_listed_with_what_each_takes() -> None:
    vendor = {
        "vendor": "rt",
        "title": "Request Tracker",
        "calls": True,
        "auth": AUTH,
        "settings": [{"name": "queue", "required": True}, {"name": "only", "required": False}],
        "takes": ["status"],
    }
    desk = WrittenAnswers({f"GET {V1}/helpdesk-vendors": page(vendor, vendor | {"vendor": "jira", "calls": False})})
    result = typed(sync.COMMANDS, desk, "vendors")
    assert "queue (required), only" in result.output
    assert "comments, status" in result.output
    assert "jira" not in result.output
    assert len(json.loads(typed(sync.COMMANDS, desk, "vendors", "-o", "json").output)) == 2
