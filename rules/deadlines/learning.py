"""What finished dossiers teach: the working days from each stage to the result, counted, and laid down as a table."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import ceil

from msgspec import Struct

from rules.dossier import Dossier
from rules.life import effective, entered
from rules.reference import Edition
from schemas.clock import ClockState
from schemas.dossier import DossierStatus
from schemas.instant import date_of
from schemas.reference import SHARES, CaseHistory

Stage = DossierStatus | None
"""None: from the beginning of the count."""


class Passage(Struct, frozen=True, gc=False):
    """A case that was in a stage, and the working days from there to its result, 0 if both were on one day."""

    procedure: str
    stage: Stage
    working_days: int


def passages(dossier: Dossier, edition: Edition) -> Iterator[Passage]:
    """Each stage that a dossier with a result went through while its last count ran, and the whole of that count.

    Nothing where there is no result, or where the clock stood when it came: those days were the citizen's. `edition` is
    the version on which its date rests. Raises ValueError where a day lies outside the calendar.
    """
    clock, procedure = dossier.clock, edition.procedure(dossier.view().procedure)
    if clock.state is not ClockState.STOPPED or clock.outcome is None or clock.due_on is None or procedure is None:
        return
    began, ended = clock.counted_from, clock.stopped_at
    assert began is not None and ended is not None  # of a clock that stopped while it ran
    spans: list[tuple[Stage, datetime]] = [(None, began)]
    entries = entered(effective(dossier.life, dossier.retracted))
    for (status, at), (_, left_at) in pairwise([*entries, (None, ended)]):
        since = max(at, began)
        if since < min(left_at, ended):
            spans.append((status, since))
    for stage, since in spans:
        yield Passage(procedure.code, stage, edition.calendar.between(date_of(since), date_of(ended)))


@dataclass(slots=True)
class Tally:
    """Passages counted by procedure, stage and working days; however many dossiers, it stays small."""

    dossiers: int = 0
    counts: dict[tuple[str, Stage], Counter[int]] = field(default_factory=dict)

    def add(self, dossier: Dossier, edition: Edition) -> None:
        """One finished dossier more; one that teaches nothing is not counted."""
        found = tuple(passages(dossier, edition))
        self.dossiers += bool(found)
        for one in found:
            self.counts.setdefault((one.procedure, one.stage), Counter())[one.working_days] += 1

    def history(self, least_cases: int = 1) -> tuple[CaseHistory, ...]:
        """A row for each procedure and stage with so many cases, by code and in the order of a dossier's life."""
        order = {stage: place for place, stage in enumerate((None, *DossierStatus))}
        rows = sorted(self.counts.items(), key=lambda one: (one[0][0], order[one[0][1]]))
        return tuple(
            CaseHistory(procedure=procedure, stage=stage, cases=days.total(), days=quantiles(days))
            for (procedure, stage), days in rows
            if days.total() >= least_cases
        )


def quantiles(days: Counter[int]) -> tuple[int, ...]:
    """For each of `SHARES` the fewest working days within which so many in a hundred of the cases were done."""
    ranked = sorted(days.elements())
    return tuple(ranked[ceil(len(ranked) * share / 100) - 1] for share in SHARES)
