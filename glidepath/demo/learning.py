"""Learners who finish the course, and what the LMS tells of it: in time, twice, out of order, or not at all."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from glidepath.demo.population import Employee
from glidepath.demo.simulators.moodle import MoodleSite, ToolTrigger
from glidepath.faults import TimedOut
from shared.clock import monotonic

SENDERS = 8
GIVE_UP_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One webhook to send."""

    event: str
    user: int
    at_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What was told of a group: `sent` webhooks, of which `doubled` were sent twice and `reversed` out of order."""

    sent: int
    doubled: int
    reversed: int
    silent: int


def finish_course(
    site: MoodleSite,
    hooks: ToolTrigger,
    course: int,
    learners: Sequence[Employee],
    *,
    at_seconds: int,
    silent: int = 0,
    with_enrolments: bool = False,
) -> Lesson:
    """Everybody completes, seconds apart. Of the last `silent` the LMS says nothing; every tenth is told twice, and with
    `with_enrolments` every seventh hears of the enrolment only after the completion."""
    for index, learner in enumerate(learners):
        site.complete(course, learner.moodle_user.id, at_seconds + index)
    told = learners[: len(learners) - silent]
    tellings: list[Telling] = []
    doubled = reversed_count = 0
    for index, learner in enumerate(told):
        user = learner.moodle_user.id
        done = Telling(event="course_completed", user=user, at_seconds=at_seconds + index)
        mine = [done]
        if with_enrolments:
            enrolled = Telling(event="user_enrolment_created", user=user, at_seconds=at_seconds - 3600 + index)
            late = index % 7 == 3
            mine = [done, enrolled] if late else [enrolled, done]
            reversed_count += late
        if index % 10 == 5:
            mine.append(done)
            doubled += 1
        tellings += mine
    send_all(tellings, lambda one: hooks.fire(one.event, course, one.user, one.at_seconds))
    return Lesson(sent=len(tellings), doubled=doubled, reversed=reversed_count, silent=silent)


def send_all(tellings: Sequence[Telling], fire: Callable[[Telling], bool]) -> None:
    """Send each until it is acknowledged; those of one learner in the given order, different learners side by side."""
    queues: dict[int, list[Telling]] = {}
    for telling in tellings:
        queues.setdefault(telling.user, []).append(telling)
    deadline = monotonic() + GIVE_UP_SECONDS

    def send_queue(queue: list[Telling]) -> None:
        for telling in queue:
            while not fire(telling):
                if monotonic() > deadline:
                    raise TimedOut("the gateway does not take webhooks")

    with ThreadPoolExecutor(SENDERS, thread_name_prefix="lms") as pool:
        list(pool.map(send_queue, queues.values()))
