"""A calendar that may come into force: laid beside the one that is, tried on every open dossier, and published."""

from collections.abc import Iterator

from connectors.archive import Archive
from connectors.reference import in_force, publish
from hoso.calendars.previewing import Preview, Progress, Touched, folded_standings, said_standings
from hoso.calendars.versions import CannotApply, history, same_days, with_calendar
from rules.deadlines.calendar_change import Change
from rules.deadlines.preview import Totals
from rules.reference import Edition, reference_of
from schemas.instant import now
from schemas.reference import Calendar


class Proposal:
    """One calendar, as of now, for one running system. Raises CannotApply and TryLater."""

    def __init__(self, bootstrap: str, calendar: Calendar, why: str | None = None) -> None:
        self._bootstrap = bootstrap
        self.versions = history(bootstrap)
        self.in_force = self.versions[-1].bundle
        self.bundle = with_calendar(self.in_force, calendar, why)
        will = Edition(self.bundle)
        self.change = Change.between(Edition(self.in_force), will)
        self._preview = Preview(reference_of(*(one.bundle for one in self.versions)), will, now())

    @property
    def changes_nothing(self) -> bool:
        """Whether the calendar in force has exactly these days."""
        return same_days(self.in_force.calendar, self.bundle.calendar)

    @property
    def totals(self) -> Totals:
        """What was counted, once every dossier was looked at."""
        return self._preview.totals

    def touched(self, archive: Archive | None, progress: Progress) -> Iterator[Touched]:
        """Whoever it touches, by their states, or by the log if there is an archive to read it from.

        Raises UnknownVersion, TryLater, and what reading an archive raises.
        """
        standings = folded_standings(self._bootstrap, archive, progress) if archive else None
        return self._preview.touched(standings or said_standings(self._bootstrap, progress))

    def apply(self) -> None:
        """Put it in force. Raises CannotApply if another version came into force since it was tried, and TryLater."""
        found = in_force(self._bootstrap)
        if found is None or found.version != self.in_force.version:
            other = found.version if found else "none"
            raise CannotApply(f"{other} came into force meanwhile, so this was not what would happen: look again")
        publish(self._bootstrap, self.bundle)
