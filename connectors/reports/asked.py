"""What a report is asked for, and out of what it is made."""

from dataclasses import dataclass
from datetime import date, datetime

from connectors.project.library import Library
from connectors.project.reading import Reading
from rules.reports.form06a import BY
from rules.reports.period import Period, end_of


@dataclass(frozen=True, slots=True)
class Asked:
    """The days of a report; what was known at the end of `as_of`, of its last day without one.

    `by` is what a form is broken down by, in this order. `dossiers` lists dossiers instead of lines: for the eyes of
    their agency alone.
    """

    period: Period
    as_of: date | None = None
    by: tuple[str, ...] = BY
    dossiers: bool = False

    @property
    def known_at(self) -> datetime:
        """The first instant of which nothing was known yet."""
        return end_of(self.as_of) if self.as_of else self.period.ends


@dataclass(frozen=True, slots=True)
class Source:
    """The read model at one moment, narrowed to an agency or not, and the reference data in it."""

    reading: Reading
    library: Library
