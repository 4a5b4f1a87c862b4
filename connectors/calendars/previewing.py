"""What a calendar would mean for every open dossier: where each stands in; whoever is touched out, one by one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from connectors.calendars.standings import Standing
from rules.deadlines.calendar_change import Change
from rules.deadlines.preview import Consequence, Totals, consequence
from rules.deadlines.reprojection import Grounds, may_touch, moved
from rules.reference import Edition, Reference


@dataclass(frozen=True, slots=True)
class Touched:
    """A dossier that a calendar touches, and the version its date rests on now."""

    grounds: Grounds
    refversion: str
    consequence: Consequence


class Preview:
    """What a version of the reference data would mean as of an instant; `totals` grow while `touched` is read."""

    def __init__(self, reference: Reference, will: Edition, now: datetime) -> None:
        self._reference, self._will, self._now = reference, will, now
        self.totals = Totals()

    def touched(self, standings: Iterable[Standing]) -> Iterator[Touched]:
        """Whoever is touched. Raises UnknownVersion where a date rests on a version that is not on its topic."""
        for one in standings:
            self.totals.unclear += one.is_unclear
            if one.is_open:
                self.totals.open_dossiers += 1
                if found := self._judged(one):
                    self.totals.add(found.consequence)
                    yield found

    def _judged(self, one: Standing) -> Touched | None:
        was = self._reference.at(one.refversion)
        change = Change.between(was, self._will)
        if one.started_on is None or not may_touch(change, one.started_on, one.due_on, one.extended):
            return None
        grounds = one.grounds(self._reference)
        found = moved(grounds, change)
        if found is None:
            return None
        means = consequence(found, was.calendar, self._will.calendar, self._now)
        return Touched(grounds, one.refversion, means)
