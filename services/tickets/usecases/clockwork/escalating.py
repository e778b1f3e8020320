"""Escalation ladders are climbed: each step is fired once per cycle of a clock, and somebody is told.

The threshold decides when, exactly; the message to people may come a little later where many are due together, so that a mail
server is not hit at once. A breach never waits for any of this: it has a timer of its own.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from services.tickets.domain.clock import Clock
from services.tickets.domain.ladder import Firing, Step, next_step
from services.tickets.domain.policy import Policy
from services.tickets.ports import Escalation, Outgoing, Team, TicketsUnit, Waking
from services.tickets.usecases.clockwork.wording import Message, message_of, webhook_data
from shared.clock import new_id, render_instant
from shared.events.tickets import NotificationRequested

AT_ONCE = 100
"""Clocks in one transaction."""
MOST_AT_ONCE = 50
"""Steps and repetitions of one clock in one transaction; what a timer that was down for months owes comes in several."""
ALONE = 10
SPREAD_EACH = timedelta(milliseconds=500)
MOST_SPREAD = timedelta(minutes=5)
PASSED_OVER = "A later repetition was due when this was noticed, and said it."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Climb:
    """What one clock's ladder has come to: what is fired now, and when to look again."""

    waking: Waking
    fired: tuple[tuple[Step, Firing], ...]
    wakes_at: datetime | None


async def next_wake(unit: TicketsUnit) -> datetime | None:
    """The earliest instant at which a ladder has a step."""
    return await unit.clocks.next_wake()


async def plan_steps(unit: TicketsUnit, book: Mapping[str, Policy], clocks: Iterable[Clock]) -> None:
    """After a change of these clocks: when to look at their ladders. `book` holds their policies."""
    ladders = {clock.clock_id: (clock, ladder_of(clock, book)) for clock in clocks if clock.active}
    climbing = {clock_id: pair for clock_id, pair in ladders.items() if pair[1]}
    fired = await unit.clocks.fired(list(climbing))
    wakes = {
        clock_id: _wakes_at(next_step(clock, ladder, fired.get(clock_id, ())))
        for clock_id, (clock, ladder) in climbing.items()
    }
    await unit.clocks.plan(wakes)


async def fire_due_steps(unit: TicketsUnit, now: datetime, *, real_now: datetime, public_url: str) -> int:
    """Fire what ladders have by `now`, at most a batch; how many clocks were looked at."""
    waking = await unit.clocks.take_waking(now, AT_ONCE)
    if not waking:
        return 0
    book = await unit.policies.book({each.watched.clock.policy for each in waking})
    climbs = [_climb(each, ladder_of(each.watched.clock, book), now) for each in waking]
    address_book = await _address_book(unit, climbs)
    escalations, told = [], []
    for climb in climbs:
        for escalation, message in _fired(climb, address_book, now, public_url):
            escalations.append(escalation)
            if message is not None:
                told.append((escalation, message))
    await unit.clocks.note_escalations(escalations)
    await unit.clocks.plan({climb.waking.watched.clock.clock_id: climb.wakes_at for climb in climbs})
    await _tell(unit, told, real_now)
    return len(waking)


def ladder_of(clock: Clock, book: Mapping[str, Policy]) -> tuple[Step, ...]:
    """The ladder of the rule that the clock was promised under."""
    policy = book.get(clock.policy)
    rules = () if policy is None else policy.rules
    return next((rule.ladder for rule in rules if rule.name == clock.rule), ())


def _climb(waking: Waking, ladder: Sequence[Step], now: datetime) -> _Climb:
    clock, said = waking.watched.clock, list(waking.fired)
    fired: list[tuple[Step, Firing]] = []
    while True:
        following = next_step(clock, ladder, said, touched_at=waking.touched_at)
        if following is None or following[1] > now or len(fired) >= MOST_AT_ONCE:
            return _Climb(waking=waking, fired=tuple(fired), wakes_at=_wakes_at(following))
        step = ladder[following[0]]
        firing = Firing(threshold=step.threshold, at=following[1])
        said.append(firing)
        fired.append((step, firing))


