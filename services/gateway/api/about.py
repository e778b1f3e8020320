"""What this deployment is, and the switches of a demo."""

from services.gateway.api.parts import Parts, Unit
from services.gateway.errors import DemoOnly
from services.gateway.schemas import AboutOut, ClockIn, ClockOut, DemoOut, QuietOut
from services.gateway.usecases.clock import step_clock
from shared import __version__
from shared.rest import Router


def about_router(parts: Parts) -> Router:
    router = Router(tags=["about"])
    settings = parts.settings

    @router.get("/v1/about")
    async def get_about() -> AboutOut:
        """Version and, in a demo, where its simulators listen."""
        demo = DemoOut(
            enabled=settings.demo,
            simulator_host=settings.simulator_host if settings.demo else None,
            mail_port=settings.demo_mail_port if settings.demo else None,
        )
        return AboutOut(version=__version__, demo=demo)

    @router.post("/v1/demo/clock")
    async def step_business_clock(body: ClockIn, unit: Unit) -> ClockOut:
        """Step business time of every service; it never runs backwards. Only with GLIDEPATH_DEMO=1."""
        return ClockOut(offset_seconds=await step_clock(unit, body.offset_seconds, demo=settings.demo))

    @router.get("/v1/demo/quiet")
    async def get_quiet() -> QuietOut:
        """Whether nothing is unsent, unhandled or due in any service. Only with GLIDEPATH_DEMO=1."""
        if not settings.demo:
            raise DemoOnly("Only a demo asks this; look at /v1/status of each service.")
        quiet, services = await parts.ask_quiet()
        return QuietOut(quiet=quiet, services=services)

    return router
