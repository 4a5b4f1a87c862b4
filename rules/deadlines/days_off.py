"""Why an official calendar closes or opens a day, in Vietnamese: the calendar itself says it in English."""

import re
from functools import lru_cache

# As the public calls them; the calendar's names are those of the `holidays` library.
NAMES = {
    "New Year's Day": "Tết Dương lịch",
    "29 of Lunar New Year": "ngày 29 Tết Âm lịch",
    "Lunar New Year's Eve": "giao thừa Tết Âm lịch",
    "Lunar New Year": "mùng 1 Tết Âm lịch",
    "Second Day of Lunar New Year": "mùng 2 Tết Âm lịch",
    "Third Day of Lunar New Year": "mùng 3 Tết Âm lịch",
    "Fourth Day of Lunar New Year": "mùng 4 Tết Âm lịch",
    "Fifth Day of Lunar New Year": "mùng 5 Tết Âm lịch",
    "Sixth Day of Lunar New Year": "mùng 6 Tết Âm lịch",
    "Hung Kings' Commemoration Day": "Giỗ Tổ Hùng Vương",
    "Liberation Day/Reunification Day": "Ngày Chiến thắng 30/4",
    "International Labor Day": "Quốc tế Lao động 1/5",
    "National Day": "Quốc khánh 2/9",
    "Vietnam Cultural Day": "Ngày Văn hóa Việt Nam 24/11",
    "make-up working day": "ngày làm bù",
}
DAY = r"(\d{4})-(\d\d)-(\d\d)"
SAID = [
    # The library writes the month first.
    (r"Day off \(substituted from (\d\d)/(\d\d)/(\d{4})\)", r"hoán đổi với ngày làm bù \2/\1/\3"),
    (rf"swapped with {DAY}", r"hoán đổi với ngày làm bù \3/\2/\1"),
    (rf"worked for {DAY}", r"làm bù cho ngày \3/\2/\1"),
    (rf" of {DAY}", r" ngày \3/\2/\1"),
    (r" \(observed\)", " (nghỉ bù)"),
    *((rf"^{re.escape(name)}(?= \(|$)", words) for name, words in NAMES.items()),
]


@lru_cache(maxsize=4096)
@lru_cache(maxsize=4096)
def in_vietnamese(why: str) -> str:
    """The calendar's words for a day, with its document, in Vietnamese; what is not known stays as it is written."""
    for said, words in SAID:
        why = re.sub(said, words, why)
    return why
