"""All that happened to a dossier, in order of time: what, who stated it, when it came in, whether it was taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from connectors.project.stated import day_of, with_retractions
from schemas.instant import aware


@dataclass(frozen=True, slots=True)
class Happened:
    """A fact of the log. `word` is its channel, stage, outcome, direction or status, as its kind has it."""

    at: datetime
    recorded_at: datetime
    kind: str
    source: str
    word: str | None = None
    certainty: str | None = None
    agency: str | None = None
    leg: str | None = None
    day: date | None = None
    amount: int | None = None
    complete: bool | None = None
    retracted_at: datetime | None = None


def timeline(facts: Sequence[Row[Any]]) -> tuple[Happened, ...]:
    """These facts, each once, the newest first."""
    kinds = {one.kind for one in facts}
    told = sorted(with_retractions(facts, kinds), key=lambda one: (one[0].at, one[0].place), reverse=True)
    return tuple(_happened(one, retracted_at) for one, retracted_at in told)


def _happened(one: Row[Any], retracted_at: float | None) -> Happened:
    return Happened(
        at=aware(one.at),
        recorded_at=aware(one.recorded_at),
        kind=one.kind,
        source=one.ref.partition(" ")[0],
        word=one.word,
        certainty=one.certainty,
        agency=one.agency,
        leg=one.leg,
        day=day_of(one.day),
        amount=one.amount,
        complete=one.complete,
        retracted_at=aware(retracted_at) if retracted_at is not None else None,
    )
