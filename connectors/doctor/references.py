"""The reference data in force: whether it is what the folder says, and whether its calendar covers the next year."""

from collections.abc import Iterator
from datetime import date, timedelta

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import many
from connectors.reference import WrongReference, read_dir
from rules.deadlines.calendar_faults import known_years
from schemas.instant import date_of, now
from schemas.reference import Bundle, Calendar

AREA = "reference"
AHEAD = timedelta(days=365)


def findings(place: Place) -> Iterator[Finding]:
    """Raises TryLater."""
    bundle = place.bundle
    if bundle is None:
        what = "no reference data is published: nothing is let in"
        yield Finding(AREA, Severity.BAD, what, "hoso reference apply")
        return
    found = [*_years(bundle.calendar, date_of(now())), *_folder(place, bundle)]
    yield from found
    if not any(one.severity > Severity.NOTE for one in found):
        what = f"{bundle.version} is in force, with calendar {bundle.calendar.version}"
        yield Finding(AREA, Severity.OK, what)


def _years(calendar: Calendar, today: date) -> Iterator[Finding]:
    """The years that due dates of the next twelve months rest on."""
    needed = sorted({today.year, (today + AHEAD).year})
    known = known_years(calendar)
    for year in needed:
        if year not in known:
            severity = Severity.BAD if year == today.year else Severity.WARNING
            what = f"the calendar {calendar.version} knows nothing of {year}"
            yield Finding(AREA, severity, what, f"hoso calendar build {year}")
        elif year in calendar.provisional_years:
            what = f"the calendar's {year} is provisional: due dates that rest on it may move"
            yield Finding(AREA, Severity.NOTE, what, f"hoso calendar show {year}")


def _folder(place: Place, bundle: Bundle) -> Iterator[Finding]:
    folder = place.settings.reference_dir
    try:
        found = read_dir(folder)
    except WrongReference as wrong:
        what = f"{many(len(wrong.problems), 'mistake')} in {folder}: it cannot be published"
        yield Finding(AREA, Severity.WARNING, what, "hoso check", wrong.problems[0] if wrong.problems else "")
        return
    if found.version != bundle.version:
        what = f"{folder} holds {found.version}, in force is {bundle.version}"
        yield Finding(AREA, Severity.NOTE, what, "hoso reference apply")
