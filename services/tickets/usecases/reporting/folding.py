"""Keep the counters short: their parts are added together once enough of them have come."""

from services.tickets.ports import Units

ENOUGH = 500
"""Parts that a report may have to add up beside the folded rows."""
AT_ONCE = 2_000


class CounterFolding:
    """The worker. Nobody waits for it: figures are the same before and after."""

    def __init__(self, units: Units) -> None:
        self._units = units

    async def step(self) -> bool:
        """Fold a batch. False if there is too little to be worth it."""
        async with self._units.read() as unit:
            if not await unit.reports.has_parts(ENOUGH):
                return False
        async with self._units.unit() as unit:
            return await unit.reports.fold_counters(AT_ONCE) == AT_ONCE
