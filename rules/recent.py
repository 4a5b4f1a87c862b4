"""Answers about the last few values: a fact is judged by the dossier before it and after it, each asked several times.

Values are told apart by identity, so none of them may ever change; an answer is shared by all who ask.
"""

from collections.abc import Callable
from operator import is_
from typing import Any, TypeVar

About = TypeVar("About")
Answer = TypeVar("Answer")

MOST = 8
"""How many values are held with their answers; then all are let go."""


def remembered(answer: Callable[[About], Answer]) -> Callable[[About], Answer]:
    """The same function, which knows its last answers."""
    known: dict[int, tuple[About, Answer]] = {}

    def asked(about: About) -> Answer:
        # A value that is held keeps its id: no other has it meanwhile.
        if (found := known.get(id(about))) is not None:
            return found[1]
        return _kept(known, about, answer(about))

    return asked


Row = tuple[Any, ...]


def growing(nothing: Answer, more: Callable[[Answer, Row], Answer]) -> Callable[[Row], Answer]:
    """What a row of facts comes to, by `more(what is known of its beginning, the rest)`.

    The row that was asked about last may have grown by one at its end: then it goes on from what that one came to.
    """
    known: dict[int, tuple[Row, Answer]] = {}
    last: tuple[Row, Answer] = (), nothing

    def asked(row: Row) -> Answer:
        nonlocal last
        if (found := known.get(id(row))) is None:
            shorter, answer = last
            if len(shorter) + 1 != len(row) or not all(map(is_, shorter, row)):
                shorter, answer = (), nothing
            answer = _kept(known, row, more(answer, row[len(shorter) :]))
            found = row, answer
        last = found
        return found[1]

    return asked


def _kept(known: dict[int, tuple[About, Answer]], about: About, answer: Answer) -> Answer:
    if len(known) >= MOST:
        known.clear()
    known[id(about)] = about, answer
    return answer
