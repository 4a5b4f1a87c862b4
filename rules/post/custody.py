"""Custody of papers: what passes at every hand-over against what should, originals and copies by name and count.

A difference is an event at once (domain: Decision 45/2016 art. 7(4), Circular 17/2017 art. 5).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from rules.life import LifeFact
from schemas.dossier import Direction

NOTHING = "nothing"
Line = tuple[str, str]
"""A paper's name as it is compared, and its kind."""


class Difference(Struct, frozen=True, gc=False):
    """One line that is not as it should be, of the minutes with this source and id."""

    leg: str
    ref: str
    at: datetime
    expected: str
    seen: str


def differences(life: Sequence[LifeFact]) -> tuple[Difference, ...]:
    """Of every hand-over in this life, in order of time; what its minutes state themselves comes first."""
    return tuple(
        found for number, fact in enumerate(life) if fact.kind == "handover_signed" for found in _of(life, number, fact)
    )


def _of(life: Sequence[LifeFact], number: int, minutes: LifeFact) -> list[Difference]:
    def difference(expected: str, seen: str) -> Difference:
        return Difference(minutes.data["leg"], minutes.ref, minutes.at, expected, seen)

    stated = [difference("as listed", words) for words in minutes.data.get("discrepancies", ())]
    manifest = _manifest(life[:number], minutes)
    if manifest is None:
        return stated
    listed, passed = _counted(manifest), _counted(minutes.data["documents"])
    names = {_line(paper): paper["name"] for paper in (*minutes.data["documents"], *manifest)}
    return stated + [
        difference(_words(names[line], line, listed[line]), _words(names[line], line, passed[line]))
        for line in sorted(names)
        if listed[line] != passed[line]
    ]


def _manifest(earlier: Sequence[LifeFact], minutes: LifeFact) -> Sequence[Mapping[str, Any]] | None:
    """What should pass: what passed before on the same leg, else what its kind of leg carries; None if nobody said."""
    leg, kind = minutes.data["leg"], minutes.data["leg"][0]
    same = _newest(earlier, "handover_signed", leg=leg)
    if same is not None:
        return same
    to_agency = minutes.data["direction"] == Direction.POST_TO_AGENCY
    match kind:
        case "C" if to_agency:
            return _newest(earlier, "collection_registered")
        case "D" if not to_agency:
            return _newest(earlier, "result_ready")
        case "R" if not to_agency:
            return _newest(earlier, "handover_signed", direction=Direction.POST_TO_AGENCY.value) or _newest(
                earlier, "collection_registered"
            )
        case _:
            return None


def _newest(earlier: Sequence[LifeFact], kind: str, **like: str) -> Sequence[Mapping[str, Any]] | None:
    """The papers of the last fact of this kind that is like this; None where none lists any."""
    for fact in reversed(earlier):
        if fact.kind == kind and all(fact.data.get(name) == value for name, value in like.items()):
            return fact.data.get("documents") or None
    return None


def _counted(papers: Sequence[Mapping[str, Any]]) -> Counter[Line]:
    counted: Counter[Line] = Counter()
    for paper in papers:
        counted[_line(paper)] += paper["copies"]
    return counted


def _line(paper: Mapping[str, Any]) -> Line:
    return " ".join(paper["name"].casefold().split()), paper["kind"]


def _words(name: str, line: Line, count: int) -> str:
    return f"{count} {line[1]} {name}" if count else NOTHING
