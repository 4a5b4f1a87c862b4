"""What is now true of a dossier: its state, and `evolve`, which folds one fact of its log into it.

`evolve` is total and idempotent: a late, repeated, conflicting or surprising fact is recorded, and tables decide
whether anything moves. It is a pure function of the log and of the reference versions the log names.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from rules.deadlines.clock import Clock, project
from rules.deadlines.limits import Limit, LimitAt, limit_key, limits, looks_ahead
from rules.deadlines.rungs import RungAt, rungs
from rules.life import LifeFact, View, clock_facts, effective, inserted, is_final, life_fact, view_of
from rules.post.leg import Leg
from rules.post.orders import answered, planned
from rules.post.standard import attempt_limit, silence_limit, storage_limit
from rules.reference import Edition, Reference, term_of
from rules.standing import has_standing
from schemas.clock import ClockState
from schemas.deadline import Archived, LimitReached, ReferenceChanged, RungReached
from schemas.dossier import Corrected, DossierFact, DossierStatus
from schemas.event import Event
from schemas.ops import AgedOut, StatusConfirmed
from schemas.postal import LegKind, ParcelStatus, PostalFact
from schemas.reference import Procedure

# A firing is judged by the ladder it speaks of. One that was void when it came may be due again under the same id.
TIMERS = (RungReached, LimitReached, Archived)
STANDING = "standing"
ELSEWHERE = frozenset({Limit.ATTEMPT, Limit.SILENCE, Limit.STORAGE, Limit.APOLOGY})
"""Limits that the post's legs and the clock set; the agencies' facts set the others."""
OPEN = (ClockState.RUNNING, ClockState.SUSPENDED)
"""A clock that another version of the reference data can still move."""
WAITS = timedelta(minutes=15)
"""How long a fact without standing waits for the fact that gives it some: two agencies' facts have no common order."""


class Waiting(Struct, frozen=True, array_like=True, gc=False):
    """A fact without standing, kept as it came, and until when it waits."""

    ref: str
    until: datetime
    raw: bytes


