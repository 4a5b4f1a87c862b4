"""A report as somebody asks for it by a form, and its sheet out of the read model, for the eyes of who asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from connectors.console.desk import Look, NotYours
from connectors.project.reading import Reading
from connectors.reports.asked import Asked, Source
from connectors.reports.every import REPORTS, Report
from connectors.reports.sheet import ALL, Sheet
from rules.deadlines.calendar import FIRST_DAY, LAST_DAY
from rules.reports.form06a import BY
from rules.reports.period import Period
from schemas.instant import now

FIRST_REPORT = "06a"
SHOWN = 300
"""So many lines a page shows; the files have all."""


class WrongQuestion(ValueError):
    """What cannot be asked; its first argument is a name in the page's words."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The form as it is filled in."""

    report: str
    agency: str
    first: str
    last: str
    as_of: str
    by: tuple[str, ...]
    dossiers: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A report, of one agency or of all, by the code it goes by today."""

    name: str
    agency: str | None
    asked: Asked

    @property
    def report(self) -> Report:
        """How its sheet is made."""
        return REPORTS[self.name]

    @property
    def query(self) -> str:
        """The same question as a link asks it."""
        asked = self.asked
        said = [("first", asked.period.first.isoformat()), ("last", asked.period.last.isoformat())]
        said += [("agency", self.agency)] if self.agency else []
        said += [("as_of", asked.as_of.isoformat())] if asked.as_of else []
        said += [("by", name) for name in asked.by] if self.report.breaks_down else []
        said += [("dossiers", "1")] if asked.dossiers else []
        return urlencode(said)

    @property
    def file(self) -> str:
        """What its file is called, without an ending."""
        parts = (self.name, self.agency, self.asked.period.first, self.asked.period.last)
        return "-".join(str(part) for part in parts if part)


@dataclass(frozen=True, slots=True)
class Made:
    """A sheet, and when it was made (driven time)."""

    sheet: Sheet
    at: datetime

    @property
    def lines(self) -> Sequence[Sequence[object]]:
        """The lines that a page shows, without the one that adds them up."""
        return self.sheet.rows[: len(self.sheet.rows) - len(self.total)][:SHOWN]

    @property
    def total(self) -> Sequence[Sequence[object]]:
        """The line that adds up all others, if there is one."""
        return [row for row in self.sheet.rows[-1:] if row[0] == ALL]

    @property
    def more(self) -> int:
        """How many lines a page leaves out."""
        return len(self.sheet.rows) - len(self.total) - len(self.lines)


def fields_of(query: Mapping[str, str], by: Sequence[str], today: date) -> Fields:
    """What a request's words fill in; what it leaves out is the current month so far, by agency."""
    return Fields(
        report=query.get("report") or FIRST_REPORT,
        agency=query.get("agency", "").strip(),
        first=query.get("first") or today.replace(day=1).isoformat(),
        last=query.get("last") or today.isoformat(),
        as_of=query.get("as_of", ""),
        by=tuple(by) or ("agency",),
        dossiers=bool(query.get("dossiers")),
    )


def question(look: Look, fields: Fields) -> Question:
    """What they ask. An officer of an agency asks of that one only. Raises NotYours, and WrongQuestion."""
    report = REPORTS.get(fields.report)
    if report is None:
        raise NotYours(fields.report)
    agency = _agency(look, fields.agency)
    first, last = _day(fields.first), _day(fields.last)
    if last < first:
        raise WrongQuestion("wrong_period")
    if any(name not in BY for name in fields.by):
        raise WrongQuestion("wrong_by")
    return Question(
        fields.report,
        agency,
        Asked(
            Period(first, last),
            _day(fields.as_of) if fields.as_of and report.as_known else None,
            tuple(name for name in BY if name in fields.by),
            # Codes of dossiers are for their own agency: nobody lists those of all.
            fields.dossiers and report.lists_dossiers and agency is not None,
        ),
    )


def make(look: Look, question: Question) -> Made:
    """The sheet that was asked for, at this moment."""
    reading = Reading(look.connection, look.tables, look.library, question.agency)
    return Made(question.report.sheet(Source(reading, look.library), question.asked), now())


def periods(today: date) -> Iterator[tuple[str, date, date]]:
    """The periods that are asked for most, up to today: their names in the page's words, first and last day."""
    month = today.replace(day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    before, last_quarter = month - timedelta(days=1), quarter - timedelta(days=1)
    yield "this_month", month, today
    yield "last_month", before.replace(day=1), before
    yield "this_quarter", quarter, today
    yield "last_quarter", last_quarter.replace(month=last_quarter.month - 2, day=1), last_quarter
    yield "this_year", today.replace(month=1, day=1), today


def _agency(look: Look, code: str) -> str | None:
    if not code:
        return look.agency
    found = look.library.newest.agency(code)
    if found is None or look.agency not in (None, found.code):
        raise NotYours(code)
    return found.code


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise WrongQuestion("wrong_day") from error
    if not FIRST_DAY <= day < LAST_DAY:
        raise WrongQuestion("wrong_day")
    return day
