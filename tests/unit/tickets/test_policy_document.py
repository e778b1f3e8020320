"""Policies and calendars as they are written: both forms are read, and what cannot be is refused by its place."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.tickets.domain.calendar import Closure, Window
from services.tickets.domain.calendar_document import read_calendar
from services.tickets.domain.condition import Features
from services.tickets.domain.policy import (
    FALLBACK,
    OnChange,
    OnReopen,
    Policy,
    Priority,
    Status,
    StepTime,
    Target,
    chosen,
    stands_still,
)
from services.tickets.domain.policy_document import EVERYTHING, DocumentProblem, calendars_named, read_policy

MINUTE = timedelta(minutes=1)
HOURS = {"zone": "Europe/Berlin", "hours": {"monday": ["09:00-12:00", "13:00-17:00"]}}
OLD = {
    "calendar": {**HOURS, "holidays": ["2026-12-25"]},
    "targets": {"P1": {"first_response_minutes": 60, "resolution_minutes": 240}},
    "pause_on": ["pending"],
}
BERLIN = read_calendar(HOURS, name="berlin", version=4)
FULL: dict[str, Any] = {
    "name": "vip",
    "when": {"tags": ["vip", "board"], "priority": ["P1"]},
    "unless": {"kind": ["change"]},
    "calendar": "berlin@4",
    "targets": {
        "P1": {
            "first_response_minutes": 30,
            "next_response_minutes": 60,
            "periodic_update_minutes": 120,
            "resolution_minutes": 240,
            "agent_work_minutes": 180,
            "requester_wait_minutes": 480,
        }
    },
    "ola_minutes": {"network": 240, "*": 480},
    "pause_on": {"resolution": ["pending"], "first_response": []},
    "on_change": {"first_response": "restart"},
    "on_reopen": "restart",
    "reopen_window_hours": 168,
    "escalations": [
        {"at": "75%", "to": "assignee"},
        {"at": "-30m", "time": "real", "to": "email:lead@example.com"},
        {"at": "+2h", "to": "webhook:ops", "repeat_every_minutes": 60, "until": "touched"},
    ],
}


def read(*rules: dict[str, Any], **more: Any) -> Policy:
    return read_policy("vip", 2, {"rules": list(rules), **more}, {"berlin@4": BERLIN})


def test_the_first_form_is_one_rule_for_everything() -> None:
    policy = read_policy("standard", 1, OLD)
    [rule] = policy.rules
    assert (policy.label, policy.order, rule.name) == ("standard@1", 100, EVERYTHING)
    assert rule.targets == {Priority.P1: {Target.FIRST_RESPONSE: 60 * MINUTE, Target.RESOLUTION: 240 * MINUTE}}
    assert not stands_still(rule, Target.RESOLUTION, Status.ON_HOLD, waits=False)
    assert stands_still(rule, Target.AGENT_WORK, Status.ON_HOLD, waits=False)
    assert list(policy.calendars()) == ["standard/everything@1"]


def test_the_second_form_says_everything_a_rule_can_promise() -> None:
    policy = read(FULL, {**FULL, "name": "rest", "calendar": HOURS}, order=7, when={"source": [""]})
    vip, rest = policy.rules
    assert (policy.order, vip.calendar, rest.calendar.label) == (7, BERLIN, "vip/rest@2")
    assert vip.promised(Target.REQUESTER_WAIT, Features(priority="P1")) == 480 * MINUTE
    assert vip.promised(Target.RESOLUTION, Features(priority="P2")) is None
    assert [vip.promised(Target.OLA, Features(team=team)) for team in ("network", "video", None)] == [
        240 * MINUTE,
        480 * MINUTE,
        None,
    ]
    assert vip.pause_on == {Target.RESOLUTION: {Status.PENDING}, Target.FIRST_RESPONSE: frozenset()}
    assert (vip.on_change, vip.on_reopen) == ({Target.FIRST_RESPONSE: OnChange.RESTART}, OnReopen.RESTART)
    assert vip.reopen_window == timedelta(days=7)
    assert [(step.threshold, step.time) for step in vip.ladder] == [
        ("75% assignee", StepTime.BUSINESS),
        ("-30m real email:lead@example.com", StepTime.REAL),
        ("+2h webhook:ops", StepTime.BUSINESS),
    ]
    assert calendars_named({"rules": [FULL, {**FULL, "calendar": HOURS}]}) == {"berlin@4"}


def test_the_first_rule_that_holds_applies() -> None:
    policy = read(FULL, {"name": "rest", "calendar": "berlin@4"})
    matches = {
        name: getattr(policy.match(Features.read(features)), "name", None)
        for name, features in {
            "all": {"priority": "P1", "tags": ["BOARD"]},
            "tag only": {"priority": "P2", "tags": ["vip"]},
            "excluded": {"priority": "P1", "tags": ["vip"], "kind": "change"},
        }.items()
    }
    assert matches == {"all": "vip", "tag only": "rest", "excluded": "rest"}


def test_a_new_ticket_gets_the_first_policy_that_is_for_it_and_the_fallback_last() -> None:
    fallback = read_policy(FALLBACK, 1, {**OLD})
    local = read({"name": "r", "calendar": "berlin@4"}, order=500, when={"source": [""]})
    assert chosen([fallback, local], Features()) is local
    assert chosen([fallback, local], Features(source="zammad")) is fallback
    assert chosen([local], Features(source="zammad")) is None


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"calendar": "berlin@9"}, "/rules/0/calendar"),
        ({"calendar": {**HOURS, "zone": "Mars/Olympus"}}, "/rules/0/calendar"),
        ({"calendar": {"zone": "UTC", "hours": {"monday": ["9-17"]}}}, "/rules/0/calendar/hours/monday/0"),
        ({"when": {"colour": ["red"]}}, "/rules/0/when"),
        ({"when": {"team": []}}, "/rules/0/when"),
        ({"targets": {"P1": {"resolution_minutes": 0}}}, "/rules/0/targets/P1/resolution_minutes"),
        ({"ola_minutes": {"network": -1}}, "/rules/0/ola_minutes/network"),
        ({"pause_on": ["solved"]}, "/rules/0/pause_on"),
        ({"pause_on": {"agent_work": ["pending"]}}, "/rules/0"),
        ({"pause_on": {"mood": []}}, "/rules/0/pause_on"),
        ({"on_change": {"resolution": "forget"}}, "/rules/0/on_change/resolution"),
        ({"on_reopen": "never"}, "/rules/0/on_reopen"),
        ({"reopen_window_hours": -1}, "/rules/0"),
        ({"escalations": [{"at": "soon", "to": "lead"}]}, "/rules/0/escalations/0/at"),
        ({"escalations": [{"at": "75%", "to": "everybody"}]}, "/rules/0/escalations/0/to"),
        ({"escalations": [{"at": "75%", "to": "lead", "time": "real"}]}, "/rules/0/escalations/0"),
        ({"escalations": [{"at": "75%", "to": "lead", "until": "friday"}]}, "/rules/0/escalations/0/until"),
    ],
)
def test_what_cannot_be_promised_is_refused_by_its_place(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(DocumentProblem) as refused:
        read({**FULL, **change})
    assert refused.value.pointer == pointer


def test_rules_need_names_of_their_own() -> None:
    with pytest.raises(DocumentProblem):
        read(FULL, FULL)
    with pytest.raises(DocumentProblem):
        read()


def test_a_calendar_is_written_with_shifts_closures_and_windows_over_midnight() -> None:
    written = {
        "zone": "UTC",
        "hours": {"friday": ["22:00-06:00"], "sunday": ["20:00-30:00"]},
        "holidays": ["2026-12-25"],
        "shifts": {"2026-12-24": ["09:00-12:00"], "2026-12-31": []},
        "closures": {"2026-11-27": ["14:00-16:00"]},
    }
    calendar = read_calendar(written, name="night", version=3)
    assert calendar.label == "night@3"
    assert calendar.week[4] == (Window(opens=22 * 60, closes=30 * 60),)
    assert calendar.week[6] == (Window(opens=20 * 60, closes=30 * 60),)
    assert dict(calendar.shifts) == {
        date(2026, 12, 24): (Window(opens=540, closes=720),),
        date(2026, 12, 31): (),
    }
    assert calendar.closures == (Closure(on=date(2026, 11, 27), opens=14 * 60, closes=16 * 60),)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"hours": {"monday": ["09:00-09:00"]}}, ""),
        ({"hours": {"monday": ["13:00-17:00", "09:00-12:00"]}}, ""),
        ({"hours": {}}, ""),
        ({"hours": {"monday": ["24:00-25:00"]}}, "/hours/monday/0"),
        ({"hours": {"monday": ["09:00-49:00"]}}, "/hours/monday/0"),
        ({"holidays": ["25.12.2026"]}, "/holidays/0"),
        ({"shifts": {"tomorrow": []}}, "/shifts"),
        ({"closures": {"2026-12-24": ["noon"]}}, "/closures/2026-12-24/0"),
    ],
)
def test_a_calendar_that_cannot_be_read_is_refused_by_its_place(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(DocumentProblem) as refused:
        read_calendar({**HOURS, **change})
    assert refused.value.pointer == pointer


def test_features_are_written_and_read_again() -> None:
    features = Features(priority="P2", tags=("a", "b"), team="net", wave="north")
    assert Features.read(features.written()) == features
    assert features.changed({"team": None, "tags": [], "mood": "bad"}) == Features(priority="P2", wave="north")
