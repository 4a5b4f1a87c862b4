"""Which carrier may carry a leg, and why: law first, never the price.

The public postal service is the designated enterprise's alone (Circular 17/2017 art. 2(3)); another carrier may be
hired only for procedures that an agency names (Decree 61/2018 art. 16(2)).
"""

from msgspec import Struct

from rules.reference import Edition
from schemas.postal import LegKind
from schemas.reference import CarrierRule

NOBODY = "none"
"""Stands for the carrier of a leg that none may carry."""
DESIGNATED = frozenset({"vnpost_hcc", "myvnpost", "ems"})
"""The interfaces of the designated public postal enterprise and its group."""


class Choice(Struct, frozen=True):
    """The carrier chosen, the ground in words, and who may be asked after it."""

    carrier: str
    because: str
    fallbacks: tuple[str, ...]


def choose(
    edition: Edition, kind: LegKind, procedure: str | None, agency: str | None, province: str | None = None
) -> Choice | None:
    """The first rule that fits and leaves somebody; None where no carrier may carry it."""
    known = edition.procedure(procedure)
    if known is not None and not known.by_post:
        return None
    for rule in edition.carrier_rules:
        fits = (
            (not rule.legs or kind.value in rule.legs)
            and (not rule.procedures or procedure in rule.procedures)
            and (not rule.agencies or any(edition.same(agency, named) for named in rule.agencies))
            and (not rule.provinces or province in rule.provinces)
        )
        if fits and (allowed := permitted(rule)):
            return Choice(allowed[0], rule.because, allowed[1:])
    return None


def permitted(rule: CarrierRule) -> tuple[str, ...]:
    """Whom the law lets this rule send, in the order of trying: hired carriers only for procedures by name."""
    return tuple(name for name in rule.carriers if name in DESIGNATED or rule.procedures)


def forbidden(rule: CarrierRule) -> tuple[str, ...]:
    """Whom the rule names and the law does not let it send."""
    return tuple(name for name in rule.carriers if name not in permitted(rule))
