"""How a call goes wrong that should have gone right, how often, and where the dice fall for one."""

from collections.abc import Sequence
from enum import StrEnum

from sandbox import chance
from sandbox.settings import Manners


class Lapse(StrEnum):
    """What the caller gets; TAKEN_ kinds do what was asked first."""

    NONE = "none"
    TAKEN_HELD = "taken and held"
    TAKEN_DROPPED = "taken and dropped"
    TAKEN_ERROR = "taken and answered 500"
    ERROR = "500"
    BUSY = "429"
    SLOW = "taken and answered slowly"

    @property
    def takes(self) -> bool:
        """Whether what was asked is done, although its sender may not hear so."""
        return self not in (Lapse.ERROR, Lapse.BUSY)


Rates = Sequence[tuple[Lapse, float]]
CREATE: dict[Manners, Rates] = {
    Manners.POLITE: (),
    Manners.IMPOLITE: (
        (Lapse.TAKEN_HELD, 0.005),
        (Lapse.TAKEN_DROPPED, 0.015),
        (Lapse.TAKEN_ERROR, 0.005),
        (Lapse.ERROR, 0.02),
        (Lapse.BUSY, 0.01),
    ),
    Manners.RUDE: (
        (Lapse.TAKEN_HELD, 0.04),
        (Lapse.TAKEN_DROPPED, 0.04),
        (Lapse.TAKEN_ERROR, 0.04),
        (Lapse.ERROR, 0.06),
        (Lapse.BUSY, 0.06),
        (Lapse.SLOW, 0.06),
    ),
}
QUERY: dict[Manners, Rates] = {
    Manners.POLITE: (),
    Manners.IMPOLITE: ((Lapse.ERROR, 0.005), (Lapse.BUSY, 0.005)),
    Manners.RUDE: ((Lapse.TAKEN_HELD, 0.01), (Lapse.ERROR, 0.03), (Lapse.BUSY, 0.03), (Lapse.SLOW, 0.03)),
}
CALLBACK: dict[Manners, Rates] = {
    Manners.POLITE: (),
    Manners.IMPOLITE: (),
    Manners.RUDE: (
        (Lapse.TAKEN_HELD, 0.01),
        (Lapse.TAKEN_DROPPED, 0.01),
        (Lapse.TAKEN_ERROR, 0.01),
        (Lapse.ERROR, 0.02),
        (Lapse.BUSY, 0.02),
        (Lapse.SLOW, 0.02),
    ),
}
"""Of an agency's answers to what it is told."""


def fallen(rates: Rates, seed: int, *about: object) -> Lapse:
    """Where the dice fall for this."""
    roll = chance.share(seed, "lapse", *about)
    for lapse, rate in rates:
        if roll < rate:
            return lapse
        roll -= rate
    return Lapse.NONE
