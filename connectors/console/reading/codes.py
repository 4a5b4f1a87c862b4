"""Carriers' codes that no table holds, as the read model tells of them, and what became of each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from connectors.codes import Said
from connectors.console.desk import Look
from connectors.unknown_codes import Seen, UnknownCode, counted
from schemas.instant import aware


@dataclass(frozen=True, slots=True)
class Codes:
    """Every unknown code of a while, the most frequent first."""

    all: tuple[UnknownCode, ...]

    @property
    def open(self) -> list[UnknownCode]:
        """Those that nobody gave a meaning."""
        return [one for one in self.all if one.mapping is None]

    @property
    def mapped(self) -> list[UnknownCode]:
        """Those that somebody did, the last word first."""
        found = [(one.mapping.time, one) for one in self.all if one.mapping is not None]
        return [one for _, one in sorted(found, key=lambda pair: pair[0], reverse=True)]

    @property
    def is_waiting(self) -> bool:
        """Whether stored webhooks wait to be translated again: the read model does not tell when that is done."""
        return any(one.applied is None for one in self.mapped)

    def of(self, carrier: str, code: str) -> UnknownCode | None:
        """One of them."""
        return next((one for one in self.all if (one.carrier, one.code) == (carrier, code)), None)


def codes(look: Look, since: datetime, said: Said) -> Codes:
    """What updates since then carried, and what was said of it."""
    facts = look.tables.facts.c
    # Only a movement that is not understood has its code there.
    asked = select(facts.carrier, facts.carrier_code, facts.ref, facts.recorded_at, facts.dossier).where(
        facts.carrier_code.is_not(None), facts.at >= since.timestamp()
    )
    seen = (
        Seen(row.carrier, row.carrier_code, row.ref, aware(row.recorded_at), row.dossier)
        for row in look.connection.execute(asked)
    )
    return Codes(tuple(counted(seen, said)))
