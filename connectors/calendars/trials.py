"""Proposals tried on every open dossier by threads of this process, one at a time; the last few are kept.

A trial lives in one process and is gone with it: whoever asks another one for it has to send the calendar again.
"""

import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from connectors.calendars.drafts import Draft
from connectors.calendars.proposals import Proposal
from connectors.calendars.standings import Progress, Standing
from connectors.calendars.telling import Worst, table
from connectors.verdicts import TryLater
from rules.reference import UnknownVersion

log = structlog.get_logger()
Standings = Callable[[Progress], Iterable[Standing]]
KEPT = 8
"""So many trials are kept; the oldest that is over goes first."""
SHOWN = 50


class Trial:
    """One proposal on its way through the open dossiers. What it found so far may be looked at meanwhile."""

    def __init__(self, draft: Draft, proposal: Proposal, csv: Path) -> None:
        self.draft, self.proposal, self.csv = draft, proposal, csv
        self.name = secrets.token_urlsafe(9)
        self.read = self.size = 0
        self.worst = Worst(SHOWN)
        self.done, self.error, self.seconds = False, "", 0.0
        self.ended = threading.Event()

    def run(self, standings: Standings) -> None:
        """Look at every dossier. What goes wrong ends it; what passes by itself, or a version nobody has, is kept."""
        began = time.monotonic()
        try:
            with table(self.csv) as rows:
                for one in rows.through(self.proposal.touched(standings(self._progress))):
                    self.worst.add(one)
            self.done = True
        except (TryLater, UnknownVersion) as error:
            self.error = str(error)
        except Exception:
            # Nobody else hears of what goes wrong on this thread.
            log.exception("calendar.not_previewed", version=self.proposal.bundle.version)
        finally:
            self.seconds = time.monotonic() - began
            self.ended.set()

    def _progress(self, read: int, size: int) -> None:
        self.read, self.size = read, size


class Trials:
    """The trials of one process. Threads share it."""

    def __init__(self) -> None:
        self._kept: dict[str, Trial] = {}
        self._keeping, self._turn = threading.Lock(), threading.Lock()
        # The tables go with the object, at the process's end at the latest.
        self._folder = tempfile.TemporaryDirectory(prefix="hoso-calendar-")

    def begin(self, draft: Draft, proposal: Proposal, standings: Standings) -> Trial:
        """Try a proposal on these, once those before it are over. Raises TryLater while too many wait."""
        with self._keeping:
            self._make_room()
            trial = Trial(draft, proposal, Path(self._folder.name) / f"{secrets.token_hex(8)}.csv")
            self._kept[trial.name] = trial
        threading.Thread(target=self._run, args=(trial, standings), name="calendar-trial", daemon=True).start()
        return trial

    def get(self, name: str) -> Trial | None:
        """The trial of this name; None if it is not kept, or another process has it."""
        return self._kept.get(name)

    def _run(self, trial: Trial, standings: Standings) -> None:
        with self._turn:
            trial.run(standings)

    def _make_room(self) -> None:
        if len(self._kept) < KEPT:
            return
        over = next((one for one in self._kept.values() if one.ended.is_set()), None)
        if over is None:
            raise TryLater("too many previews are under way")
        del self._kept[over.name]
        over.csv.unlink(missing_ok=True)
