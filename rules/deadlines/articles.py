"""The articles on which a date, a stop or a suspension rests.

The decree of 2018 until the text of 118/2025/NĐ-CP is checked; a sector law is named by the procedure, not by us.
"""

from schemas.clock import ClockKind, Reason, SupplementPolicy

RECEPTION = "61/2018/NĐ-CP art. 17(1)"
HANDOVER = "45/2016/QĐ-TTg art. 7(4)"
SUPPLEMENT = "61/2018/NĐ-CP art. 19(4)"
APOLOGY = "61/2018/NĐ-CP art. 19(9)"
SECTOR_LAW = "sector law"
CIVIL_CODE = "Civil Code art. 147-148"

BASIS = {
    Reason.RESTARTED: SUPPLEMENT,
    Reason.RESUMED: SECTOR_LAW,
    Reason.EXTENDED: APOLOGY,
}

IN_VIETNAMESE = {
    RECEPTION: "khoản 1 Điều 17 Nghị định 61/2018/NĐ-CP",
    HANDOVER: "khoản 4 Điều 7 Quyết định 45/2016/QĐ-TTg",
    SUPPLEMENT: "khoản 4 Điều 19 Nghị định 61/2018/NĐ-CP",
    APOLOGY: "khoản 9 Điều 19 Nghị định 61/2018/NĐ-CP",
    SECTOR_LAW: "pháp luật chuyên ngành",
    CIVIL_CODE: "Điều 147, Điều 148 Bộ luật Dân sự",
}


def of_start(kind: ClockKind) -> str:
    """The article by which a fact of this kind starts the clock."""
    return HANDOVER if kind is ClockKind.HANDOVER_SIGNED else RECEPTION


def of_suspension(policy: SupplementPolicy) -> str:
    """The article by which a clock under this policy stands while papers are awaited."""
    return SECTOR_LAW if policy is SupplementPolicy.PAUSE_RESUME else SUPPLEMENT


def in_vietnamese(article: str) -> str:
    """The article as a Vietnamese text names it; one that is not ours stays as it is written."""
    return IN_VIETNAMESE.get(article, article)
