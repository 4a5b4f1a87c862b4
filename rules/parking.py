"""When the rules fail on a fact, its dossier is parked: that fact and those after it wait, in order; all others flow.

An operator's word on the log ends it: a retry, once what failed is mended, or a skip of the fact at fault. So whoever
folds the log again comes to the same dossier.
"""

from datetime import datetime, time
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from rules.archiving import Stub, archived, forgetting_fact, refused, seen_in, stub_at, stub_fact
from rules.dossier import Dossier, evolve
from rules.facts import Derived, caused, here, present
from rules.notices import Telling, addressed
from rules.reactions import react
from rules.reference import Reference
from rules.shown import shown
from rules.time import due, limit_fact
from schemas.clock import ClockState
from schemas.deadline import Archived, ArchiveStage, LimitReached, RungReached
from schemas.dossier import DossierFact
from schemas.event import Event, NotAnEvent, ref_in
from schemas.instant import VIETNAM
from schemas.notice import NoticeKind
from schemas.ops import EventSkipped, Reopened, Retried
from schemas.state import DossierStateChanged

PARKED = "parked"
"""The limit that warns of a parked dossier before its due date."""
ALARM_WORKING_DAYS = 1
ALARM_TIME = time(7, 30, tzinfo=VIETNAM)
WORDS = 200


class Parked(Struct, frozen=True, array_like=True, gc=False):
    """A fact that waits, as it came, and who stated it."""

    ref: str
    raw: bytes

    @property
    def shown(self) -> str:
        """Who stated it and its id, as far as the public state has room for it: an operator may name it so."""
        return self.ref[:WORDS]


class Kept(Struct, frozen=True, array_like=True, gc=False):
    """What a worker keeps of one dossier: the dossier, and what waits behind a fact that failed.

    `alarm_at` is when somebody must be told that a parked dossier's due date comes near; None once they were.
    """

    dossier: Dossier | None = None
    parked: tuple[Parked, ...] = ()
    why: str = ""
    since: datetime | None = None
    alarm_at: datetime | None = None
    stub: Stub | None = None
    """What is left of a dossier that is archived; then there is nothing else."""

    def next_due(self) -> datetime | None:
        """When time alone sets something in motion next; for a parked dossier only the alarm."""
        if self.parked:
            return self.alarm_at
        if self.stub is not None:
            return self.stub.forgotten_at
        return (self.dossier.next_due() or stub_at(self.dossier)) if self.dossier else None


def advance(kept: Kept, event: Event | None, raw: bytes, ref: str, reference: Reference) -> tuple[Kept, list[Derived]]:
    """What is kept after one more fact, and what that sets in motion. Never raises, but for bytes that are no event.

    `event` is None where this release does not know the fact's type: a newer one may.
    """
    if kept.stub is not None:
        return _of_a_stub(kept, kept.stub, event, reference)
    if not kept.parked:
        return _folded(kept, event, raw, ref, reference)
    match event:
        case Retried():
            return _again(kept, event, kept.parked, reference)
        case EventSkipped() if event.data.what in (kept.parked[0].ref, kept.parked[0].shown):
            return _again(kept, event, kept.parked[1:], reference)
        case EventSkipped():
            return kept, []
        case LimitReached() if event.data.limit == PARKED:
            return _alarmed(kept, event, reference)
        case RungReached() | LimitReached() | Archived():
            # Timers say it again once the dossier moves on.
            return kept, []
    after = replace(kept, parked=(*kept.parked, Parked(ref, raw)))
    return _said(after, event or _envelope(raw), reference)


def _of_a_stub(kept: Kept, stub: Stub, event: Event | None, reference: Reference) -> tuple[Kept, list[Derived]]:
    """What a fact comes to on an archived dossier. Raises NotAnEvent where a rule fails: there is nothing to park."""
    try:
        return _too_late(kept, stub, event, reference)
    except Exception as error:
        raise NotAnEvent(f"archived, and not refused: {type(error).__name__}: {error}") from error


def _too_late(kept: Kept, stub: Stub, event: Event | None, reference: Reference) -> tuple[Kept, list[Derived]]:
    match event:
        case Archived() if event.data.stage is ArchiveStage.FORGOTTEN and event.time == stub.forgotten_at:
            return Kept(), []
        case Reopened():
            return _reopened(kept, stub, event, reference)
        case DossierFact():
            stub, notices = refused(stub, event, reference)
            return replace(kept, stub=stub), notices
    return kept, []


def _reopened(kept: Kept, stub: Stub, event: Reopened, reference: Reference) -> tuple[Kept, list[Derived]]:
    """What was kept before, by folding its log again; nothing where that is not all of it."""
    again = Kept()
    try:
        for raw in event.data.facts():
            fact = _decoded(raw)
            again, _ = advance(again, fact, raw, fact.ref if fact else ref_in(raw), reference)
    except ValueError:
        return kept, []
    if again.dossier is None or again.parked or seen_in(again.dossier) != stub.seen:
        return kept, []
    counted = replace(again.dossier, numbers=stub.numbers, sequence=stub.sequence + 1)
    dossier = evolve(counted, event, reference)
    return Kept(dossier), [caused(DossierStateChanged, event, partial(shown, dossier, dossier.view()), "reopened")]


