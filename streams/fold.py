"""The step under the engine: decode, evolve, react, encode. Pure, but for the reference data it looks up by version."""

import base64
from importlib.metadata import version as release_of

from rules.dossier import evolve
from rules.reactions import react
from rules.reference import Reference
from rules.time import due
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, derived_id
from schemas.instant import aware
from schemas.ops import DEAD_LETTERS, DeadLetterKept
from streams.codec import decode, encode
from streams.engine import Letter, Record, Stepped
from streams.reference import Library

CODE_VERSION = release_of("hoso")


class Fold:
    """One dossier's log, folded fact by fact."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def step(self, state: bytes | None, record: Record) -> Stepped:
        """The dossier after one more fact, when it is due next, and everything the fact set in motion."""
        event = Event.decode(record.value)
        before = decode(state) if state is not None else None
        after = evolve(before, event, self._reference)
        after, facts = react(before, after, event, self._reference)
        if after == before:
            return Stepped(None)
        next_due = after.next_due()
        outputs = [(type(fact).topic, _stamped(fact)) for fact in facts]
        return Stepped(encode(after), next_due.timestamp() if next_due else None, outputs)


def _stamped(fact: Event) -> bytes:
    return fact.model_copy(update={"codeversion": CODE_VERSION}).encode()


def poison(record: Record, error: Exception, state: bytes | None) -> Stepped:
    """Bytes that no schema reads go to the dead letters; any other failure stops the worker before it commits."""
    if not isinstance(error, NotAnEvent):
        raise error
    place = (LOG, record.partition, record.offset)
    letter = DeadLetterKept(
        id=derived_id("|".join(map(str, place)), "dead letter"),
        source="/hoso/streams",
        subject=LOG,
        time=aware(record.timestamp_ms / 1000),
        data=DeadLetterKept.Data(
            topic=LOG,
            partition=record.partition,
            offset=record.offset,
            reason=str(error)[:2000],
            key=record.key.decode(errors="replace"),
            bytes=base64.b64encode(record.value).decode(),
        ),
    )
    return Stepped(None, letters=(Letter(DEAD_LETTERS, LOG.encode(), letter.encode()),))


class Firing:
    """What time alone sets in motion, for the engine's timers."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def fire(self, key: bytes, state: bytes, now: float) -> list[bytes]:
        """The facts of this dossier that are due at `now` (driven unix seconds)."""
        return [_stamped(fact) for fact in due(decode(state), self._library.newest, aware(now))]
