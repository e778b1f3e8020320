"""A rollout service on a stage: a recorded tree in the shape of its REST answers, and orders that change it a little."""

import copy
import json
from typing import Any

from services.gateway.ports import Receive, Scope, Send
from shared.auth import Identities, Role
from shared.clock import Clock

LEAD_HOLD = "01900000-0000-7000-8000-00000000000a"
GATE_HOLD = "01900000-0000-7000-8000-00000000000b"
ORDERERS = {
    "promote": {Role.TRAINING, Role.ADMIN},
    "abort": {Role.TRAINING, Role.ADMIN},
    "retry": {Role.TRAINING, Role.ADMIN},
    "pause": {Role.TRAINING, Role.IT_LEAD, Role.ADMIN},
    "resume": {Role.TRAINING, Role.IT_LEAD, Role.ADMIN},
    "hold": {Role.TRAINING, Role.IT_LEAD, Role.ADMIN},
    "lift": {Role.TRAINING, Role.IT_LEAD, Role.ADMIN},
}
STAFF = {Role.ADMIN, Role.TRAINING, Role.IT_AGENT, Role.IT_LEAD}


def _counts(**some: int) -> dict[str, int]:
    names = ("assigned", "invited", "enrolled", "started", "completed", "passed", "failed")
    known = {name: some.get(name, 0) for name in names}
    return {"members": sum(known.values()), **known, "withdrawn": 0, "push_failed": some.get("push_failed", 0)}


def _gate(gate: str, kind: str, stage: str, assessment: str, sentence: str, **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"actual": None, "threshold": None, "evidence": [], "next_look_at": None, "bad_since": None}
    return {
        "gate": gate,
        "kind": kind,
        "stage": stage,
        "assessment": assessment,
        "sentence": sentence,
        "cleared_at": None,
        **empty,
        **more,
    }


def _wave(position: int, wave: str, title: str, phase: str, counts: dict[str, int], **more: Any) -> dict[str, Any]:
    return {
        "wave": wave,
        "title": title,
        "phase": phase,
        "since": "2026-03-16T08:00:00Z",
        "audience_size": counts["members"],
        "completed": counts["completed"] + counts["passed"],
        "waits_for": " ".join(wait["sentence"] for wait in more.get("waits", [])),
        "wave_id": f"safety-video:{wave}",
        "position": position,
        "after": [],
        "source": "moodle",
        "course_id": "21",
        "opened_at": None,
        "completed_at": None,
        "planned_at": None,
        "earliest_at": None,
        "bake_seconds": 86400.0,
        "baking_since": None,
        "looked_at": "2026-03-24T09:12:00Z",
        "next_look_at": None,
        "counts": counts,
        "waits": [],
        "gates": [],
        "holds": [],
        "verbs": [],
        "version": 3,
        **more,
    }


_BREACH = (
    "1 first response target missed and not yet settled; at most 0 may be: #12 “Video portal does not load in the"
    " warehouse” missed its first response on Tue 24 Mar 2026 10:04 (Europe/Berlin)."
)


def _rehearsal() -> dict[str, Any]:
    signed = [
        {
            "signoff_id": f"s-{role}",
            "role": role,
            "name": name,
            "decision": decision,
            "comment": comment,
            "given_at": "2026-03-09T10:20:00+00:00",
        }
        for role, name, decision, comment in (
            ("dba", "Dora Base", "approve", ""),
            ("network", "Nils Netz", "approve_with_conditions", "Not before eight in the morning."),
            ("security", "Selma Schild", "approve", ""),
        )
    ]
    clearance = "3 of 3 roles signed off: dba 1 of 1 (Dora Base: approved); network 1 of 1 (Nils Netz: approved with conditions); security 1 of 1 (Selma Schild: approved)."  # noqa: E501
    return _wave(
        0,
        "rehearsal",
        "Rehearsal on the test LMS",
        "completed",
        _counts(completed=12),
        opened_at="2026-03-16T08:00:00Z",
        completed_at="2026-03-18T15:30:00Z",
        gates=[
            _gate("clearance", "signoff", "entry", "passed", clearance, actual=3.0, threshold=3.0, evidence=signed),
            _gate(
                "dry-run",
                "completion",
                "exit",
                "passed",
                "12 of 12 (100 %) have completed; 100 % are needed.",
                actual=1.0,
                threshold=1.0,
                evidence=[{"measure": "completed", "done": 12, "members": 12, "push_failed": 0}],
            ),
        ],
    )


