"""Tell learning systems who is enrolled: paced, idempotent batches that a crash, a refusal or a pause does not lose.

No transaction is open while a system is called. What is to be told lies in the members themselves; an attempt is counted before
the call, so after a crash the batch is told again, which is harmless, and never forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from services.rollout.domain.batch import LONGEST_WAIT_FOR, given_up, missing, wait_after
from services.rollout.domain.completion import Fact
from services.rollout.domain.enrolment import AT_ONCE, Member, Push, put_off, refused, told
from services.rollout.ports.learning import (
    Connection,
    CourseRefused,
    IdentityKey,
    LearningPlatform,
    LearningUnit,
    PersonToFind,
    Platforms,
    PushGroup,
    StoredFact,
    Units,
)
from services.rollout.usecases.people import settle_names
from shared.clock import Clock
from shared.errors import PermanentFailure, TemporaryFailure

PUSHING_PHASES = frozenset({"open", "baking"})


@dataclass(slots=True)
class Found:
    """Accounts of people: known before, or looked up now and to be remembered; and why somebody has none."""

    accounts: dict[str, str] = field(default_factory=dict)
    learned: dict[IdentityKey, str] = field(default_factory=dict)
    without: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushJob:
    """A batch that was taken."""

    connection: Connection
    group: PushGroup
    members: Sequence[Member]
    known: Mapping[str, str]
    people: Sequence[PersonToFind]


@dataclass(slots=True)
class PushOutcome:
    """What came of it, by member id. `fault` is about the whole system: nobody's attempt counts then."""

    found: Found = field(default_factory=Found)
    done: dict[str, bool] = field(default_factory=dict)
    """Told and read back; True: the system did not know them before, so it was us."""
    refused: dict[str, str] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    fault: Exception | None = None


class EnrolmentPush:
    """The worker. `clock` is real time, for pacing; `business` orders what is recorded."""

    def __init__(self, units: Units, platforms: Platforms, *, clock: Clock, business: Clock) -> None:
        self._units = units
        self._platforms = platforms
        self._clock = clock
        self._business = business

    async def step(self) -> bool:
        """Tell one system of one batch. False if there is nothing to tell, or nothing may be told now."""
        job = await self._take()
        if job is None:
            return False
        outcome = PushOutcome()
        try:
            async with self._platforms.open(job.connection) as platform:
                await self._carry_out(job, platform, outcome)
        except CourseRefused as error:
            outcome.again = {member.id: str(error) for member in job.members if member.id not in outcome.refused}
        except (TemporaryFailure, PermanentFailure) as error:
            outcome.fault = error
        async with self._units.unit() as unit:
            await self._finish(unit, job, outcome)
        return True

    async def _take(self) -> PushJob | None:
        now = self._clock.now()
        async with self._units.read() as unit:
            chosen = await self._choose(unit, now)
        if chosen is None:
            return None
        connection, group = chosen
        async with self._units.unit() as unit:
            members = await unit.people.enrolments.take_batch(group, connection.pace.size, now)
            people = [member.person_id for member in members]
            known = await unit.people.directory.find_accounts(connection.source, people)
            strangers = [person_id for person_id in people if person_id not in known]
            found = await unit.people.directory.list_people_to_find(strangers) if strangers else []
        if not members:
            return None
        return PushJob(connection=connection, group=group, members=members, known=known, people=found)

    async def _choose(self, unit: LearningUnit, now: datetime) -> tuple[Connection, PushGroup] | None:
        connections = await unit.people.connections.list_connections()
        # Whoever was called longest ago comes first, so that one busy system starves no other.
        for connection in sorted(connections, key=lambda one: (one.next_call_at or AT_ONCE, one.source)):
            if connection.next_call_at is not None and connection.next_call_at > now:
                continue
            for group in await unit.people.enrolments.list_push_groups(connection.source, now):
                phase = await unit.rollouts.find_wave_phase(group.rollout, group.wave)
                # A wave on hold invites nobody more; taking back is always allowed.
                if group.push is Push.UNENROL or phase in PUSHING_PHASES:
                    return connection, group
        return None

    async def _carry_out(self, job: PushJob, platform: LearningPlatform, outcome: PushOutcome) -> None:
        outcome.found = found = await find_people(platform, job.connection, job.known, job.people)
        course_id = job.group.course_id
        accounts: dict[str, str] = {}
        for member in job.members:
            if member.person_id in found.accounts:
                accounts[member.id] = found.accounts[member.person_id]
            elif job.group.push is Push.UNENROL:
                outcome.done[member.id] = False  # nobody there to un-enrol
            else:
                outcome.refused[member.id] = found.without.get(member.person_id, "is not in the directory any more")
        if job.group.push is Push.UNENROL:
            turned_down = await platform.unenrol(course_id, list(accounts.values())) if accounts else {}
            present: frozenset[str] = frozenset()
            lost: set[str] = set()
        else:
            present = await platform.list_participants(course_id) if accounts else frozenset()
            send = missing(list(accounts.values()), present)
            turned_down = await platform.enrol(course_id, send) if send else {}
            # The system says null whether or not anything happened: only the list of participants tells.
            after = await platform.list_participants(course_id) if send else present
            lost = set(missing(send, after)) - set(turned_down)
        for member_id, account in accounts.items():
            if account in turned_down:
                outcome.refused[member_id] = turned_down[account]
            elif account in lost:
                outcome.again[member_id] = "was accepted, but is not in the course when read back"
            else:
                outcome.done[member_id] = account not in present

    async def _finish(self, unit: LearningUnit, job: PushJob, outcome: PushOutcome) -> None:
        now, business_now = self._clock.now(), self._business.now()
        await remember(unit, outcome.found, now=business_now)
        waves = await self._keep_facts(unit, job, outcome, business_now)
        pairs = []
        for member in await unit.people.enrolments.lock_members([member.id for member in job.members]):
            pairs.append((member, self._after(member, job, outcome, now)))
        waves |= await unit.people.enrolments.save_members(pairs, business_now)
        for rollout, wave in sorted(waves):
            await unit.rollouts.want_look(rollout, wave, business_now)
        await note_call(unit, job.connection, outcome.fault, now)

    def _after(self, member: Member, job: PushJob, outcome: PushOutcome, now: datetime) -> Member:
        sent = job.group.push
        if member.id in outcome.done:
            return told(member, sent=sent, ours=outcome.done[member.id])
        if member.id in outcome.refused:
            return refused(member, sent=sent, error=outcome.refused[member.id])
        if member.id in outcome.again:
            if given_up(member.attempts):
                return refused(member, sent=sent, error=outcome.again[member.id])
            until = now + wait_after(member.attempts)
            return put_off(member, sent=sent, until=until, error=outcome.again[member.id])
        # The system was away: that is nobody's attempt. At least one stays counted, for it may have heard us.
        return replace(member, attempts=max(1, member.attempts - 1))

    async def _keep_facts(
        self, unit: LearningUnit, job: PushJob, outcome: PushOutcome, now: datetime
    ) -> set[tuple[str, str]]:
        """What was read back is a fact like any other, so that the state stays a function of facts."""
        state = "enrolled" if job.group.push is Push.ENROL else "withdrawn"
        facts: list[StoredFact] = []
        owners: dict[IdentityKey, str] = {}
        for member in job.members:
            account = outcome.found.accounts.get(member.person_id)
            if member.id not in outcome.done or account is None:
                continue
            identity = IdentityKey(source=job.connection.source, scheme="account", value=account)
            owners[identity] = member.person_id
            fact = Fact(
                key=f"push:{member.id}:{member.version}:{member.attempts}:{state}",
                type="enrolment",
                level="course",
                state=state,
                received_at=now,
            )
            facts.append(
                StoredFact(
                    source=job.connection.source,
                    fact=fact,
                    course_id=job.group.course_id,
                    identity=identity,
                    shown=account,
                    vendor_event="push",
                )
            )
        _, touched = await unit.people.learning.add_facts(facts, owners)
        return await unit.people.learning.refold(touched, now)


