"""The operator as a source of facts: a name as people write it, the form that stands before a fact's id, and a word."""

import re
from typing import Any, TypeVar

from connectors.carriers.words import plain_of
from schemas.event import Event, derived_id
from schemas.instant import now

MOST_NAME = 100
Word = TypeVar("Word", bound=Event)
NOT_IN_A_SOURCE = re.compile(r"[^a-z0-9._-]+")


def source_of(name: str) -> str:
    """A person's source: `/operators/tran.thi.mau`. A fact's source and id are one text with a space between them."""
    plain = NOT_IN_A_SOURCE.sub(".", plain_of(name)).strip(".")
    return f"/operators/{plain[:MOST_NAME] or 'somebody'}"


def word_of(by: str, kind: type[Word], subject: str, refversion: str | None = None, **data: Any) -> Word:
    """A fact that an operator states now about a subject. Stated again it is another one."""
    at = now()
    said: Any = kind
    word: Word = said(
        id=derived_id(f"{subject} {at.isoformat()}", kind.__name__, by),
        source=source_of(by),
        subject=subject,
        time=at,
        recordedtime=at,
        refversion=refversion,
        data=said.Data(by=by, **data),
    )
    return word
