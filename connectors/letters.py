"""Bytes no schema reads: kept on `dead.letters` with where they stood and why, before anybody commits past them.

Every process of this room seals them (`boxes`): a citizen's details may stand in them, and in what a reason quotes.
"""

from collections.abc import Collection, Sequence

import structlog

from connectors.broker import Message, Producer
from connectors.dead_letters import kind_of
from connectors.letter_boxes import LetterBoxes
from connectors.metrics import counter
from schemas.event import Event, NotAnEvent, UnknownType, derived_id, type_of
from schemas.ops import DEAD_LETTERS, DeadLetterKept
from schemas.upcasting import ever

log = structlog.get_logger()
Readable = list[tuple[Message, Event]]


def readable(
    messages: Sequence[Message],
    producer: Producer,
    only: Collection[type[Event]] = (),
    expects: tuple[type[Event], ...] = (Event,),
    boxes: LetterBoxes | None = None,
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
            keep(message, str(error), producer, boxes)
    return found


def _expected(raw: bytes, expects: tuple[type[Event], ...]) -> Event:
    event = Event.decode(raw)
    if not isinstance(event, expects):
        raise NotAnEvent(f"{event.type} does not belong here")
    return event


def keep(message: Message, reason: str, producer: Producer, boxes: LetterBoxes | None = None) -> None:
    """Put a record on the dead letters; durable when this returns. Its id is its place, so that twice is once.

    Raises TryLater: no broker, or no database for the key of this day.
    """
    id = derived_id(f"{message.topic}/{message.partition}/{message.offset}", "dead_letter")
    letter = DeadLetterKept.of(message.topic, message, reason, "/hoso/dead-letters", id)
    if boxes is not None:
        letter = boxes.sealed(letter, kind_of(reason))
    producer.publish_to(DEAD_LETTERS, letter.subject.encode(), letter.encode())
    counter("hoso_dead_letters_total").labels(message.topic).inc()
    log.warning("letter.kept", topic=message.topic, partition=message.partition, offset=message.offset)


def _names(kind: type[Event]) -> tuple[str, ...]:
    name = kind.model_fields["type"].default
    return ever(name) if isinstance(name, str) else ()
