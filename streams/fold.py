"""The step under the engine: decode, evolve, react, encode. Pure, but for the reference data it looks up by version."""

from collections.abc import Sequence

import structlog

from rules.kept import Kept
from rules.parking import Output, due_of, set_aside, told
from rules.rebasing import rebased
from rules.reference import Reference
from schemas import tracing
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType, derived_id, ref_in
from schemas.instant import aware
from schemas.metrics import counter, histogram
from schemas.ops import DEAD_LETTERS, DeadLetterKept
from schemas.release import RELEASE
from streams.codec import NOTHING, decode, encode, refversion_of
from streams.engine import Letter, Record, Stepped, TooLarge, Unfit
from streams.guard import Guard
from streams.holds import Holds
from streams.reference import Library

NO_ROOM = "its dossier is parked, and no more of what waits fits in a record: put it back after the retry, in order"
"""Why a fact that can be read is with the dead letters."""
# They are there from the start, at 0: an alert sees the first of its kind.
PARKED = counter("hoso_worker_parked_total")
LETTERS = counter("hoso_dead_letters_total").labels(LOG)
LATE = histogram("hoso_timer_late_seconds")

log = structlog.get_logger()


class Fold:
    """One dossier's log, folded fact by fact; what cannot be folded is parked, and too much of that ends the worker."""

    def __init__(self, reference: Reference, guard: Guard | None = None) -> None:
        self._reference = reference
        self._guard = guard or Guard()

    def step(self, state: bytes | None, record: Record) -> Stepped:
        """What is kept after one more fact, when it is due next, and everything the fact set in motion."""
        event, ref = _read(record)
        before = decode(state)
        after, outputs = told(before, event, record.value, ref, self._reference, RELEASE)
        self._guard.saw(record.partition, went_wrong=bool(after.parked) and not before.parked)
        _tell_of_parked(before, after, record, ref)
        if after == before and not outputs:
            return Stepped(None)
        return _stepped(before, after, outputs, record, NO_ROOM)

    def poison(self, record: Record, error: Exception, state: bytes | None) -> Stepped:
        """What follows instead of a step that failed; what no rule foresaw stops the worker before it commits.

        Bytes that are no event go to the dead letters. A fact whose consequences no topic can hold parks its dossier;
        where not even that can be held, it goes to the dead letters too: neither may stop its partition for ever.
        """
        match error:
            case NotAnEvent() | Unfit():
                stepped = Stepped(None, letters=_letters(record, str(error)))
            case TooLarge():
                stepped = self._set_aside(record, error, state)
            case _:
                raise error
        self._guard.saw(record.partition, went_wrong=True)
        return stepped

    def _set_aside(self, record: Record, error: TooLarge, state: bytes | None) -> Stepped:
        before, (event, ref) = decode(state), _read(record)
        why = f"{type(error).__name__}: {error}"
        after, outputs = set_aside(before, event, record.value, ref, why, self._reference, RELEASE)
        _tell_of_parked(before, after, record, ref)
        return _stepped(before, after, outputs, record, why)


def _tell_of_parked(before: Kept, after: Kept, record: Record, ref: str) -> None:
    if after.parked and not before.parked:
        log.error("dossier.parked", dossier=record.key.decode(errors="replace"), what=ref, why=after.why)
        PARKED.inc()


def _stepped(before: Kept, after: Kept, outputs: Sequence[Output], record: Record, why: str) -> Stepped:
    """What is kept from here, said, and left to the dead letters for this reason if there was no room for it."""
    letters = _letters(record, why) if after.lettered > before.lettered else ()
    next_due = after.next_due()
    # Of an archived dossier that is forgotten, nothing is kept.
    closed = after == NOTHING
    return Stepped(encode(after), next_due.timestamp() if next_due else None, outputs, letters, closed)


def _letters(record: Record, why: str) -> tuple[Letter, ...]:
    LETTERS.inc()
    id = derived_id("|".join(map(str, (LOG, record.partition, record.offset))), "dead letter")
    letter = DeadLetterKept.of(LOG, record, why, "/hoso/streams", id)
    return (Letter(DEAD_LETTERS, LOG.encode(), letter.encode()),)


def _read(record: Record) -> tuple[Event | None, str]:
    """The fact and its source and id; no fact where its type is one that a newer release knows."""
    try:
        event = Event.decode(record.value)
    except UnknownType:
        return None, ref_in(record.value)
    return event, event.ref


def _stamped(fact: Event) -> bytes:
    """What time alone sets in motion begins a trace: it is written once, and all that follows bears what is written."""
    with tracing.span("timer", None) as span:
        span.notes(type=fact.type)
        return fact.model_copy(update={"codeversion": RELEASE, "traceparent": span.traceparent}).encode()


class Firing:
    """What time alone sets in motion, for the engine's timers."""

    def __init__(self, library: Library, holds: Holds) -> None:
        self._library, self._holds = library, holds

    def fire(self, key: bytes, state: bytes, now: float) -> list[bytes]:
        """The facts of this dossier that are due at `now` (driven unix seconds); none while a hold keeps them."""
        kept = decode(state)
        if self._holds.stops(kept):
            return []
        facts = due_of(kept, self._library.newest, aware(now))
        for fact in facts:
            LATE.observe(now - fact.time.timestamp())
        return [_stamped(fact) for fact in facts]


class Rebasing:
    """What a newer version of the reference data sets in motion, for the engine's sweep."""

    def __init__(self, library: Library, holds: Holds) -> None:
        self._library, self._holds = library, holds

    def occasion(self) -> str:
        """The version in force, and which holds are: another of them is a reason to look at every dossier."""
        return f"{self._library.newest} {self._holds.changes}"

    def look(self, key: bytes, state: bytes, now: float) -> list[bytes]:
        """The fact that moves this dossier to the version in force; nothing for most."""
        version, library = refversion_of(state), self._library
        if version is None or not library.older(version):
            return []
        kept = decode(state)
        if self._holds.stops(kept):
            return []
        was, newest = library.reference.at(version), library.reference.at(library.newest)
        fact = rebased(kept, was, newest, library.newest_since, aware(now))
        return [_stamped(fact)] if fact is not None else []
