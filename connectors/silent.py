"""Legs of which a word is expected, by what the workers said last: which are silent, and the word to wait no longer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.operators import word_of
from schemas.ops import AgedOut
from schemas.postal import ParcelStatus
from schemas.state import DossierStateChanged


class NotOpen(LookupError):
    """Nothing is expected of this leg; the text says of which there is."""


@dataclass(frozen=True, slots=True)
class OpenLeg:
    """A leg that something is expected of: what, by when, and what its carrier reported last."""

    dossier: str
    leg: str
    carrier: str
    item_code: str | None
    expected: ParcelStatus
    expected_by: datetime | None
    seen: ParcelStatus | None

    def is_silent(self, moment: datetime) -> bool:
        """Whether the time to be heard of is over."""
        return self.expected_by is not None and self.expected_by < moment


def open_legs(states: Mapping[str, DossierStateChanged.Data]) -> list[OpenLeg]:
    """The legs of which these public states, by dossier, expect something."""
    return [
        OpenLeg(code, leg.leg, leg.carrier, leg.item_code, leg.expected, leg.expected_by, leg.reported)
        for code, data in states.items()
        for leg in data.legs
        if leg.expected
    ]


def unheard(legs: Iterable[OpenLeg], moment: datetime) -> list[OpenLeg]:
    """Those that nobody has heard of in time, the longest silence first."""
    return sorted((leg for leg in legs if leg.is_silent(moment)), key=lambda leg: (leg.expected_by, leg.dossier))


def aged_out(legs: Iterable[OpenLeg], code: str, leg: str, by: str, refversion: str, why: str) -> AgedOut:
    """The operator's word that nothing more is waited for of a leg that is among these. Raises NotOpen."""
    names = [one.leg for one in legs if one.dossier == code]
    if leg not in names:
        raise NotOpen(f"{leg} of {code} is not open; open are: {', '.join(names) or 'none'}")
    return word_of(by, AgedOut, code, refversion, leg=leg, why=why)
