"""One entry in the post's own books, in the words that all carriers share."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.postal import TERMINAL, FailureReason, ParcelStatus

ABSENT = ("Người nhận đi vắng", "Không có nhà", "Không nghe máy", "Không liên lạc được với người nhận")
OTHERWISE = ("Sai địa chỉ người nhận", "Thời tiết xấu, ngập lụt", "Người nhận đã chuyển chỗ ở", "Bưu cục quá tải")
SENDER_AWAY = ("Khách hẹn ngày khác", "Không có nhà")
UNDELIVERABLE = ("Người nhận đi vắng", "Không tìm thấy người nhận", "Người nhận từ chối nhận")
REASONS = {
    **dict.fromkeys((*ABSENT, *SENDER_AWAY), FailureReason.ABSENT),
    "Sai địa chỉ người nhận": FailureReason.ADDRESS_WRONG,
    "Thời tiết xấu, ngập lụt": FailureReason.FORCE_MAJEURE,
    "Người nhận đã chuyển chỗ ở": FailureReason.MOVED,
    "Bưu cục quá tải": FailureReason.CARRIER_FAULT,
    "Không tìm thấy người nhận": FailureReason.NOT_FOUND,
    "Người nhận từ chối nhận": FailureReason.REFUSED,
}
"""What the postmen's words mean, for carriers that send a code instead."""


class Detail(StrEnum):
    """What some carriers tell apart where the canonical status is one."""

    NONE = ""
    FIRST_OFFICE = "at the office that picked it up"
    APPROVED = "the return is approved"
    GIVEN_UP = "nobody comes for it any more"
    COLLECTED = "the postman has the cash"
    REMITTED = "the sender has the cash"
    POSTMAN = "the postman says so, his office not yet"
    PAPERS = "only the papers moved"
    UNTRUE = "it is not so"


@dataclass(frozen=True, slots=True)
class Scan:
    """One entry in the post's own books: the step, the unix second, the cause in the postman's words."""

    status: ParcelStatus
    at: float
    cause: str = ""
    detail: Detail = Detail.NONE

    @property
    def moves(self) -> bool:
        """Whether it tells where the envelope is; money and papers do not."""
        return self.status is not ParcelStatus.FEE_SETTLED and self.detail is not Detail.PAPERS

    @property
    def ends(self) -> bool:
        """Whether the envelope rests here: delivered, returned, cancelled or never handed over."""
        return self.status in TERMINAL or self.detail is Detail.GIVEN_UP

    @property
    def reason(self) -> FailureReason | None:
        """What the cause means."""
        return REASONS.get(self.cause)
