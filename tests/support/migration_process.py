"""What a process does that is to be killed while it migrates open tickets."""

from services.tickets.main import create_app
from services.tickets.usecases.policies import MigrationRunner
from shared.clock import FixedClock
from tests.integration.tickets.desk import START, make_settings


async def run(url: str, at_once: int) -> None:
    """Until nothing is left."""
    runtime = create_app(make_settings(url, "nats://127.0.0.1:1"), clock=FixedClock(START)).state.runtime
    runner = MigrationRunner(runtime.database, business=runtime.business, at_once=at_once, reached=runtime.crash.reach)
    try:
        while await runner.step():
            pass
    finally:
        await runtime.database.dispose()
        runtime.telemetry.shutdown()