def _pilot() -> dict[str, Any]:
    return _wave(
        1,
        "it",
        "40 people of IT",
        "baking",
        _counts(completed=38, started=1, failed=1),
        after=["rehearsal"],
        opened_at="2026-03-19T09:00:00Z",
        baking_since="2026-03-23T16:00:00Z",
        bake_seconds=172800.0,
        waits=[
            {
                "sentence": "Bake time runs until Wed 25 Mar 2026 17:00 (Europe/Berlin).",
                "until": "2026-03-25T16:00:00Z",
            }
        ],
        gates=[
            _gate(
                "readiness",
                "survey",
                "entry",
                "passed",
                "“readiness”: 82.5 % “ready” against 60 % needed; 40 of 40 (100 %) answered. Whatever anybody"
                " else had answered, it would have passed.",
                actual=0.825,
                threshold=0.6,
                evidence=[{"request_id": "r", "campaign_id": "c", "verdict": "pass"}],
            ),
            _gate(
                "outages",
                "tickets",
                "background",
                "passed",
                "0 tickets of priority P1 of this wave are open; at most 0 may be.",
                actual=0.0,
                threshold=0.0,
            ),
            _gate(
                "completed",
                "completion",
                "exit",
                "insufficient",
                "38 of 40 (95 %) have completed; 100 % are needed by Thu 9 Apr 2026 11:00 (Europe/Berlin).",
                actual=0.95,
                threshold=1.0,
                next_look_at="2026-04-09T09:00:00Z",
            ),
        ],
    )


_LEAD = "Month-end close: the link of site Kiel is full until Friday."


def _north() -> dict[str, Any]:
    return _wave(
        2,
        "north",
        "Region North",
        "holding",
        _counts(assigned=61, enrolled=240, started=74, completed=42, push_failed=3),
        after=["it"],
        opened_at="2026-03-23T08:00:00Z",
        since="2026-03-24T09:04:01Z",
        waits=[
            {
                "sentence": f"Held by “first-response”: {_BREACH} Answer and solve the tickets named.",
                "until": "2026-03-25T09:04:00Z",
            },
            {
                "sentence": f"Held: {_LEAD} Who can lift it: an IT lead or an admin.",
                "until": "2026-03-27T17:00:00Z",
            },
        ],
        gates=_north_gates(),
        holds=_north_holds(),
    )


def _north_gates() -> list[dict[str, Any]]:
    return [
        _gate(
            "first-response",
            "sla",
            "background",
            "failed",
            _BREACH,
            actual=1.0,
            threshold=0.0,
            bad_since="2026-03-24T09:04:00Z",
            evidence=[
                {
                    "clock_id": "c1",
                    "ticket_id": "t1",
                    "number": 12,
                    "subject": "Video portal does not load in the warehouse",
                    "target": "first_response",
                    "priority": "P2",
                    "breached_at": "2026-03-24T09:04:00+00:00",
                }
            ],
        ),
        _gate(
            "completed",
            "completion",
            "exit",
            "insufficient",
            "42 of 417 (10 %) have completed; 90 % are needed by Mon 13 Apr 2026 10:00 (Europe/Berlin).",
            actual=0.1007,
            threshold=0.9,
            next_look_at="2026-04-13T08:00:00Z",
            evidence=[{"measure": "completed", "done": 42, "members": 417, "push_failed": 3}],
        ),
    ]


def _north_holds() -> list[dict[str, Any]]:
    return [
        {
            "hold_id": GATE_HOLD,
            "owner": "gate",
            "reason": _BREACH,
            "next_step": "Answer and solve the tickets named. The wave resumes by itself 1 day after that.",
            "lifted_by": "lifts itself when the gate has passed for the bake time; or the training team, an IT lead"
            " or an admin",
            "placed_at": "2026-03-24T09:04:01Z",
            "placed_by": "gate first-response",
            "expires_at": None,
            "gate": "first-response",
            "pause": False,
            "may_lift": True,
        },
        {
            "hold_id": LEAD_HOLD,
            "owner": "it_lead",
            "reason": _LEAD,
            "next_step": "Ask Rosa Falk on Friday afternoon.",
            "lifted_by": "an IT lead or an admin",
            "placed_at": "2026-03-24T08:30:00Z",
            "placed_by": "Ivo Lead",
            "expires_at": "2026-03-27T17:00:00Z",
            "gate": None,
            "pause": False,
            "may_lift": True,
        },
    ]


