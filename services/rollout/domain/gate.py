"""Gates: what is measured of a wave, and what that says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveCounts:
    """Members of a wave. Each is counted once, under their present state; `push_failed` counts apart from that."""

    assigned: int = 0
    invited: int = 0
    enrolled: int = 0
    started: int = 0
    completed: int = 0
    passed: int = 0
    failed: int = 0
    withdrawn: int = 0
    push_failed: int = 0

    @property
    def members(self) -> int:
        """Everyone who has a place and was not withdrawn: the denominator of every share."""
        return (
            self.assigned + self.invited + self.enrolled + self.started + self.completed + self.passed + self.failed
        )

    @property
    def reached(self) -> int:
        """Those who have at least begun."""
        return self.started + self.completed + self.passed + self.failed

    @property
    def done(self) -> int:
        return self.completed + self.passed
