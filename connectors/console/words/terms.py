"""The words of the trade, one for one thing, as officers say them: statuses, clocks, legs, notices, facts."""

from typing import Any

from connectors.edge.citizen_words import CARRIERS, PARCELS
from rules.deadlines.articles import IN_VIETNAMESE
from rules.deadlines.phrases import EFFECTS, Effect
from rules.post.contradiction import Kind
from rules.words import REASONS
from schemas.clock import Reason

STATUSES = {
    "UNKNOWN": ("Chưa rõ", "Not known"),
    "SUBMITTED": ("Mới đăng ký, chờ tiếp nhận", "Submitted, waits to be received"),
    "RECEIVED": ("Được tiếp nhận", "Received"),
    "RECEPTION_REFUSED": ("Không được tiếp nhận", "Reception refused"),
    "IN_PROCESS": ("Đang xử lý", "In process"),
    "AWAITING_SUPPLEMENT": ("Yêu cầu bổ sung giấy tờ", "A supplement is awaited"),
    "AWAITING_PAYMENT": ("Yêu cầu thực hiện nghĩa vụ tài chính", "A payment is awaited"),
    "WITHDRAWN": ("Công dân yêu cầu rút hồ sơ", "Withdrawn by the applicant"),
    "STOPPED": ("Dừng xử lý", "Processing stopped"),
    "RESULT_READY": ("Đã xử lý xong", "Result ready"),
    "RESULT_RETURNED": ("Đã trả kết quả", "Result returned"),
}
LATENESS = {
    "NONE": ("chưa tính hạn", "no deadline runs"),
    "IN_TIME": ("trong hạn", "in time"),
    "NEAR_DUE": ("sắp đến hạn", "near due"),
    "OVERDUE": ("quá hạn, chưa xong", "overdue"),
    "EARLY": ("xong trước hạn", "done early"),
    "ON_TIME": ("xong đúng hạn", "done on time"),
    "LATE": ("xong quá hạn", "done late"),
}
AWAITS = {
    "OPERATOR": ("người vận hành: một sự kiện chưa xử lý được", "an operator: a fact could not be folded"),
    "COLLECTION": ("bưu chính thu gom hồ sơ và bàn giao", "the post to fetch it and hand it over"),
    "RECEPTION": ("cơ quan tiếp nhận", "the agency to receive it"),
    "DECISION": ("cơ quan giải quyết", "the agency to decide"),
    "PAPERS": ("người nộp bổ sung giấy tờ", "the applicant's missing papers"),
    "PAYMENT": ("người nộp thực hiện nghĩa vụ tài chính", "the applicant's payment"),
    "AT_COUNTER": ("người nộp đến nhận kết quả", "the applicant to fetch the result"),
    "BY_POST": ("bưu chính phát kết quả", "the post to deliver the result"),
    "ELECTRONIC": ("trả kết quả bản điện tử", "the result to be returned electronically"),
    "ADDRESS": (
        "địa chỉ mới, hoặc người nộp đến nhận: kết quả đã bị chuyển hoàn",
        "another address, or a visit: the result came back",
    ),
    "NOTHING": ("không chờ gì nữa", "nothing more"),
    "UNKNOWN": ("chưa rõ", "not known"),
}
CLOCK_STATES = {
    "NOT_STARTED": ("chưa bắt đầu", "not started"),
    "RUNNING": ("đang tính", "running"),
    "SUSPENDED": ("tạm dừng", "suspended"),
    "STOPPED": ("đã dừng", "stopped"),
}
LIMITS = {
    "reception": ("Tiếp nhận hồ sơ nộp trực tuyến", "Reception of an online dossier"),
    "transfer": ("Chuyển đến cơ quan có thẩm quyền", "Transfer to the competent agency"),
    "supplement": ("Bổ sung đủ hồ sơ", "Papers of a supplement"),
    "consultation": ("Trả lời lấy ý kiến", "Answer to a consultation"),
    "step": ("Bước trong thủ tục liên thông", "Step of a linked procedure"),
    "attempt": ("Phát lần đầu theo thời gian toàn trình (J+n)", "First delivery attempt (J+n)"),
    "silence": ("Tin tiếp theo của bưu gửi", "Next word of an item"),
    "storage": ("Lưu giữ kết quả chuyển hoàn", "Keeping of a returned result"),
}
STANDS = {"AHEAD": ("còn hạn", "still to come"), "MISSED": ("đã quá", "missed")}
DAYS = {
    "DAY_ZERO": ("0", "ngày 0, không tính", "0", "day 0, not counted"),
    "SAME_DAY": ("hạn", "hạn trong ngày", "due", "due on the very day"),
    "WORKING_DAY": ("{k}", "ngày làm việc thứ k", "{k}", "k-th working day"),
    "MADE_UP_DAY": ("{k} bù", "ngày làm bù", "{k} m", "made-up working day"),
    "CALENDAR_DAY": ("{k}", "ngày thứ k", "{k}", "k-th calendar day"),
    "OFFICE_MINUTES": ("{k}′", "phút làm việc đã dùng", "{k}′", "office minutes used"),
    "CLOSED": ("lễ", "nghỉ lễ", "off", "closed"),
    "WEEKEND": ("–", "nghỉ cuối tuần", "–", "weekend"),
    "ROLLED": ("→", "chuyển sang ngày làm việc", "→", "rolled to a working day"),
    "SUSPENDED": ("dừng", "tạm dừng", "stop", "suspended"),
}
"""Of what a day counted for: its mark in the strip and what the mark means, in Vietnamese, then in English."""
PURPOSES = {
    "C": ("Thu gom hồ sơ từ người nộp đến cơ quan", "The dossier from the applicant to the agency"),
    "D": ("Phát kết quả từ cơ quan đến người nộp", "The result from the agency to the applicant"),
    "R": ("Trả giấy tờ cho người nộp", "Papers back to the applicant"),
    "T": ("Chuyển hồ sơ giữa các cơ quan", "The dossier between agencies"),
}
ORDERS = {
    "REQUESTED": ("đã yêu cầu, chưa trả lời", "asked for, not answered"),
    "ACCEPTED": ("đã nhận đơn", "accepted"),
    "REFUSED": ("bị từ chối", "refused"),
    "CANCELLING": ("đang hủy", "being cancelled"),
    "CANCELLED": ("đã hủy", "cancelled"),
}
CERTAIN = {
    "CONFIRMED": ("đã xác nhận", "confirmed"),
    "BY_OPERATOR": ("người vận hành xác nhận", "confirmed by an operator"),
    "REPORTED": ("mới được báo, chưa xác nhận", "only reported, not confirmed"),
}
CLAIMS = {
    Kind.TWO_ENDS: ("hai kết cục khác nhau", "two different ends"),
    Kind.MOVED_AFTER_ITS_END: ("còn di chuyển sau khi đã kết thúc", "it moved after its end"),
    Kind.ENDED_BEFORE_IT_WAS_TAKEN: ("kết thúc trước khi được lấy", "it ended before it was taken"),
    Kind.DELIVERED_AT_NIGHT: ("phát vào ban đêm", "delivered at night"),
    Kind.TWO_PROVINCES_AT_ONCE: ("ở hai tỉnh cùng lúc", "in two provinces at once"),
}
HOLDERS = {
    "citizen": ("người nộp", "the applicant"),
    "one-stop": ("Bộ phận Một cửa", "the one-stop section"),
    "competent": ("cơ quan có thẩm quyền", "the competent agency"),
    "consulted": ("cơ quan được lấy ý kiến", "the consulted agency"),
    "post": ("bưu chính", "the post"),
}
BECAME = {
    "in_feed": ("có trong nguồn tin, chưa gọi", "in the feed, not called"),
    "gathered": ("đang gom vào tin gộp", "gathered for a digest"),
    "in_digest": ("có trong tin gộp, chưa gọi", "in a digest, not called"),
    "attempt_failed": ("còn nợ", "owed"),
    "delivered": ("đã nhận", "delivered"),
    "stepped_aside": ("tạm nhường", "stepped aside"),
    "gave_up": ("đã thôi gửi", "gave up"),
}
NOTICES = {
    "deadline_set": ("Có ngày hẹn trả", "Due date set"),
    "deadline_moved": ("Đổi ngày hẹn trả", "Due date moved"),
    "clock_failed": ("Không tính được thời hạn", "Deadline cannot be set"),
    "near_due": ("Sắp đến hạn", "Near due"),
    "due_today": ("Đến hạn hôm nay", "Due today"),
    "missed": ("Quá hạn", "Missed"),
    "miss_withdrawn": ("Rút lại báo quá hạn", "Miss withdrawn"),
    "escalated": ("Quá hạn nhiều ngày", "Escalated"),
    "apology_owed": ("Phải gửi thư xin lỗi", "Apology owed"),
    "reception_missed": ("Chậm tiếp nhận", "Reception missed"),
    "transfer_missed": ("Chậm chuyển hồ sơ", "Transfer missed"),
    "supplement_expired": ("Hết hạn bổ sung", "Supplement expired"),
    "forwarded": ("Hồ sơ được chuyển đến", "Forwarded"),
    "consultation_requested": ("Được lấy ý kiến", "Consultation requested"),
    "consultation_answered": ("Có trả lời ý kiến", "Consultation answered"),
    "step_completed": ("Đã xong một bước", "Step completed"),
    "step_missed": ("Chậm một bước liên thông", "Step missed"),
    "collection_accepted": ("Bưu chính nhận đơn thu gom", "Collection accepted"),
    "collection_failed": ("Thu gom chưa được", "Collection failed"),
    "dossier_collected": ("Bưu chính đã lấy hồ sơ", "Dossier collected"),
    "delivery_accepted": ("Bưu chính nhận đơn phát", "Delivery accepted"),
    "delivery_failed": ("Phát chưa được", "Delivery failed"),
    "result_delivered": ("Đã phát kết quả", "Result delivered"),
    "result_undeliverable": ("Kết quả không phát được", "Result undeliverable"),
    "storage_ended": ("Hết thời gian lưu giữ kết quả", "Storage of a returned result ended"),
    "order_refused": ("Bưu chính từ chối đơn", "Order refused"),
    "order_cancelled": ("Đơn bưu chính đã hủy", "Order cancelled"),
    "cancel_refused": ("Không hủy được đơn bưu chính", "Cancel refused"),
    "postal_silence": ("Không có tin bưu gửi", "Postal silence"),
    "postal_contradiction": ("Tin bưu chính mâu thuẫn", "Postal contradiction"),
    "custody_discrepancy": ("Sai khác khi bàn giao", "Custody discrepancy"),
    "fee_collected": ("Bưu chính đã thu phí", "Fee collected"),
    "fee_remitted": ("Bưu chính đã nộp lại phí", "Fee remitted"),
    "violation": ("Vi phạm quy định", "Violation"),
    "rejected": ("Thông tin không được nhận", "Rejected"),
    "digest": ("Tin gộp", "Digest"),
}
FACTS = {
    "adopted": ("Nhận vào hệ thống khi đang mở", "Adopted while open"),
    "submitted": ("Đã nộp", "Submitted"),
    "received": ("Tiếp nhận", "Received"),
    "reception_refused": ("Từ chối tiếp nhận", "Reception refused"),
    "forwarded": ("Chuyển hồ sơ", "Forwarded"),
    "rerouted": ("Chuyển Một cửa khác", "Rerouted"),
    "assigned": ("Phân công", "Assigned"),
    "step_completed": ("Xong một bước liên thông", "Step completed"),
    "consultation_requested": ("Lấy ý kiến", "Consultation requested"),
    "consultation_answered": ("Trả lời ý kiến", "Consultation answered"),
    "supplement_requested": ("Yêu cầu bổ sung hồ sơ", "Supplement requested"),
    "supplement_received": ("Nhận bổ sung hồ sơ", "Supplement received"),
    "payment_requested": ("Yêu cầu nộp phí", "Payment requested"),
    "payment_received": ("Đã nộp phí", "Payment received"),
    "apology_issued": ("Gửi thư xin lỗi", "Apology issued"),
    "extended": ("Gia hạn, hẹn lại", "Extended"),
    "result_ready": ("Đã có kết quả", "Result ready"),
    "result_returned": ("Đã trả kết quả", "Result returned"),
    "withdrawn": ("Rút hồ sơ", "Withdrawn"),
    "processing_stopped": ("Dừng xử lý", "Processing stopped"),
    "collection_registered": ("Đăng ký thu gom hồ sơ", "Collection registered"),
    "collection_cancelled": ("Hủy thu gom hồ sơ", "Collection cancelled"),
    "return_registered": ("Đăng ký nhận kết quả qua bưu chính", "Return by post registered"),
    "return_cancelled": ("Hủy nhận kết quả qua bưu chính", "Return by post cancelled"),
    "handover_signed": ("Ký biên bản giao nhận", "Hand-over minutes signed"),
    "corrected": ("Đính chính", "Corrected"),
    "rated": ("Đánh giá hài lòng", "Rated"),
    "order_accepted": ("Bưu chính nhận đơn", "Order accepted"),
    "order_refused": ("Bưu chính từ chối đơn", "Order refused"),
    "order_cancelled": ("Đơn bưu chính đã hủy", "Order cancelled"),
    "cancel_refused": ("Không hủy được đơn", "Cancel refused"),
    "item_moved": ("Tin bưu gửi", "Item moved"),
    "invitation_made": ("Mời nhận bưu gửi", "Invitation made"),
    "fee_collected": ("Bưu chính thu hộ phí", "Fee collected"),
    "fee_remitted": ("Bưu chính nộp lại phí", "Fee remitted"),
    "status_confirmed": ("Người vận hành xác nhận", "Confirmed by an operator"),
    "aged_out": ("Thôi chờ tin bưu gửi", "Aged out"),
    "retried": ("Xử lý lại", "Retried"),
    "event_skipped": ("Bỏ qua một sự kiện", "A fact skipped"),
    "archived": ("Đưa vào lưu trữ", "Archived"),
    "reopened": ("Mở lại từ lưu trữ", "Opened again"),
    "reference_changed": ("Áp dụng dữ liệu tham chiếu khác", "Other reference data in force"),
}
VALUES = {
    "COUNTER": ("tại quầy", "at the counter"),
    "ONLINE": ("trực tuyến", "online"),
    "POSTAL": ("qua bưu chính", "by post"),
    "POST": ("qua bưu chính", "by post"),
    "ELECTRONIC": ("bản điện tử", "electronic"),
    "APPRAISAL": ("khi thẩm định", "in appraisal"),
    "APPROVED": ("chấp thuận", "approved"),
    "REFUSED": ("từ chối", "refused"),
    "POST_TO_AGENCY": ("bưu chính giao cho cơ quan", "the post to the agency"),
    "AGENCY_TO_POST": ("cơ quan giao cho bưu chính", "the agency to the post"),
    "LETTER": ("bằng thư", "by letter"),
    "SMS": ("bằng tin nhắn", "by text message"),
    "IN_PERSON": ("trực tiếp", "in person"),
}
"""Channels, ways of return, stages, outcomes, directions."""

