"""A long topic sifted for a few types of facts: all others are passed over undecoded, and so is what nobody reads."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from connectors.broker import Message, Reader
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


def since(bootstrap: str, topic: str, span: timedelta | None) -> Iterator[Message]:
    """The records of a topic that were written in the last while, by real time; all of them with None."""
    starts = None
    if span is not None:
        with Reader(bootstrap, topic) as reader:
            starts = reader.first_since(max(0, round((time.time() - span.total_seconds()) * 1000)))
    with Reader(bootstrap, topic, starts=starts) as reader:
        yield from reader.to_end()
