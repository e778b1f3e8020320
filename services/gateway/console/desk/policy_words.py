"""Policies in sentences: when a rule applies, what it promises, when it pauses, whom it tells. Pure.

Reads both forms of a policy document: rules, or one rule written at the top.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.gateway.console.desk.words import TARGETS, join_words, say_span, spaced

Tree = Mapping[str, Any]

MINUTES: Final[Mapping[str, str]] = {f"{target}_minutes": words.lower() for target, words in TARGETS.items()}
STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    "proposed": ("dots", "Proposed", "wait"),
    "in_force": ("check", "In force", "done"),
    "superseded": ("undo", "Superseded", "over"),
}
SIDES: Final[Mapping[str, str]] = {"it": "IT", "training": "Training"}
_PEOPLE: Final[Mapping[str, str]] = {
    "assignee": "the assignee",
    "team": "the team",
    "lead": "the lead of the team",
    "manager": "the manager",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """One rule: its condition as a sentence, promises as rows, and what else it says."""

    name: str
    applies: str
    promises: tuple[tuple[str, str], ...]
    says: tuple[str, ...]
    calendar: str
    """A calendar's name with its version, empty where it is written into the policy."""
    inline: Tree | None


def rules_of(document: Tree) -> list[RuleView]:
    rules = document.get("rules")
    if rules is None:
        rules = [{"name": "everything", **document}]
    return [_rule(rule) for rule in rules]


def applies_to(document: Tree) -> str:
    """What the policy as a whole is for."""
    return condition_words(document.get("when") or {}, document.get("unless") or {})


def _rule(rule: Tree) -> RuleView:
    calendar = rule.get("calendar")
    says = [*_pauses(rule.get("pause_on")), *_reopening(rule), *_changes(rule), *_escalations(rule)]
    return RuleView(
        name=str(rule.get("name") or "rule"),
        applies=condition_words(rule.get("when") or {}, rule.get("unless") or {}),
        promises=tuple(_promises(rule)),
        says=tuple(says),
        calendar=calendar if isinstance(calendar, str) else "",
        inline=calendar if isinstance(calendar, Mapping) else None,
    )


def condition_words(when: Tree, unless: Tree) -> str:
    """`When priority is P1 or P2 and team is network, unless source is zendesk.`"""
    wanted = join_words([_is(name, values) for name, values in when.items()])
    barred = join_words([_is(name, values) for name, values in unless.items()], last="or")
    said = f"When {wanted}" if wanted else "For every ticket"
    return f"{said}, unless {barred}." if barred else f"{said}."


def _is(name: str, values: object) -> str:
    listed = (
        [str(value) for value in values]
        if isinstance(values, Sequence) and not isinstance(values, str)
        else [str(values)]
    )
    subject = "it has the tag" if name == "tags" else f"{spaced(name)} is"
    return f"{subject} {join_words(listed, last='or')}"


def _promises(rule: Tree) -> list[tuple[str, str]]:
    rows = []
    for priority, targets in sorted((rule.get("targets") or {}).items()):
        parts = [f"{words} within {say_span(60 * targets[key])}" for key, words in MINUTES.items() if targets.get(key)]
        rows.append((str(priority), join_words(parts) if parts else "nothing"))
    olas = rule.get("ola_minutes") or {}
    if olas:
        said = [f"{'any other team' if team == '*' else team} within {say_span(60 * m)}" for team, m in olas.items()]
        rows.append(("Between teams", join_words(said)))
    return rows


def _pauses(pauses: object) -> list[str]:
    if isinstance(pauses, Mapping):
        return [
            f"{TARGETS.get(target, spaced(target)).capitalize()} pauses while {_states(states)}."
            for target, states in pauses.items()
            if states
        ] or ["It never pauses."]
    if pauses is None:
        pauses = ["pending", "on_hold"]
    if not isinstance(pauses, Sequence) or not pauses:
        return ["It never pauses."]
    return [f"It pauses while {_states(pauses)}."]


def _states(states: Sequence[str]) -> str:
    return join_words([spaced(state) for state in states], last="or")


def _reopening(rule: Tree) -> list[str]:
    window = rule.get("reopen_window_hours")
    if rule.get("on_reopen") == "restart":
        return ["A reopened ticket begins anew."]
    if window:
        return [f"A ticket reopened within {window:g} h goes on; later it begins anew."]
    return []


def _changes(rule: Tree) -> list[str]:
    anew = [target for target, what in (rule.get("on_change") or {}).items() if what == "restart"]
    if not anew:
        return []
    return [f"When the priority changes, {join_words([spaced(target) for target in anew])} begins anew."]


def _escalations(rule: Tree) -> list[str]:
    return [_step(step) for step in rule.get("escalations") or ()]


def _step(step: Tree) -> str:
    at, to = str(step.get("at") or ""), str(step.get("to") or "")
    if at.endswith("%"):
        when = f"At {at[:-1]} % of the time"
    else:
        when = f"{at[1:]} {'before' if at.startswith('-') else 'after'} it is due"
    if step.get("time") == "real":
        when += " (real time)"
    kind, _, name = to.partition(":")
    whom = {"email": name, "webhook": f"the webhook {name}"}.get(kind, _PEOPLE.get(to, to))
    said = f"{when}, {whom} is told"
    if step.get("repeat_every_minutes"):
        said += f", again every {say_span(60 * step['repeat_every_minutes'])}"
        said += " until somebody touches the ticket" if step.get("until") == "touched" else ""
    return said + "."
