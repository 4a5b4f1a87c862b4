"""Why a contact is opened, and the contact."""

from typing import Any

SAYS: dict[str, dict[str, Any]] = {
    "vi": {
        "title": "Liên hệ của người nộp, hồ sơ {code}",
        "more": "Tên, điện thoại và địa chỉ được niêm kín. Hãy ghi lý do cần xem; tên bạn, lý do và thời điểm "
        "được ghi lại trước khi hiển thị.",
        "why": "Lý do cần xem (ít nhất {least} ký tự)",
        "show": "Ghi lại và xem",
        "back": "Về hồ sơ",
        "no_why": "Lý do cần ít nhất {least} ký tự.",
        "archived": "Các sự kiện chứa liên hệ chỉ còn trong kho lưu trữ: hãy hỏi người vận hành.",
        "damaged": "Không mở được niêm phong: khóa không khớp hoặc bị hỏng. Hãy báo người vận hành.",
        "no_key": "Máy này không giữ khóa mở niêm phong: hãy báo người vận hành.",
        "logged": "Lần xem này đã được ghi lại với lý do: {why}",
        "once": "Liên hệ chỉ hiển thị trên trang này. Rời trang rồi thì phải ghi lý do lại.",
        "none": "Hồ sơ không có liên hệ nào.",
        "from": "Theo sự kiện: {fact}, {at}",
        "erased": "Liên hệ này đã được xóa: khóa của nó đã bị hủy và không gì mở lại được.",
        "name": "Họ tên",
        "phone": "Điện thoại",
        "address": "Địa chỉ",
        "authorised": "Người được ủy quyền",
    },
    "en": {
        "title": "The applicant's contact, dossier {code}",
        "more": "Name, phone and address are sealed. Say why you need them; your name, the reason and the time "
        "are put on record before anything is shown.",
        "why": "Why you need it (at least {least} characters)",
        "show": "Put on record and show",
        "back": "Back to the dossier",
        "no_why": "The reason needs {least} characters at least.",
        "archived": "The facts with the contact are in the archive only: ask an operator.",
        "damaged": "The seal does not open: another key, or damage. Tell an operator.",
        "no_key": "This machine does not hold the key that opens: tell an operator.",
        "logged": "This look is on record, with the reason: {why}",
        "once": "The contact is on this page only. Once you leave it you have to say why again.",
        "none": "The dossier has no contact.",
        "from": "By the fact: {fact}, {at}",
        "erased": "This contact was erased: its key is destroyed, and nothing can open it again.",
        "name": "Name",
        "phone": "Phone",
        "address": "Address",
        "authorised": "Authorised",
    },
}
