"""Intervals for a share, and what the silent could still change."""

from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from statistics import NormalDist

from services.survey.domain.verdict import needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """`low` and `high` between 0 and 1, inclusive."""

    low: float
    high: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """What the share of the whole audience is if every silent person said no (`worst`) or yes (`best`)."""

    worst: float
    best: float
    tipping_point: float | None
    """Share of the silent that must say yes for the threshold to hold; None if it holds, or cannot, whatever they say."""


def wilson(yes: int, n: int, *, confidence: float = 0.95) -> Interval | None:
    """Wilson's score interval without continuity correction (Newcombe 1998, method 3), clipped to 0..1; None for n = 0."""
    if not 0 <= yes <= n:
        raise ValueError(f"{yes} of {n} is not a share")
    if n == 0:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = yes / n
    middle = share + z * z / (2 * n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At 0 and n the bound is exactly the edge; rounding must not leave it a hair inside or outside.
    low = 0.0 if yes == 0 else max(0.0, (middle - half) / scale)
    high = 1.0 if yes == n else min(1.0, (middle + half) / scale)
    return Interval(low=low, high=high, confidence=confidence)


def extremes(yes: int, n: int, population: int, *, threshold: float) -> Extremes | None:
    """Bounds that need no assumption about the silent; None for an empty audience."""
    if population == 0:
        return None
    silent = population - n
    missing = needed(threshold, population) - yes
    tipping = float(Fraction(missing, silent)) if 0 < missing <= silent else None
    return Extremes(worst=yes / population, best=(yes + silent) / population, tipping_point=tipping)
