"""What a line of a due date's working says, in Vietnamese and in English; every pair is in this order."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from schemas.clock import ClockFact, ClockKind, Outcome, Violation


class CountedAs(StrEnum):
    """What one day counted for."""

    DAY_ZERO = "DAY_ZERO"
    # Day 0 that is the due date itself.
    SAME_DAY = "SAME_DAY"
    WORKING_DAY = "WORKING_DAY"
    MADE_UP_DAY = "MADE_UP_DAY"
    CALENDAR_DAY = "CALENDAR_DAY"
    OFFICE_MINUTES = "OFFICE_MINUTES"
    CLOSED = "CLOSED"
    WEEKEND = "WEEKEND"
    ROLLED = "ROLLED"
    SUSPENDED = "SUSPENDED"


class Effect(StrEnum):
    """What a fact did to the clock; NONE is recorded, and does not touch it."""

    STARTED = "STARTED"
    RESTARTED = "RESTARTED"
    RESUMED = "RESUMED"
    EXTENDED = "EXTENDED"
    SUSPENDED = "SUSPENDED"
    STOPPED = "STOPPED"
    NONE = "NONE"


# k and n are days or minutes, why the calendar's own words.
DAYS = {
    CountedAs.DAY_ZERO: ("ngày 0, không tính", "day 0, not counted"),
    CountedAs.SAME_DAY: ("hạn trong chính ngày này", "due on this very day"),
    CountedAs.WORKING_DAY: ("ngày làm việc {k}/{n}", "working day {k} of {n}"),
    CountedAs.MADE_UP_DAY: ("ngày làm bù, ngày làm việc {k}/{n}", "made-up working day, {k} of {n}"),
    CountedAs.CALENDAR_DAY: ("ngày {k}/{n}", "calendar day {k} of {n}"),
    CountedAs.OFFICE_MINUTES: ("{k}/{n} phút làm việc", "{k} of {n} office minutes"),
    CountedAs.CLOSED: ("nghỉ: {why_vi}", "closed: {why}"),
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
INCOMPLETE = (" (chưa đủ)", " (incomplete)")
TO = (" đến ngày {day}", " to {day}")

EFFECTS = {
    Effect.STARTED: ("bắt đầu tính thời hạn", "the clock starts"),
    Effect.RESTARTED: ("tính lại từ đầu", "the whole term again"),
    Effect.RESUMED: ("tính tiếp phần còn lại", "the rest of the term goes on"),
    Effect.EXTENDED: ("ngày hẹn mới", "a new due date"),
    Effect.SUSPENDED: ("tạm dừng tính thời hạn", "the clock is suspended"),
    Effect.STOPPED: ("ngừng tính thời hạn", "the clock stops"),
    Effect.NONE: ("không làm thay đổi hạn", "changes nothing"),
}

OUTCOMES = {
    Outcome.EARLY: ("trước hạn", "early"),
    Outcome.ON_TIME: ("đúng hạn", "on time"),
    Outcome.LATE: ("quá hạn", "late"),
}

# Those that the clock names.
VIOLATIONS = {
    Violation.SUPPLEMENT_AFTER_DUE: (
        "vi phạm: yêu cầu bổ sung sau khi hết hạn",
        "violation: a supplement is asked for after the due date",
    ),
    Violation.SUPPLEMENT_REQUEST_LATE: (
        "vi phạm: yêu cầu bổ sung sau ngày làm việc thứ 3 kể từ ngày 0",
        "violation: a supplement is asked for after the 3rd working day",
    ),
    Violation.SUPPLEMENT_REPEATED: (
        "vi phạm: yêu cầu bổ sung quá một lần",
        "violation: a supplement is asked for more than once",
    ),
    Violation.EXTENSION_REPEATED: ("vi phạm: hẹn lại quá một lần", "violation: extended more than once"),
    Violation.EXTENSION_WHILE_SUSPENDED: (
        "vi phạm: hẹn lại khi đang tạm dừng",
        "violation: extended while the clock is suspended",
    ),
    Violation.EXTENSION_LATE: (
        "vi phạm: hẹn lại sau ngày làm việc cuối cùng trước hạn",
        "violation: extended after the last working day before the due date",
    ),
    Violation.EXTENSION_NOT_LATER: (
        "vi phạm: ngày hẹn lại không sau hạn cũ",
        "violation: the new date is not after the due date",
    ),
}

AFTER_FIFTEEN = ("nhận sau 15:00 nên tính sang ngày làm việc tiếp theo", "after 15:00, so due the next working day")
NOTHING_LEFT = ("thời hạn không còn ngày nào", "nothing was left of the term")
DUE = ("hạn trả {at_vi}, lịch {calendar} {version}", "due {at_en}, calendar {calendar} {version}")
PROVISIONAL = ("tạm tính", "provisional")


def day_in(day: date) -> tuple[str, str]:
    """A day as a citizen reads it, and as everyone else does."""
    return f"{day:%d/%m/%Y}", day.isoformat()


def minute_in(at: datetime) -> tuple[str, str]:
    """A minute likewise; at is already in the zone."""
    return f"{at:%H:%M %d/%m/%Y}", f"{at:%Y-%m-%d %H:%M}"


def fact_in(fact: ClockFact, at: datetime, notes: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """A fact with its time and what is noted of it: what it did, by which article, what it violates."""
    vi, en = FACTS[fact.kind]
    if fact.kind is ClockKind.SUPPLEMENT_RECEIVED and not fact.complete:
        vi, en = vi + INCOMPLETE[0], en + INCOMPLETE[1]
    if fact.kind is ClockKind.EXTENDED and fact.new_due_on:
        to_vi, to_en = day_in(fact.new_due_on)
        vi, en = vi + TO[0].format(day=to_vi), en + TO[1].format(day=to_en)
    noted_vi, noted_en = (", ".join(words) for words in zip(*notes, strict=True))
    # A second may decide: a term of the same day ends its first half at 15:00:00.
    when = f"{at:%H:%M:%S}" if at.second or at.microsecond else f"{at:%H:%M}"
    return f"{vi}, {when} ({noted_vi})", f"{en}, {when} ({noted_en})"
