"""Statuses, parcels and what is wanted in plain words for the citizen: Vietnamese first, English second."""

from collections.abc import Mapping

from rules.citizen import Parcel, Situation, Want, Wanted
from rules.rating import Rateable
from rules.words import REASONS, shown_day
from schemas.postal import LegKind, ParcelStatus

Pair = tuple[str, str]

SITUATIONS: dict[Situation, Pair] = {
    Situation.UNKNOWN: ("Chưa có thông tin về hồ sơ này.", "Nothing is known of this dossier yet."),
    Situation.SUBMITTED: (
        "Hồ sơ đã nộp, đang chờ cơ quan tiếp nhận.",
        "The dossier is handed in and waits to be received.",
    ),
    Situation.RECEIVED: ("Hồ sơ đã được tiếp nhận.", "The dossier has been received."),
    Situation.RECEPTION_REFUSED: (
        "Hồ sơ không được tiếp nhận. Lý do ghi trên phiếu từ chối.",
        "The dossier was not received. The slip of refusal says why.",
    ),
    Situation.IN_PROCESS: ("Cơ quan đang giải quyết hồ sơ.", "The agency is working on the dossier."),
    Situation.AWAITING_SUPPLEMENT: ("Đang chờ ông/bà bổ sung giấy tờ.", "The agency waits for more papers from you."),
    Situation.AWAITING_PAYMENT: ("Đang chờ ông/bà nộp phí, lệ phí.", "The agency waits for you to pay the fee."),
    Situation.WITHDRAWN: ("Hồ sơ đã được rút theo yêu cầu.", "The dossier was withdrawn, as was asked."),
    Situation.STOPPED: (
        "Cơ quan đã dừng xử lý hồ sơ. Lý do ghi trên thông báo dừng giải quyết.",
        "The agency has stopped processing the dossier. The notice says why.",
    ),
    Situation.READY_AT_COUNTER: (
        "Đã có kết quả. Mời ông/bà đến Bộ phận Một cửa nhận.",
        "There is a result. Please come to the one-stop section for it.",
    ),
    Situation.READY_BY_POST: (
        "Đã có kết quả. Kết quả được gửi đến ông/bà qua bưu chính.",
        "There is a result. It comes to you by post.",
    ),
    Situation.READY_ONLINE: (
        "Đã có kết quả. Kết quả được trả bằng bản điện tử.",
        "There is a result. It is returned electronically.",
    ),
    Situation.CAME_BACK: (
        "Đã có kết quả. Bưu chính không phát được và kết quả đã trở về cơ quan.",
        "There is a result. The post could not deliver it, and it is with the agency again.",
    ),
    Situation.RETURNED: ("Ông/bà đã nhận kết quả.", "You have the result."),
}

PURPOSES: dict[LegKind, Pair] = {
    LegKind.COLLECT_DOSSIER: ("Hồ sơ từ ông/bà đến cơ quan", "The dossier from you to the agency"),
    LegKind.DELIVER_RESULT: ("Kết quả từ cơ quan đến ông/bà", "The result from the agency to you"),
    LegKind.RETURN_PAPERS: ("Giấy tờ trả lại ông/bà", "Your papers back to you"),
    LegKind.AGENCY_TRANSFER: ("Hồ sơ giữa các cơ quan", "The dossier between agencies"),
}

