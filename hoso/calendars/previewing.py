"""What a calendar would mean for every open dossier: their last public states in, or the log folded; whoever is touched
out, one after another. Memory holds one partition.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from connectors.archive import Archive, Whole
from connectors.broker import Reader
from connectors.rebuilding import last_said, refold
from rules.deadlines.calendar_change import Change
from rules.deadlines.preview import Consequence, Totals, consequence
from rules.deadlines.reprojection import Grounds, grounds_of, may_touch, moved
from rules.dossier import OPEN, Dossier
from rules.reference import Edition, Reference
from schemas.clock import ClockFact, ClockKind
from schemas.dossier import LOG
from schemas.instant import date_of
from schemas.state import STATE, ClockFactShown, DossierStateChanged

Progress = Callable[[int, int], None]
"""Told how many records are read, and of how many."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an open dossier stands; what its clock is computed from is looked up only if a day of its working differs.

    `is_open` is false where no clock runs or stands because none can be computed: its procedure is not known.
    """

    refversion: str
    started_on: date | None
    due_on: date | None
    extended: bool
    is_open: bool
    is_unclear: bool
    grounds: Callable[[Reference], Grounds]


@dataclass(frozen=True, slots=True)
class Touched:
    """A dossier that a calendar touches, and the version its date rests on now."""

    grounds: Grounds
    refversion: str
    consequence: Consequence


class Preview:
    """What a version of the reference data would mean as of an instant; `totals` grow while `touched` is read."""

    def __init__(self, reference: Reference, will: Edition, now: datetime) -> None:
        self._reference, self._will, self._now = reference, will, now
        self.totals = Totals()

    def touched(self, standings: Iterable[Standing]) -> Iterator[Touched]:
        """Whoever is touched. Raises UnknownVersion where a date rests on a version that is not on its topic."""
        for one in standings:
            self.totals.unclear += one.is_unclear
            if one.is_open:
                self.totals.open_dossiers += 1
                if found := self._judged(one):
                    self.totals.add(found.consequence)
                    yield found

    def _judged(self, one: Standing) -> Touched | None:
        was = self._reference.at(one.refversion)
        change = Change.between(was, self._will)
        if one.started_on is None or not may_touch(change, one.started_on, one.due_on, one.extended):
            return None
        grounds = one.grounds(self._reference)
        found = moved(grounds, change)
        if found is None:
            return None
        means = consequence(found, was.calendar, self._will.calendar, self._now)
        return Touched(grounds, one.refversion, means)


def said_standings(bootstrap: str, progress: Progress) -> Iterator[Standing]:
    """Every dossier that is open by what the workers said of it last. Raises TryLater while the broker is away."""
    with Reader(bootstrap, STATE) as reader:
        sizes = {partition: end - first for partition, (first, end) in reader.bounds().items()}
    read, size = 0, sum(sizes.values())
    for partition, records in sorted(sizes.items()):
        latest = last_said(bootstrap, [partition], _from(read, size, progress))
        for code, raw in latest.items():
            if found := standing_of_state(code, DossierStateChanged.decode(raw).data):
                yield found
        read += records


def folded_standings(bootstrap: str, archive: Archive, progress: Progress) -> Iterator[Standing]:
    """The same by the log, archive and topic as one. Raises Gap, BrokenArchive, and TryLater."""
    log = Whole(bootstrap, LOG, archive)
    read, size = 0, log.size
    for partition in log.partitions:
        folded = refold(bootstrap, _from(read, size, progress), archive, [partition])
        for kept in folded.kept.values():
            if kept.dossier and (found := standing_of(kept.dossier)):
                yield found
        read += folded.facts


def _from(read: int, size: int, progress: Progress) -> Callable[[int], None]:
    return lambda count: progress(read + count, size)


def standing_of(dossier: Dossier) -> Standing | None:
    """Where a folded dossier stands; None if it is closed, or no clock was ever to run."""
    clock = dossier.clock
    is_open, is_unclear = clock.state in OPEN, dossier.problem is not None
    if not is_open and not is_unclear:
        return None
    started_on = date_of(clock.started_at) if clock.started_at else None
    version, grounds = dossier.refversion or "", partial(grounds_of, dossier)
    return Standing(version, started_on, clock.due_on, clock.extended, is_open, is_unclear, grounds)


def standing_of_state(code: str, state: DossierStateChanged.Data) -> Standing | None:
    """The same by the public state."""
    clock = state.clock
    is_open, is_unclear = clock.state in OPEN, clock.problem is not None
    if not is_open and not is_unclear:
        return None
    started_on = date_of(clock.started_at) if clock.started_at else None
    version, grounds = state.refversion or "", partial(_grounds, code, state)
    extended = any(fact.kind == ClockKind.EXTENDED for fact in clock.facts)
    return Standing(version, started_on, clock.due_on, extended, is_open, is_unclear, grounds)


def _grounds(code: str, state: DossierStateChanged.Data, reference: Reference) -> Grounds:
    agency = state.competent_agency or state.receiving_agency
    own = reference.at(state.started_under or state.refversion or "")
    return Grounds(code, own.procedure(state.procedure_code), agency, tuple(map(_fact, state.clock.facts)))


def _fact(shown: ClockFactShown) -> ClockFact:
    return ClockFact(ClockKind(shown.kind), shown.at, shown.complete, shown.new_due_on, shown.id)
