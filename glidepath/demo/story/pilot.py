"""The rehearsal on the test LMS, the readiness survey, and the pilot in IT."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx

from glidepath.demo.forms import Form, submit
from glidepath.demo.learning import finish_course
from glidepath.demo.population import Employee
from glidepath.demo.world import World
from shared.clock import parse_instant

UNREADY, SILENT = 6, 4
"""Of the 40 people of IT: who is not ready yet, and who does not answer."""


def rehearse(world: World) -> None:
    """Nothing opens before the two weeks are over; then twelve people run through the course on the test LMS."""
    world.clock.advance_to(world.day(13, "09:00"))
    world.state.note(phase_on_day_13=world.wave("rehearsal")["phase"])
    world.say("day 13: the notice still runs, the rehearsal waits")
    world.clock.advance_to(world.day(14, "10:00"))
    world.until_phase("rehearsal", "open", "baking", "completed")
    learners = world.members("rehearsal")
    course, site = world.state.test_course, world.outside.test_lms
    world.until("the rehearsal enrolled on the test LMS", lambda: len(site.enrolled[course]) >= len(learners))
    world.state.note(enrolled_on_lms_at_rehearsal=len(world.outside.lms.enrolled[world.state.course]))
    world.say(f"{len(learners)} people rehearse on the test LMS")
    world.clock.advance_to(world.day(15, "15:00"))
    finish_course(site, world.test_hooks, course, learners, at_seconds=int(world.clock.now().timestamp()) - 3600)
    world.until_phase("rehearsal", "completed")
    world.say("the rehearsal passed")


def ask_for_readiness(world: World) -> None:
    """IT answers the readiness survey; its verdict opens the pilot, at the latest when the survey closes."""
    asked = world.members("it")
    mail = world.outside.mail
    world.until("40 invitations", lambda: all(_invitation(world, one) for one in asked))
    world.say(f"{len(asked)} people of IT are asked whether they are ready")
    mails_before = len(mail.mails)
    answering = asked[: len(asked) - SILENT]
    with httpx.Client(timeout=30, trust_env=False) as http, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda pair: _answer(world, http, *pair), enumerate(answering)))
    world.state.note(mails_before_verdict=mails_before)
    world.say(f"{len(answering)} answer")
    world.clock.advance_to(world.day(16, "09:00"))
    if world.wave("it")["phase"] in ("pending", "waiting"):
        world.clock.advance_to(world.day(19, "09:00"))
    world.until_phase("it", "open", "baking", "completed")
    world.say("the verdict opens the pilot")


def _invitation(world: World, person: Employee) -> str | None:
    links = [mail.link for mail in world.outside.mail.mails_to(person.email) if mail.link and "/survey/" in mail.link]
    return links[-1] if links else None


def _answer(world: World, http: httpx.Client, index: int, person: Employee) -> None:
    link = _invitation(world, person)
    assert link is not None

    def fill(form: Form) -> dict[str, str]:
        """Ready people agree mostly or fully everywhere; the others hardly in one place."""
        answers = {}
        for place, (name, choices) in enumerate(form.choices.items()):
            numbers = sorted(choices)
            answers[name] = numbers[1] if index < UNREADY and place == index % 5 else numbers[-1 - (index + place) % 2]
        return answers | dict.fromkeys(form.texts, "")

    submit(http, link, fill)


def run_pilot(world: World) -> None:
    """IT does the course. Webhooks come twice, out of order, and one never: the poll finds that one."""
    learners = world.members("it")
    course, site = world.state.course, world.outside.lms
    world.until("IT enrolled on the LMS", lambda: len(site.enrolled[course]) >= len(learners))
    opened_at = parse_instant(world.wave("it")["opened_at"])
    world.clock.advance_to(opened_at + timedelta(days=1))
    lesson = finish_course(
        site,
        world.hooks,
        course,
        learners,
        at_seconds=int(world.clock.now().timestamp()) - 3600,
        silent=1,
        with_enrolments=True,
    )
    world.state.note(
        pilot_sent=lesson.sent, pilot_doubled=lesson.doubled, pilot_reversed=lesson.reversed, pilot_silent=lesson.silent
    )
    world.say(f"{lesson.sent} webhooks: {lesson.doubled} twice, {lesson.reversed} out of order, one never sent")
    world.clock.quiet()
    told = len(learners) - lesson.silent
    world.until(f"{told} completions", lambda: world.wave("it")["completed"] >= told)
    world.client.post("/api/rollout/v1/connections/moodle/poll")
    world.until("the poll to find the last one", lambda: world.wave("it")["completed"] >= len(learners))
    world.say("the poll finds the one that was never told")
    world.until_phase("it", "baking", "completed")
    world.clock.advance_to(world.clock.now() + timedelta(days=2, minutes=5))
    world.until_phase("it", "completed")
    world.say("two quiet days: the pilot is completed")
