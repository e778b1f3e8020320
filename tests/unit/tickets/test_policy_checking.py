"""What is wrong with a policy is said for every mistake, with its place; what is odd is a warning."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from services.tickets.domain.calendar_document import read_calendar
from services.tickets.domain.condition import Condition
from services.tickets.usecases.policies.checking import review
from services.tickets.usecases.policies.covering import never_holds, unreachable
from services.tickets.usecases.policies.documents import moved, pinned, unpinned

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
WEEK = {"monday": ["09:00-17:00"], "tuesday": ["09:00-17:00"]}
BERLIN = read_calendar({"zone": "Europe/Berlin", "hours": WEEK}, name="berlin", version=4)
CALENDARS = {"berlin@4": BERLIN}
TARGETS = {f"P{number}": {"first_response_minutes": 60, "resolution_minutes": 240} for number in range(1, 5)}


def rule(name: str = "all", **said: Any) -> dict[str, Any]:
    return {"name": name, "calendar": "berlin@4", "targets": deepcopy(TARGETS)} | said


def found(document: dict[str, Any], name: str = "standard") -> tuple[list[str], list[str]]:
    """The places of problems and of warnings."""
    checked = review(name, 2, document, CALENDARS, NOW)
    assert (checked.policy is None) == bool(checked.problems)
    return [each.pointer for each in checked.problems], [each.pointer for each in checked.warnings]


def test_a_policy_without_fault_is_read() -> None:
    assert found({"order": 10, "rules": [rule()]}) == ([], [])
    checked = review("standard", 2, {"order": 10, "rules": [rule()]}, CALENDARS, NOW)
    assert checked.policy is not None
    assert checked.policy.label == "standard@2"


def test_every_mistake_is_named_with_its_place_not_only_the_first() -> None:
    bad_calendar = {"zone": "Mars/Olympus", "hours": {"monday": ["9-17"]}, "holidays": ["2026-02-30"]}
    problems, _ = found(
        {
            "rules": [
                rule("a", calendar="paris@1"),
                rule("a", targets={}),
                rule(
                    "c",
                    calendar=bad_calendar,
                    pause_on=["solved"],
                    escalations=[{"at": "75%", "to": "team"}, {"at": "soon", "to": "team"}],
                ),
            ]
        }
    )
    assert problems == [
        "/rules/0/calendar",
        "/rules/1/name",
        "/rules/1/targets",
        "/rules/2/calendar/zone",
        "/rules/2/calendar/hours/monday/0",
        "/rules/2/calendar/holidays/0",
        "/rules/2/pause_on",
        "/rules/2/escalations/1/at",
    ]


def test_a_target_beyond_the_horizon_is_a_mistake_at_the_target() -> None:
    rare = {"zone": "UTC", "hours": {"monday": ["09:00-09:01"]}}
    problems, _ = found(
        {"rules": [rule(calendar=rare, targets={"P1": {"resolution_minutes": 4000, "first_response_minutes": 60}})]}
    )
    assert problems == ["/rules/0/targets/P1/resolution_minutes"]


def test_a_calendar_that_opens_on_no_weekday_is_refused_since_it_would_end() -> None:
    dated = {"zone": "UTC", "hours": {}, "shifts": {"2026-12-24": ["09:00-10:00"]}}
    assert found({"rules": [rule(calendar=dated)]})[0] == ["/rules/0/calendar/hours"]
    assert found({"calendar": dated, "targets": TARGETS})[0] == ["/calendar"]


def test_calendars_are_named_rather_than_written_into_many_rules() -> None:
    written = [rule(str(number), calendar={"zone": "UTC", "hours": WEEK}) for number in range(21)]
    assert found({"rules": written})[0] == ["/rules"]
    assert found({"rules": [*written[:20], rule()]})[0] == []


def test_the_standard_policy_has_no_condition() -> None:
    assert found({"when": {"kind": ["incident"]}, "rules": [rule()]})[0] == ["/when"]
    assert found({"when": {"kind": ["incident"]}, "rules": [rule()]}, "vip")[0] == []


def test_a_rule_that_an_earlier_one_shadows_is_a_warning() -> None:
    document = {
        "rules": [
            rule("vip", when={"tags": ["vip", "board"]}),
            rule("board", when={"tags": ["BOARD"], "kind": ["incident"]}),
            rule(),
        ]
    }
    assert found(document) == ([], ["/rules/1"])


def test_two_rules_that_together_leave_nothing_shadow_the_third() -> None:
    urgent = rule("urgent", when={"priority": ["P1", "P2"]}, targets={"P1": TARGETS["P1"], "P2": TARGETS["P2"]})
    rest = rule("rest", when={"priority": ["p3", "P4"]}, targets={"P3": TARGETS["P3"], "P4": TARGETS["P4"]})
    document = {"rules": [urgent, rest, rule("never", when={"system": ["Vidstream"]})]}
    checked = review("standard", 1, document, CALENDARS, NOW)
    assert [(each.pointer, each.detail) for each in checked.warnings] == [
        ("/rules/2", "never can never apply: urgent and rest before it matches every ticket that it is for.")
    ]


def test_priorities_without_a_promise_and_targets_for_nobody_are_warnings() -> None:
    document = {"rules": [rule(when={"priority": ["P1", "P2", "P3"]})]}
    assert found(document)[1] == ["/rules/0/targets/P4", "/rules"]
    slow = {**TARGETS, "P2": {"first_response_minutes": 300, "resolution_minutes": 240}}
    assert found({"rules": [rule(targets=slow)]})[1] == ["/rules/0/targets/P2/first_response_minutes"]


@pytest.mark.parametrize(
    ("earlier", "later", "covered"),
    [
        (Condition(), Condition(when={"tags": ("a",)}), True),
        (Condition(when={"tags": ("a",)}), Condition(), False),
        (Condition(when={"tags": ("a", "b")}), Condition(when={"tags": ("B",)}), True),
        (Condition(when={"tags": ("a",)}), Condition(when={"tags": ("a", "b")}), False),
        (Condition(unless={"kind": ("change",)}), Condition(when={"kind": ("incident",)}), True),
        (Condition(unless={"kind": ("change",)}), Condition(), False),
        (Condition(unless={"tags": ("vip",)}), Condition(when={"tags": ("a",)}), False),
        (Condition(unless={"tags": ("vip",)}), Condition(unless={"tags": ("vip", "x")}), True),
        (Condition(unless={"source": ("desk",)}), Condition(when={"source": ("",)}), True),
        (Condition(when={"priority": ("P1",)}), Condition(when={"priority": ("P1",), "team": ("net",)}), True),
    ],
)
def test_a_condition_covers_another_only_where_it_surely_does(
    earlier: Condition, later: Condition, covered: bool
) -> None:
    assert (unreachable(later, [("earlier", earlier)]) is not None) is covered


def test_a_condition_that_contradicts_itself_never_holds() -> None:
    assert never_holds(Condition(when={"priority": ("P1",)}, unless={"priority": ("p1", "P2")}))
    assert never_holds(Condition(when={"team": ("net",)}, unless={"team": ("Net",)}))
    assert not never_holds(Condition(when={"tags": ("a",)}, unless={"tags": ("b",)}))


def test_calendars_without_a_version_are_pinned_to_the_newest() -> None:
    document = {"rules": [rule("a", calendar="berlin"), rule("b", calendar="berlin@2"), rule("c", calendar="nowhere")]}
    labels = [each["calendar"] for each in pinned(document, {"berlin": 4})["rules"]]
    assert labels == ["berlin@4", "berlin@2", "nowhere"]
    assert [each["calendar"] for each in moved(document, "berlin", 5)["rules"]] == ["berlin@5", "berlin@5", "nowhere"]
    assert unpinned(pinned(document, {"berlin": 4})) == unpinned(document)