def _wakes_at(following: tuple[int, datetime] | None) -> datetime | None:
    return None if following is None else following[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _AddressBook:
    """Who is meant by the words of a ladder."""

    teams: Mapping[str, Team]
    managers: Mapping[str, str]
    webhooks: frozenset[str]

    def find(self, to: str, waking: Waking) -> tuple[tuple[str, ...], str | None]:
        """E-mail addresses or a webhook, else the reason why nobody can be told."""
        kind, _, name = to.partition(":")
        if kind == "email":
            return (name,), None
        if kind == "webhook":
            return ((to,), None) if name in self.webhooks else ((), f"There is no webhook {name}.")
        watched = waking.watched
        name = watched.clock.team or watched.team or ""
        team = self.teams.get(name)
        found: tuple[str | None, ...] = ()
        if kind == "assignee":
            # A ticket that nobody holds is everybody's.
            found = (watched.assignee,) if watched.assignee else self._team(team)
        elif kind == "team":
            found = self._team(team)
        elif kind == "lead":
            found = (team.lead,) if team else ()
        elif kind == "manager":
            found = tuple(self.managers.get((of or "").casefold()) for of in (watched.assignee, team and team.lead))[:2]
            found = tuple(filter(None, found))[:1]
        addresses = tuple(address for address in found if address and "@" in address)
        return (addresses, None) if addresses else ((), _nobody(kind, watched.assignee, name))

    def _team(self, team: Team | None) -> tuple[str | None, ...]:
        if team is None:
            return ()
        return (team.email,) if team.email else team.members


def _nobody(kind: str, assignee: str | None, team: str) -> str:
    of_team = f"the team {team} has no address for it" if team else "the ticket has no team"
    if kind == "assignee":
        return f"Nobody is assigned, and {of_team}."
    if kind == "manager":
        return f"The directory knows no manager of {assignee or 'whoever is to hold it'} or of the team's lead."
    return f"There is no {kind} to be told: {of_team}."


async def _address_book(unit: TicketsUnit, climbs: Sequence[_Climb]) -> _AddressBook:
    firing = [climb.waking.watched for climb in climbs if climb.fired]
    teams = await unit.teams.load({name for each in firing for name in (each.clock.team, each.team) if name})
    meant = {step.to for climb in climbs for step, _ in climb.fired}
    superiors_of = {each.assignee for each in firing} | {team.lead for team in teams.values()}
    managers: Mapping[str, str] = {}
    if "manager" in meant:
        managers = await unit.clocks.managers_of({address.casefold() for address in superiors_of if address})
    webhooks: frozenset[str] = frozenset()
    if any(to.startswith("webhook:") for to in meant):
        webhooks = frozenset(webhook.name for webhook in await unit.webhooks.list_all())
    return _AddressBook(teams=teams, managers=managers, webhooks=webhooks)


def _fired(
    climb: _Climb, address_book: _AddressBook, now: datetime, public_url: str
) -> Iterable[tuple[Escalation, Message | None]]:
    """Each step as it is kept, and what is said; of repetitions that are due together the last alone is said."""
    clock = climb.waking.watched.clock
    times = Counter(firing.threshold for firing in climb.waking.fired)
    last = {firing.threshold: index for index, (_, firing) in enumerate(climb.fired)}
    for index, (step, firing) in enumerate(climb.fired):
        times[firing.threshold] += 1
        escalation = Escalation(
            escalation_id=new_id(),
            clock_id=clock.clock_id,
            ticket_id=clock.ticket_id,
            threshold=firing.threshold,
            occurrence=times[firing.threshold],
            fires_at=firing.at,
            fired_at=now,
            told=(),
            reason=PASSED_OVER,
        )
        if last[firing.threshold] == index:
            told, reason = address_book.find(step.to, climb.waking)
            escalation = replace(escalation, told=told, reason=reason)
        message = message_of(climb.waking.watched, step, escalation, public_url) if escalation.told else None
        yield escalation, message


async def _tell(unit: TicketsUnit, told: Sequence[tuple[Escalation, Message]], real_now: datetime) -> None:
    spread = min(MOST_SPREAD, SPREAD_EACH * len(told)) if len(told) > ALONE else timedelta(0)
    outgoing = []
    for escalation, message in told:
        not_before = real_now + spread * (crc32(escalation.escalation_id.encode()) / 2**32)
        for index, to in enumerate(escalation.told):
            if to.startswith("webhook:"):
                outgoing.append(_post(escalation, message, to.removeprefix("webhook:"), real_now, not_before))
                continue
            unit.record(
                NotificationRequested(
                    notification_id=f"escalation-{escalation.escalation_id}-{index}",
                    to_email=to,
                    subject=message.subject,
                    body=message.body,
                    rollout=message.rollout,
                    wave=message.wave,
                    not_before=not_before if spread else None,
                )
            )
    await unit.webhooks.send(outgoing)


def _post(escalation: Escalation, message: Message, webhook: str, real_now: datetime, not_before: datetime) -> Outgoing:
    """As Standard Webhooks 1.0 words it: a type, a timestamp and the data. The id stays over all attempts."""
    document = {
        "type": "clock.escalated",
        "timestamp": render_instant(escalation.fires_at),
        "data": webhook_data(escalation, message),
    }
    return Outgoing(
        message_id=f"msg_{escalation.escalation_id}",
        webhook=webhook,
        body=json.dumps(document, separators=(",", ":"), ensure_ascii=False),
        recorded_at=real_now,
        try_at=not_before,
    )
