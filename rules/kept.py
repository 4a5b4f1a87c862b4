"""What a worker keeps of one dossier: the dossier itself, what waits behind a fact that failed, or the stub."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from rules.archiving import Stub, stub_at
from rules.bounds import MOST_KEPT_BYTES, encode
from rules.dossier import Dossier

WORDS = 200
"""The longest text about a parked dossier that the public state has room for."""


class Parked(Struct, frozen=True, array_like=True, gc=False):
    """A fact that waits, as it came, and who stated it."""

    ref: str
    raw: bytes

    @property
    def shown(self) -> str:
        """Who stated it and its id, as far as the public state has room for it: an operator may name it so."""
        return self.ref[:WORDS]


class Kept(Struct, frozen=True, array_like=True, gc=False):
    """What a worker keeps of one dossier: the dossier, and what waits behind a fact that failed.

    `alarm_at` is when somebody must be told that a parked dossier's due date comes near; None once they were.
    `lettered` is how many facts were left to the dead letters because there is no room for them to wait: once it is
    one, all that follow are, until the dossier is parked no longer. `bound` is no fewer bytes than are kept of the
    dossier that is not parked; 0 where a release that did not count stored it.
    """

    dossier: Dossier | None = None
    parked: tuple[Parked, ...] = ()
    why: str = ""
    since: datetime | None = None
    alarm_at: datetime | None = None
    stub: Stub | None = None
    """What is left of a dossier that is archived; then there is nothing else."""
    lettered: int = 0
    bound: int = 0

    def next_due(self) -> datetime | None:
        """When time alone sets something in motion next; for a parked dossier only the alarm."""
        if self.parked:
            return self.alarm_at
        if self.stub is not None:
            return self.stub.forgotten_at
        return (self.dossier.next_due() or stub_at(self.dossier)) if self.dossier else None

    def is_held(self) -> bool:
        """Whether a record holds what waits; a dossier that is not parked was measured as it was folded."""
        return not self.parked or len(encode(self)) <= MOST_KEPT_BYTES

    def left_out(self) -> "Kept":
        """The same after one more fact for which there is no room."""
        return replace(self, lettered=self.lettered + 1)
