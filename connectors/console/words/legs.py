"""The two forms of a postal leg."""

from typing import Any

SAYS: dict[str, dict[str, Any]] = {
    "vi": {
        "confirm_title": "Xác nhận tin của {leg}, hồ sơ {code}",
        "confirm_more": "Bưu chính mới báo, chưa có bằng chứng. Lời xác nhận được ghi vào nhật ký hồ sơ kèm tên bạn; "
        "cơ quan được báo và hồ sơ đi tiếp theo tin đã xác nhận.",
        "status": "Tin được xác nhận là đúng",
        "nothing_to_confirm": "Không có tin nào của chặng này đang chờ xác nhận.",
        "confirm": "Xác nhận",
        "age_out_title": "Thôi chờ tin của {leg}, hồ sơ {code}",
        "age_out_more": "Không chờ tin nào của bưu gửi này nữa: cơ quan được báo, và địa chỉ mới sẽ mở chặng tiếp. "
        "Quyết định được ghi vào nhật ký hồ sơ kèm tên bạn.",
        "last": "Tin cuối",
        "age_out": "Thôi chờ",
        "why": "Lý do",
        "back": "Về hồ sơ",
        "no_why": "Chưa ghi lý do.",
        "not_confirmed": "Chưa xác nhận được",
        "not_silent": "Chặng này không quá hạn báo tin, nên vẫn chờ.",
        "evidence_title": "Bằng chứng của {leg}, hồ sơ {code}",
        "evidence_more": "Từng tin của bưu chính như đã ghi trong nhật ký. Mã băm chỉ ra nguyên văn mà tin được đọc "
        "từ đó; nguyên văn được giữ niêm kín.",
        "evidence_archived": "Nhật ký của chặng này chỉ còn trong kho lưu trữ: hãy hỏi người vận hành.",
        "updates": "Các tin, theo thứ tự ghi nhận",
        "at": "Thời điểm theo bưu chính",
        "no_time": "không rõ",
        "said": "Tin",
        "place": "Nơi",
        "code": "Mã của bưu chính",
        "table": "bảng {version}",
        "body": "Mã băm của nguyên văn",
        "fault": "bên chịu chi phí: {whose}",
        "sealed": "có tên người nhận hoặc lời bưu chính, niêm kín",
        "archived": "Nhật ký của chặng này chỉ còn trong kho lưu trữ: dùng lệnh hoso confirm.",
    },
    "en": {
        "confirm_title": "Confirm what was told of {leg}, dossier {code}",
        "confirm_more": "The carrier only reported it, without proof. Your word goes on the dossier's log with your "
        "name; agencies are told, and the dossier goes on by what is confirmed.",
        "status": "What is true",
        "nothing_to_confirm": "Nothing told of this leg waits to be confirmed.",
        "confirm": "Confirm",
        "age_out_title": "Wait for {leg} no longer, dossier {code}",
        "age_out_more": "Nothing more is waited for of this item: its agency is told, and a new address opens the next "
        "leg. The decision goes on the dossier's log with your name.",
        "last": "Last seen",
        "age_out": "Wait no longer",
        "why": "Why",
        "back": "Back to the dossier",
        "no_why": "It is not said why.",
        "not_confirmed": "It was not confirmed",
        "not_silent": "This leg is not past its time to be heard of, so it is waited for.",
        "evidence_title": "The evidence of {leg}, dossier {code}",
        "evidence_more": "Every update of the carrier as it stands on the log. The digest names the words it was read "
        "from; they are kept under seal.",
        "evidence_archived": "The log of this leg is in the archive only: ask an operator.",
        "updates": "The updates, in the order in which they came in",
        "at": "When, by the carrier",
        "no_time": "not known",
        "said": "Update",
        "place": "Where",
        "code": "The carrier's code",
        "table": "table {version}",
        "body": "Digest of its words",
        "fault": "bears the cost: {whose}",
        "sealed": "with a receiver or the carrier's words, sealed",
        "archived": "The log of this leg is in the archive only: use hoso confirm.",
    },
}
