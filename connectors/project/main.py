"""What the workers, the gate and notify say, in; the read model's tables, out.

The offsets stand in the tables, in the transaction that writes the rows: a crash repeats nothing, and loses nothing.
What Kafka holds of them only says where to begin to read. docs/reports.md.
"""

import sys
import threading
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter

import structlog

from connectors.archive import BrokenArchive, open_archive
from connectors.broker import Consumer, Message, Producer, Reader, admin
from connectors.letter_boxes import LetterBoxes
from connectors.letters import keep
from connectors.loop import run, serve
from connectors.project import sets
from connectors.project.filling import fill
from connectors.project.heard import TOPICS
from connectors.project.writing import Place, reached, standing, write
from connectors.secrets import NoSuchSecret, load_secrets
from connectors.settings import Settings
from connectors.store import Store, open_store
from connectors.verdicts import TryLater
from schemas.dossier import LOG

log = structlog.get_logger()
NAME = "project"
MOST = 2000
"""Records in a transaction."""
WAIT_SECONDS = 1.0
GATHER_SECONDS = 0.25
"""How far apart batches are: what people look at may be as old as a blink."""


class Project:
    """The process, on one thread. Two of them share the partitions."""

    def __init__(self, settings: Settings, stop: threading.Event, producer: Producer | None = None) -> None:
        self._settings, self._stop = settings, stop
        self._store = open_store(settings.read_database_url)
        self._producer = producer or Producer(settings.kafka_bootstrap, f"hoso-{NAME}")
        self._consumer = Consumer(
            TOPICS,
            f"hoso-{NAME}",
            settings.instance,
            settings.kafka_bootstrap,
            session_seconds=settings.session_seconds,
        )
        self._trusted: set[tuple[str, Place]] = set()
        self._ready = False
        self._keys: Store | None = None
        self._sealing: LetterBoxes | None = None
        self._unkept: list[tuple[Message, str]] = []

    @property
    def connected_to(self) -> Mapping[str, str]:
        """Kafka and the read model's database."""
        return {"kafka": self._settings.kafka_bootstrap, "database": self._store.address}

    def ready(self) -> str | None:
        """Once there is a set of tables that serves and is of these topics."""
        return None if self._ready else "the read model is not there yet"

    def run(self) -> None:
        """Until told to stop."""
        try:
            prepared = self._prepared()
        except BrokenArchive as error:
            sys.stderr.write(f"{error}.\n")
            raise SystemExit(1) from error
        if prepared:
            self._ready = True
            run(self._consumer, self.handle, self._stop, process=NAME, most=MOST, gather_seconds=GATHER_SECONDS)

    def close(self) -> None:
        """Let go of everything."""
        self._consumer.close()
        self._producer.close()
        self._store.close()
        if self._keys is not None:
            self._keys.close()

    def handle(self, messages: Sequence[Message]) -> None:
        """Enter a batch. Of a partition that stands beyond what the tables hold, nothing: it is read from there on."""
        self._keep()
        batches = {place: list(batch) for place, batch in groupby(sorted(messages, key=ORDER), key=PLACE)}
        with self._store.begin(lasting=False) as connection:
            serving = sets.serving(connection)
            known = reached(connection, serving.tables, list(batches))
            ahead = [place for place, batch in batches.items() if self._skips(serving, place, batch, known[place])]
            told = [one for place, batch in batches.items() if place not in ahead for one in batch]
            written = write(connection, serving.tables, told, known)
        for topic, partition in ahead:
            self._consumer.seek(topic, partition, known[topic, partition])
        self._unkept += written.unreadable
        self._keep()

    def _keep(self) -> None:
        """Put aside what could not be read: the tables stand beyond it, so nobody meets it here again."""
        while self._unkept:
            message, why = self._unkept[0]
            keep(message, why, self._producer, self._boxes())
            del self._unkept[0]

    def _boxes(self) -> LetterBoxes:
        """What seals dead letters: made for the first of them, for most processes of this kind never meet one."""
        if self._sealing is None:
            try:
                openers = load_secrets(self._settings.secrets_dir).openers_public
            except NoSuchSecret as error:
                raise TryLater(f"a dead letter cannot be sealed: {error}") from error
            self._keys = open_store(self._settings.database_url)
            self._keys.migrate()
            self._sealing = LetterBoxes(self._keys, openers)
        return self._sealing

    def _skips(self, serving: sets.Set, place: Place, batch: Sequence[Message], next: int) -> bool:
        """Whether records before this batch may be missing: asked when a partition comes first, once.

        Those after it come without a hole, but for what the topic itself no longer has.
        """
        if (serving.name, place) in self._trusted:
            return False
        self._trusted.add((serving.name, place))
        return batch[0].offset > next

    def _prepared(self) -> bool:
        """Whether there are tables of these topics: made, or filled anew where a topic is another one than it was.

        Raises Gap where the log's beginning is neither on the topic nor in the archive, and BrokenArchive.
        """
        archive = open_archive(self._settings.archive) if self._settings.archive else None
        while not self._stop.is_set():
            try:
                topics = identities(self._settings.kafka_bootstrap)
                serving = sets.prepare(self._store, topics)
                if serving.topics != topics:
                    why = "a topic was made anew: it is filled again"
                elif not self._goes_on(serving):
                    why = "the log has lost what comes next: it is filled again, archive and log as one"
                else:
                    return True
                log.warning("readmodel.outdated", set=serving.name, why=why)
                if fill(self._settings.kafka_bootstrap, self._store, topics, self._stop, archive=archive) is not None:
                    return True
            except TryLater as later:
                log.warning("broker.away", consumer=NAME, why=later.why)
                self._stop.wait(WAIT_SECONDS)
        return False

    def _goes_on(self, serving: sets.Set) -> bool:
        """Whether the log still has what comes after what the tables hold."""
        with Reader(self._settings.kafka_bootstrap, LOG) as reader:
            firsts = {partition: first for partition, (first, _) in reader.bounds().items()}
        with self._store.read() as connection:
            known = standing(connection, serving.tables, LOG)
        return all(first <= known.get(partition, 0) for partition, first in firsts.items())


ORDER = attrgetter("topic", "partition", "offset")
PLACE = attrgetter("topic", "partition")


def identities(bootstrap: str) -> dict[str, str]:
    """What tells each topic from another one that once bore its name. Raises TryLater, also where one is missing."""
    with admin(bootstrap) as client:
        found = {one["name"]: one for one in client.describe_topics(list(TOPICS))}
    for topic in TOPICS:
        if topic not in found or found[topic]["error_code"]:
            raise TryLater(f"there is no topic {topic}: `hoso topics apply` makes it")
    return {topic: str(found[topic]["topic_id"]) for topic in TOPICS}


def main() -> None:
    """`hoso project`."""
    serve(NAME, Project)


if __name__ == "__main__":
    main()
