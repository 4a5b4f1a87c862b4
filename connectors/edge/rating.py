"""A citizen's rating as it is sent, and what becomes of it: `dossier.rated` on the log, once a dossier."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

import structlog
from pydantic import ValidationError

from connectors.edge.citizen import Citizen
from connectors.edge.problem import Problem
from connectors.gate.gate import Gate
from connectors.metrics import counter
from rules.rating import KIND, MOST_WORDS, QUESTIONS, SOURCE, Rateable
from schemas.dossier import Rated
from schemas.event import derived_id
from schemas.instant import now

log = structlog.get_logger()
MOST_BYTES = 16 * 1024
MOST_FIELDS = 50
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
DOOR = "page"
AT_ONCE = 32
"""How many dossiers are rated at the same time at most; of one dossier one rating waits for the other."""


class Became(StrEnum):
    """What became of a rating."""

    TAKEN = "taken"
    REPEATED = "repeated"
    """The same was said before: it is in effect."""
    ANOTHER = "another"
    """Another one is in effect; it stays."""
    NOT_OPEN = "not_open"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came: an answer for each question that has one, by its name, the comment as it is kept, the page's token."""

    answers: Mapping[str, int]
    comment: str
    token: str
    faults: tuple[str, ...] = field(default=())
    """The names of what is missing or wrong: questions, or `comment`."""

    @property
    def data(self) -> dict[str, Any]:
        """The data of the fact; only where nothing is at fault."""
        scores = [self.answers[question.name] for question in QUESTIONS]
        return {"scores": scores} | ({"comment": self.comment} if self.comment else {})


# ---------------------------------------------------------------- what came


def read(raw: bytes, content_type: str) -> Sent:
    """A rating as the page's form or the city's app sends it. Raises Problem: 400 and 415."""
    match content_type.partition(";")[0].strip().lower():
        case "application/x-www-form-urlencoded":
            return _of_form(raw)
        case "application/json":
            return _of_json(raw)
        case _:
            raise Problem(415, f"Send the rating as {JSON} or {FORM}.")


def _of_form(raw: bytes) -> Sent:
    try:
        said = dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Problem(400, "The form cannot be read; open the page again.") from error
    answers = {one.name: _points(said.get(one.name)) for one in QUESTIONS}
    return _checked(answers, said.get("comment"), said.get("token"))


def _of_json(raw: bytes) -> Sent:
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "The body is no JSON; send an object with scores, comment and token.") from error
    if not isinstance(said, dict):
        raise Problem(400, "The body is no JSON object; send one with scores, comment and token.")
    scores = said.get("scores")
    given = scores if isinstance(scores, list) and len(scores) == len(QUESTIONS) else [None] * len(QUESTIONS)
    answers = {one.name: score for one, score in zip(QUESTIONS, given, strict=True)}
    return _checked(answers, said.get("comment"), said.get("token"))


def _points(text: str | None) -> int | None:
    return int(text) if text in ("0", "1", "2") else None


def _checked(answers: Mapping[str, object], comment: object, token: object) -> Sent:
    good = {name: points for name, points in answers.items() if type(points) is int and 0 <= points <= 2}
    # A browser ends lines with CR and LF, and counts them as one.
    words = comment.replace("\r\n", "\n").strip() if isinstance(comment, str) else ""
    faults = [name for name in answers if name not in good]
    if not isinstance(comment, str | None) or len(words) > MOST_WORDS or "\x00" in words or not _is_text(words):
        faults.append("comment")
    return Sent(good, words, token if isinstance(token, str) else "", tuple(faults))


def _is_text(words: str) -> bool:
    """Whether these are characters, and not halves of them, as JSON allows."""
    try:
        Rated.Data(scores=(0,), comment=words or None)
    except ValidationError:
        return False
    return True


# ---------------------------------------------------------------- what becomes of it


class Ratings:
    """Puts ratings on the log. Threads share it."""

    def __init__(self) -> None:
        self._locks = [threading.Lock() for _ in range(AT_ONCE)]

    def take(self, gate: Gate, code: str, sent: Sent, look: Callable[[], Citizen | None], trace: str | None) -> Became:
        """What becomes of a rating of this dossier, which `look` reads off the log. Raises TryLater: send it again.

        Of two doors that rate one dossier at once both may say TAKEN: the first on the log is in effect, as its id is
        derived from the dossier and the other is a conflict.
        """
        with self._locks[hash(code) % AT_ONCE]:
            found = look()
            became = _judged(gate, sent, found) if found is not None else Became.NOT_OPEN
            if became is Became.TAKEN:
                gate.state(_fact(code, sent), DOOR, trace)
                log.info("dossier.rated", dossier=code)
        counter("hoso_ratings_total").labels(became.value).inc()
        return became


def _judged(gate: Gate, sent: Sent, found: Citizen) -> Became:
    match found.rateable:
        case Rateable.OPEN:
            return Became.TAKEN
        case Rateable.RATED:
            return Became.REPEATED if found.rated == gate.digest(found.code, sent.data) else Became.ANOTHER
        case _:
            return Became.NOT_OPEN


def _fact(code: str, sent: Sent) -> Rated:
    return Rated(
        id=derived_id(code, KIND), source=SOURCE, subject=code, time=now(), data=Rated.Data.model_validate(sent.data)
    )
