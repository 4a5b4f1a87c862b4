"""What the pages of parked dossiers say."""

from typing import Any

SAYS: dict[str, dict[str, Any]] = {
    "vi": {
        "title": "Hồ sơ bị giữ lại",
        "about": "Một sự kiện của hồ sơ không xử lý được: sự kiện đó và các sự kiện sau chờ theo thứ tự, hồ sơ khác "
        "vẫn chạy. Ngày hẹn trả cuối cùng vẫn giữ, và có báo động trước ngày đó một ngày làm việc.",
        "caption": "Ngày hẹn trả gần nhất trước.",
        "dossier": "Hồ sơ",
        "agency": "Cơ quan",
        "due": "Ngày hẹn trả cuối cùng",
        "why": "Vì sao",
        "since": "Từ lúc",
        "facts": "Sự kiện đang chờ",
        "what": "Sự kiện không xử lý được",
        "nothing": "Không có hồ sơ nào bị giữ lại.",
        "not_found": "chưa tìm được lý do: dùng lệnh hoso parked list",
        "is_over": "đã chạy tiếp, trang này sẽ theo kịp",
        "away": "Hiện không xem được lý do",
        "one_title": "Hồ sơ {code} bị giữ lại",
        "bytes": "Nội dung các sự kiện đang chờ có thể chứa thông tin của công dân nên không hiển thị ở đây. Người "
        "được phép xem dùng lệnh",
        "retry": "Xử lý lại",
        "retry_about": "Khi lỗi đã được sửa: các sự kiện đang chờ được xử lý lại theo thứ tự.",
        "skip": "Bỏ qua sự kiện này",
        "skip_about": "Hồ sơ chạy tiếp không có sự kiện lỗi; sự kiện vẫn nằm trong nhật ký nhưng không có tác dụng.",
        "reason": "Lý do (ghi vào nhật ký cùng tên bạn)",
        "no_why": "Chưa ghi lý do. Chưa có gì được ghi.",
        "another": "Sự kiện đang làm hồ sơ dừng lại không còn là sự kiện đã hiển thị. Chưa có gì được ghi.",
        "said": {
            "retried": "Đã ghi lệnh xử lý lại {code} vào nhật ký. Danh sách thay đổi khi hồ sơ chạy tiếp.",
            "skipped": "Đã ghi lệnh bỏ qua sự kiện của {code} vào nhật ký. Danh sách thay đổi khi hồ sơ chạy tiếp.",
        },
        "back": "Về danh sách",
    },
    "en": {
        "title": "Parked dossiers",
        "about": "A fact of the dossier could not be folded: it and those after it wait in order, other dossiers go "
        "on. The last due date stands, and an alarm goes one working day before it.",
        "caption": "The nearest due date first.",
        "dossier": "Dossier",
        "agency": "Agency",
        "due": "Last due date",
        "why": "Why",
        "since": "Since",
        "facts": "Facts waiting",
        "what": "The fact that failed",
        "nothing": "No dossier is parked.",
        "not_found": "the reason was not found: use hoso parked list",
        "is_over": "it goes on again, this page will follow",
        "away": "The reasons cannot be looked up now",
        "one_title": "Dossier {code} is parked",
        "bytes": "The facts that wait may hold a citizen's details and are not shown here. Whoever may read them uses",
        "retry": "Retry",
        "retry_about": "Once what failed is mended: what waits is folded again, in order.",
        "skip": "Skip this fact",
        "skip_about": "The dossier goes on without the fact that failed; it stays on the log and has no effect.",
        "reason": "Why (it stands on the log with your name)",
        "no_why": "It is not said why. Nothing was written.",
        "another": "What the dossier stops at is not the fact that was shown any more. Nothing was written.",
        "said": {
            "retried": "The retry of {code} is on the log. The list changes once the dossier goes on.",
            "skipped": "The skip of a fact of {code} is on the log. The list changes once the dossier goes on.",
        },
        "back": "Back to the list",
    },
}
