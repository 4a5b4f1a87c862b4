"""A draft of form 04, the letter of apology: all that the city's by-law asks for but the name, which is sealed.

Decision 5157/QĐ-UBND names seven things: name, kind of dossier, receipt number, state, reason, new date, apology. The
words are neutral and blame nobody: whoever signs knows more, and changes them. Of a linked procedure one letter names
every agency that is waited for. docs/forecast.md.
"""

from datetime import date

from rules.deadlines.forecast import Awaited, Forecast
from rules.reference import Edition
from rules.words import shown_day
from schemas.dossier import DossierStatus
from schemas.reference import Procedure

Words = tuple[str, str]
"""The same in Vietnamese and in English."""

FORM = "04"
STATES: dict[DossierStatus, Words] = {
    DossierStatus.UNKNOWN: ("Đang xử lý", "In process"),
    DossierStatus.SUBMITTED: ("Mới đăng ký", "Submitted"),
    DossierStatus.RECEIVED: ("Được tiếp nhận", "Received"),
    DossierStatus.IN_PROCESS: ("Đang xử lý", "In process"),
    DossierStatus.AWAITING_SUPPLEMENT: ("Yêu cầu bổ sung giấy tờ", "Papers are awaited"),
    DossierStatus.AWAITING_PAYMENT: ("Yêu cầu thực hiện nghĩa vụ tài chính", "A payment is awaited"),
}
"""The national list's words for where a dossier stands while its clock runs."""
REASONS: dict[Awaited, Words] = {
    Awaited.TRANSFER: (
        "Hồ sơ đang được chuyển đến cơ quan có thẩm quyền giải quyết",
        "The dossier is on its way to the agency that decides",
    ),
    Awaited.CONSULTATION: (
        "Hồ sơ đang chờ ý kiến của cơ quan được lấy ý kiến",
        "The answer of an agency that was consulted is awaited",
    ),
    Awaited.STEP: (
        "Hồ sơ đang được giải quyết tại cơ quan phối hợp",
        "A step at another agency is not completed yet",
    ),
    Awaited.PAYMENT: ("Hồ sơ đang chờ hoàn thành nghĩa vụ tài chính", "A payment is awaited"),
    Awaited.SUPPLEMENT: ("Hồ sơ đang chờ giấy tờ bổ sung", "Papers that were asked for are awaited"),
}
MORE_TIME: Words = (
    "Hồ sơ cần thêm thời gian để thẩm định, giải quyết",
    "The dossier needs more time to be examined and decided",
)
APOLOGY: Words = (
    "Hồ sơ {dossier} có hẹn trả kết quả ngày {due}. Chúng tôi chưa thể trả kết quả đúng hẹn, thành thật xin lỗi Ông/Bà "
    "và xin hẹn trả kết quả vào ngày {new}.",
    "The result of dossier {dossier} was promised for {due}. We cannot keep this date, apologise to you sincerely, and "
    "will have the result on {new}.",
)


def draft(
    code: str, status: DossierStatus, procedure: Procedure | None, due_on: date, found: Forecast, edition: Edition
) -> dict[str, object]:
    """The draft in Vietnamese and in English; a procedure has its one name in both."""
    vi, en = ({
        "dossier_type": procedure.name if procedure else code,
        "receipt_number": code,
        "state": STATES.get(status, STATES[DossierStatus.IN_PROCESS])[language],
        "reason": "; ".join(_reasons(found, edition, language)),
        "new_date": shown_day(found.new_on),
        "apology": APOLOGY[language].format(dossier=code, due=shown_day(due_on), new=shown_day(found.new_on)),
    } for language in (0, 1))  # fmt: skip
    return {"form": FORM, "vi": vi, "en": en}


def _reasons(found: Forecast, edition: Edition, language: int) -> list[str]:
    """What it waits for, each kind once, and of which agencies; else that it takes longer."""
    awaited: dict[Awaited, dict[str, None]] = {}
    for wait in found.waits_for:
        names = awaited.setdefault(wait.what, {})
        if wait.agency is not None:
            names[_name(wait.agency, edition, language)] = None
    said = (REASONS[what][language] + (f" ({', '.join(names)})" if names else "") for what, names in awaited.items())
    return list(said) or [MORE_TIME[language]]


def _name(code: str, edition: Edition, language: int) -> str:
    agency = edition.agency(code)
    if agency is None:
        return code
    return (agency.name, agency.name_en)[language]
