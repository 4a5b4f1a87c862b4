"""A citizen's rating: its questions, what may be answered, and when a dossier may be rated.

The questions are the nine indices of Circular 01/2018/TT-VPCP art. 12-15, in its order; each is worth 0, 1 or 2.
"""

from enum import StrEnum

from msgspec import Struct

from rules.dossier import Dossier
from rules.life import is_final
from schemas.dossier import DossierStatus

KIND = "rated"
"""The kind of fact that a rating is."""
SOURCE = "/citizens"
"""Who states it."""
MOST_WORDS = 1000
"""The longest comment, in characters."""


class Question(Struct, frozen=True, gc=False):
    """One of the nine: its name on the wire of reports, and how a citizen is asked."""

    name: str
    vi: str
    en: str


QUESTIONS = (
    Question("total_time", "Thời gian giải quyết hồ sơ", "The time the dossier took in all"),
    Question("agency_time", "Thời gian xử lý của từng cơ quan", "The time each agency took"),
    Question("contacts", "Số lần phải liên hệ để hoàn thiện hồ sơ", "How often you had to ask or come again"),
    Question("agencies", "Số cơ quan phải đến để hoàn thiện hồ sơ", "How many agencies you had to go to"),
    Question("one_stop", "Việc tổ chức tiếp nhận và trả kết quả", "How papers were received and results given back"),
    Question("publicity", "Việc công khai thủ tục, phí, lệ phí", "How openly the procedure and its fees were shown"),
    Question("attitude", "Thái độ của cán bộ, công chức", "The attitude of the officers"),
    Question("complaints", "Việc tiếp nhận, xử lý phản ánh, kiến nghị", "How complaints and suggestions were taken"),
    Question("online", "Dịch vụ công trực tuyến", "The online service"),
)


class Answer(Struct, frozen=True, gc=False):
    """What a question may be answered with, and what that is worth."""

    points: int
    vi: str
    en: str


ANSWERS = (
    Answer(2, "Hài lòng", "Satisfied"),
    Answer(1, "Bình thường", "Acceptable"),
    Answer(0, "Không hài lòng", "Not satisfied"),
)
MOST_POINTS = max(answer.points for answer in ANSWERS) * len(QUESTIONS)


class Rateable(StrEnum):
    """Whether a dossier may be rated."""

    NOT_YET = "NOT_YET"
    OPEN = "OPEN"
    RATED = "RATED"
    NO_RESULT = "NO_RESULT"
    """It ended without a result: there is nothing to rate."""


HAS_RESULT = frozenset({DossierStatus.RESULT_READY, DossierStatus.RESULT_RETURNED})


def rateable(dossier: Dossier) -> Rateable:
    """Whether this dossier may be rated: once, from its result on."""
    if any(fact.kind == KIND for fact in dossier.effective_life()):
        return Rateable.RATED
    if dossier.status in HAS_RESULT:
        return Rateable.OPEN
    return Rateable.NO_RESULT if is_final(dossier.status) else Rateable.NOT_YET