def _everyone() -> dict[str, Any]:
    return _wave(
        3,
        "everyone",
        "Everybody else",
        "pending",
        _counts(assigned=1031),
        after=["north"],
        earliest_at="2026-03-31T16:00:00Z",
        looked_at=None,
        waits=[{"sentence": "Comes after “north”, which is holding.", "until": None}],
        gates=[
            _gate(
                "quarter-end",
                "calendar",
                "entry",
                "failed",
                "“quarter-end” (accounts are closed) lets no wave open until Tue 31 Mar 2026 18:00 (Europe/Berlin).",
                evidence=[
                    {"freeze": "quarter-end", "from": "2026-03-23T00:00:00+00:00", "to": "2026-03-31T16:00:00+00:00"}
                ],
                next_look_at="2026-03-31T16:00:00Z",
            ),
            _gate(
                "completed",
                "completion",
                "exit",
                "insufficient",
                "0 of 1,031 (0 %) have completed; 90 % are needed.",
                actual=0.0,
                threshold=0.9,
            ),
        ],
    )


def safety_video() -> dict[str, Any]:
    """The demo's rollout at the moment in which region North is held."""
    return {
        "name": "safety-video",
        "title": "Safety on camera",
        "stands": "holding",
        "zone": "Europe/Berlin",
        "plan_version": 2,
        "plan_hash": "sha256:4be1c0ffee5eedab1e0ddba11facade",
        "applied_at": "2026-03-02T08:00:00Z",
        "applied_by": "Tina Training",
        "notice_ends_at": "2026-03-16T08:00:00Z",
        "go_to": {"name": "Rosa Falk", "email": "go-to@it.nordwind.example"},
        "deputy": {"name": "Samir Graf", "email": "deputy@it.nordwind.example"},
        "courses": {"moodle-test": "7", "moodle": "21"},
        "systems": ["video-portal"],
        "now": "2026-03-24T09:30:00Z",
        "waves": [_rehearsal(), _pilot(), _north(), _everyone()],
    }


def ladder_training() -> dict[str, Any]:
    """A second rollout, which waits for its notice."""
    waits = [{"sentence": "IT has notice until Mon 6 Apr 2026 09:00 (Europe/Berlin).", "until": "2026-04-06T07:00:00Z"}]
    first = _wave(0, "pilot", "Pilot in Kiel", "waiting", _counts(assigned=25), waits=waits)
    rest = _wave(1, "sites", "All other sites", "pending", _counts(), after=["pilot"])
    tree = safety_video() | {"name": "ladders", "title": "Ladders and steps", "stands": "waiting", "plan_version": 1}
    return tree | {"waves": [first, rest]}


TIMELINE = [
    ("2026-03-24T09:04:01Z", "north", "transition", "system", f"open → holding: {_BREACH}"),
    (
        "2026-03-24T08:30:00Z",
        "north",
        "held",
        "Ivo Lead",
        "Ivo Lead held it: Month-end close: the link of site Kiel is full until Friday.",
    ),
    (
        "2026-03-23T16:00:00Z",
        "it",
        "transition",
        "system",
        "open → baking: Its exit gates pass; 2 days of bake time begin.",
    ),
    (
        "2026-03-23T08:00:00Z",
        "north",
        "promoted",
        "Tina Training",
        "Tina Training promoted: the pilot went well enough.",
    ),
    ("2026-03-18T15:30:00Z", "rehearsal", "transition", "system", "baking → completed: Its bake time is over."),
    ("2026-03-02T08:00:00Z", None, "applied", "Tina Training", "Plan version 2 was applied."),
]


