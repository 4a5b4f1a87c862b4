"""agency.events.<code> in; facts on the log, rejections and dead letters out. The topic is the identity."""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from connectors.broker import Consumer, Message, Producer
from connectors.gate import wire
from connectors.gate.gate import Gate, Offer
from connectors.letter_boxes import LetterBoxes
from connectors.loop import keep, run, serve
from connectors.reference import References
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import open_store
from schemas import trace
from schemas.event import NotAnEvent
from schemas.topics import agency_topic

GROUP = "hoso-intake"
DOOR = "kafka"
PREFIX = agency_topic("")
TOPICS = rf"^{re.escape(PREFIX)}.+$"
"""A topic made later is found while it runs."""
A_TURN = 500


def turns(messages: Sequence[Message]) -> Iterator[Message]:
    """The messages with agencies taking turns, each partition's in its own order: none waits behind another's heap."""
    heaps: dict[tuple[str, int], list[Message]] = {}
    for message in messages:
        heaps.setdefault((message.topic, message.partition), []).append(message)
    for row in zip_longest(*heaps.values()):
        yield from (message for message in row if message is not None)


class Intake:
    """The Kafka side of the gate."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings, self._stop = settings, stop
        self._store = open_store(settings.database_url)
        self._producer = Producer(settings.kafka_bootstrap, f"intake-{settings.instance}")
        self._references = References(settings.kafka_bootstrap)
        secrets = ensure_secrets(settings.secrets_dir)
        self._gate = Gate(secrets, self._store, self._producer, self._references)
        self._boxes = LetterBoxes(self._store, secrets.openers_public)
        self._working = False

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Where it reads, writes and keeps."""
        return {"kafka": self._settings.kafka_bootstrap, "database": self._store.address}

    def ready(self) -> str | None:
        """Once it has asked for records."""
        return None if self._working else "waiting for the database, the broker and the reference data"

    def run(self) -> None:
        """Until told to stop; the batch under way is finished and committed."""
        self._store.migrate()
        if not self._references.start(self._stop):
            return
        consumer = Consumer(
            TOPICS,
            GROUP,
            self._settings.instance,
            self._settings.kafka_bootstrap,
            session_seconds=self._settings.session_seconds,
        )
        run(consumer, self.handle, self._stop, process="intake", most=A_TURN, between=self._works)

    def close(self) -> None:
        """Let go of everything."""
        self._references.close()
        self._producer.close()
        self._store.close()

    def handle(self, messages: Sequence[Message]) -> None:
        """A batch through the gate; what is no event is on the dead letters when this returns."""
        handle(messages, self._gate, self._producer, self._boxes)

    def _works(self) -> None:
        self._working = True


def handle(messages: Sequence[Message], gate: Gate, producer: Producer, boxes: LetterBoxes) -> None:
    """Put a batch through the gate, its agencies by turns. Bytes that are no event go to the dead letters."""
    offers = []
    for message in turns(messages):
        try:
            raw = wire.from_message(message.value, message.headers)
        except NotAnEvent as error:
            keep(message, str(error), producer, boxes)
        else:
            offers.append(Offer(raw, message.topic.removeprefix(PREFIX), came_by(message)))
    if offers:
        gate.admit(offers, DOOR)


def came_by(message: Message) -> str | None:
    """The trace that a record's header names, unchecked; an event's own comes before it."""
    said = next((value for name, value in message.headers if name.lower() == trace.HEADER), None)
    return said.decode("ascii", "replace") if said is not None else None


def main() -> None:
    """Live as `hoso intake`."""
    serve("intake", Intake)


if __name__ == "__main__":
    main()