def _folded(kept: Kept, event: Event | None, raw: bytes, ref: str, reference: Reference) -> tuple[Kept, list[Derived]]:
    if event is None:
        return _park(kept, _envelope(raw), Parked(ref, raw), "this release does not know its type", reference)
    if isinstance(event, Archived) and kept.dossier is not None and _is_due(kept.dossier, event):
        stub, state = archived(kept.dossier, event)
        return Kept(stub=stub), [state]
    try:
        after = evolve(kept.dossier, event, reference)
        after, facts = react(kept.dossier, after, event, reference)
    except NotAnEvent:
        raise
    except Exception as error:  # whatever a rule stumbles over: this dossier stops, the city goes on
        return _park(kept, event, Parked(ref, raw), f"{type(error).__name__}: {error}"[:WORDS], reference)
    return Kept(after), facts


def _is_due(dossier: Dossier, event: Archived) -> bool:
    return event.data.stage is ArchiveStage.STUB and event.time == stub_at(dossier)


def _again(kept: Kept, event: Event, waiting: tuple[Parked, ...], reference: Reference) -> tuple[Kept, list[Derived]]:
    """Fold what waited, in order, until one fails again; then those behind it wait on."""
    going, said = Kept(kept.dossier), list[Derived]()
    for number, one in enumerate(waiting):
        found = _decoded(one.raw)
        going, facts = _folded(going, found, one.raw, one.ref, reference)
        said += facts
        if going.parked:
            going, state = _said(replace(going, parked=waiting[number:]), event, reference)
            return going, [*said, *state]
    going, facts = _folded(going, event, event.encode(), event.ref, reference)
    return _cleared(going, event, [*said, *facts])


def _decoded(raw: bytes) -> Event | None:
    try:
        return Event.decode(raw)
    except ValueError:
        return None


def _envelope(raw: bytes) -> Event | None:
    """What every fact's envelope says, of a type that this release does not know; None where it is none."""
    try:
        return Event.model_validate_json(raw)
    except ValueError:
        return None


def _cleared(kept: Kept, event: Event, said: list[Derived]) -> tuple[Kept, list[Derived]]:
    """The state says that it is parked no longer, whether or not anything else changed."""
    if kept.dossier is None:
        return kept, said
    dossier = replace(kept.dossier, sequence=kept.dossier.sequence + 1)
    state = caused(DossierStateChanged, event, shown(dossier, dossier.view()), "cleared")
    return replace(kept, dossier=dossier), [*said, state]


def parked(kept: Kept, event: Event | None, raw: bytes, ref: str, why: str, reference: Reference) -> Kept:
    """What is kept when this fact is set aside for a reason that folding cannot show: its dossier waits from here."""
    return _park(kept, event, Parked(ref, raw), why[:WORDS], reference)[0]


def _park(kept: Kept, event: Event | None, first: Parked, why: str, reference: Reference) -> tuple[Kept, list[Derived]]:
    since = event.recorded if event is not None else None
    after = replace(kept, parked=(first,), why=why, since=since, alarm_at=_alarm_at(kept, reference))
    return _said(after, event, reference)


def _alarm_at(kept: Kept, reference: Reference) -> datetime | None:
    """One working day before the due date in force, in the morning."""
    dossier = kept.dossier
    if dossier is None or dossier.clock.state is not ClockState.RUNNING or not dossier.clock.due_on:
        return None
    calendar = reference.at(dossier.refversion or "").calendar
    return datetime.combine(calendar.before(dossier.clock.due_on, ALARM_WORKING_DAYS), ALARM_TIME)


def _said(kept: Kept, event: Event | None, reference: Reference) -> tuple[Kept, list[Derived]]:
    """The public state with the word that it is parked; nothing where the fact has no readable envelope."""
    if event is None:
        return kept, []
    dossier = kept.dossier or Dossier(event.subject)
    dossier = replace(dossier, sequence=dossier.sequence + 1)
    since = kept.since or event.recorded
    waits = present({
        "what": kept.parked[0].shown,
        "why": kept.why or "unknown",
        "since": here(since),
        "facts": len(kept.parked),
    })  # fmt: skip
    state = caused(DossierStateChanged, event, shown(dossier, dossier.view()) | {"parked": waits}, PARKED)
    kept = replace(kept, dossier=dossier, since=since)
    return kept, [state]


def _alarmed(kept: Kept, event: LimitReached, reference: Reference) -> tuple[Kept, list[Derived]]:
    """Those who answer for the dossier are told that its clock is not being kept."""
    dossier = kept.dossier
    if dossier is None or kept.alarm_at is None:
        return kept, []
    edition = reference.at(event.refversion or dossier.refversion or "")
    payload = {"parked": kept.parked[0].ref, "why": kept.why, "due_on": str(dossier.clock.due_on)}
    telling = Telling(NoticeKind.CLOCK_FAILED, payload, {"why": kept.why}, (PARKED,))
    told, notices = addressed(dossier, [telling], event, dossier.view(), edition)
    return replace(kept, dossier=told, alarm_at=None), list(notices)


def due_of(kept: Kept, refversion: str, now: datetime) -> list[Event]:
    """What time alone sets in motion of what is kept.

    A dossier's rungs and limits, or a parked one's alarm; when nothing of it moves any more, that it is archived.
    """
    if kept.stub is not None:
        return [*forgetting_fact(kept.stub, refversion, now)]
    if kept.dossier is None:
        return []
    if not kept.parked:
        return due(kept.dossier, refversion, now) or [*stub_fact(kept.dossier, refversion, now)]
    if kept.alarm_at is None or kept.alarm_at > now:
        return []
    return [limit_fact(kept.dossier.code, PARKED, kept.parked[0].ref, kept.alarm_at, refversion, now)]
