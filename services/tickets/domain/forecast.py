"""Which clocks will be missed, judged by what work of their kind has taken.

The empirical survival function of finished clocks of the same policy, target and priority: of those that took at least as long
as this one has by now, the share that took as long as its target or longer. It assumes no distribution, and says nothing where
nobody ever took so long, or where there were too few to tell.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

ENOUGH = 20
"""With fewer the share is told together with the warning that it rests on little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """`to_miss` is between 0 and 1, None where no finished clock took as long as this one has. `alike` is how many did."""

    to_miss: float | None
    alike: int

    @property
    def enough(self) -> bool:
        return self.alike >= ENOUGH


class Survival:
    """How long finished clocks of one kind took, in seconds of business time."""

    def __init__(self, elapsed: Iterable[float]) -> None:
        self._elapsed = sorted(elapsed)

    def chance(self, *, used: float, target: float) -> Chance:
        """To take `target` or longer, given that `used` has passed: exactly the target is too late."""
        alike = self._at_least(used)
        if not alike:
            return Chance(to_miss=None, alike=0)
        return Chance(to_miss=self._at_least(max(target, used)) / alike, alike=alike)

    def _at_least(self, seconds: float) -> int:
        return len(self._elapsed) - bisect_left(self._elapsed, seconds)