async def find_people(
    platform: LearningPlatform, connection: Connection, known: Mapping[str, str], people: Sequence[PersonToFind]
) -> Found:
    """The accounts of people in a system, by what the connection matches people by."""
    found = Found(accounts=dict(known))
    word = "e-mail address" if connection.match_by == "email" else "id"
    asked: dict[str, str] = {}
    for person in people:
        value = person.email if connection.match_by == "email" else person.external_key
        if value is None:
            found.without[person.person_id] = f"has no {word} in the directory to be found by"
        else:
            asked[value] = person.person_id
    accounts = await platform.find_accounts(connection.match_by, list(asked)) if asked else {}
    for value, person_id in asked.items():
        candidates = accounts.get(value, ())
        if len(candidates) == 1:
            account = candidates[0]
            found.accounts[person_id] = account.id
            names = {"account": account.id, **account.names}
            for scheme, name in names.items():
                found.learned[IdentityKey(source=connection.source, scheme=scheme, value=name)] = person_id
        elif candidates:
            found.without[person_id] = f"{len(candidates)} accounts in {connection.source} have this {word}"
        else:
            hint = "" if accounts else "; nobody was found, so the service account may not be allowed to look people up"
            found.without[person_id] = f"no account in {connection.source} has this {word}{hint}"
    return found


async def remember(unit: LearningUnit, found: Found, *, now: datetime) -> None:
    """Keep the accounts that were looked up; facts that waited under those names count from now on."""
    saved = await unit.people.directory.save_identities(found.learned, origin="lookup")
    await settle_names(unit, {key: found.learned[key] for key in saved}, by="lookup", now=now)


async def note_call(unit: LearningUnit, connection: Connection, fault: Exception | None, now: datetime) -> None:
    """Keep how a call went: pace the next one, or leave a system that failed alone, longer each time."""
    if fault is None:
        values: dict[str, Any] = {"next_call_at": connection.pace.next_at(now), "failures": 0, "last_error": None}
    else:
        failures = connection.failures + 1
        wait = wait_after(failures)
        if isinstance(fault, TemporaryFailure) and fault.retry_after_seconds is not None:
            wait = max(wait, min(timedelta(seconds=fault.retry_after_seconds), LONGEST_WAIT_FOR))
        values = {"next_call_at": now + wait, "failures": failures, "last_error": str(fault)[:500]}
    await unit.people.connections.update_call(connection.source, values)
