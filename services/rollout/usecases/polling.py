"""Ask learning systems what no webhook said: are the people who are not done perhaps done by now?

"Not yet" is never "no": an answer that somebody is not complete takes nothing back. What a poll finds becomes a fact under a key
of its own; when the webhook of the same completion comes after all, the fold counts them as the one completion they are.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.rollout.domain.batch import poll_due
from services.rollout.domain.enrolment import AT_ONCE
from services.rollout.ports.learning import (
    AccountRefused,
    Connection,
    CourseRefused,
    CourseStatus,
    LearningPlatform,
    LearningUnit,
    PersonToFind,
    Platforms,
    PollTarget,
    Units,
)
from services.rollout.usecases.enrolment import Found, find_people, note_call, remember
from services.rollout.usecases.learning import apply_facts
from services.rollout.usecases.people import settle_names
from shared.clock import Clock
from shared.errors import PermanentFailure, TemporaryFailure
from shared.events.facts import CourseRef, Identity, IdentityScheme, LearningFact, LearningState, Level

PAGE = 40
AT_A_TIME = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPage:
    """People to ask about."""

    connection: Connection
    targets: Sequence[PollTarget]
    known: Mapping[str, str]
    people: Sequence[PersonToFind]


@dataclass(slots=True)
class PollAnswer:
    """What the system said. `troubles` are of single courses or accounts; `fault` is of the whole system."""

    found: Found = field(default_factory=Found)
    statuses: dict[str, CourseStatus] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    """Enrolments whose account is not even among the participants."""
    troubles: list[str] = field(default_factory=list)
    fault: Exception | None = None


class CompletionPoll:
    """The worker. `clock` is real time, for intervals and pacing; `business` orders what is found."""

    def __init__(self, units: Units, platforms: Platforms, *, clock: Clock, business: Clock) -> None:
        self._units = units
        self._platforms = platforms
        self._clock = clock
        self._business = business

    async def step(self) -> bool:
        """Ask one system about one page of people. False if no poll is due."""
        page = await self._take()
        if page is None:
            return False
        if not page.targets:
            async with self._units.unit() as unit:
                await self._end(unit, page.connection)
            return True
        answer = PollAnswer()
        try:
            async with self._platforms.open(page.connection) as platform:
                await self._ask(page, platform, answer)
        except (TemporaryFailure, PermanentFailure) as error:
            answer.fault = error
        async with self._units.unit() as unit:
            await self._keep(unit, page, answer)
        return True

    async def _take(self) -> PollPage | None:
        now = self._clock.now()
        async with self._units.read() as unit:
            connections = await unit.people.connections.list_connections()
        due = [
            connection
            for connection in connections
            if (connection.next_call_at is None or connection.next_call_at <= now) and _due(connection, now)
        ]
        if not due:
            return None
        connection = min(due, key=lambda one: (one.next_call_at or AT_ONCE, one.source))
        async with self._units.unit() as unit:
            if connection.poll_cursor is None:
                begun = {"poll_cursor": "", "poll_started_at": now, "poll_wanted": False}
                await unit.people.connections.update_call(connection.source, begun)
                settled = await unit.people.directory.find_settled_names()
                await settle_names(unit, settled, by="poll", now=self._business.now())
            targets = await unit.people.enrolments.list_poll_targets(connection.source, connection.poll_cursor, PAGE)
            people = [target.person_id for target in targets]
            known = await unit.people.directory.find_accounts(connection.source, people)
            strangers = [person_id for person_id in people if person_id not in known]
            found = await unit.people.directory.list_people_to_find(strangers) if strangers else []
        return PollPage(connection=connection, targets=targets, known=known, people=found)

    async def _ask(self, page: PollPage, platform: LearningPlatform, answer: PollAnswer) -> None:
        answer.found = await find_people(platform, page.connection, page.known, page.people)
        turns = asyncio.Semaphore(AT_A_TIME)
        refused: set[str] = set()

        async def ask(target: PollTarget) -> None:
            account = answer.found.accounts.get(target.person_id)
            async with turns:
                if account is None or target.course_id in refused:
                    return
                try:
                    answer.statuses[target.enrolment_id] = await platform.find_status(target.course_id, account)
                except CourseRefused as error:
                    refused.add(target.course_id)
                    answer.troubles.append(f"course {target.course_id}: {error}")
                except AccountRefused as error:
                    answer.troubles.append(f"account {account}: {error}")

        tasks = [asyncio.create_task(ask(target)) for target in page.targets]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        await self._look_for(page, platform, answer)

    async def _look_for(self, page: PollPage, platform: LearningPlatform, answer: PollAnswer) -> None:
        """Whoever the system will not tell about is suspended, not begun, or gone: only the participants tell which."""
        participants: dict[str, frozenset[str]] = {}
        for target in page.targets:
            status = answer.statuses.get(target.enrolment_id)
            if status is None or status.enrolled:
                continue
            if target.course_id not in participants:
                participants[target.course_id] = await platform.list_participants(target.course_id)
            if answer.found.accounts[target.person_id] not in participants[target.course_id]:
                answer.absent.add(target.enrolment_id)

    async def _keep(self, unit: LearningUnit, page: PollPage, answer: PollAnswer) -> None:
        now, business_now = self._clock.now(), self._business.now()
        connection = page.connection
        await remember(unit, answer.found, now=business_now)
        facts = [fact for target in page.targets for fact in self._facts(connection, target, answer)]
        delivery_id = f"poll:{connection.source}:{connection.polls}"
        await apply_facts(
            unit, connection.source, facts, received_at=business_now, delivery_id=delivery_id, now=business_now
        )
        await note_call(unit, connection, answer.fault, now)
        bookkeeping: dict[str, Any] = {}
        if answer.fault is None:
            bookkeeping["poll_cursor"] = page.targets[-1].enrolment_id
            if answer.troubles:
                bookkeeping["last_error"] = "; ".join(answer.troubles)[:500]
            await unit.people.connections.update_call(connection.source, bookkeeping)

    def _facts(self, connection: Connection, target: PollTarget, answer: PollAnswer) -> list[LearningFact]:
        status = answer.statuses.get(target.enrolment_id)
        if status is None:
            return []
        news = _news(target, status, absent=target.enrolment_id in answer.absent)
        return [self._fact(connection, target, answer, state, status.completed_at) for state in news]

    def _fact(
        self,
        connection: Connection,
        target: PollTarget,
        answer: PollAnswer,
        state: LearningState,
        completed_at: datetime | None,
    ) -> LearningFact:
        account = answer.found.accounts[target.person_id]
        at = completed_at if state is LearningState.COMPLETED else None
        # A time names the completion for good; without one, the poll that saw it does.
        when = f"{at:%Y%m%dT%H%M%SZ}" if at is not None else f"poll-{connection.polls}"
        return LearningFact(
            type="completion" if state is LearningState.COMPLETED else "enrolment",
            person=Identity(scheme=IdentityScheme.ACCOUNT, value=account),
            course=CourseRef(id=target.course_id, source=connection.source),
            level=Level.COURSE,
            state=state,
            occurred_at=at,
            vendor_event="poll",
            dedupe_key=f"poll:{target.course_id}:{account}:{state.value}:{when}",
        )

    async def _end(self, unit: LearningUnit, connection: Connection) -> None:
        values = {"poll_cursor": None, "polled_at": self._clock.now(), "polls": connection.polls + 1}
        await unit.people.connections.update_call(connection.source, values)


def _due(connection: Connection, now: datetime) -> bool:
    if connection.poll_cursor is not None:
        return True  # a poll that a restart or a failure interrupted goes on where it was
    return poll_due(
        wanted=connection.poll_wanted,
        polled_at=connection.polled_at,
        every_for=connection.poll_every_for,
        now=now,
    )


def _news(target: PollTarget, status: CourseStatus, *, absent: bool) -> list[LearningState]:
    """What the answer adds to what we hold."""
    if absent:
        return [LearningState.WITHDRAWN] if target.state != "withdrawn" else []
    if not status.enrolled:
        return []
    # Somebody who was withdrawn is back; a completion of before the withdrawal comes back with them.
    back = [LearningState.ENROLLED] if target.state in ("invited", "withdrawn") else []
    if status.completed:
        return [*back, LearningState.COMPLETED]
    if status.started and target.state in ("invited", "enrolled", "withdrawn"):
        return [*back, LearningState.IN_PROGRESS]
    return back
