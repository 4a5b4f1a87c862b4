"""A partner that does not answer: its lane breaks for a while, then one probe, then a slow start. Driven seconds."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """How many failures in a row break a lane, and for how long: doubling from `first_seconds` to `longest_seconds`."""

    failures: int = 5
    first_seconds: float = 30.0
    longest_seconds: float = 900.0
    full: int = 64
    """How many at once end a slow start."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """A lane's standing. `allowed` is how many may go at once while it starts slowly; 0: no limit."""

    failures: int = 0
    opens_at: float = 0.0
    allowed: int = 0

    @property
    def level(self) -> int:
        """0: it flows, 1: it starts slowly, 2: it is broken, until its probe is answered."""
        return 2 if self.opens_at else 1 if self.allowed else 0

    def allows(self, now: float, wanted: int) -> int:
        """How many of those wanted may go now."""
        if now < self.opens_at:
            return 0
        return min(wanted, self.allowed) if self.allowed else wanted

    def failed(self, now: float, policy: BreakerPolicy) -> "Breaker":
        """After one more call without an answer."""
        failures = self.failures + 1
        beyond = failures - policy.failures
        if beyond < 0:
            return replace(self, failures=failures)
        pause = min(policy.first_seconds * 2 ** min(beyond, 20), policy.longest_seconds)
        # Whatever was under way when it broke does not lengthen the pause; the probe after it does.
        return Breaker(failures, max(self.opens_at, now + pause), 1) if now >= self.opens_at else self

    def answered(self, policy: BreakerPolicy) -> "Breaker":
        """After an answer, whichever: the partner is there."""
        allowed = self.allowed * 2 if 0 < self.allowed * 2 < policy.full else 0
        return Breaker(0, 0.0, allowed)
