"""Named points at which the process kills itself when told to, so that tests can prove that `kill -9` loses nothing.

Off unless `GLIDEPATH_CRASH_AT` names a point (`relay.published`, or `relay.published:3` for the third time it is passed).
"""

import os
import signal
from collections import Counter


class CrashPoints:
    def __init__(self, spec: str | None) -> None:
        point, _, nth = (spec or "").partition(":")
        self._point = point
        self._nth = int(nth) if nth else 1
        self._passed: Counter[str] = Counter()

    @classmethod
    def from_environment(cls) -> "CrashPoints":
        return cls(os.environ.get("GLIDEPATH_CRASH_AT"))

    def reach(self, point: str) -> None:
        """Die here, as if the power went, if this is the point and the time."""
        if point != self._point:
            return
        self._passed[point] += 1
        if self._passed[point] == self._nth:
            os.kill(os.getpid(), signal.SIGKILL)
