"""The story, step by step. A step may be told again after a kill: whatever it does, it first looks whether that is done."""

from collections.abc import Callable

from glidepath.demo.story import finale, opening, outage, pilot
from glidepath.demo.world import World

STEPS: tuple[tuple[str, Callable[[World], None]], ...] = (
    ("organisation", opening.set_up_organisation),
    ("plan", opening.apply_plan),
    ("clearance", opening.sign_off),
    ("rehearsal", pilot.rehearse),
    ("readiness", pilot.ask_for_readiness),
    ("pilot", pilot.run_pilot),
    ("outage", outage.break_the_video),
    ("recovery", outage.mend_the_video),
    ("north", finale.finish_north),
    ("freeze", finale.wait_out_the_freeze),
    ("everyone", finale.finish_everyone),
)


def tell(world: World) -> None:
    """Every step that was not told yet. Raises `Fault` where the story cannot go on."""
    for name, step in STEPS:
        if name not in world.state.done:
            step(world)
            world.state.finish(name)
            world.screen.linger(1.5)
