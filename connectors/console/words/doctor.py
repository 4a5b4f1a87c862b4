"""What stands around the doctor's findings. The findings themselves are those of `hoso doctor`."""

from typing import Any

from connectors.doctor.words import AREAS, SEVERITIES

SAYS: dict[str, dict[str, Any]] = {
    "vi": {
        "title": "Chẩn đoán hệ thống",
        "about": "Toàn bộ kết quả xem xét, điều xấu nhất trước, kèm lệnh nên dùng; cùng lời với lệnh "
        "hoso doctor --lang vi.",
        "findings": "Điều cần xử lý",
        "caption": "Xem lúc {at}, điều xấu nhất trước.",
        "all_well": "Không có gì cần xử lý.",
        "well": "Mọi kết quả, trong đó {count} điều bình thường",
        "severity": "Mức",
        "severities": {name: said.vi for name, said in SEVERITIES.items()},
        "area": "Phần",
        "areas": {name: said.vi for name, said in AREAS.items()},
        "what": "Điều thấy được",
        "helps": "Lệnh nên dùng",
        "open_page": "Mở trang",
    },
    "en": {
        "title": "Doctor",
        "about": "All that was found, the worst first, with the command that helps; the same words as hoso doctor.",
        "findings": "What is wrong",
        "caption": "Looked at {at}, the worst first.",
        "all_well": "Nothing is wrong.",
        "well": "All that was found, {count} of it well",
        "severity": "How bad",
        "severities": {name: said.en for name, said in SEVERITIES.items()},
        "area": "Area",
        "areas": {name: said.en for name, said in AREAS.items()},
        "what": "What was found",
        "helps": "What helps",
        "open_page": "Open the page",
    },
}
