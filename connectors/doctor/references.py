"""The reference data in force: whether it is what the folder says, and whether its calendar covers the next year."""

from collections.abc import Iterator
from datetime import date, timedelta

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, many
from connectors.reference import WrongReference, read_dir
from rules.deadlines.calendar_faults import known_years
from schemas.instant import date_of, now
from schemas.reference import Bundle, Calendar

AREA = "reference"
AHEAD = timedelta(days=365)
NONE = Said(
    "chưa công bố dữ liệu tham chiếu: không nhận gì vào được", "no reference data is published: nothing is let in"
)
IN_FORCE = Said("{version} đang có hiệu lực, với lịch {calendar}", "{version} is in force, with calendar {calendar}")
UNKNOWN_YEAR = Said("lịch {calendar} không biết gì về năm {year}", "the calendar {calendar} knows nothing of {year}")
PROVISIONAL = Said(
    "năm {year} của lịch là tạm tính: ngày hẹn trả dựa vào đó có thể thay đổi",
    "the calendar's {year} is provisional: due dates that rest on it may move",
)
MISTAKES = Said("{mistakes} trong {folder}: không công bố được", "{mistakes} in {folder}: it cannot be published")
DIFFERS = Said("{folder} có {found}, đang có hiệu lực là {version}", "{folder} holds {found}, in force is {version}")


def findings(place: Place) -> Iterator[Finding]:
    """Raises TryLater."""
    bundle = place.bundle
    if bundle is None:
        yield Finding(AREA, Severity.BAD, NONE, "hoso reference apply")
        return
    found = [*_years(bundle.calendar, date_of(now())), *_folder(place, bundle)]
    yield from found
    if not any(one.severity > Severity.NOTE for one in found):
        what = IN_FORCE.of(version=bundle.version, calendar=bundle.calendar.version)
        yield Finding(AREA, Severity.OK, what)


def _years(calendar: Calendar, today: date) -> Iterator[Finding]:
    """The years that due dates of the next twelve months rest on."""
    needed = sorted({today.year, (today + AHEAD).year})
    known = known_years(calendar)
    for year in needed:
        if year not in known:
            severity = Severity.BAD if year == today.year else Severity.WARNING
            what = UNKNOWN_YEAR.of(calendar=calendar.version, year=year)
            yield Finding(AREA, severity, what, f"hoso calendar build {year}")
        elif year in calendar.provisional_years:
            yield Finding(AREA, Severity.NOTE, PROVISIONAL.of(year=year), f"hoso calendar show {year}")


def _folder(place: Place, bundle: Bundle) -> Iterator[Finding]:
    folder = place.settings.reference_dir
    try:
        found = read_dir(folder)
    except WrongReference as wrong:
        what = MISTAKES.of(mistakes=many(len(wrong.problems), "mistake", vi="lỗi"), folder=str(folder))
        yield Finding(AREA, Severity.WARNING, what, "hoso check", wrong.problems[0] if wrong.problems else "")
        return
    if found.version != bundle.version:
        what = DIFFERS.of(folder=str(folder), found=found.version, version=bundle.version)
        yield Finding(AREA, Severity.NOTE, what, "hoso reference apply")
