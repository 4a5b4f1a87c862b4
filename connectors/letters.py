"""Bytes no schema reads: kept on `dead.letters` with where they stood and why, before anybody commits past them."""

import base64
from collections.abc import Collection, Sequence
from datetime import datetime

import structlog

from connectors.broker import Message, Producer
from connectors.metrics import counter
from schemas.event import Event, NotAnEvent, UnknownType, derived_id, type_of
from schemas.instant import aware, now
from schemas.ops import DEAD_LETTERS, DeadLetterKept

log = structlog.get_logger()
EARLIEST_SECONDS, LATEST_SECONDS = 946_684_800, 4_102_444_800
"""2000 to 2100: a client may stamp its records as it likes."""
MOST_BYTES_KEPT = 700_000
"""Longer bytes are cut: their base64 must pass the broker. The reason says so."""

Readable = list[tuple[Message, Event]]


def readable(
    messages: Sequence[Message],
    producer: Producer,
    only: Collection[type[Event]] = (),
    expects: tuple[type[Event], ...] = (Event,),
) -> Readable:
    """The events among them, each with its record; the others are on the dead letters when this returns.

    With `only`, events of other types are passed over undecoded: of a topic with many types a reader wants a few. With
    `expects`, an event that is none of these has no business on its topic, and is a dead letter too.
    """
    wanted = {name for kind in only for name in _names(kind)}
    found: Readable = []
    for message in messages:
        try:
            if message.value is None:
                continue
            if not only or type_of(message.value) in wanted:
                found.append((message, _expected(message.value, expects)))
        except (NotAnEvent, UnknownType) as error:
            keep(message, str(error), producer)
    return found


def _expected(raw: bytes, expects: tuple[type[Event], ...]) -> Event:
    event = Event.decode(raw)
    if not isinstance(event, expects):
        raise NotAnEvent(f"{event.type} does not belong here")
    return event


def keep(message: Message, reason: str, producer: Producer) -> None:
    """Put a record on the dead letters; durable when this returns. Its id is its place, so that twice is once."""
    raw = message.value or b""
    cut = len(raw) > MOST_BYTES_KEPT
    place = f"{message.topic}/{message.partition}/{message.offset}"
    letter = DeadLetterKept(
        id=derived_id(place, "dead_letter"),
        source="/hoso/dead-letters",
        subject=message.topic,
        time=_stamped(message),
        data=DeadLetterKept.Data(
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            reason=(f"cut from {len(raw)} bytes; " if cut else "") + reason[:3900] or "unreadable",
            key=message.key.decode(errors="replace")[:200] if message.key else None,
            bytes=base64.b64encode(raw[:MOST_BYTES_KEPT]).decode(),
        ),
    )
    producer.publish_to(DEAD_LETTERS, letter.subject.encode(), letter.encode())
    counter("hoso_dead_letters_total").labels(message.topic).inc()
    log.warning("letter.kept", topic=message.topic, partition=message.partition, offset=message.offset)


def _stamped(message: Message) -> datetime:
    """When the record was written, by its writer's word; now, where that is no time of ours."""
    seconds = message.timestamp_ms / 1000
    return aware(seconds) if EARLIEST_SECONDS < seconds < LATEST_SECONDS else now()


def _names(kind: type[Event]) -> tuple[str, ...]:
    name = kind.model_fields["type"].default
    return (name,) if isinstance(name, str) else ()
