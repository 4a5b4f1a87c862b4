"""When an order or a question is tried again, and when that ends. Driven seconds; the dice are a parameter."""

from dataclasses import dataclass
from random import Random

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Growing pauses with jitter, a partner's own wish honoured up to a day, an end after so long."""

    first_seconds: float = 5.0
    factor: float = 2.0
    longest_seconds: float = 2 * HOUR
    gives_up_after_seconds: float = 76 * HOUR
    jitter: float = 0.2

    def pause(self, attempts: int, dice: Random, wished: float | None = None) -> float:
        """How long to wait after this many tries (0: the first has just failed)."""
        grown = min(self.first_seconds * self.factor ** min(attempts, 40), self.longest_seconds)
        return max(grown * (1 + self.jitter * dice.random()), min(wished or 0.0, 24 * HOUR))

    def is_over(self, owed_since: float, now: float) -> bool:
        """Whether it has been tried for long enough."""
        return now - owed_since > self.gives_up_after_seconds
