"""A version of the reference data, prepared for asking: agencies by code or alias, procedures, the calendar, the
carriers.
"""

from collections.abc import Callable
from datetime import date

from rules.deadlines.calendar import WorkingDays
from schemas.clock import OFFICE_HOURS, CalendarTable, DayOff, OfficeHours, Term
from schemas.dossier import DossierStatus
from schemas.reference import Agency, Bundle, Calendar, CarrierRule, CaseHistory, Procedure


class UnknownVersion(KeyError):
    """A fact names a version of the reference data that nobody has published."""


class Edition:
    """One version of the reference data. Immutable; every question is a look-up."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.version = bundle.version
        self.calendar = WorkingDays.of(table_of(bundle.calendar))
        self._agencies = {code: agency for agency in bundle.agencies for code in (*agency.aliases, agency.code)}
        self._procedures = {procedure.code: procedure for procedure in bundle.procedures}
        self._hours = {code: _hours_of(agency) for code, agency in self._agencies.items()}
        self._history = {(row.procedure, row.stage): row for row in bundle.forecast.history}

    def agency(self, code: str | None) -> Agency | None:
        """The agency of this code, or the one whose alias it is: an office merged away keeps its old code."""
        return self._agencies.get(code) if code is not None else None

    def resolve(self, code: str) -> str:
        """The code an agency goes by today; an unknown code stays what it is."""
        agency = self._agencies.get(code)
        return agency.code if agency else code

    def same(self, one: str | None, other: str | None) -> bool:
        """Whether two codes name one agency."""
        return one is not None and other is not None and self.resolve(one) == self.resolve(other)

    def procedure(self, code: str | None) -> Procedure | None:
        """The procedure of this code; a local variant (`1.000494.000.00.00.H29`) falls back to the national one."""
        if code is None:
            return None
        return self._procedures.get(code) or self._procedures.get(code[:8])

    def hours(self, code: str | None) -> OfficeHours:
        """An agency's office hours, in minutes of the day."""
        return self._hours.get(code, OFFICE_HOURS) if code is not None else OFFICE_HOURS

    def history(self, procedure: str, stage: DossierStatus | None) -> CaseHistory | None:
        """How long cases of a procedure took from a stage on, or from the beginning; None where nobody has counted."""
        return self._history.get((procedure, stage))

    @property
    def carrier_rules(self) -> tuple[CarrierRule, ...]:
        """Which carriers may carry what, first match first."""
        return self.bundle.carrier_rules


class Reference:
    """Every version that was ever in force, by name: `at(version)` waits for one that is not here yet, if it can."""

    def __init__(self, find: Callable[[str], Bundle]) -> None:
        self._find, self._editions = find, dict[str, Edition]()

    def at(self, version: str) -> Edition:
        """The version of this name. Raises UnknownVersion."""
        edition = self._editions.get(version)
        if edition is None:
            edition = self._editions[version] = Edition(self._find(version))
        return edition


def reference_of(*bundles: Bundle) -> Reference:
    """A reference that holds just these versions."""
    held = {bundle.version: bundle for bundle in bundles}

    def find(version: str) -> Bundle:
        try:
            return held[version]
        except KeyError as missing:
            raise UnknownVersion(version) from missing

    return Reference(find)


def term_of(procedure: Procedure) -> Term | None:
    """The time a procedure allows; None where it has no term."""
    if procedure.amount is None or procedure.unit is None:
        return None
    return Term(procedure.amount, procedure.unit)


def table_of(calendar: Calendar) -> CalendarTable:
    """The calendar as the working-day arithmetic takes it."""
    closed, worked = (
        tuple(DayOff(date.fromisoformat(row.day), row.basis, row.document) for row in rows)
        for rows in (calendar.closed, calendar.worked)
    )
    return CalendarTable(
        calendar.calendar,
        calendar.version,
        calendar.first_year,
        calendar.last_year,
        closed,
        worked,
        calendar.provisional_years,
    )


def _hours_of(agency: Agency) -> OfficeHours:
    return tuple((_minute(opens), _minute(closes)) for opens, closes in agency.hours)


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
