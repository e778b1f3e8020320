"""Gates as a plan writes them: one reader per kind."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from services.rollout.domain.gate import (
    STAGES,
    CalendarGate,
    CompletionGate,
    Gate,
    SignoffGate,
    SlaGate,
    SurveyGate,
    TicketsGate,
)
from services.rollout.domain.plan.place import Place

PRIORITIES = ("P1", "P2", "P3", "P4")


def read_gate(place: Place) -> Gate | None:
    """The gate, or None after noting what is wrong. A gate that names no stage gets the first its kind makes sense in."""
    if not isinstance(place.value, Mapping):
        place.mapping()
        return None
    kind = place.at("kind").text()
    if kind not in _READERS:
        place.at("kind").choice(sorted(_READERS), sorted(_READERS)[0]) if kind else place.wrong("'kind' is missing")
        return None
    fields, read = _READERS[kind]
    before = len(place.problems)
    place.mapping((*fields, "stage"), required=("name", "kind"))
    name = place.at("name").name()
    stage = place.at("stage").choice(STAGES[kind], STAGES[kind][0])
    gate = read(place, {"name": name, "stage": stage})
    return gate if len(place.problems) == before else None


def _completion(place: Place, named: dict[str, Any]) -> Gate:
    return CompletionGate(
        **named,
        at_least=_share(place, "at_least"),
        measure=place.at("measure").choice(("completed", "passed"), "completed"),  # type: ignore[arg-type]
        within=place.at("within").duration(None),
    )


def _tickets(place: Place, named: dict[str, Any]) -> Gate:
    max_open = place.at("max_open").whole(0, 1_000_000, None)
    per_100 = place.at("per_100").number(0, 100_000, None)
    if max_open is None and per_100 is None:
        place.wrong("Say how many open tickets are too many: max_open, per_100 or both")
    return TicketsGate(
        **named,
        max_open=max_open,
        per_100=per_100,
        priorities=tuple(item.choice(PRIORITIES, "P1") for item in place.at("priorities").items()),
        min_started=place.at("min_started").whole(0, 1_000_000, 1),
    )


def _sla(place: Place, named: dict[str, Any]) -> Gate:
    return SlaGate(
        **named,
        target=place.at("target").choice(("any", "first_response", "resolution"), "any"),  # type: ignore[arg-type]
        max_open_breaches=place.at("max_open_breaches").whole(0, 1_000_000, 0),
        attainment=place.at("attainment").number(0, 1, None),
        min_settled=place.at("min_settled").whole(1, 1_000_000, 5),
        min_started=place.at("min_started").whole(0, 1_000_000, 1),
    )


def _survey(place: Place, named: dict[str, Any]) -> Gate:
    for field in ("instrument", "measure"):
        if not place.at(field).given:
            place.wrong(f"{field!r} is missing")
    return SurveyGate(
        **named,
        instrument=place.at("instrument").text(),
        measure=place.at("measure").text(),
        at_least=_share(place, "at_least"),
        confidence=place.at("confidence").number(0.5, 0.9999, 0.95),
        on_undecided=place.at("on_undecided").choice(("undecided", "pass", "fail"), "undecided"),  # type: ignore[arg-type]
        closes_after=place.at("closes_after").duration(timedelta(days=7)),
    )


def _signoff(place: Place, named: dict[str, Any]) -> Gate:
    roles, quorum = place.at("roles"), {}
    if isinstance(roles.value, list):
        quorum = {item.text(): 1 for item in roles.items()}
    elif roles.given and roles.mapping():
        quorum = {str(role): roles.at(role).whole(1, 100, 1) for role in roles.value}
    if not quorum:
        place.wrong("'roles' is missing: a list of roles, or a mapping of roles to how many must sign")
    return SignoffGate(**named, quorum=quorum)


def _calendar(place: Place, named: dict[str, Any]) -> Gate:
    return CalendarGate(**named, freezes=tuple(item.text() for item in place.at("freezes").items()))


def _share(place: Place, field: str) -> float:
    if not place.at(field).given:
        place.wrong(f"{field!r} is missing: the share needed, from 0 to 1")
    return place.at(field).number(0, 1, 1.0)


_READERS: Mapping[str, tuple[tuple[str, ...], Callable[[Place, dict[str, Any]], Gate]]] = {
    "completion": (("at_least", "measure", "within"), _completion),
    "tickets": (("max_open", "per_100", "priorities", "min_started"), _tickets),
    "sla": (("target", "max_open_breaches", "attainment", "min_settled", "min_started"), _sla),
    "survey": (("instrument", "measure", "at_least", "confidence", "on_undecided", "closes_after"), _survey),
    "signoff": (("roles",), _signoff),
    "calendar": (("freezes",), _calendar),
}
