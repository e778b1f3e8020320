"""Region North finishes, the quarter-end freeze stops the last wave, and after it everybody is through."""

from datetime import timedelta

from glidepath.demo.learning import finish_course
from glidepath.demo.story.opening import FREEZE_FROM, FREEZE_TO
from glidepath.demo.world import World

UNFINISHED = 42
"""People of the last wave who do not do the course; 9 of 10 are enough."""


def finish_north(world: World) -> None:
    """Inside the freeze, so that the last wave's turn comes when it must not open."""
    world.clock.advance_to(world.day(FREEZE_FROM, "11:00"))
    learners = world.members("north")
    rest = learners[len(learners) // 2 :]
    world.until_phase("north", "open", "baking", "completed")
    finish_course(
        world.outside.lms, world.hooks, world.state.course, rest, at_seconds=int(world.clock.now().timestamp()) - 3600
    )
    world.until_phase("north", "baking", "completed")
    world.say(f"region North: all {len(learners)} are through")
    world.clock.advance_to(world.clock.now() + timedelta(days=1, minutes=5))
    world.until_phase("north", "completed")
    world.say("region North is completed")


def wait_out_the_freeze(world: World) -> None:
    """The last wave waits for the freeze to end, and opens then."""
    world.until_phase("everyone", "waiting")
    world.clock.advance_to(world.day(FREEZE_TO - 1, "12:00"))
    world.state.note(phase_in_freeze=world.wave("everyone")["phase"])
    world.say("quarter-end freeze: the last wave waits")
    world.screen.linger(2)
    world.clock.advance_to(world.day(FREEZE_TO, "08:05"))
    world.until_phase("everyone", "open")
    world.say("the freeze is over: the last wave opens")


def finish_everyone(world: World) -> None:
    """Everybody else does the course."""
    learners = world.members("everyone")
    course, site = world.state.course, world.outside.lms
    size = sum(len(world.members(wave)) for wave in ("it", "north", "everyone"))
    world.until("everybody enrolled", lambda: len(site.enrolled[course]) >= size)
    world.clock.advance_to(world.day(FREEZE_TO + 3, "15:00"))
    done = learners[: len(learners) - UNFINISHED]
    finish_course(site, world.hooks, course, done, at_seconds=int(world.clock.now().timestamp()) - 3600)
    world.until_phase("everyone", "baking", "completed")
    world.clock.advance_to(world.clock.now() + timedelta(days=1, minutes=5))
    world.until_phase("everyone", "completed")
    world.clock.quiet()
    world.say(f"{len(done):,} of {len(learners):,} of the last wave are through: the rollout is completed")
