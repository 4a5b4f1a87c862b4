"""Parked dossiers: which, from the read model's index; why, from the workers' own last word of each."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from connectors.console.desk import Look, NotYours
from connectors.parked import Parked, Wanted, found
from connectors.verdicts import TryLater

SHOWN = 200
MOST_KEPT = 2000
COLUMNS = ("code", "sequence", "recorded_at", "due_on", "receiving_agency", "competent_agency")


@dataclass(frozen=True, slots=True)
class Held:
    """A dossier that is parked as the read model has it, and its due date; `recorded_at` is in driven unix seconds."""

    code: str
    agency: str
    due_on: date | None
    sequence: int
    recorded_at: float


class Reasons:
    """Finds why dossiers are parked, and remembers: a state that was said does not change. Threads share it."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._known: dict[tuple[str, int], Parked] = {}
        self._looking = threading.Lock()

    def of(self, held: Iterable[Held]) -> dict[str, Parked | None]:
        """What the workers said last of each, by code; None where it is parked no longer.

        One of which that is not found in time is left out. Raises TryLater.
        """
        wanted = {one.code: one for one in held}
        with self._looking:
            known = {code: self._known.get((code, one.sequence)) for code, one in wanted.items()}
            new = (one for code, one in wanted.items() if known[code] is None)
            said = found(self._bootstrap, [Wanted(one.code, one.sequence, one.recorded_at) for one in new])
            self._remember(wanted, said)
        return {code: one for code, one in known.items() if one is not None} | said

    def as_far_as_known(self, held: Iterable[Held]) -> tuple[dict[str, Parked | None], str]:
        """The same, and why nothing could be asked, if nothing could."""
        try:
            return self.of(held), ""
        except TryLater as later:
            return {}, later.why

    def _remember(self, wanted: Mapping[str, Held], said: Mapping[str, Parked | None]) -> None:
        if len(self._known) > MOST_KEPT:
            self._known.clear()
        self._known |= {(code, wanted[code].sequence): one for code, one in said.items() if one is not None}


def held(look: Look) -> tuple[list[Held], int]:
    """The parked dossiers, the nearest due date first, and how many there are in all."""
    table = look.tables.dossiers
    which = (table.c.parked, look.theirs())
    nearest = (table.c.due_on.is_(None), table.c.due_on, table.c.code)
    asked = select(*(table.c[name] for name in COLUMNS)).where(*which).order_by(*nearest)
    rows = [_held(look, row) for row in look.connection.execute(asked.limit(SHOWN))]
    count = look.connection.execute(select(func.count()).select_from(table).where(*which)).scalar_one()
    return rows, int(count)


def held_one(look: Look, code: str) -> Held:
    """One of them. Raises NotYours where it is not parked."""
    row = look.dossier(code)
    if not row.parked:
        raise NotYours(code)
    return _held(look, row)


def _held(look: Look, row: Any) -> Held:
    due_on = date.fromisoformat(row.due_on) if row.due_on else None
    return Held(row.code, look.library.agency(row), due_on, row.sequence, row.recorded_at)
