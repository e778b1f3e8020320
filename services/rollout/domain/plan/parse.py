"""From a document of plain values to a `Plan`, or to the list of everything that is wrong with it."""

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

from services.rollout.domain.assignment import Audience
from services.rollout.domain.audience import FilterProblem, parse_filter
from services.rollout.domain.gate import Gate, SignoffGate
from services.rollout.domain.plan.gates import read_gate
from services.rollout.domain.plan.place import Place, Problem
from services.rollout.domain.plan.values import Contact, Plan, WavePlan

API_VERSION = "glidepath/v1"
KIND = "Rollout"
MAX_WAVES = 100


class PlanInvalid(ValueError):
    """Everything that is wrong with a document, each by its place."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.pointer or '/'}: {problem.detail}" for problem in problems))
        self.problems = problems


def parse_plan(document: Any) -> Plan:
    """The plan. Raises `PlanInvalid` with all problems, not only the first."""
    root = Place(document)
    plan = _plan(root)
    if root.problems or plan is None:
        raise PlanInvalid(root.problems)
    return plan


def _plan(root: Place) -> Plan | None:
    if not root.mapping((), required=("apiVersion", "kind", "metadata", "spec")):
        return None
    root.at("apiVersion").choice([API_VERSION], API_VERSION)
    root.at("kind").choice([KIND], KIND)
    metadata, spec = root.at("metadata"), root.at("spec")
    if metadata.given:
        metadata.mapping(("title",), required=("name",))
    known = ("zone", "go_to", "notice", "courses", "systems", "signers")
    if not spec.given or not spec.mapping(known, required=("waves",)):
        return None
    name = metadata.at("name").name()
    zone = spec.at("zone").zone("UTC")
    go_to, deputy = _go_to(spec.at("go_to"))
    notice_for = spec.at("notice").duration(timedelta(0))
    if notice_for and go_to is None:
        spec.at("notice").wrong("A notice period needs somebody who gets the notice: name them in go_to")
    courses = _courses(spec.at("courses"))
    signers = _signers(spec.at("signers"))
    waves = _waves(spec.at("waves"), courses, zone)
    _check_signers(spec.at("waves"), waves, signers)
    return Plan(
        name=name,
        title=metadata.at("title").text(name),
        zone=zone,
        notice_for=notice_for,
        go_to=go_to,
        deputy=deputy,
        courses=courses,
        systems=tuple(system.text() for system in spec.at("systems").items()),
        signers=signers,
        waves=waves,
    )


def _go_to(place: Place) -> tuple[Contact | None, Contact | None]:
    go_to = place.contact("deputy")
    return (go_to, place.at("deputy").contact()) if go_to else (None, None)


def _courses(place: Place) -> dict[str, str]:
    if not place.given or not place.mapping():
        return {}
    return {str(source): place.at(source).text() for source in place.value}


def _signers(place: Place) -> dict[str, tuple[Contact, ...]]:
    signers: dict[str, tuple[Contact, ...]] = {}
    if not place.given or not place.mapping():
        return signers
    for role in place.value:
        people = [contact for person in place.at(role).items() if (contact := person.contact())]
        if not people:
            place.at(role).wrong(f"Nobody signs for {role!r}")
        emails = [person.email.casefold() for person in people]
        for index, email in enumerate(emails):
            if email in emails[:index]:
                place.at(role).at(index).wrong(f"{email} is named twice for {role!r}")
        signers[str(role)] = tuple(people)
    return signers


def _waves(place: Place, courses: Mapping[str, str], zone: str) -> tuple[WavePlan, ...]:
    waves: list[WavePlan] = []
    names = _names(place)
    if place.given and isinstance(place.value, list) and not 1 <= len(place.value) <= MAX_WAVES:
        place.wrong(f"A rollout has 1 to {MAX_WAVES} waves")
    for index, item in enumerate(place.items()):
        before = names[index - 1] if index else None
        wave = _wave(item, courses, zone, default_after=(str(before).strip(),) if before is not None else ())
        if wave is None:
            continue
        if wave.name and wave.name in names[:index]:
            item.at("name").wrong(f"There is a wave {wave.name!r} already")
        waves.append(wave)
    _check_graph(place, waves)
    return tuple(waves)


def _names(place: Place) -> list[Any]:
    """What the items call themselves, in order, whatever is wrong with them."""
    items = place.value if isinstance(place.value, list) else []
    return [item.get("name") if isinstance(item, Mapping) else None for item in items]


def _wave(place: Place, courses: Mapping[str, str], zone: str, *, default_after: tuple[str, ...]) -> WavePlan | None:
    known = ("title", "after", "source", "bake", "gates", "not_before")
    if not place.mapping(known, required=("name", "audience")):
        return None
    name = place.at("name").name()
    after = tuple(item.text() for item in place.at("after").items()) if place.at("after").given else default_after
    gates: list[Gate] = []
    for gate_place in place.at("gates").items():
        gate = read_gate(gate_place)
        if gate is None:
            continue
        if gate.name in [other.name for other in gates]:
            gate_place.at("name").wrong(f"There is a gate {gate.name!r} in this wave already")
        if gate.kind == "completion" and not courses:
            gate_place.at("kind").wrong("Without courses there is nothing to complete")
        gates.append(gate)
    not_before_at = place.at("not_before").instant(zone)
    return WavePlan(
        name=name,
        title=place.at("title").text(name),
        after=after,
        source=_source(place.at("source"), courses),
        audience=_audience(place.at("audience")),
        bake_for=place.at("bake").duration(timedelta(0)),
        gates=tuple(gates),
        not_before_at=not_before_at.astimezone(UTC) if not_before_at else None,
    )


def _source(place: Place, courses: Mapping[str, str]) -> str | None:
    if not place.given:
        if len(courses) > 1:
            place.wrong(f"Say which source this wave enrols into: {', '.join(sorted(courses))}")
        return next(iter(courses), None)
    if not courses:
        place.wrong("The plan names no courses, so there is no source to enrol into")
        return None
    return place.choice(sorted(courses), sorted(courses)[0])


def _audience(place: Place) -> Audience:
    if not place.given or not place.mapping(("filter", "members", "exclude", "exclude_filter", "percentage")):
        return Audience()
    filters = {key: _filter(place.at(key)) for key in ("filter", "exclude_filter")}
    members = tuple(item.text() for item in place.at("members").items())
    if filters["filter"] is None and not members and not place.at("filter").given:
        place.wrong('The audience is empty: give a filter (filter: "true" means everybody) or members')
    percentage = place.at("percentage").number(0, 100, 100.0)
    if place.at("percentage").given and filters["filter"] is None:
        place.at("percentage").wrong("A percentage thins out a filter, and there is none")
    return Audience(
        filter=filters["filter"],
        members=members,
        exclude=tuple(item.text() for item in place.at("exclude").items()),
        exclude_filter=filters["exclude_filter"],
        percentage=percentage,
    )


def _filter(place: Place) -> str | None:
    if not place.given:
        return None
    source = "true" if place.value is True else place.value
    if not isinstance(source, str):
        place.wrong('A filter expression belongs here, for example: region == "North"')
        return None
    try:
        parse_filter(source)
    except FilterProblem as problem:
        place.wrong(str(problem))
    return source.strip()


def _check_graph(place: Place, waves: list[WavePlan]) -> None:
    """Every wave named in `after` exists, and no chain of them leads back to where it began."""
    known = {wave.name: wave for wave in waves}
    for index, wave in enumerate(waves):
        after = place.at(index).at("after")
        for position, name in enumerate(wave.after):
            if name not in known and (after.given or not place.problems):
                after.at(position).wrong(f"There is no wave {name!r}; known are {', '.join(known)}")
            elif wave.after.index(name) != position:
                after.at(position).wrong(f"{name!r} is named twice")
    if len(known) != len(waves):
        return  # two waves of one name: whom the others mean cannot be said
    for cycle in _cycles(known):
        index = next(i for i, wave in enumerate(waves) if wave.name == cycle[0])
        place.at(index).at("after").wrong(f"The waves wait for each other in a circle: {' → '.join(cycle)}")


def _cycles(waves: Mapping[str, WavePlan]) -> list[list[str]]:
    """One list per circle, each beginning and ending with the same wave; iterative, so that length is no danger."""
    done: set[str] = set()
    found: list[list[str]] = []
    for start in waves:
        path: list[str] = []
        pending: list[tuple[str, int]] = [(start, 0)] if start not in done else []
        while pending:
            name, step = pending.pop()
            del path[len(pending) :]
            path.append(name)
            following = [after for after in waves[name].after if after in waves]
            if step >= len(following):
                done.add(name)
                continue
            pending.append((name, step + 1))
            after = following[step]
            if after in path:
                found.append([*path[path.index(after) :], after])
            elif after not in done:
                pending.append((after, 0))
    return found


def _check_signers(place: Place, waves: tuple[WavePlan, ...], signers: Mapping[str, tuple[Contact, ...]]) -> None:
    names = _names(place)
    for wave in waves:
        at = place.at(names.index(wave.name)).at("gates") if wave.name in names else place
        for gate in wave.gates:
            if not isinstance(gate, SignoffGate):
                continue
            for role, needed in gate.quorum.items():
                if role not in signers:
                    at.wrong(f"Gate {gate.name!r}: nobody is named in signers for the role {role!r}")
                elif needed > len(signers[role]):
                    at.wrong(f"Gate {gate.name!r} needs {needed} of {role!r}, and signers names {len(signers[role])}")
