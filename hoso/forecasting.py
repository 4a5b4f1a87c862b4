"""The log in; what its finished dossiers teach out, as a table for the reference data. Memory holds one partition."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from connectors.archive import Archive, Whole
from connectors.rebuilding import bundles, refold
from connectors.reference import versioned
from rules.deadlines.learning import Tally
from rules.dossier import Dossier
from rules.reference import reference_of
from schemas.dossier import LOG
from schemas.instant import date_of
from schemas.reference import Bundle, CaseHistory

Progress = Callable[[int, int], None]
"""Told how many facts are folded, and of how many."""


@dataclass(frozen=True, slots=True)
class Window:
    """Results of these days teach, the first counted and the last not; None is no bound."""

    begins: date | None = None
    ends: date | None = None

    def has(self, dossier: Dossier) -> bool:
        """Whether the dossier's clock stopped in it."""
        if dossier.clock.stopped_at is None:
            return False
        day = date_of(dossier.clock.stopped_at)
        return (self.begins is None or self.begins <= day) and (self.ends is None or day < self.ends)


def learned(bootstrap: str, window: Window, archive: Archive | None, progress: Progress) -> Tally:
    """Every dossier with a result in the window, by archive and log as one. Raises Gap, BrokenArchive, TryLater."""
    tally, reference = Tally(), reference_of(*bundles(bootstrap, archive))
    log = Whole(bootstrap, LOG, archive)
    read = 0
    for partition in log.partitions:
        folded = refold(bootstrap, _from(read, log.size, progress), archive, [partition])
        for kept in folded.kept.values():
            dossier = kept.dossier
            # Of a parked dossier only a part is known.
            if dossier is not None and not kept.parked and dossier.refversion and window.has(dossier):
                tally.add(dossier, reference.at(dossier.refversion))
        read += folded.facts
    return tally


def with_history(bundle: Bundle, history: tuple[CaseHistory, ...], why: str) -> Bundle:
    """All of a version, and this history in it."""
    forecast = bundle.forecast.model_copy(update={"history": history})
    return versioned(bundle.model_copy(update={"forecast": forecast, "why": why}))


def _from(read: int, size: int, progress: Progress) -> Callable[[int], None]:
    return lambda count: progress(read + count, size)
