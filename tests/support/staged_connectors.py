"""Helpdesk sync on a stage: recorded connectors in the shape of the tickets service's REST answers; they keep what they are told.

What is not of helpdesk sync goes on to the real tickets service, where there is one.
"""

import copy
import json
import re
from dataclasses import dataclass, field
from typing import Any

from services.gateway.ports import ASGIApp, Receive, Scope, Send
from shared.clock import new_id

ZENDESK: dict[str, Any] = {
    "vendor": "zendesk",
    "title": "Zendesk Support",
    "documents": [],
    "webhooks": True,
    "calls": True,
    "auth": [
        {
            "kind": "basic",
            "title": "An API token; the user is the e-mail address followed by /token",
            "needs": ["user", "secret"],
            "may_have": [],
        },
        {"kind": "token", "title": "An OAuth access token", "needs": ["secret"], "may_have": []},
    ],
    "settings": [
        {
            "name": "group",
            "title": "Id of the group that new tickets go to",
            "required": False,
            "example": "360001234567",
            "default": None,
        }
    ],
    "takes": ["status", "priority", "subject"],
    "internal_comments": True,
}
RT: dict[str, Any] = {
    "vendor": "rt",
    "title": "Request Tracker 5",
    "documents": [],
    "webhooks": False,
    "calls": True,
    "auth": [{"kind": "token", "title": "An authentication token", "needs": ["secret"], "may_have": []}],
    "settings": [
        {"name": "queue", "title": "Queue of new tickets", "required": True, "example": "Support", "default": "General"}
    ],
    "takes": ["status", "priority", "subject"],
    "internal_comments": True,
}
FINE: dict[str, Any] = {
    "state": "fine",
    "says": "Everything that was changed there is here.",
    "synced_until": "2026-11-23T09:59:30Z",
    "lag_seconds": 30,
    "polled_at": "2026-11-23T09:59:00Z",
    "polling": False,
    "poll_started_at": None,
    "next_look_at": "2026-11-23T10:04:00Z",
    "failures": 0,
    "problem": None,
    "problem_since": None,
    "delivered_at": None,
    "usual_gap_seconds": None,
    "silent_since": None,
    "found": 0,
    "waiting": 0,
    "uncertain": 0,
    "refused": 0,
    "oldest_waiting_at": None,
    "problems": 0,
    "conflicts": 0,
}
_ROW = re.compile(r"/v1/(remote-writes|sync-problems)/([^/]+)/([a-z]+)")
_CONNECTOR = re.compile(r"/v1/connectors/([^/]+)(?:/(.+))?")


def connector(name: str = "zendesk", **more: Any) -> dict[str, Any]:
    status = {**FINE, **more.pop("status", {})}
    return {
        "name": name,
        "vendor": "zendesk",
        "title": "Zendesk Support",
        "base_url": "https://example.zendesk.com",
        "settings": {"group": "360001234567"},
        "credential_kind": "basic",
        "mode": "read_only",
        "enabled": True,
        "filters": {"since": "2026-09-01T00:00:00Z", "queues": ["Training"], "tags": []},
        "ownership": {"status": "newest", "priority": "local", "subject": "remote"},
        "exports": [],
        "poll_every_seconds": 300,
        "version": 3,
        "created_at": "2026-11-01T09:00:00Z",
        "changed_at": "2026-11-20T09:00:00Z",
        "changed_by": "ada@example.test",
        **more,
        "status": status,
    }


def write(number: int, says: str, state: str = "waiting", **more: Any) -> dict[str, Any]:
    return {
        "write_id": new_id(),
        "connector": "zendesk",
        "ticket_id": new_id(),
        "number": number,
        "subject": f"Video stalls {number}",
        "kind": "change",
        "state": state,
        "payload": {"status": "solved"},
        "comment_id": None,
        "says": says,
        "recorded_at": "2026-11-23T09:50:00Z",
        "recorded_by": "ben@example.test",
        "attempted_at": None,
        "attempts": 0,
        "done_at": None,
        "external_id": "360042",
        "problem": None,
        **more,
    }


