"""Rate limits in memory: per replica, bounded, least recently seen forgotten first."""

from collections import OrderedDict
from collections.abc import Callable

from services.gateway.domain.bucket import Allowance, Bucket, Taken, take
from shared.clock import monotonic

MOST_BUCKETS = 50_000


class Limiter:
    """One allowance for everybody, one bucket each."""

    def __init__(self, allowance: Allowance, *, seconds: Callable[[], float] = monotonic) -> None:
        self.allowance = allowance
        self._seconds = seconds
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, who: str) -> Taken:
        """Take one from the bucket of `who`."""
        taken = take(self._buckets.get(who), self.allowance, self._seconds())
        self._buckets[who] = taken.bucket
        self._buckets.move_to_end(who)
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return taken

    def headers(self, taken: Taken) -> list[tuple[bytes, bytes]]:
        """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10)."""
        window = max(1, round(self.allowance.burst / self.allowance.rate_per_second))
        policy = f'"default";q={self.allowance.burst};w={window}'
        state = f'"default";r={taken.remaining};t={taken.retry_after_seconds or 1}'
        return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())]
