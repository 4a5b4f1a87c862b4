"""What a line of a due date's working says, in Vietnamese and in English."""

from datetime import date, datetime
from enum import StrEnum

from schemas.clock import ClockFact, ClockKind


class CountedAs(StrEnum):
    """What one day counted for."""

    DAY_ZERO = "DAY_ZERO"
    WORKING_DAY = "WORKING_DAY"
    MADE_UP_DAY = "MADE_UP_DAY"
    CALENDAR_DAY = "CALENDAR_DAY"
    OFFICE_MINUTES = "OFFICE_MINUTES"
    CLOSED = "CLOSED"
    WEEKEND = "WEEKEND"
    ROLLED = "ROLLED"
    SUSPENDED = "SUSPENDED"


# (Vietnamese, English); k and n are days or minutes, why the calendar's own words.
DAYS = {
    CountedAs.DAY_ZERO: ("ngày 0, không tính", "day 0, not counted"),
    CountedAs.WORKING_DAY: ("ngày làm việc {k}/{n}", "working day {k} of {n}"),
    CountedAs.MADE_UP_DAY: ("ngày làm bù, ngày làm việc {k}/{n}", "made-up working day, {k} of {n}"),
    CountedAs.CALENDAR_DAY: ("ngày {k}/{n}", "calendar day {k} of {n}"),
    CountedAs.OFFICE_MINUTES: ("{k}/{n} phút làm việc", "{k} of {n} office minutes"),
    CountedAs.CLOSED: ("nghỉ: {why}", "closed: {why}"),
    CountedAs.WEEKEND: ("nghỉ cuối tuần", "weekend"),
    CountedAs.ROLLED: ("chuyển từ {from_vi}, không phải ngày làm việc", "rolled from {from_en}, no working day"),
    CountedAs.SUSPENDED: (
        "tạm dừng từ {from_vi} vì chờ bổ sung hồ sơ",
        "suspended since {from_en} because a supplement is awaited",
    ),
}

FACTS = {
    ClockKind.RECEIVED: ("tiếp nhận", "received"),
    ClockKind.HANDOVER_SIGNED: ("ký biên bản giao nhận", "hand-over minutes signed"),
    ClockKind.SUPPLEMENT_REQUESTED: ("yêu cầu bổ sung hồ sơ", "supplement requested"),
    ClockKind.SUPPLEMENT_RECEIVED: ("đã bổ sung hồ sơ", "supplement received"),
    ClockKind.EXTENDED: ("hẹn lại", "extended"),
    ClockKind.RESULT_READY: ("đã có kết quả", "result ready"),
    ClockKind.RESOLUTION_REFUSED: ("từ chối giải quyết", "resolution refused"),
    ClockKind.WITHDRAWN: ("rút hồ sơ", "withdrawn"),
    ClockKind.PROCESSING_STOPPED: ("dừng xử lý", "processing stopped"),
}

DUE = ("hạn trả {at_vi}, lịch {calendar} {version}", "due {at_en}, calendar {calendar} {version}")
PROVISIONAL = ("tạm tính", "provisional")
NO_EFFECT = ("không làm thay đổi hạn", "changes nothing")


def day_in(day: date) -> tuple[str, str]:
    """A day as a citizen reads it, and as everyone else does."""
    return f"{day:%d/%m/%Y}", day.isoformat()


def minute_in(at: datetime) -> tuple[str, str]:
    """A minute likewise; at is already in the zone."""
    return f"{at:%H:%M %d/%m/%Y}", f"{at:%Y-%m-%d %H:%M}"


def fact_in(fact: ClockFact, at: datetime, notes: tuple[str, ...]) -> tuple[str, str]:
    """A fact with its minute and what is noted of it: articles and violations; without a note it changed nothing."""
    vi, en = FACTS[fact.kind]
    if fact.new_due_on:
        to_vi, to_en = day_in(fact.new_due_on)
        vi, en = f"{vi} {to_vi}", f"{en} to {to_en}"
    noted_vi, noted_en = (", ".join(notes),) * 2 if notes else NO_EFFECT
    return f"{vi}, {at:%H:%M} ({noted_vi})", f"{en}, {at:%H:%M} ({noted_en})"
