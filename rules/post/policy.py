"""Which carrier may carry a leg, and why: law first, never the price (Circular 17/2017 art. 2(3), Decree 61/2018 art.

16(2)).
"""

from msgspec import Struct

from rules.reference import Edition
from schemas.postal import LegKind


class Choice(Struct, frozen=True):
    """The carrier chosen, the ground in words, and who may be asked after it."""

    carrier: str
    because: str
    fallbacks: tuple[str, ...]


def choose(edition: Edition, kind: LegKind, procedure: str | None, agency: str | None) -> Choice | None:
    """The first rule that fits; None where no carrier may carry it."""
    for rule in edition.carrier_rules:
        fits = (
            (not rule.legs or kind.value in rule.legs)
            and (not rule.procedures or procedure in rule.procedures)
            and (not rule.agencies or any(edition.same(agency, named) for named in rule.agencies))
        )
        if fits:
            return Choice(rule.carriers[0], rule.because, rule.carriers[1:])
    return None