def conflict(number: int = 7, **more: Any) -> dict[str, Any]:
    return {
        "conflict_id": new_id(),
        "ticket_id": new_id(),
        "number": number,
        "field": "status",
        "ours": "on_hold",
        "theirs": "solved",
        "ours_at": "2026-11-23T09:10:00Z",
        "theirs_at": "2026-11-23T09:20:00Z",
        "kept": "theirs",
        "rule": "newest",
        "at": "2026-11-23T09:21:00Z",
        **more,
    }


def problem(**more: Any) -> dict[str, Any]:
    return {
        "problem_id": new_id(),
        "answer": "tickets",
        "item": {"id": 42, "status": "<parked>"},
        "expression": "facts[0].status: body.status",
        "reason": "the word '<parked>' is not in the map status",
        "at": "2026-11-23T08:00:00Z",
        "last_at": "2026-11-23T09:30:00Z",
        "times": 3,
        **more,
    }


@dataclass
class StagedConnectors:
    """`told` is every order that reached the stage: (method, path, body, headers)."""

    connectors: dict[str, dict[str, Any]] = field(default_factory=dict)
    vendors: list[dict[str, Any]] = field(default_factory=lambda: [copy.deepcopy(ZENDESK), copy.deepcopy(RT)])
    writes: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    remotes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the ticket's number or id, whichever is asked for."""
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """`METHOD path` -> status and problem that answer it."""
    told: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)
    tickets: ASGIApp | None = None

    def add(self, *connectors: dict[str, Any]) -> None:
        self.connectors |= {each["name"]: each for each in connectors}

    def orders(self) -> list[tuple[str, str, Any]]:
        return [(method, path, body) for method, path, body, _ in self.told]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        ours = ("/v1/connectors", "/v1/sync-", "/v1/remote-writes", "/v1/helpdesk-vendors")
        remote = re.fullmatch(r"/v1/tickets/([^/]+)/remote", path)
        if not path.startswith(ours) and not remote and self.tickets is not None:
            await self.tickets(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        sent = json.loads(body) if body else None
        status, answer = self._answer(scope["method"], path, scope["query_string"].decode(), sent, headers)
        kind = b"application/problem+json" if status >= 400 else b"application/json"
        out = [(b"content-type", kind)]
        if isinstance(answer, dict) and "version" in answer:
            out.append((b"etag", f'W/"{answer["version"]}"'.encode()))
        await send({"type": "http.response.start", "status": status, "headers": out})
        await send({"type": "http.response.body", "body": b"" if status == 204 else json.dumps(answer).encode()})

    def _answer(self, method: str, path: str, query: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        if method != "GET":
            self.told.append((method, path, body, headers))
        if (refusal := self.refusals.get(f"{method} {path}")) is not None:
            return refusal
        if path == "/v1/helpdesk-vendors":
            return 200, {"items": self.vendors, "next": None}
        if path == "/v1/connectors":
            return 200, _page([self.connectors[name] for name in sorted(self.connectors)])
        if found := re.fullmatch(r"/v1/tickets/([^/]+)/remote", path):
            return self._remote(method, found[1], body)
        if path.startswith("/v1/sync-runs/"):
            run = self.runs.get(path.rpartition("/")[2])
            return (200, run) if run else _missing()
        if (row := _ROW.fullmatch(path)) is not None:
            return self._row(*row.groups())
        if (found := _CONNECTOR.fullmatch(path)) is not None:
            return self._connector(method, found[1], found[2] or "", query, body, headers)
        return _missing()

    def _connector(
        self, method: str, name: str, rest: str, query: str, body: Any, headers: dict[str, str]
    ) -> tuple[int, Any]:
        held = self.connectors.get(name)
        if method == "PUT" and not rest:
            return self._put(name, held, body, headers)
        if held is None:
            return _missing()
        if rest == "credential":
            held["credential_kind"] = body["kind"] if method == "PUT" else None
            return 204, None
        if method == "DELETE":
            del self.connectors[name]
            return 204, None
        if rest == "runs":
            return 202, self.run(name, body)
        if rest in ("writes/retry", "writes/discard"):
            return 200, self._all(rest.removeprefix("writes/"))
        lists = {"conflicts": self.conflicts, "problems": self.problems}
        if rest == "writes":
            states = re.search(r"state=([^&]+)", query)
            wanted = states[1].replace("%2C", ",").split(",") if states else []
            return 200, _page([each for each in self.writes if not wanted or each["state"] in wanted], query)
        return (200, _page(lists[rest], query)) if rest in lists else (200, held) if not rest else _missing()

    def _all(self, act: str) -> dict[str, int]:
        was, becomes = {"retry": ("refused", "waiting"), "discard": ("waiting", "discarded")}[act]
        rows = [row for row in self.writes if row["state"] == was]
        for row in rows:
            row["state"] = becomes
        return {"writes": len(rows)}

    def _put(self, name: str, held: dict[str, Any] | None, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        if held is not None and "if-match" not in headers:
            return 428, _problem(428, "precondition_required", "Say which version you change.")
        if held is not None and headers["if-match"] != f'W/"{held["version"]}"':
            return 412, _problem(412, "precondition_failed", "It was changed meanwhile.")
        made = held or connector(name, version=0, credential_kind=None, status={"state": "no_credential"})
        self.connectors[name] = {**made, **body, "version": made["version"] + 1}
        return 200, self.connectors[name]

    def run(self, name: str, body: Any) -> dict[str, Any]:
        run = {
            "run_id": new_id(),
            "connector": name,
            **body,
            "wanted_at": "2026-11-23T10:00:00Z",
            "wanted_by": "ada@example.test",
            "started_at": None,
            "finished_at": None,
            "pages": 0,
            "tickets": 0,
            "fresh": 0,
            "problems": 0,
            "writes": 0,
            "failure": None,
        }
        self.runs[run["run_id"]] = run
        return run

    def _row(self, kind: str, row_id: str, act: str) -> tuple[int, Any]:
        for row in self.writes if kind == "remote-writes" else []:
            if row["write_id"] == row_id:
                row["state"] = {"retry": "waiting", "discard": "discarded"}[act]
                return 200, row
        left = [each for each in self.problems if each["problem_id"] != row_id]
        if kind == "sync-problems" and len(left) < len(self.problems):
            self.problems[:] = left
            return 200, {}
        return _missing()

    def _remote(self, method: str, ticket: str, body: Any) -> tuple[int, Any]:
        if method == "PUT":
            self.remotes[ticket] = remote(connector=body["connector"], external_id=None, fields=[])
        held = self.remotes.get(ticket)
        if held is None:
            return _missing()
        if method == "DELETE":
            del self.remotes[ticket]
            return 204, None
        return 200, held


def remote(**more: Any) -> dict[str, Any]:
    """Where a ticket is as well."""
    return {
        "connector": "zendesk",
        "external_id": "360042",
        "fields": [
            {"field": "status", "ours": "open", "theirs": "open", "owner": "newest", "agreed": True},
            {"field": "priority", "ours": "P2", "theirs": "P3", "owner": "local", "agreed": False},
            {"field": "subject", "ours": "Video stalls", "theirs": "Video stalls", "owner": "remote", "agreed": True},
        ],
        "seen_at": "2026-11-23T09:58:00Z",
        "read_wanted": False,
        "gone_at": None,
        "linked_at": "2026-11-20T08:00:00Z",
        "writes": [],
        "conflicts": [],
        **more,
    }


def refusal(status: int, code: str, detail: str, **places: str) -> tuple[int, dict[str, Any]]:
    """A problem to answer with; `places` are fields with what is wrong with them."""
    return status, _problem(status, code, detail, **places)


def _problem(status: int, code: str, detail: str, **places: str) -> dict[str, Any]:
    errors = [{"pointer": f"/{name.replace('__', '/')}", "detail": said} for name, said in places.items()]
    return {"status": status, "code": code, "title": "It was refused", "detail": detail, "errors": errors}


def _missing() -> tuple[int, dict[str, Any]]:
    return 404, _problem(404, "not_found", "There is no such thing.")


def _page(items: list[dict[str, Any]], query: str = "") -> dict[str, Any]:
    limit = re.search(r"limit=(\d+)", query)
    most = int(limit[1]) if limit else 200
    return {"items": items[:most], "next": "more" if len(items) > most else None}
