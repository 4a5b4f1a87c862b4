"""Why an attempt failed, from a carrier's sentence: the first row with a phrase in it wins (handbook, section 2).

The sentence may hold names and telephone numbers: it is translated here and never logged.
"""

import re
import unicodedata

from schemas.postal import FailureReason

PHRASES: tuple[tuple[FailureReason, tuple[str, ...]], ...] = (
    (FailureReason.NO_PAPERS_TO_RECOVER, ("thu hoi",)),
    (FailureReason.CARRIER_FAULT, ("hu hong", "that lac", "qua tai", "khong kip", "su co")),
    (FailureReason.FORCE_MAJEURE, ("thien tai", "thoi tiet", "bao lu", "ngap lut", "dich benh")),
    (FailureReason.UNSAFE, ("nguy hiem", "khong an toan", "cho du")),
    (FailureReason.NO_ID, ("giay to",)),
    (FailureReason.FEE_UNPAID, ("khong nop phi", "chua nop phi", "khong co tien", "khong thanh toan")),
    (FailureReason.ADDRESS_INCOMPLETE, ("thieu dia chi", "dia chi khong ro", "dia chi khong day du")),
    (
        FailureReason.ADDRESS_WRONG,
        ("sai dia chi", "dia chi sai", "sai thong tin", "sai so dien thoai", "sai sdt"),
    ),
    (FailureReason.MOVED, ("chuyen cho o", "chuyen di noi khac", "doi dia chi", "chuyen dia chi")),
    (FailureReason.NOT_FOUND, ("khong tim", "khong ton tai")),
    (FailureReason.REFUSED, ("tu choi", "khong dong y nhan", "khong nhan")),
    (
        FailureReason.ABSENT,
        (
            "vang",
            "di vang",
            "khong co nha",
            "khong nghe may",
            "khong lien lac",
            "khong lien he",
            "thue bao",
            "hen",
        ),
    ),
)
_ROWS = tuple((reason, re.compile(rf"\b(?:{'|'.join(phrases)})\b")) for reason, phrases in PHRASES)


def reason_of(*sentences: str | None) -> FailureReason | None:
    """The reason in the first of these sentences that tells one; None if none does."""
    for sentence in sentences:
        plain = plain_of(sentence or "")
        for reason, pattern in _ROWS:
            if pattern.search(plain):
                return reason
    return None


def plain_of(text: str) -> str:
    """Lower case, without Vietnamese marks, with single spaces."""
    bare = "".join(sign for sign in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(sign))
    return " ".join(bare.replace("đ", "d").split())
