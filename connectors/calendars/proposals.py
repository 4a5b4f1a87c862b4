"""A calendar that may come into force: laid beside the one that is, tried on every open dossier, and published."""

from collections.abc import Iterable, Iterator, Sequence

from connectors.calendars.previewing import Preview, Touched
from connectors.calendars.standings import Standing
from connectors.calendars.versions import CannotApply, same_days, with_calendar
from connectors.reference import Published, in_force, publish
from rules.deadlines.calendar_change import Change
from rules.deadlines.preview import Totals
from rules.reference import Edition, reference_of
from schemas.instant import now
from schemas.reference import Calendar


class Proposal:
    """One calendar, as of now, beside every version there was, the one in force last. Raises CannotApply."""

    def __init__(self, versions: Sequence[Published], calendar: Calendar, why: str | None = None) -> None:
        self.versions = versions
        self.in_force = versions[-1].bundle
        self.bundle = with_calendar(self.in_force, calendar, why)
        will = Edition(self.bundle)
        self.change = Change.between(Edition(self.in_force), will)
        self._preview = Preview(reference_of(*(one.bundle for one in versions)), will, now())

    @property
    def changes_nothing(self) -> bool:
        """Whether the calendar in force has exactly these days."""
        return same_days(self.in_force.calendar, self.bundle.calendar)

    @property
    def totals(self) -> Totals:
        """What was counted, once every dossier was looked at."""
        return self._preview.totals

    def touched(self, standings: Iterable[Standing]) -> Iterator[Touched]:
        """Whoever of these it touches. Raises UnknownVersion, and what reading them raises."""
        return self._preview.touched(standings)

    def apply(self, bootstrap: str) -> None:
        """Put it in force. Raises CannotApply if another version came into force since it was tried, and TryLater."""
        found = in_force(bootstrap)
        if found is None or found.version != self.in_force.version:
            other = found.version if found else "none"
            text = f"{other} came into force meanwhile, so this was not what would happen: look again"
            raise CannotApply("meanwhile", text, known=other)
        publish(bootstrap, self.bundle)
