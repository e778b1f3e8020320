"""A token bucket: `burst` requests at once, then `rate_per_second` in the long run."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many requests somebody may make."""

    burst: int
    rate_per_second: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` as they were at `at_seconds` (monotonic)."""

    tokens: float
    at_seconds: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one request: the bucket afterwards, whether it may pass, and when to try again if not."""

    bucket: Bucket
    allowed: bool
    remaining: int
    retry_after_seconds: int


def take(bucket: Bucket | None, allowance: Allowance, now_seconds: float) -> Taken:
    """Take one token at `now_seconds` (monotonic). A bucket never seen before is full; time that runs backwards adds nothing."""
    if bucket is None:
        tokens = float(allowance.burst)
    else:
        passed = max(0.0, now_seconds - bucket.at_seconds)
        tokens = min(float(allowance.burst), bucket.tokens + passed * allowance.rate_per_second)
        now_seconds = max(now_seconds, bucket.at_seconds)
    if tokens >= 1.0:
        return Taken(Bucket(tokens - 1.0, now_seconds), True, int(tokens - 1.0), 0)
    wait = math.ceil((1.0 - tokens) / allowance.rate_per_second)
    return Taken(Bucket(tokens, now_seconds), False, 0, max(1, wait))
