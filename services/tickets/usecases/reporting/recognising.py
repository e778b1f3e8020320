"""Say thank you for a month's results, once, and let the person's manager know. Whoever does not want that is left alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.tickets.domain.period import Period, previous_month
from services.tickets.domain.period import month_of as month_named
from services.tickets.domain.recognition import TEAM, Candidate, Praise, Recognition, candidates, earned
from services.tickets.domain.report import By, Figures
from services.tickets.errors import (
    AlreadyRecognised,
    FiguresArePersonal,
    MonthNotOver,
    NotEarned,
    RecognitionDeclined,
)
from services.tickets.ports import Cut, TicketsUnit
from services.tickets.usecases.reporting.attaining import SEES_AGENTS, names_of
from services.tickets.usecases.reporting.reviewing import read_month
from shared.auth import Identity
from shared.clock import new_id
from shared.errors import FieldProblem, Forbidden, InvalidRequest, NotFound
from shared.events.tickets import NotificationRequested


@dataclass(frozen=True, slots=True, kw_only=True)
class Praising:
    """`to` is an agent's address, or `team:<name>`."""

    praise: Praise
    to: str
    message: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """One notification: `part` is who of those concerned gets it."""

    part: str
    email: str
    name: str
    subject: str
    opening: str


async def list_candidates(unit: TicketsUnit, month: str, now: datetime) -> list[Candidate]:
    """Agents and teams whose results of the month deserve a word; nobody who has refused."""
    period = _whole_month(month, now)
    earlier = month_named(previous_month(month))
    figures, before = await _figures(unit, period), await _figures(unit, earlier)
    found = candidates(figures, before)
    refused = await unit.recognitions.refused({each.receiver for each in found})
    return [each for each in found if each.receiver not in refused]


async def recognise(unit: TicketsUnit, praising: Praising, caller: Identity, now: datetime) -> Recognition:
    """Record it once and tell the person (or the team's lead) and their manager. Figures are told to nobody.

    Raises `FiguresArePersonal`, `NotEarned`, `AlreadyRecognised`, `RecognitionDeclined`, `MonthNotOver`, `NotFound`.
    """
    to = praising.to.strip().casefold()
    if to in names_of(caller):
        raise Forbidden("Nobody recognises themselves; ask a colleague.")
    is_team = to.startswith(TEAM)
    if praising.praise is Praise.THANKS:
        read_month(praising.month, now)
    elif not is_team and not caller.roles & SEES_AGENTS:
        raise FiguresArePersonal(
            "Whether an agent's results bear that out is for the agent and the IT lead to see; send plain thanks (kind thanks)."
        )
    elif not earned(praising.praise, to, await list_candidates(unit, praising.month, now)):
        raise NotEarned(f"The results of {praising.month} do not bear that out for {to}, or are too few to say.")
    if await unit.recognitions.refused([to]):
        raise RecognitionDeclined(f"{to} does not want to be recognised here.")
    person_id, letters = await (_to_team(unit, to) if is_team else _to_person(unit, to))
    recognition = Recognition(
        recognition_id=new_id(),
        praise=praising.praise,
        receiver=to,
        person_id=person_id,
        month=praising.month,
        message=praising.message,
        told=tuple(letter.part for letter in letters),
        given_at=now,
        given_by=caller.name,
    )
    if not await unit.recognitions.add(recognition):
        raise AlreadyRecognised(f"{to} was recognised for {praising.praise} in {praising.month} already.")
    for letter in letters:
        _send(unit, recognition, letter)
    return recognition


async def refuse_recognition(unit: TicketsUnit, caller: Identity, now: datetime) -> None:
    await unit.recognitions.refuse(own_address(caller), now)


async def accept_recognition(unit: TicketsUnit, caller: Identity) -> None:
    await unit.recognitions.accept(own_address(caller))


def own_address(caller: Identity) -> str:
    """Raises `InvalidRequest` for a caller who has none."""
    if not caller.email:
        detail = "your account has no e-mail address, so nobody can recognise it"
        raise InvalidRequest(f"{detail.capitalize()}.", errors=[FieldProblem("header/Authorization", detail)])
    return caller.email.casefold()


def _whole_month(month: str, now: datetime) -> Period:
    period = read_month(month, now)
    if period.ended_at > now:
        raise MonthNotOver(
            f"{month} is not over; its results can be praised from the first day of the next month on (UTC)."
        )
    return period


async def _figures(unit: TicketsUnit, period: Period) -> Mapping[str, Figures]:
    """By receiver, all targets together."""
    sums: dict[str, Figures] = {}
    for by, prefix in ((By.AGENT, ""), (By.TEAM, TEAM)):
        for (value, _), figures in (await unit.reports.figures(by, period, Cut())).items():
            receiver = f"{prefix}{value}".casefold()
            sums[receiver] = sums.get(receiver, Figures()) + figures
    return sums


async def _to_person(unit: TicketsUnit, address: str) -> tuple[str, list[_Letter]]:
    person = await unit.recognitions.find_person(address)
    if person is None:
        # Mail goes to people of the directory only, never to an address that somebody typed.
        raise NotFound(f"The directory knows nobody with the address {address}.")
    letters = [
        _Letter(
            part="person",
            email=person.email,
            name=person.name,
            subject="Thank you",
            opening=f"Dear {_plain(person.name)},",
        )
    ]
    if person.manager_email is not None:
        letters.append(
            _Letter(
                part="manager",
                email=person.manager_email,
                name=person.manager_name or "",
                subject=f"A word of thanks for {_plain(person.name)}",
                opening=f"{_plain(person.name)}, who reports to you, was thanked for their work on tickets:",
            )
        )
    return person.person_id, letters


async def _to_team(unit: TicketsUnit, to: str) -> tuple[None, list[_Letter]]:
    name = to.removeprefix(TEAM)
    team = await unit.teams.find(name)
    if team is None:
        raise NotFound(f"There is no team {name}; see GET /v1/teams.")
    return None, list(_team_letters(team.name, team.lead, team.email))


def _team_letters(name: str, lead: str | None, email: str | None) -> Iterator[_Letter]:
    subject, opening = f"Thank you, {_plain(name)}", f"To the team {_plain(name)}:"
    for part, address in (("lead", lead), ("team", email)):
        if address:
            yield _Letter(part=part, email=address, name=_plain(name), subject=subject, opening=opening)


def _send(unit: TicketsUnit, recognition: Recognition, letter: _Letter) -> None:
    closing = (
        "If you would rather not be recognised here, say so once with PUT /v1/recognitions/refusal."
        if letter.part == "person"
        else ""
    )
    lines = [
        letter.opening,
        "",
        recognition.message,
        "",
        f"{recognition.given_by}, for {recognition.month}",
        *(["", closing] if closing else []),
    ]
    unit.record(
        NotificationRequested(
            notification_id=f"{recognition.recognition_id}-{letter.part}",
            to_email=letter.email,
            to_name=letter.name,
            # Whoever sends it can find out whether the person still wants mail; a manager is not that person.
            person_id=recognition.person_id if letter.part == "person" else None,
            subject=letter.subject,
            body="\n".join(lines),
        )
    )


def _plain(name: str) -> str:
    """On one line, as a subject has to be."""
    return " ".join(name.split())