PARCELS: dict[ParcelStatus, Pair] = {
    ParcelStatus.REQUESTED: ("đã yêu cầu bưu chính, đang chờ trả lời", "asked of the post, which has not answered yet"),
    ParcelStatus.ACCEPTED: ("bưu chính đã nhận đơn", "the post has taken the order"),
    ParcelStatus.PICKUP_SCHEDULED: ("bưu chính đã hẹn đến lấy", "the post will come for it"),
    ParcelStatus.PICKUP_FAILED: ("bưu chính đến lấy nhưng chưa nhận được", "the post came for it and did not get it"),
    ParcelStatus.PICKED_UP: ("bưu chính đã lấy", "the post has it"),
    ParcelStatus.IN_TRANSIT: ("đang vận chuyển", "on its way"),
    ParcelStatus.FORWARDED: ("đã chuyển tiếp", "passed on"),
    ParcelStatus.AT_DELIVERY_OFFICE: ("đã đến bưu cục phát", "at the office that delivers it"),
    ParcelStatus.OUT_FOR_DELIVERY: ("đang đi phát", "out for delivery"),
    ParcelStatus.DELIVERY_FAILED: ("phát chưa thành công", "one try to deliver it failed"),
    ParcelStatus.RETRY_SCHEDULED: ("sẽ phát lại", "another try is planned"),
    ParcelStatus.AWAITING_COLLECTION: ("chờ người nhận đến lấy tại bưu cục", "waiting at the post office"),
    ParcelStatus.RETURN_REQUESTED: ("được yêu cầu chuyển hoàn", "to be sent back"),
    ParcelStatus.RETURNING: ("đang chuyển hoàn", "on its way back"),
    ParcelStatus.RETURN_FAILED: ("chuyển hoàn chưa thành công", "one try to give it back failed"),
    ParcelStatus.DELIVERED: ("đã phát", "delivered"),
    ParcelStatus.RETURNED_TO_SENDER: ("đã chuyển hoàn cho người gửi", "back with its sender"),
    ParcelStatus.CANCELLED: ("bưu chính không vận chuyển bưu gửi này", "the post does not carry it"),
    ParcelStatus.LOST: ("bưu chính báo bị mất", "the post says that it is lost"),
    ParcelStatus.DESTROYED: ("bưu chính báo bị hủy", "the post says that it is destroyed"),
    ParcelStatus.DAMAGED: ("bị hư hỏng", "damaged"),
    ParcelStatus.PARTIAL: ("phát một phần", "delivered in part"),
    ParcelStatus.FEE_SETTLED: ("đã thu phí", "the fee is settled"),
    ParcelStatus.UNKNOWN: ("chưa rõ", "not known"),
}
NOT_SURE = ("bưu chính báo, chưa xác nhận", "as the post reports it, not confirmed yet")

CARRIERS: dict[str, Pair] = {
    "myvnpost": ("Bưu điện Việt Nam", "Vietnam Post"),
    "vnpost_hcc": ("Bưu điện Việt Nam", "Vietnam Post"),
    "ems": ("EMS Việt Nam", "EMS Vietnam"),
    "viettelpost": ("Viettel Post", "Viettel Post"),
    "ghn": ("Giao Hàng Nhanh", "Giao Hang Nhanh"),
    "ghtk": ("Giao Hàng Tiết Kiệm", "Giao Hang Tiet Kiem"),
}
"""The carriers as a citizen knows them; another one goes by its own name."""

WANTS: dict[Want, Pair] = {
    Want.PAPERS: ("Bổ sung giấy tờ, được yêu cầu ngày {day}", "Hand in papers, asked for on {day}"),
    Want.PAYMENT: ("Nộp phí, lệ phí: {amount} đồng", "Pay the fee: {amount} dong"),
    Want.ADDRESS: (
        "Liên hệ cơ quan để nhận kết quả hoặc đăng ký gửi lại qua bưu chính",
        "Ask the agency for the result, or have it sent again",
    ),
    Want.FETCH: ("Đến bưu cục lấy bưu gửi {item}", "Fetch item {item} at the post office"),
}

RATEABLE: dict[Rateable, Pair] = {
    Rateable.NOT_YET: ("Có thể đánh giá khi đã có kết quả.", "You can rate it once there is a result."),
    Rateable.OPEN: ("Ông/bà có thể đánh giá một lần.", "You can rate it, once."),
    Rateable.RATED: ("Ông/bà đã đánh giá hồ sơ này. Xin cảm ơn.", "You have rated this dossier. Thank you."),
    Rateable.NO_RESULT: ("Hồ sơ kết thúc mà không có kết quả.", "The dossier ended without a result."),
}


def carrier_words(carrier: str) -> Pair:
    """A carrier's name."""
    return CARRIERS.get(carrier, (carrier, carrier))


def parcel_words(parcel: Parcel) -> Pair:
    """Where a parcel is, why a try failed, and whether that is sure."""
    notes = [REASONS[parcel.reason]] if parcel.reason else []
    notes += [] if parcel.sure else [NOT_SURE]
    vi, en = PARCELS[parcel.status]
    return _noted(vi, [one[0] for one in notes]), _noted(en, [one[1] for one in notes])


def _noted(words: str, notes: list[str]) -> str:
    return f"{words} ({'; '.join(notes)})" if notes else words


def wanted_words(one: Wanted, items: Mapping[str, str]) -> Pair:
    """What is wanted; `items` are the legs' item codes."""
    day, item = shown_day(one.since) if one.since else "", items.get(one.leg or "", "")
    vi, en = WANTS[one.what]
    amount = f"{one.amount or 0:,}"
    return vi.format(day=day, item=item, amount=amount.replace(",", ".")), en.format(day=day, item=item, amount=amount)
