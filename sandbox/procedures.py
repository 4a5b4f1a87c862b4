"""The few procedures the city's people ask for, with their published terms, and the due date that follows."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.days import Days
from schemas.clock import Unit

LATE_IN_THE_DAY = 15 * 60
"""A same-day procedure received after 15:00 is due the next working day."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure, its term, and who decides: the ward itself or the city's department."""

    code: str
    name: str
    amount: int
    unit: Unit
    by_post: bool
    department: bool = False


def _row(
    code: str, name: str, amount: int, unit: Unit, *, by_post: bool = True, department: bool = False
) -> tuple[str, Procedure]:
    return code, Procedure(code, name, amount, unit, by_post, department)


PROCEDURES = dict(
    (
        _row("2.000635", "Cấp bản sao trích lục hộ tịch", 1, Unit.SAME_DAY),
        _row("1.001193", "Đăng ký khai sinh", 1, Unit.SAME_DAY),
        _row("2.000815", "Chứng thực bản sao từ bản chính", 1, Unit.SAME_DAY, by_post=False),
        _row("1.004873", "Cấp giấy xác nhận tình trạng hôn nhân", 3, Unit.WORKING_DAYS),
        _row("1.004194", "Đăng ký tạm trú", 3, Unit.WORKING_DAYS, by_post=False),
        _row("1.004222", "Đăng ký thường trú", 7, Unit.WORKING_DAYS, by_post=False),
        _row("2.001610", "Đăng ký thành lập doanh nghiệp tư nhân", 3, Unit.WORKING_DAYS, department=True),
        _row("2.000488", "Cấp phiếu lý lịch tư pháp", 10, Unit.CALENDAR_DAYS, department=True),
    )
)
SAME_DAY = ("2.000635", "1.001193", "2.000815")
SAME_DAY_BY_POST = ("2.000635", "1.001193")
THREE_DAYS = ("1.004873", "1.004194")
THREE_DAYS_BY_POST = ("1.004873",)
SEVERAL_DAYS = ("1.004873", "1.004194", "1.004222")
OF_THE_CITY = ("2.001610",)
CRIMINAL_RECORD = ("2.000488",)


def due_on(procedure: Procedure, starts_at: datetime, days: Days) -> date:
    """The last lawful day of a term that starts at this instant."""
    start = starts_at.date()
    match procedure.unit:
        case Unit.SAME_DAY:
            minute = starts_at.hour * 60 + starts_at.minute + (starts_at.second > 0)
            in_time = days.works_on(start) and minute <= LATE_IN_THE_DAY
            return start if in_time else days.after(start, 1)
        case Unit.CALENDAR_DAYS:
            return days.after(start + timedelta(days=procedure.amount), 0)
        case _:
            return days.after(start, procedure.amount)
