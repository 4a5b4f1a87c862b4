"""A tracking code in, its dossier out; who guesses is counted, and must wait."""

from sqlalchemy import select

from connectors.edge.door import Door
from connectors.gate.authority import dossier_date
from connectors.project import sets
from connectors.store import Store
from connectors.tracking import opens, typed
from connectors.verdicts import TryLater


class NotHere(Exception):
    """No dossier bears this code, or the two codes do not belong together."""


class TooMany(Exception):
    """Too many codes were wrong lately: from this address, or from all together. With both codes the page opens."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"come again in {wait_seconds:.0f} s")
        self.wait_seconds = wait_seconds


def find(door: Door, tracking: str, dossier: str, address: str) -> str:
    """The dossier that this tracking code is of. Raises NotHere, TooMany, and TryLater without a read model.

    With the dossier's code beside it, as in the link of a slip, nothing is looked up, and a right pair always opens:
    there are 2^50 wrong ones. Guesses by the tracking code alone are counted against all addresses together too.
    """
    code = typed(tracking)
    if code is None or door.tracking is None:
        raise NotHere
    if dossier:
        if dossier_date(dossier) is not None and opens(code, dossier, door.tracking.of(dossier)):
            return dossier
        _count(door, address, together=False)
        raise NotHere
    _count(door, address)
    try:
        found = dossier_of(door.read, code)
    except TryLater:
        door.guesses.give_back(address)
        raise
    if found is None:
        raise NotHere
    door.guesses.give_back(address)
    return found


def _count(door: Door, address: str, *, together: bool = True) -> None:
    if (wait := door.guesses.take(address, together=together)) > 0:
        raise TooMany(wait)


def dossier_of(read: Store | None, tracking: str) -> str | None:
    """Which dossier the read model has under a tracking code. Raises TryLater where there is none."""
    if read is None:
        raise sets.NotFilled("this door has no read model")
    with sets.looking(read) as (connection, tables):
        table = tables.tracking
        found: str | None = connection.scalar(select(table.c.dossier).where(table.c.code == tracking))
    return found
