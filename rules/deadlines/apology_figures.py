"""The register of letters of apology, and its figures: how many were owed, sent, in time, and for whose lateness."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from rules.deadlines.apologies import Entry, Reckoned


@dataclass(slots=True)
class Figures:
    """How many letters, and how many dossiers that came late. owed = sent - unasked + needless + outstanding."""

    owed: int = 0
    drafted: int = 0
    signed: int = 0
    sent: int = 0
    unasked: int = 0
    late_by_decree: int = 0
    late_by_city: int = 0
    needless: int = 0
    outstanding: int = 0
    late_dossiers: int = 0
    late_with_letter: int = 0

    def add(self, entry: Entry) -> None:
        """One letter more."""
        self.owed += entry.owed_at is not None
        self.drafted += entry.drafted_at is not None
        self.signed += entry.signed_by is not None
        self.sent += entry.sent_at is not None
        self.unasked += entry.owed_at is None
        self.late_by_decree += entry.late_by_decree
        self.late_by_city += entry.late_by_city
        self.needless += entry.needless is not None
        self.outstanding += entry.is_outstanding

    @property
    def shares(self) -> dict[str, float | None]:
        """Coverage and timeliness by both rules, from 0 to 1; None where there is nothing to divide by."""
        return {
            "coverage": _share(self.late_with_letter, self.late_dossiers),
            "in_time_by_decree": _share(self.sent - self.late_by_decree, self.sent),
            "in_time_by_city": _share(self.sent - self.late_by_city, self.sent),
        }

    def document(self) -> dict[str, int | float | None]:
        """Every figure by its name."""
        return {**asdict(self), **self.shares}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


@dataclass(slots=True)
class Register:
    """Every line, and the figures of each agency; of one agency, or of due dates in one month (`2026-11`), if asked."""

    agency: str | None = None
    month: str | None = None
    entries: list[Entry] = field(default_factory=list)
    figures: dict[str, Figures] = field(default_factory=dict)

    def add(self, one: Reckoned) -> None:
        """One dossier more."""
        if self.agency not in (None, one.agency):
            return
        for entry in one.entries:
            if self._asked_for(entry.due_on):
                self.entries.append(entry)
                self._of(one.agency).add(entry)
        if one.late_for is not None and self._asked_for(one.late_for):
            self._of(one.agency).late_dossiers += 1
            self._of(one.agency).late_with_letter += one.has_letter

    def total(self) -> Figures:
        """All agencies together."""
        every = [asdict(one) for one in self.figures.values()]
        return Figures(**{name: sum(one[name] for one in every) for name in asdict(Figures())})

    def in_order(self) -> Sequence[Entry]:
        """The lines by agency, due date and dossier."""
        return sorted(self.entries, key=lambda one: (one.agency, one.due_on, one.dossier))

    def _of(self, agency: str) -> Figures:
        return self.figures.setdefault(agency, Figures())

    def _asked_for(self, day: date) -> bool:
        return self.month is None or f"{day:%Y-%m}" == self.month
