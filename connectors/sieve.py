"""A long topic sifted for a few types of facts: all others are passed over undecoded, and so is what nobody reads."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from connectors.archive import Archive, Whole
from connectors.broker import Message, Reader
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType, type_of
from schemas.upcasting import ever

Progress = Callable[[int], None]
"""Is told how many records were read so far."""


def nobody(_: int) -> None:
    """Is told and does nothing."""


def sifted(
    records: Iterable[Message], only: Iterable[type[Event]], progress: Progress = nobody, holding: bytes = b""
) -> Iterator[Event]:
    """The facts of these types whose bytes hold this, in their order.

    Bytes that nobody reads are passed over: the workers put them with the dead letters.
    """
    wanted = {name for kind in only for name in ever(str(kind.model_fields["type"].default))}
    for number, record in enumerate(records, start=1):
        progress(number)
        raw = record.value or b""
        if holding not in raw:
            continue
        try:
            if type_of(raw) not in wanted:
                continue
            event = Event.decode(raw)
        except (NotAnEvent, UnknownType):
            continue
        yield event


def logged(bootstrap: str, span: timedelta | None, archive: Archive | None) -> Iterator[Message]:
    """The records of the log that were written in the last while, by real time; all of them with None.

    Where the topic has lost some of them archive and topic are read as one. Raises Gap where they are in neither,
    BrokenArchive, and TryLater while either is away.
    """
    begins_ms = _ms(span)
    with Reader(bootstrap, LOG) as reader:
        starts, bounds = reader.first_since(begins_ms), reader.bounds()
    if any(0 < first == starts[partition] for partition, (first, _) in bounds.items()):
        whole = Whole(bootstrap, LOG, archive).records()
        yield from (record for record in whole if record.timestamp_ms >= begins_ms)
    else:
        yield from since(bootstrap, LOG, span)


def since(bootstrap: str, topic: str, span: timedelta | None) -> Iterator[Message]:
    """What a topic still has of the last while, by real time; all of it with None."""
    starts = None
    if span is not None:
        with Reader(bootstrap, topic) as reader:
            starts = reader.first_since(_ms(span))
    with Reader(bootstrap, topic, starts=starts) as reader:
        yield from reader.to_end()


def _ms(span: timedelta | None) -> int:
    """Where the last while begins, in unix milliseconds; 0, before all, with None."""
    return max(0, round((time.time() - span.total_seconds()) * 1000)) if span is not None else 0
