"""What the topics would hold of some dossiers' facts, as records; and a read model that was told them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from zlib import crc32

from sqlalchemy import select

from connectors.broker import Message
from connectors.project import sets
from connectors.project.heard import TOPICS
from connectors.project.writing import Written, reached, write
from connectors.store import Store
from rules.dossier import Dossier, evolve
from rules.facts import Derived
from rules.reactions import react
from rules.reference import Reference
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import now
from schemas.reference import REFERENCE as REFERENCE_TOPIC
from schemas.reference import Bundle, ReferencePublished
from tests.builders import REFERENCE, a_bundle

PARTITIONS = 3


class Told:
    """The records of all topics, in the order in which they were said."""

    def __init__(self, bundle: Bundle | None = None, reference: Reference = REFERENCE) -> None:
        self._reference = reference
        self.records: list[Message] = []
        self.dossiers: dict[str, Dossier] = {}
        self.derived: dict[str, list[Derived]] = defaultdict(list)
        self._offsets: Counter[tuple[str, int]] = Counter()
        said = bundle or a_bundle()
        self.publish(
            ReferencePublished(id="r-1", source="/hoso/reference", subject=said.version, time=now(), data=said),
            REFERENCE_TOPIC,
            0,
        )

    def say(self, *facts: Event) -> "Told":
        """Facts on the log, and all that the rules make of them."""
        for fact in facts:
            code = fact.subject
            before = self.dossiers.get(code)
            after, derived = react(before, evolve(before, fact, self._reference), fact, self._reference)
            self.dossiers[code] = after
            self.derived[code] += derived
            self.publish(fact, LOG)
            for one in derived:
                if one.topic in TOPICS:
                    self.put(one.topic, code, one.encode("0.1.0"))
        return self

    def publish(self, event: Event, topic: str, partition: int | None = None) -> None:
        """One event on a topic."""
        self.put(topic, event.subject, event.encode(), partition)

    def put(self, topic: str, key: str, raw: bytes | None, partition: int | None = None) -> Message:
        """Bytes on a topic."""
        partition = crc32(key.encode()) % PARTITIONS if partition is None else partition
        place = (topic, partition)
        record = Message(topic, partition, self._offsets[place], key.encode(), raw)
        self._offsets[place] += 1
        self.records.append(record)
        return record


def enter(store: Store, records: Sequence[Message]) -> Written:
    """A batch into the set that serves, in one transaction."""
    with store.begin(lasting=False) as connection:
        tables = sets.serving(connection).tables
        places = sorted({(one.topic, one.partition) for one in records})
        return write(connection, tables, records, reached(connection, tables, places))


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the set that serves."""
    with sets.looking(store) as (connection, tables):
        return {
            table.name.partition("_")[2]: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in tables.metadata.sorted_tables
        }
