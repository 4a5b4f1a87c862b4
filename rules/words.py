"""The sentence of each notice, ready for the citizen, in Vietnamese and English. No name, no address, no procedure."""

from datetime import date

from schemas.notice import NoticeKind
from schemas.postal import FailureReason

REASONS = {
    FailureReason.ABSENT: ("không có người nhận", "nobody was there"),
    FailureReason.REFUSED: ("người nhận từ chối", "it was refused"),
    FailureReason.ADDRESS_INCOMPLETE: ("địa chỉ không đầy đủ", "the address is incomplete"),
    FailureReason.ADDRESS_WRONG: ("địa chỉ không đúng", "the address is wrong"),
    FailureReason.MOVED: ("người nhận đã chuyển chỗ ở", "the addressee has moved"),
    FailureReason.NOT_FOUND: ("không tìm thấy người nhận", "the addressee was not found"),
    FailureReason.NO_ID: ("người nhận không xuất trình giấy tờ", "no identity paper was shown"),
    FailureReason.FEE_UNPAID: ("phí chưa được nộp", "the fee was not paid"),
    FailureReason.NO_PAPERS_TO_RECOVER: ("chưa có giấy tờ cần thu hồi", "the papers to take back were not there"),
    FailureReason.UNSAFE: ("nơi nhận không an toàn", "the place was not safe"),
    FailureReason.FORCE_MAJEURE: ("bất khả kháng", "force majeure"),
    FailureReason.CARRIER_FAULT: ("sự cố của bưu chính", "a fault of the carrier"),
}

