"""When a callback is tried again, and what an answer means. Pure; driven seconds."""

from dataclasses import dataclass
from enum import Enum
from random import Random

SECOND, MINUTE, HOUR = 1.0, 60.0, 3600.0
TABLE = (
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
"""The wait after each failed try; after the last it is given up."""
JITTER = 0.1
"""Up to a tenth longer, so that what failed together does not come back together."""
ASIDE_AFTER = 3
"""Refusals of one notice, while its endpoint takes others, after which those behind it go first."""
LONGEST_WISH_SECONDS = 24 * HOUR
"""What Retry-After may ask for at most."""


class Outcome(Enum):
    """What an answer means for the notice and its lane."""

    DELIVERED = "delivered"
    GONE = "gone"
    THROTTLED = "throttled"
    REFUSED = "refused"
    FAILED = "failed"


def outcome(status: int | None) -> Outcome:
    """What a status means; None is no answer. Redirects are not followed: they are failures of this try."""
    match status:
        case None | 429 | 502 | 503 | 504:
            return Outcome.THROTTLED
        case 410:
            return Outcome.GONE
        case _ if 200 <= status < 300:
            return Outcome.DELIVERED
        case _ if 400 <= status < 500:
            return Outcome.REFUSED
        case _:
            return Outcome.FAILED


@dataclass(frozen=True, slots=True)
class RetryTable:
    """How long to wait after each failed try."""

    waits: tuple[float, ...] = TABLE
    jitter: float = JITTER

    def next_at(self, failed: int, now: float, chance: Random, wish: float | None = None) -> float | None:
        """When to try again after so many failed tries; None: give up. The endpoint's wish is heeded, within a day."""
        if failed > len(self.waits):
            return None
        wait = self.waits[failed - 1] * (1 + self.jitter * chance.random())
        return now + max(wait, min(wish or 0.0, LONGEST_WISH_SECONDS))
