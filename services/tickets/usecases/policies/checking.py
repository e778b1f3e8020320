"""What is wrong with a policy, every mistake with its place, and what is allowed but surely not meant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.tickets.domain.calendar import Calendar, NeverDue
from services.tickets.domain.policy import FALLBACK, Policy, PolicyInvalid, Priority, Rule, Target
from services.tickets.domain.policy_document import DocumentProblem, read_policy
from services.tickets.usecases.policies.covering import never_holds, unreachable

ALWAYS_OPEN = {"zone": "UTC", "hours": {"monday": ["00:00-24:00"]}}
"""Stands in for a rule's calendar while the rest of the rule is looked at by itself."""
MOST_WRITTEN_OUT = 20
"""Calendars written into rules: each is laid out for as long as its targets reach, and a request should not take long."""
NO_WEEKDAY = (
    "It opens on no day of the week; shifts of single dates come to an end, and then nothing would ever be due."
)
SOME_DAY = {"shifts": {"2000-01-01": ["00:00-24:00"]}}
"""Lets a week be looked at by itself that opens on no day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`pointer` is the place in the document (RFC 6901)."""

    pointer: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """`policy` is None where the document has problems."""

    policy: Policy | None
    problems: tuple[Finding, ...]
    warnings: tuple[Finding, ...] = ()


def review(
    name: str, version: int, document: Mapping[str, Any], calendars: Mapping[str, Calendar], now: datetime
) -> Review:
    """The policy that the document says, or everything that is wrong with it. Due times are tried from `now` on."""
    problems = list(dict.fromkeys(_problems(name, document, calendars)))
    if problems:
        return Review(policy=None, problems=tuple(problems))
    try:
        policy = read_policy(name, version, document, calendars)
    except DocumentProblem as problem:
        return Review(policy=None, problems=(Finding(pointer=problem.pointer, detail=str(problem)),))
    except PolicyInvalid as problem:
        return Review(policy=None, problems=(Finding(pointer="", detail=str(problem)),))
    problems = list(_never_due(policy, document, now))
    if problems:
        return Review(policy=None, problems=tuple(problems))
    return Review(policy=policy, problems=(), warnings=tuple(_warnings(policy, document)))


