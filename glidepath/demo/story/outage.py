"""Region North: the video breaks, nobody answers in time, the wave is held; it is mended, and the wave goes on by itself."""

import time
from datetime import datetime, timedelta
from typing import Any

from glidepath.demo.learning import finish_course
from glidepath.demo.world import AGENT, OUTSIDER, World
from glidepath.faults import TimedOut
from shared.clock import monotonic, parse_instant

SUBJECT = "Video portal is down for everybody in Hamburg"
MARGIN_FOR = timedelta(seconds=2)
"""Business time is stopped this long before the target ends: the breach itself happens in real time."""


def break_the_video(world: World) -> None:
    """An urgent ticket comes in during opening hours and is not answered within its target."""
    world.until_phase("north", "open", "holding")
    learners = world.members("north")
    course, site = world.state.course, world.outside.lms
    size = len(world.members("it")) + len(learners)
    world.until("region North enrolled", lambda: len(site.enrolled[course]) >= size)
    if not world.outside.helpdesk.tickets:
        world.clock.advance_to(next_working_noon(world))
    half = learners[: len(learners) // 2]
    finish_course(site, world.hooks, course, half, at_seconds=int(world.clock.now().timestamp()) - 7200)
    world.say(f"region North: {len(half)} of {len(learners)} are through")
    world.clock.quiet()
    if not world.outside.helpdesk.tickets:
        world.outside.helpdesk.open_ticket(
            requester=OUTSIDER,
            subject=SUBJECT,
            description="The video stops after two seconds.",
            priority="urgent",
            tags=[f"rollout:{world.state.rollout}", "wave:north"],
        )
    send_helpdesk_events(world)
    ticket = world.until("the ticket in Glidepath", lambda: find_ticket(world))
    world.say(f"helpdesk: “{SUBJECT}” (#{ticket['number']}, {ticket['priority']})")
    due_at = first_response(world, ticket)["due_at"]
    if due_at is not None:
        world.clock.advance_to(parse_instant(due_at) - MARGIN_FOR)
    world.until_phase("north", "holding", seconds=30 + MARGIN_FOR.total_seconds())
    world.say("the first response is overdue: region North is held")
    world.state.note(hold=world.wave("north")["holds"])
    world.screen.linger(3)


def mend_the_video(world: World) -> None:
    """An agent answers and solves; the clock settles, and after the bake time the wave resumes by itself."""
    desk = world.outside.helpdesk
    (number, remote) = next(iter(desk.tickets.items()))
    world.clock.advance_to(world.clock.now() + timedelta(minutes=40))
    if not desk.comments.get(number):
        desk.answer(number, agent=AGENT, body="A switch failed; we are replacing it.")
    if remote["status"] != "solved":
        world.clock.advance_to(world.clock.now() + timedelta(minutes=20))
        desk.set_status(number, "solved", agent=AGENT)
    send_helpdesk_events(world)
    world.until("the clock to settle", lambda: _settled(world))
    world.clock.quiet()
    world.say("the helpdesk answers and solves the ticket; its clock settles")
    world.state.note(phase_after_solved=world.wave("north")["phase"])
    world.clock.advance_to(world.clock.now() + timedelta(days=1, minutes=5))
    world.until_phase("north", "open", "baking", "completed")
    world.say("a quiet day later region North resumes by itself")


def next_working_noon(world: World) -> datetime:
    """The next Tuesday to Thursday, 13:00: well inside opening hours in any European zone, the next day is one too."""
    day = (world.clock.now() - world.state.begin).days + 1
    while day % 7 not in (1, 2, 3):
        day += 1
    return world.day(day, "13:00")


def send_helpdesk_events(world: World) -> None:
    """Deliver until everything is acknowledged."""
    deadline = monotonic() + 120
    while not world.helpdesk_hooks.deliver():
        if monotonic() > deadline:
            raise TimedOut("the gateway does not take the helpdesk's webhooks")
        time.sleep(0.3)


def find_ticket(world: World) -> dict[str, Any] | None:
    """The outage's ticket as Glidepath has it."""
    numbers = {str(number) for number in world.outside.helpdesk.tickets}
    rows = world.client.items("/api/tickets/v1/tickets")
    return next((row for row in rows if row.get("external_id") in numbers), None)


def clocks_of(world: World, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    answer = world.client.get(f"/api/tickets/v1/tickets/{ticket['ticket_id']}/clocks")
    clocks: list[dict[str, Any]] = answer["items"] if isinstance(answer, dict) else answer
    return clocks


def first_response(world: World, ticket: dict[str, Any]) -> dict[str, Any]:
    return next(clock for clock in clocks_of(world, ticket) if clock["target"] == "first_response")


def _settled(world: World) -> bool:
    ticket = find_ticket(world)
    return ticket is not None and all(clock["state"] == "settled" for clock in clocks_of(world, ticket))