FAULTS = {
    "CITIZEN": ("người nộp", "the applicant"),
    "POST": ("bưu chính", "the post"),
    "AGENCY": ("cơ quan", "the agency"),
    "NONE": ("không bên nào", "nobody"),
}


def _in(place: int) -> dict[str, Any]:
    """The tables above in one language: 0 Vietnamese, 1 English."""

    def table(pairs: Any) -> dict[str, str]:
        return {str(name): pair[place] for name, pair in pairs.items()}

    return {
        "statuses": table(STATUSES),
        "lateness": table(LATENESS),
        "awaits": table(AWAITS),
        "clock_states": table(CLOCK_STATES),
        "limits": table(LIMITS),
        "stands": table(STANDS),
        "marks": {name: row[2 * place] for name, row in DAYS.items()},
        "meanings": {name: row[2 * place + 1] for name, row in DAYS.items()},
        "purposes": table(PURPOSES),
        "orders": table(ORDERS),
        "parcels": table(PARCELS),
        "carriers": table(CARRIERS),
        "certain": table(CERTAIN),
        "claims": table(CLAIMS),
        "failures": table(REASONS),
        "faults": table(FAULTS),
        "holders": table(HOLDERS),
        "became": table(BECAME),
        "notices": table(NOTICES),
        "facts": table(FACTS),
        "values": table(VALUES),
        "reasons": {str(one): EFFECTS[Effect(one)][place] for one in Reason},
        "articles": {name: (vietnamese, name)[place] for name, vietnamese in IN_VIETNAMESE.items()},
    }


SAYS: dict[str, dict[str, Any]] = {"vi": _in(0), "en": _in(1)}
