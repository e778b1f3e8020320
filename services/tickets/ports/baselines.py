"""How often the people of a wave ask for help."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.tickets.domain.baseline import Baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWave:
    """A wave that has opened. `audience_size` is how many people it says it has; None where it never said."""

    rollout: str
    wave: str
    opened_at: datetime
    audience_size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What has come since the wave opened; `attributed` of the tickets count for it."""

    people: int
    tickets: int
    attributed: int


class Baselines(Protocol):
    async def unmeasured(self, rollout: str, wave: str) -> OpenWave | None:
        """The wave, if it has opened and was not measured yet."""
        ...

    async def people(self, rollout: str, wave: str) -> int:
        """Members that we have heard of and that were not withdrawn."""
        ...

    async def tickets(self, rollout: str, wave: str, since: datetime, until: datetime) -> int:
        """Opened by these people in `[since, until)`, about anything; merged ones count with those they went into."""
        ...

    async def attributed(self, rollout: str, wave: str) -> int: ...

    async def keep(self, baseline: Baseline) -> bool:
        """False if there is one: a baseline is measured once."""
        ...

    async def find(self, rollout: str, wave: str) -> Baseline | None: ...
