"""Whether an hour is far above the usual one: then something is wrong, and somebody is asked before it goes on."""

from collections.abc import Sequence
from statistics import median

TIMES = 3
"""An hour is far above the usual one from so many times as much."""
ENOUGH_HOURS = 24
"""Fewer hours with something in them say nothing of what is usual."""


def usual(past: Sequence[int]) -> float | None:
    """What an hour in which anything happens usually brings: the median. None where too little is known."""
    busy = [count for count in past if count > 0]
    return median(busy) if len(busy) >= ENOUGH_HOURS else None


def far_above(past: Sequence[int], this: int, least: int) -> bool:
    """Whether this hour's count is above three times the usual one; never with fewer than `least`."""
    often = usual(past)
    return often is not None and this >= least and this > TIMES * often