SENTENCES: dict[NoticeKind, tuple[str, str]] = {
    NoticeKind.DEADLINE_SET: (
        "Hồ sơ {dossier} hẹn trả kết quả ngày {due}. Mã tra cứu: {tracking}.",
        "The result of dossier {dossier} is due on {due}. Tracking code: {tracking}.",
    ),
    NoticeKind.DEADLINE_MOVED: (
        "Hồ sơ {dossier} có ngày hẹn trả mới: {due} (trước đây: {previous}).",
        "Dossier {dossier} has a new due date: {due} (before: {previous}).",
    ),
    NoticeKind.CLOCK_FAILED: (
        "Không tính được thời hạn của hồ sơ {dossier}: {why}.",
        "The deadline of dossier {dossier} cannot be set: {why}.",
    ),
    NoticeKind.NEAR_DUE: ("Hồ sơ {dossier} sắp đến hạn ngày {due}.", "Dossier {dossier} is due soon, on {due}."),
    NoticeKind.DUE_TODAY: ("Hồ sơ {dossier} đến hạn hôm nay, {due}.", "Dossier {dossier} is due today, {due}."),
    NoticeKind.MISSED: ("Hồ sơ {dossier} đã quá hạn ngày {due}.", "Dossier {dossier} missed its due date, {due}."),
    NoticeKind.MISS_WITHDRAWN: (
        "Hồ sơ {dossier} không quá hạn: đã xong trong hạn ngày {due}.",
        "Dossier {dossier} did not miss its due date: it was done within {due}.",
    ),
    NoticeKind.ESCALATED: (
        "Hồ sơ {dossier} vẫn chưa xong, hạn là ngày {due}.",
        "Dossier {dossier} is still open; it was due on {due}.",
    ),
    NoticeKind.APOLOGY_OWED: (
        "Hồ sơ {dossier} có thể không kịp hẹn trả ngày {due}: cần gửi thư xin lỗi, hẹn lại chậm nhất ngày {limit}.",
        "Dossier {dossier} may not be done by {due}: a letter of apology with a new date is owed by {limit}.",
    ),
    NoticeKind.RECEPTION_MISSED: (
        "Hồ sơ {dossier} nộp trực tuyến chưa được tiếp nhận trong hạn, ngày {due}.",
        "Dossier {dossier}, submitted online, was not received in time, by {due}.",
    ),
    NoticeKind.TRANSFER_MISSED: (
        "Hồ sơ {dossier} chưa được chuyển đến cơ quan có thẩm quyền trong hạn, ngày {due}.",
        "Dossier {dossier} was not forwarded to the competent agency in time, by {due}.",
    ),
    NoticeKind.SUPPLEMENT_EXPIRED: (
        "Hồ sơ {dossier} chưa được bổ sung đầy đủ trong hạn, ngày {due}.",
        "The papers asked for dossier {dossier} are not complete; the time for them ended on {due}.",
    ),
    NoticeKind.FORWARDED: (
        "Hồ sơ {dossier} được chuyển đến để giải quyết.",
        "Dossier {dossier} was forwarded to you.",
    ),
    NoticeKind.CONSULTATION_REQUESTED: (
        "Đề nghị cho ý kiến về hồ sơ {dossier}, hạn trả lời ngày {due}.",
        "Your opinion on dossier {dossier} is asked for, by {due}.",
    ),
    NoticeKind.CONSULTATION_ANSWERED: (
        "Cơ quan {agency} đã trả lời ý kiến về hồ sơ {dossier}.",
        "Agency {agency} has answered the question on dossier {dossier}.",
    ),
    NoticeKind.STEP_COMPLETED: (
        "Cơ quan {agency} đã hoàn thành bước của mình trong hồ sơ {dossier}.",
        "Agency {agency} has completed its step of dossier {dossier}.",
    ),
    NoticeKind.STEP_MISSED: (
        "Một bước của hồ sơ {dossier} chưa hoàn thành trong hạn, ngày {due}.",
        "A step of dossier {dossier} was not done in time, by {due}.",
    ),
    NoticeKind.COLLECTION_ACCEPTED: (
        "Bưu điện sẽ đến nhận hồ sơ {dossier}. Mã bưu gửi: {item}.",
        "The post will fetch dossier {dossier}. Item: {item}.",
    ),
    NoticeKind.COLLECTION_FAILED: (
        "Bưu điện chưa nhận được hồ sơ {dossier}: {reason}.",
        "The post could not fetch dossier {dossier}: {reason}.",
    ),
    NoticeKind.DOSSIER_COLLECTED: (
        "Bưu điện đã nhận hồ sơ {dossier}. Mã bưu gửi: {item}.",
        "The post has dossier {dossier}. Item: {item}.",
    ),
    NoticeKind.DELIVERY_ACCEPTED: (
        "Bưu điện đã nhận đơn phát hồ sơ {dossier}. Mã bưu gửi: {item}.",
        "The post will deliver dossier {dossier}. Item: {item}.",
    ),
    NoticeKind.DELIVERY_FAILED: (
        "Bưu điện chưa phát được hồ sơ {dossier}: {reason}.",
        "The post could not deliver dossier {dossier}: {reason}.",
    ),
    NoticeKind.RESULT_DELIVERED: (
        "Kết quả hồ sơ {dossier} đã được phát.",
        "The result of dossier {dossier} has been delivered.",
    ),
    NoticeKind.RESULT_UNDELIVERABLE: (
        "Kết quả hồ sơ {dossier} không phát được và được chuyển lại cơ quan.",
        "The result of dossier {dossier} could not be delivered and goes back to the agency.",
    ),
    NoticeKind.STORAGE_ENDED: (
        "Kết quả chuyển hoàn của hồ sơ {dossier} đã hết thời gian lưu giữ ngày {due}.",
        "The time for which the returned result of dossier {dossier} is kept ended on {due}.",
    ),
    NoticeKind.ORDER_REFUSED: (
        "Bưu điện không nhận đơn của hồ sơ {dossier}.",
        "The post did not take the order for dossier {dossier}.",
    ),
    NoticeKind.ORDER_CANCELLED: (
        "Đơn bưu chính của hồ sơ {dossier} đã được hủy.",
        "The post's order for dossier {dossier} is cancelled.",
    ),
    NoticeKind.CANCEL_REFUSED: (
        "Đơn bưu chính của hồ sơ {dossier} không hủy được.",
        "The post's order for dossier {dossier} could not be cancelled.",
    ),
    NoticeKind.POSTAL_SILENCE: (
        "Chưa có tin gì về bưu gửi {leg} của hồ sơ {dossier}.",
        "Nothing was heard of the item {leg} of dossier {dossier}.",
    ),
    NoticeKind.POSTAL_CONTRADICTION: (
        "Thông tin bưu chính của hồ sơ {dossier} mâu thuẫn.",
        "What the post says of dossier {dossier} contradicts itself.",
    ),
    NoticeKind.FEE_COLLECTED: (
        "Bưu điện đã thu phí của hồ sơ {dossier}.",
        "The post collected the fee of dossier {dossier}.",
    ),
    NoticeKind.FEE_REMITTED: (
        "Bưu điện đã nộp lại phí của hồ sơ {dossier}.",
        "The post passed on the fee of dossier {dossier}.",
    ),
    NoticeKind.CUSTODY_DISCREPANCY: (
        "Thành phần hồ sơ {dossier} khi bàn giao có sai khác.",
        "The papers of dossier {dossier} differed at the hand-over.",
    ),
    NoticeKind.VIOLATION: (
        "Hồ sơ {dossier} có vi phạm quy định: {code}.",
        "A rule was broken on dossier {dossier}: {code}.",
    ),
    NoticeKind.REJECTED: (
        "Thông tin gửi về hồ sơ {dossier} không được chấp nhận: {why}.",
        "A fact about dossier {dossier} was not accepted: {why}.",
    ),
    NoticeKind.DIGEST: (
        "Dữ liệu tham chiếu {version} có hiệu lực (phần {part}): {count} thông báo về {dossiers} hồ sơ, "
        "{later} ngày hẹn trả lùi lại, {earlier} sớm hơn.",
        "Reference data {version} is in force (part {part}): {count} notices on {dossiers} dossiers, "
        "{later} due dates later, {earlier} earlier.",
    ),
}


def words(kind: NoticeKind, **values: object) -> dict[str, str]:
    """The sentence of a notice, as `schemas.notice.Words` has it; dates are written as the citizen writes them."""
    vi, en = SENTENCES[kind]
    shown = {name: shown_day(value) if isinstance(value, date) else value for name, value in values.items()}
    if "reason" not in values:
        return {"vi": vi.format_map(shown), "en": en.format_map(shown)}
    reason_vi, reason_en = _reason(values["reason"])
    return {"vi": vi.format_map(shown | {"reason": reason_vi}), "en": en.format_map(shown | {"reason": reason_en})}


def shown_day(day: date) -> str:
    """A date in the citizen's order: 05/11/2026."""
    return f"{day.day:02}/{day.month:02}/{day.year}"


def _reason(reason: object) -> tuple[str, str]:
    return REASONS[reason] if isinstance(reason, FailureReason) else ("chưa rõ lý do", "no reason was given")