class Dossier(Struct, frozen=True, array_like=True, gc=False):
    """One dossier. Everything in it follows from its log; nothing in it names a citizen.

    `seen` holds, for every fact, a short digest of its source and id, and one of its content. `announced_on` is the
    last due date that was said; `ladder` the rungs of the one in force; `limits` those of the other clocks that nothing
    met in time; `reached` the rungs and limits that were, of any date, and `announced` those that somebody was told of:
    one that had passed when its date was set is reached in silence.
    """

    code: str
    status: DossierStatus = DossierStatus.UNKNOWN
    life: tuple[LifeFact, ...] = ()
    seen: dict[bytes, bytes] = {}
    retracted: tuple[str, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    refversion: str | None = None
    tracking: str | None = None
    clock: Clock = Clock()
    problem: str | None = None
    announced_on: date | None = None
    ladder: tuple[RungAt, ...] = ()
    reached: tuple[str, ...] = ()
    announced: tuple[str, ...] = ()
    legs: tuple[Leg, ...] = ()
    numbers: dict[str, int] = {}
    sequence: int = 0
    limits: tuple[LimitAt, ...] = ()
    started_under: str | None = None
    """The version in which its clock started: that one's term and supplement rule are its own for good."""
    last_at: datetime | None = None
    """When the last of its facts, but for timers', was taken in."""

    def view(self) -> View:
        """The dossier as its agencies' facts describe it."""
        return view_of(self.effective_life())

    def effective_life(self) -> tuple[LifeFact, ...]:
        """Its agencies' facts in order of time, without what was taken back."""
        return effective(self.life, self.retracted)

    def leg(self, name: str) -> Leg | None:
        """The leg of this name."""
        return next((leg for leg in self.legs if leg.name == name), None)

    @property
    def undelivered(self) -> bool:
        """Whether the result went out by post and came back, or nobody waits for it any more."""
        results = [leg for leg in self.legs if leg.kind is LegKind.DELIVER_RESULT]
        return bool(results) and (results[-1].aged_out or results[-1].known.status is ParcelStatus.RETURNED_TO_SENDER)

    def next_due(self) -> datetime | None:
        """When time alone sets something in motion next."""
        clocks: list[RungAt | LimitAt] = sorted([*self.ladder, *self.limits], key=attrgetter("at"))
        # Nearest first: keys are made up to the first that is not reached.
        ahead = (one.at for one in clocks if one.key not in self.reached)
        return min((*islice(ahead, 1), *(fact.until for fact in self.waiting)), default=None)


class Verdict(StrEnum):
    """Whether a fact was seen before."""

    NEW = "new"
    REPETITION = "repetition"
    CONFLICT = "conflict"


def seen_before(dossier: Dossier | None, event: Event) -> Verdict:
    """The same source, id and content is a repetition; the same source and id with another content a conflict."""
    if dossier is None or isinstance(event, TIMERS):
        return Verdict.NEW
    content = dossier.seen.get(short(event.ref))
    if content is None:
        return Verdict.NEW
    if content == short(event.digest or ""):
        return Verdict.REPETITION
    return Verdict.REPETITION if short(event.ref + (event.digest or "")) in dossier.seen else Verdict.CONFLICT


def evolve(before: Dossier | None, event: Event, reference: Reference) -> Dossier:
    """The dossier after this fact. Raises UnknownVersion where the fact names reference data nobody has published."""
    dossier = before or Dossier(event.subject)
    match seen_before(before, event):
        case Verdict.REPETITION:
            return dossier
        case Verdict.CONFLICT:
            # Remembered under source, id and content, so that its own repetition is one too.
            return _remembered(dossier, event.ref + (event.digest or ""), event)
    match event:
        case RungReached():
            return _rung_reached(dossier, event)
        case LimitReached():
            return _limit_reached(dossier, event)
        case Archived():
            # Void, where it comes to a dossier that is open.
            return dossier
    dossier = _remembered(dossier, event.ref, event)
    today = reference.at(event.refversion or dossier.refversion or "")
    match event:
        case DossierFact():
            dossier = _stated(dossier, event, today)
        case ReferenceChanged() if is_moved_by(dossier, event):
            dossier = replace(dossier, refversion=event.data.to)
    view = dossier.view()
    match event:
        case PostalFact() | StatusConfirmed() | AgedOut():
            dossier = replace(dossier, legs=answered(dossier.legs, event, today, view))
        case _:
            dossier = _projected(before or dossier, dossier, view, event, reference)
    dossier = _settled(dossier, view, today)
    return _limited(before or Dossier(event.subject), dossier, view, event, reference)


def _settled(dossier: Dossier, view: View, today: Edition) -> Dossier:
    """What follows from facts and answers together: the post's orders, the status."""
    legs = planned(dossier.code, dossier.legs, view, today)
    return replace(dossier, legs=legs, status=_status(view, legs))


def _status(view: View, legs: Iterable[Leg]) -> DossierStatus:
    """The agencies' word, and where a result's envelope is with the citizen, that it was returned."""
    if view.status is DossierStatus.RESULT_READY and any(
        leg.kind is LegKind.DELIVER_RESULT and leg.known.status is ParcelStatus.DELIVERED for leg in legs
    ):
        return DossierStatus.RESULT_RETURNED
    return view.status


# ---------------------------------------------------------------- what agencies state


def _stated(dossier: Dossier, event: DossierFact, edition: Edition) -> Dossier:
    """Take the fact in if its agency has standing, and then whatever waited for it; else let it wait."""
    if not has_standing(dossier.view(), event, edition):
        late = Waiting(event.ref, event.recorded + WAITS, event.encode())
        return replace(dossier, waiting=(*dossier.waiting, late))
    dossier = _taken(dossier, event)
    return _judged_again(dossier, edition)


def _judged_again(dossier: Dossier, edition: Edition) -> Dossier:
    """Every waiting fact, in the order they came, until none gains standing any more."""
    for waiting in dossier.waiting:
        event = DossierFact.decode(waiting.raw)
        if has_standing(dossier.view(), event, edition):
            rest = tuple(other for other in dossier.waiting if other.ref != waiting.ref)
            return _judged_again(_taken(replace(dossier, waiting=rest), event), edition)
    return dossier


def _taken(dossier: Dossier, event: DossierFact) -> Dossier:
    if isinstance(event, Corrected):
        return replace(dossier, retracted=(*dossier.retracted, f"{event.source} {event.data.retracts.id}"))
    life = inserted(dossier.life, life_fact(event))
    return replace(dossier, life=life, tracking=dossier.tracking or event.trackingcode)


# ---------------------------------------------------------------- the legal clock


def _projected(before: Dossier, dossier: Dossier, view: View, event: Event, reference: Reference) -> Dossier:
    """The clock anew from its facts; the first that starts it pins the dossier to the version it names."""
    heard = clock_facts(effective(before.life, before.retracted))
    facts = clock_facts(effective(dossier.life, dossier.retracted))
    if not facts and dossier.clock.state is ClockState.NOT_STARTED:
        return dossier
    if view.procedure is None:
        # Whatever named the procedure was retracted, and with it what the clock was counted for.
        return replace(dossier, clock=Clock(), ladder=(), problem=None)
    if facts == heard and _clock_stands(before, dossier, view):
        return dossier
    pinned = dossier.refversion or event.refversion
    edition = reference.at(pinned or "")
    procedure = own_procedure(dossier, event, view, reference)
    if procedure is None:
        return replace(dossier, problem=f"no procedure {view.procedure} in {dossier.started_under or pinned}")
    hours = edition.hours(view.competent or view.receiving)
    try:
        clock = project(term_of(procedure), procedure.supplement_policy, facts, edition.calendar, hours)
    except ValueError as outside:
        return replace(dossier, problem=str(outside))
    dossier = replace(dossier, problem=None)
    if clock.state is not ClockState.NOT_STARTED:
        dossier = replace(dossier, refversion=pinned, started_under=dossier.started_under or pinned)
    if clock == dossier.clock:
        return dossier
    agency = edition.agency(view.receiving)
    ladder = rungs(clock, edition.calendar, hours, agency.near_due_working_days if agency else 2)
    passed = {rung.key for rung in ladder if rung.at <= event.recorded}
    reached = tuple(sorted({*dossier.reached, *passed}))
    announced = clock.due_on if clock.state is ClockState.RUNNING else dossier.announced_on
    return replace(dossier, clock=clock, ladder=ladder, reached=reached, announced_on=announced)


def own_procedure(dossier: Dossier, event: Event, view: View, reference: Reference) -> Procedure | None:
    """The procedure as it was when the clock started, or would start now; None where that version has none."""
    version = dossier.started_under or dossier.refversion or event.refversion
    return reference.at(version or "").procedure(view.procedure)


def is_moved_by(dossier: Dossier, event: ReferenceChanged) -> bool:
    """Whether this change is of the version it rests on, and its clock open: a closed dossier keeps its date."""
    return dossier.refversion == event.data.from_ and dossier.clock.state in OPEN


def _clock_stands(before: Dossier, after: Dossier, view: View) -> bool:
    """Whether nothing that a clock is computed from, besides its facts, differs from what it was computed from."""
    if before.refversion is None or before.refversion != after.refversion:
        return False
    was = before.view()
    return (was.procedure, was.competent, was.receiving) == (view.procedure, view.competent, view.receiving)


def _limited(before: Dossier, dossier: Dossier, view: View, event: Event, reference: Reference) -> Dossier:
    """The limits anew, where a fact or an answer may have set or met one."""
    same = dossier.life is before.life and dossier.retracted is before.retracted and dossier.legs == before.legs
    if same and dossier.refversion == before.refversion:
        return dossier
    edition = reference.at(dossier.refversion or event.refversion or "")
    try:
        procedure = own_procedure(dossier, event, view, reference)
        life = effective(dossier.life, dossier.retracted)
        found = _facts_limits(before, dossier, life, edition, procedure)
        found += tuple(limit for leg in dossier.legs if (limit := attempt_limit(leg, edition, view)))
        found += tuple(limit for leg in dossier.legs if (limit := silence_limit(leg)))
        if storage := storage_limit(dossier.legs, edition, view):
            found = (*found, storage)
        if not is_final(dossier.status):
            found += looks_ahead(dossier.clock, life, edition, view.competent or view.receiving)
    except ValueError as outside:
        return replace(dossier, problem=str(outside))
    if found == dossier.limits:
        return dossier
    passed = {limit.key for limit in found if limit.at <= event.recorded}
    passed = passed and passed - {limit.key for limit in before.limits}
    reached = tuple(sorted({*dossier.reached, *passed})) if passed else dossier.reached
    return replace(dossier, limits=found, reached=reached)


def _facts_limits(
    before: Dossier, dossier: Dossier, life: tuple[LifeFact, ...], edition: Edition, procedure: Procedure | None
) -> tuple[LimitAt, ...]:
    """The limits that the agencies' facts set: as they were, where neither these nor the days have changed."""
    same = dossier.life is before.life and dossier.retracted is before.retracted
    if same and dossier.refversion == before.refversion and before.problem is dossier.problem is None:
        return tuple(limit for limit in before.limits if limit.limit not in ELSEWHERE)
    return limits(life, edition, procedure)


def fired_key(event: RungReached) -> str:
    """The rung that a timer's fact speaks of."""
    return limit_key(event.data.rung, str(event.data.step), event.data.due_on)


def _rung_reached(dossier: Dossier, event: RungReached) -> Dossier:
    """A rung of the due date in force is reached, with the look ahead of its instant; any other firing is void."""
    after = _passed(dossier, fired_key(event), {rung.key for rung in dossier.ladder})
    if after is dossier:
        return dossier
    looks = {look.key for look in looks_at(dossier.limits, event.time, event.data.due_on)}
    return replace(after, reached=tuple(sorted({*after.reached, *looks}))) if looks else after


def looks_at(limits: Iterable[LimitAt], at: datetime, due_on: date) -> list[LimitAt]:
    """The looks ahead at a due date that fall on this instant: a rung of it looks as well, and one fact says both."""
    return [one for one in limits if one.limit is Limit.APOLOGY and one.at == at and one.limit_on == due_on]


def _limit_reached(dossier: Dossier, event: LimitReached) -> Dossier:
    """A limit in force is reached, any other firing is void; a fact that still has no standing stays without effect."""
    if event.data.limit != STANDING:
        key = limit_key(event.data.limit, event.data.about, event.data.limit_on)
        # Whether anybody is told that an apology is owed, the forecast decides.
        says = event.data.limit != Limit.APOLOGY
        return _passed(dossier, key, {limit.key for limit in dossier.limits}, says)
    return replace(dossier, waiting=tuple(fact for fact in dossier.waiting if fact.ref != event.data.about))


def _passed(dossier: Dossier, key: str, in_force: set[str], says: bool = True) -> Dossier:
    if key in dossier.reached or key not in in_force:
        return dossier
    announced = tuple(sorted((*dossier.announced, key))) if says else dossier.announced
    return replace(dossier, reached=tuple(sorted((*dossier.reached, key))), announced=announced)


# ---------------------------------------------------------------- what was seen


def _remembered(dossier: Dossier, ref: str, event: Event) -> Dossier:
    last_at = max(dossier.last_at or event.recorded, event.recorded)
    return replace(dossier, seen=dossier.seen | {short(ref): short(event.digest or "")}, last_at=last_at)


@lru_cache(maxsize=256)
def short(text: str) -> bytes:
    """Eight bytes that stand for a text: a dossier has at most 2,000 facts, so a collision needs 10^12 dossiers."""
    return blake2b(text.encode(), digest_size=8).digest()
