"""The step under the engine: decode, evolve, react, encode. Pure, but for the reference data it looks up by version."""

from collections import defaultdict, deque

import structlog

from rules.parking import advance, due_of, parked
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
from streams.engine import MAX_RECORD_BYTES, Letter, Record, Stepped, TooLarge, Unfit
from streams.holds import Holds
from streams.reference import Library

MOST_KEPT = MAX_RECORD_BYTES - 1_000
"""Bytes of a state, so that key and header fit beside it."""
# They are there from the start, at 0: an alert sees the first of its kind.
PARKED = counter("hoso_worker_parked_total")
LETTERS = counter("hoso_dead_letters_total").labels(LOG)
LATE = histogram("hoso_timer_late_seconds")

log = structlog.get_logger()


class Unsayable(Exception):
    """What follows from a fact cannot be put into bytes."""


class Fold:
    """One dossier's log, folded fact by fact; what cannot be folded is parked, and too much of that ends the worker."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._guard = Guard()

    def step(self, state: bytes | None, record: Record) -> Stepped:
        """What is kept after one more fact, when it is due next, and everything the fact set in motion."""
        event, ref = _read(record)
        before = decode(state)
        after, facts = advance(before, event, record.value, ref, self._reference)
        self._guard.saw(record.partition, went_wrong=bool(after.parked) and not before.parked)
        if after.parked and not before.parked:
            log.error("dossier.parked", dossier=record.key.decode(errors="replace"), what=ref, why=after.why)
            PARKED.inc()
        if after == before and not facts:
            return Stepped(None)
        try:
            outputs = [(fact.topic, fact.encode(RELEASE)) for fact in facts]
        except Exception as error:  # the public state is drawn here
            raise Unsayable(f"{type(error).__name__}: {error}") from error
        next_due = after.next_due()
        # Of an archived dossier that is forgotten, nothing is kept.
        return Stepped(encode(after), next_due.timestamp() if next_due else None, outputs, closed=after == NOTHING)

    def poison(self, record: Record, error: Exception, state: bytes | None) -> Stepped:
        """What follows instead of a step that failed; what no rule foresaw stops the worker before it commits.

        Bytes that are no event go to the dead letters. A fact whose consequences no topic can hold, or nobody can put
        into bytes, parks its dossier; where not even that can be held, it goes to the dead letters too: neither may
        stop its partition for ever.
        """
        match error:
            case NotAnEvent() | Unfit():
                stepped = _letter(record, error)
            case TooLarge() | Unsayable():
                stepped = self._set_aside(record, error, state)
            case _:
                raise error
        self._guard.saw(record.partition, went_wrong=True)
        return stepped

    def _set_aside(self, record: Record, error: TooLarge | Unsayable, state: bytes | None) -> Stepped:
        kept = decode(state)
        if kept.parked:
            return _letter(record, error)
        event, ref = _read(record)
        after = parked(kept, event, record.value, ref, f"{type(error).__name__}: {error}", self._reference)
        held = encode(after)
        if len(held) > MOST_KEPT:
            return _letter(record, error)
        PARKED.inc()
        next_due = after.next_due()
        return Stepped(held, next_due.timestamp() if next_due else None)


def _letter(record: Record, error: Exception) -> Stepped:
    LETTERS.inc()
    id = derived_id("|".join(map(str, (LOG, record.partition, record.offset))), "dead letter")
    letter = DeadLetterKept.of(LOG, record, str(error), "/hoso/streams", id)
    return Stepped(None, letters=(Letter(DEAD_LETTERS, LOG.encode(), letter.encode()),))


def _read(record: Record) -> tuple[Event | None, str]:
    """The fact and its source and id; no fact where its type is one that a newer release knows."""
    try:
        event = Event.decode(record.value)
    except UnknownType:
        return None, ref_in(record.value)
    return event, event.ref


class TooMuchParked(Exception):
    """A large share of a partition's recent facts cannot be folded: the release is bad, not the facts."""


class Guard:
    """Counts, partition by partition, how many of the last facts parked a dossier or were no events."""

    RECENT, ENOUGH, MOST_SHARE = 200, 50, 0.5

    def __init__(self) -> None:
        self._recent: defaultdict[int, deque[bool]] = defaultdict(lambda: deque(maxlen=self.RECENT))

    def saw(self, partition: int, went_wrong: bool) -> None:
        """One more fact. Raises TooMuchParked, which ends the worker before it commits."""
        recent = self._recent[partition]
        recent.append(went_wrong)
        if went_wrong and len(recent) >= self.ENOUGH and sum(recent) > len(recent) * self.MOST_SHARE:
            raise TooMuchParked(f"{sum(recent)} of the last {len(recent)} facts of partition {partition} parked")


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
