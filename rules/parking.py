"""When the rules fail on a fact, its dossier is parked: that fact and those after it wait, in order; all others flow.

A fact with which a dossier would be larger than it may be (`rules.bounds`) parks it, too. An operator's word on the log
ends it: a retry, once what failed is mended, or a skip of the fact at fault. So whoever folds the log again comes to
the same dossier.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from functools import partial
from typing import Any

from msgspec.structs import replace

from rules.archiving import archived, forgetting_fact, stub_at, stub_fact
from rules.bounds import MOST_STATE_BYTES, beyond, encode, growth
from rules.dossier import Dossier, evolve
from rules.facts import Derived, caused, here
from rules.kept import WORDS, Parked
from rules.kept import Kept as Kept  # a replay of any release finds it here
from rules.notices import Telling, addressed
from rules.reactions import react
from rules.reference import Reference
from rules.shown import shown
from rules.stubbed import of_a_stub
from rules.time import due, limit_fact
from schemas.clock import ClockState
from schemas.deadline import Archived, ArchiveStage, LimitReached, RungReached
from schemas.event import Event, NotAnEvent, ref_in
from schemas.instant import VIETNAM
from schemas.notice import NoticeKind
from schemas.ops import EventSkipped, Retried
from schemas.state import DossierStateChanged

PARKED = "parked"
"""The limit that warns of a parked dossier before its due date."""
ALARM_WORKING_DAYS = 1
ALARM_TIME = time(7, 30, tzinfo=VIETNAM)

Output = tuple[str, bytes]
"""A topic, and what is said on it."""


def advance(kept: Kept, event: Event | None, raw: bytes, ref: str, reference: Reference) -> tuple[Kept, list[Derived]]:
    """What is kept after one more fact, and what that sets in motion. Never raises, but for bytes that are no event.

    `event` is None where this release does not know the fact's type: a newer one may. A fact that no record holds
    beside what waits already is left out, and `lettered` counts it.
    """
    if kept.stub is not None:
        return of_a_stub(kept, kept.stub, event, reference, partial(_folded_again, reference))
    if not kept.parked:
        return _with_room(kept, *_folded(kept, event, raw, ref, reference))
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
    if kept.lettered:
        return kept.left_out(), []
    after = replace(kept, parked=(*kept.parked, Parked(ref, raw)))
    return _with_room(kept, *_said(after, event or _envelope(raw)))


def told(
    kept: Kept, event: Event | None, raw: bytes, ref: str, reference: Reference, release: str | None = None
) -> tuple[Kept, list[Output]]:
    """What `advance` gives, with all that is set in motion in bytes: whoever says it, or would, folds with this.

    A fact whose consequences nobody can put into bytes parks its dossier; of one that is parked already, that is left
    out which cannot be said. Raises NotAnEvent where `advance` does, and where an archived one's cannot be said.
    """
    after, facts = advance(kept, event, raw, ref, reference)
    try:
        return after, [_output(fact, release) for fact in facts]
    except Exception as error:  # the public state is drawn here
        why = _unsayable(error)
        if kept.stub is not None:
            raise NotAnEvent(f"archived, and not to be said: {why}") from error
    if not after.parked:
        # Of a parked dossier what waited can be said, and the operator's word cannot: it has no effect.
        return (kept, []) if kept.parked else set_aside(kept, event, raw, ref, why, reference, release)
    return after, [_output(fact, release) for fact in facts if not _why_unsayable([fact])]


def set_aside(
    kept: Kept, event: Event | None, raw: bytes, ref: str, why: str, reference: Reference, release: str | None = None
) -> tuple[Kept, list[Output]]:
    """What is kept when this fact cannot be taken in for a reason that folding does not show, and what is said.

    Its dossier waits from here; one that waits already, or is archived, leaves it out.
    """
    if kept.parked or kept.stub is not None:
        return kept.left_out(), []
    after, facts = _with_room(kept, *_park(kept, event, Parked(ref, raw), why[:WORDS], reference))
    return after, [_output(fact, release) for fact in facts if not _why_unsayable([fact])]


def _output(fact: Derived, release: str | None) -> Output:
    return fact.topic, fact.encode(release)


def _why_unsayable(facts: Sequence[Derived]) -> str:
    try:
        for fact in facts:
            fact.encode()
    except Exception as error:  # whatever it is: this fact alone cannot be said
        return _unsayable(error)
    return ""


def _unsayable(error: Exception) -> str:
    return f"Unsayable: {type(error).__name__}: {error}"[:WORDS]


def _with_room(kept: Kept, after: Kept, said: list[Derived]) -> tuple[Kept, list[Derived]]:
    """What is kept after a fact, if it can be; else without the fact."""
    return (after, said) if after.is_held() else (kept.left_out(), [])


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
    if after == kept.dossier:
        return kept, facts
    going = _measured(kept, after, raw)
    if why := beyond(event, kept.dossier, after, going.bound):
        return _park(kept, event, Parked(ref, raw), why, reference)
    return going, facts


def _measured(kept: Kept, after: Dossier, raw: bytes) -> Kept:
    """The dossier after a fact with its bound: its very size where by the bound it may be more than it may have."""
    is_known = kept.bound or kept.dossier is None
    bound = kept.bound + growth(after, raw) if is_known else MOST_STATE_BYTES + 1
    going = Kept(after, bound=bound)
    return going if bound <= MOST_STATE_BYTES else replace(going, bound=len(encode(going)))


def _is_due(dossier: Dossier, event: Archived) -> bool:
    return event.data.stage is ArchiveStage.STUB and event.time == stub_at(dossier)


def _folded_again(reference: Reference, facts: Iterable[bytes]) -> Kept:
    """What is kept of a dossier after these facts, the whole of its log. Raises NotAnEvent."""
    again = Kept()
    for raw in facts:
        fact = _decoded(raw)
        again, _ = advance(again, fact, raw, fact.ref if fact else ref_in(raw), reference)
    return again


def _again(kept: Kept, event: Event, waiting: tuple[Parked, ...], reference: Reference) -> tuple[Kept, list[Derived]]:
    """Fold what waited, in order, until one fails again; then those behind it wait on."""
    going, said = Kept(kept.dossier, bound=kept.bound), list[Derived]()
    for number, one in enumerate(waiting):
        going, facts = _sayable(going, one, reference)
        said += facts
        if going.parked:
            going, state = _said(replace(going, parked=waiting[number:], lettered=kept.lettered), event)
            # What was folded may have grown by more than it took while it waited.
            return (going, [*said, *state]) if going.is_held() else (kept, [])
    going, facts = _folded(going, event, event.encode(), event.ref, reference)
    if going.parked:
        return replace(going, lettered=kept.lettered), [*said, *facts]
    return _cleared(going, event, [*said, *facts])


def _sayable(kept: Kept, one: Parked, reference: Reference) -> tuple[Kept, list[Derived]]:
    """A fact that waited, folded; what follows from it is put into bytes to see whether it can be."""
    event = _decoded(one.raw)
    after, facts = _folded(kept, event, one.raw, one.ref, reference)
    if not after.parked and (why := _why_unsayable(facts)):
        return _park(kept, event, one, why, reference)
    return after, facts


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
    state = caused(DossierStateChanged, event, partial(_drawn, dossier), "cleared")
    return replace(kept, dossier=dossier), [*said, state]


def _park(kept: Kept, event: Event | None, first: Parked, why: str, reference: Reference) -> tuple[Kept, list[Derived]]:
    since = event.recorded if event is not None else None
    after = replace(kept, parked=(first,), why=why, since=since, alarm_at=_alarm_at(kept, reference))
    return _said(after, event)


def _alarm_at(kept: Kept, reference: Reference) -> datetime | None:
    """One working day before the due date in force, in the morning."""
    dossier = kept.dossier
    if dossier is None or dossier.clock.state is not ClockState.RUNNING or not dossier.clock.due_on:
        return None
    calendar = reference.at(dossier.refversion or "").calendar
    return datetime.combine(calendar.before(dossier.clock.due_on, ALARM_WORKING_DAYS), ALARM_TIME)


def _said(kept: Kept, event: Event | None) -> tuple[Kept, list[Derived]]:
    """The public state with the word that it is parked; nothing where the fact has no readable envelope."""
    if event is None:
        return kept, []
    dossier = kept.dossier or Dossier(event.subject)
    kept = replace(kept, dossier=replace(dossier, sequence=dossier.sequence + 1), since=kept.since or event.recorded)
    return kept, [caused(DossierStateChanged, event, partial(shown_of, kept), PARKED)]


def shown_of(kept: Kept) -> dict[str, Any]:
    """The public state of what is kept of a dossier: with the word that it is parked, if it is and that could be said.

    Raises whatever the rules stumble over as they draw it.
    """
    assert kept.dossier is not None, "nothing is kept of it yet"
    state = _drawn(kept.dossier)
    if not kept.parked or kept.since is None:
        return state
    waits = {
        "what": kept.parked[0].shown,
        "why": kept.why or "unknown",
        "since": here(kept.since),
        "facts": len(kept.parked),
    }
    return state | {"parked": waits}


def _drawn(dossier: Dossier) -> dict[str, Any]:
    return shown(dossier, dossier.view())


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
