"""Keys of which a dossier has one for life: that of the day its code names, whoever asks and whenever.

So what was drawn from a dossier's code or facts under a key (a digest on the log, the code on a slip) is drawn again
under the same one after the key was changed, and no process has to be told when the change is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from connectors.gate.authority import dossier_date
from connectors.key_files import Line


@dataclass(frozen=True, slots=True)
class DatedKeys:
    """Each key with the first day of the dossiers it is for, the newest first; the last is for every day before."""

    keys: tuple[tuple[date, bytes], ...] = field(repr=False)

    @classmethod
    def of_lines(cls, lines: Iterable[Line]) -> "DatedKeys":
        """The keys of a file."""
        *newer, last = sorted(lines, key=lambda one: one.from_on or date.min, reverse=True)
        return cls((*((one.from_on or date.min, one.key) for one in newer), (date.min, last.key)))

    def of(self, dossier: str) -> bytes:
        """The key of a dossier; a code that names no day has the oldest."""
        found = dossier_date(dossier)
        return self.on(found[1] if found else date.min)

    def on(self, day: date) -> bytes:
        """The key of the dossiers of a day."""
        return next(key for first, key in self.keys if first <= day)

    def all(self) -> tuple[bytes, ...]:
        """Every key, the newest first."""
        return tuple(key for _, key in self.keys)
