"""People who do not exist: obviously made up, one for each dossier."""

from random import Random
from typing import Any

STREETS = ("Đường Mẫu", "Đường Thử Nghiệm", "Đường Giả Định", "Đường Ví Dụ")
WARDS = (("26740", "Phường Mẫu"), ("26743", "Phường Thử"), ("26746", "Phường Ví Dụ"), ("27001", "Phường Giả Định"))
PROVINCE = ("79", "Thành phố Hồ Chí Minh")


def citizen(number: int, dice: Random, phone: str | None = None) -> dict[str, Any]:
    """A contact as the post must find it: Nguyễn Văn Mẫu 001, 0900 000 001; 900 and on are the post's magic."""
    ward_code, ward = dice.choice(WARDS)
    return {
        "name": f"Nguyễn Văn Mẫu {number:03d}",
        "phone": phone or f"0900000{number % 900:03d}",
        "address": {
            "line": f"{dice.randint(1, 200)} {dice.choice(STREETS)}",
            "ward_code": ward_code,
            "ward": ward,
            "province_code": PROVINCE[0],
            "province": PROVINCE[1],
        },
    }
