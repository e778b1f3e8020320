"""How well the promises were kept in a period: figures, percentiles, and who may see them of whom."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.tickets.domain.calendar import CalendarInvalid, zone_named
from services.tickets.domain.period import Period, PeriodInvalid, period_of
from services.tickets.domain.report import By, Figures
from services.tickets.errors import FiguresArePersonal
from services.tickets.ports import Cut, Group, Percentiles, TicketsUnit
from shared.auth import Identity, Role
from shared.errors import FieldProblem, InvalidRequest

SEES_AGENTS = frozenset({Role.IT_LEAD, Role.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One group and target. With `target` None it is the group's sum, without percentiles: targets measure different things."""

    value: str
    target: str | None
    figures: Figures
    elapsed: Percentiles | None = None
    overdue: Percentiles | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainment:
    period: Period
    lines: Sequence[Line]
    whole: Figures


def read_period(from_on: date, to_on: date, zone: str, *, place: str = "query/") -> Period:
    """Days of a zone, `to_on` excluded; `place` is where they were written. Raises `InvalidRequest`."""
    try:
        named = zone_named(zone)
    except CalendarInvalid as problem:
        raise InvalidRequest(str(problem), errors=[FieldProblem(f"{place}zone", str(problem))]) from problem
    try:
        return period_of(from_on, to_on, named)
    except PeriodInvalid as problem:
        raise InvalidRequest(str(problem), errors=[FieldProblem(f"{place}to", str(problem))]) from problem


async def attain(unit: TicketsUnit, by: By, period: Period, cut: Cut, caller: Identity) -> Attainment:
    """The figures of a period, told apart. Raises `FiguresArePersonal`, `InvalidRequest`."""
    cut = _of_agents(by, cut, caller)
    figures = await unit.reports.figures(by, period, cut)
    elapsed, overdue = await unit.reports.percentiles(by, period, cut)
    lines = [
        Line(
            value=group[0],
            target=group[1],
            figures=figures[group],
            elapsed=elapsed.get(group),
            overdue=overdue.get(group),
        )
        for group in sorted(figures)
    ]
    if by is not By.TARGET:
        lines = _with_sums(lines)
    whole = sum(figures.values(), Figures())
    return Attainment(period=period, lines=lines, whole=whole)


def _with_sums(lines: Sequence[Line]) -> list[Line]:
    sums: dict[Group, Figures] = {}
    for line in lines:
        group = (line.value, "")
        sums[group] = sums.get(group, Figures()) + line.figures
    made = [Line(value=value, target=None, figures=figures) for (value, _), figures in sums.items()]
    return sorted([*made, *lines], key=lambda line: (line.value, line.target or ""))


def _of_agents(by: By, cut: Cut, caller: Identity) -> Cut:
    """Figures of one person are for that person and those who lead; they are counted by team, priority and target only."""
    if by is not By.AGENT and cut.agent is None:
        return cut
    beyond = [name for name in ("policy", "rollout", "wave") if getattr(cut, name) is not None]
    if by in (By.POLICY, By.ROLLOUT, By.WAVE):
        beyond.append("by")
    if beyond:
        detail = "figures of agents are told apart by team, priority and target only"
        raise InvalidRequest(
            f"{detail.capitalize()}; leave out {', '.join(beyond)}.",
            errors=[FieldProblem(f"query/{name}", detail) for name in beyond],
        )
    agent = None if cut.agent is None else cut.agent.casefold()
    if not caller.roles & SEES_AGENTS and (agent is None or agent not in names_of(caller)):
        own = caller.email or caller.subject
        raise FiguresArePersonal(
            "Figures per agent are shown to that agent and to the IT lead only. "
            f"Ask with agent={own} for your own, or by=team for your team's."
        )
    return replace(cut, agent=agent)


def names_of(caller: Identity) -> set[str]:
    """How tickets may name the caller as their assignee. A display name is not among them: anybody may have the same."""
    return {name.casefold() for name in (caller.email, caller.subject) if name}