def _problems(name: str, document: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> Iterator[Finding]:
    if "rules" not in document:
        if open_on_no_weekday(document["calendar"]):
            yield Finding(pointer="/calendar", detail=NO_WEEKDAY)
        return
    if name == FALLBACK:
        for place in ("when", "unless"):
            if document.get(place):
                yield Finding(
                    pointer=f"/{place}",
                    detail=f"{FALLBACK} is for every ticket that no other policy is for, so it has no condition.",
                )
    written_out = sum(not isinstance(rule["calendar"], str) for rule in document["rules"])
    if written_out > MOST_WRITTEN_OUT:
        detail = f"{written_out} rules write their calendar out, more than {MOST_WRITTEN_OUT}; name calendars instead."
        yield Finding(pointer="/rules", detail=detail)
        return
    named: set[str] = set()
    for index, rule in enumerate(document["rules"]):
        at = f"/rules/{index}"
        if rule["name"] in named:
            yield Finding(pointer=f"{at}/name", detail=f"Another rule is called {rule['name']!r} already.")
        named.add(rule["name"])
        yield from _rule_problems(rule, at, calendars)


def _rule_problems(rule: Mapping[str, Any], at: str, calendars: Mapping[str, Calendar]) -> Iterator[Finding]:
    if not any(rule.get("targets", {}).values()) and not rule.get("ola_minutes"):
        yield Finding(pointer=f"{at}/targets", detail="The rule promises nothing; give it a target or an OLA.")
    if not isinstance(rule["calendar"], str) and open_on_no_weekday(rule["calendar"]):
        yield Finding(pointer=f"{at}/calendar/hours", detail=NO_WEEKDAY)
        return
    wrong_parts = False
    for piece, where, part in _pieces(rule):
        if "calendar" in piece and wrong_parts and not part:
            continue
        for problem in _probe({"name": rule["name"], "calendar": ALWAYS_OPEN, **piece}, calendars, f"{at}{where}"):
            wrong_parts = wrong_parts or "calendar" in piece
            inside = part if problem.pointer == f"{at}/calendar" else ""
            yield replace(problem, pointer=f"{problem.pointer}{inside}")


def _pieces(rule: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """The parts of a rule that can be looked at one by one, with where the first entry really is and which part it is."""
    for key, value in rule.items():
        if key == "targets":
            for priority, targets in value.items():
                for target, minutes in targets.items():
                    yield {"targets": {priority: {target: minutes}}}, "", ""
        elif key == "escalations":
            for index, step in enumerate(value):
                yield {"escalations": [step]}, f"/escalations/{index}", ""
        elif key == "calendar" and isinstance(value, Mapping):
            for part, piece in calendar_parts(value):
                yield {"calendar": piece}, "", part
        elif key != "name":
            yield {key: value}, "", ""


def open_on_no_weekday(calendar: Mapping[str, Any]) -> bool:
    """After its last dated shift nothing would ever be due again."""
    return not any(calendar["hours"].values())


def calendar_parts(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A calendar part by part, each in a calendar that is right otherwise, with its place; the whole of it last."""
    yield "/zone", {**ALWAYS_OPEN, "zone": document["zone"]}
    yield "/hours", {**SOME_DAY, "zone": "UTC", "hours": document["hours"]}
    for part in ("holidays", "shifts", "closures"):
        yield f"/{part}", {**ALWAYS_OPEN, part: document.get(part, {})}
    yield "", dict(document)


def _probe(rule: dict[str, Any], calendars: Mapping[str, Calendar], at: str) -> Iterator[Finding]:
    try:
        read_policy("probe", 0, {"rules": [rule]}, calendars)
    except DocumentProblem as problem:
        inside = problem.pointer.removeprefix("/rules/0")
        if "escalations" in at:
            inside = inside.removeprefix("/escalations/0")
        yield Finding(pointer=f"{at}{inside}", detail=str(problem))
    except PolicyInvalid as problem:
        yield Finding(pointer=at, detail=str(problem))


def _never_due(policy: Policy, document: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    for index, rule in enumerate(policy.rules):
        at = f"/rules/{index}" if "rules" in document else ""
        for place, target_for in _promises(rule):
            try:
                rule.calendar.after(now, target_for)
            except NeverDue as problem:
                yield Finding(pointer=f"{at}{place}", detail=str(problem))


def _promises(rule: Rule) -> Iterator[tuple[str, timedelta]]:
    for priority, targets in rule.targets.items():
        for target, target_for in targets.items():
            yield f"/targets/{priority}/{target}_minutes", target_for
    for team, ola_for in rule.olas.items():
        yield f"/ola_minutes/{team}", ola_for


def _warnings(policy: Policy, document: Mapping[str, Any]) -> Iterator[Finding]:
    ruled = "rules" in document
    for index, rule in enumerate(policy.rules):
        at = f"/rules/{index}" if ruled else ""
        if never_holds(rule.when):
            yield Finding(pointer=at, detail=f"{rule.name} can never apply: its conditions contradict each other.")
        elif before := unreachable(rule.when, [(each.name, each.when) for each in policy.rules[:index]]):
            detail = f"{rule.name} can never apply: {before} before it matches every ticket that it is for."
            yield Finding(pointer=at, detail=detail)
        yield from _odd_targets(rule, at)
    for priority in Priority:
        if not any(priority in rule.targets and _is_for(rule, priority) for rule in policy.rules):
            detail = f"Nothing is promised for {priority}: such tickets get no clock that depends on their priority."
            yield Finding(pointer="/rules" if ruled else "/targets", detail=detail)


def _odd_targets(rule: Rule, at: str) -> Iterator[Finding]:
    for priority, targets in rule.targets.items():
        if not _is_for(rule, priority):
            detail = f"The rule is never for {priority}, so these targets are never promised."
            yield Finding(pointer=f"{at}/targets/{priority}", detail=detail)
        first, whole = targets.get(Target.FIRST_RESPONSE), targets.get(Target.RESOLUTION)
        if first is not None and whole is not None and first > whole:
            detail = f"The first response to {priority} is allowed more time than its resolution."
            yield Finding(pointer=f"{at}/targets/{priority}/first_response_minutes", detail=detail)


def _is_for(rule: Rule, priority: Priority) -> bool:
    asked, excluded = rule.when.when.get("priority"), rule.when.unless.get("priority", ())
    folded = priority.casefold()
    return (asked is None or folded in {value.casefold() for value in asked}) and folded not in {
        value.casefold() for value in excluded
    }