class StagedRollouts:
    """An ASGI app. `trees` by name; `orders` are what reached it; roles are judged as the real service does."""

    def __init__(self, identities: Identities, clock: Clock, *trees: dict[str, Any]) -> None:
        self._identities = identities
        self._clock = clock
        self.trees = {tree["name"]: tree for tree in copy.deepcopy(trees)}
        self.orders: list[tuple[str, dict[str, Any], str | None]] = []
        self.refuse_with: tuple[int, dict[str, Any]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        who = self._identities.read(headers["x-glidepath-identity"], audience="rollout", now=self._clock.now())
        body = (await receive()).get("body", b"")
        if scope["method"] == "POST":
            once = headers.get("idempotency-key")
            status, document = self._order(scope["path"], json.loads(body), once, set(who.roles))
        else:
            status, document = self._show(scope["path"].split("/")[2:], set(who.roles))
        kind = b"application/json" if status < 400 else b"application/problem+json"
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})

    def _show(self, path: list[str], roles: set[Role]) -> tuple[int, dict[str, Any]]:
        match path:
            case ["rollouts"]:
                return 200, {"items": list(self.trees.values()), "next": None}
            case ["rollouts", name] if name in self.trees:
                return 200, self._as_seen(name, roles)
            case ["rollouts", name, what] if name in self.trees:
                if not roles & STAFF:
                    return _problem(403, "forbidden", "You may not do this", "It takes one of these roles: …")
                return 200, {"items": _timeline() if what == "timeline" else _members(), "next": None}
        return _problem(404, "rollout_not_found", "There is no such rollout", f"There is no rollout {path[-1]!r}.")

    def _as_seen(self, name: str, roles: set[Role]) -> dict[str, Any]:
        tree = copy.deepcopy(self.trees[name])
        for wave in tree["waves"]:
            over = wave["phase"] in ("completed", "aborted", "rolled_back")
            able = [] if over else ["promote", "pause", "hold", "lift", "abort"]
            if any(hold["pause"] for hold in wave["holds"]):
                able[1] = "resume"
            if wave["phase"] in ("aborted", "rolled_back"):
                able = ["retry"]
            wave["verbs"] = [verb for verb in able if ORDERERS[verb] & roles]
            for hold in wave["holds"]:
                lifters = {Role.IT_LEAD, Role.ADMIN} | ({Role.TRAINING} if hold["owner"] != "it_lead" else set())
                hold["may_lift"] = bool(lifters & roles)
        return tree

    def _order(self, path: str, body: dict[str, Any], once: str | None, roles: set[Role]) -> tuple[int, dict[str, Any]]:
        self.orders.append((path, body, once))
        _, _, _, name, _, wave_name, *rest = path.split("/")
        verb = rest[-1]
        if not ORDERERS[verb] & roles:
            return _problem(403, "forbidden", "You may not do this", "It takes the training role.")
        if self.refuse_with is not None:
            return self.refuse_with
        tree = self.trees[name]
        wave = next(one for one in tree["waves"] if one["wave"] == wave_name)
        match verb:
            case "pause" | "hold":
                wave["holds"].append(_hold(body, pause=verb == "pause"))
                wave["phase"] = "holding"
            case "lift":
                wave["holds"] = [hold for hold in wave["holds"] if hold["hold_id"] != rest[1]]
                wave["waits"] = []
            case "abort":
                wave["phase"], wave["holds"] = "aborted", []
            case "promote":
                wave["phase"] = "completed" if body.get("full") else "open"
        return 200, {"rollout": name, "wave": wave_name, "before": {}, "after": {}}


def _hold(body: dict[str, Any], *, pause: bool) -> dict[str, Any]:
    return {
        "hold_id": "01900000-0000-7000-8000-00000000000c",
        "owner": "training",
        "reason": body["reason"],
        "next_step": body.get("next_step", "Resume it when it may go on."),
        "lifted_by": "the training team, an IT lead or an admin",
        "placed_at": "2026-03-24T09:30:00Z",
        "placed_by": "Operator",
        "expires_at": body.get("expires_at"),
        "gate": None,
        "pause": pause,
        "may_lift": True,
    }


def _timeline() -> list[dict[str, Any]]:
    return [
        {"position": 90 - n, "wave": wave, "at": at, "kind": kind, "actor": actor, "sentence": sentence, "evidence": {}}
        for n, (at, wave, kind, actor, sentence) in enumerate(TIMELINE)
    ]


def _members() -> list[dict[str, Any]]:
    return [{"name": name, "person_id": name} for name in ("Anna Ahlers", "Björn Beck", "Carla Cruz")]


def _problem(status: int, code: str, title: str, detail: str) -> tuple[int, dict[str, Any]]:
    return status, {"status": status, "code": code, "title": title, "detail": detail}
