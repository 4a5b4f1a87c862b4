"""A second set of tables filled from the beginning of the topics while the first serves, then put in its place."""

import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import structlog

from connectors.archive import Archive, Whole
from connectors.broker import Message, Reader
from connectors.project import sets
from connectors.project.heard import TOPICS
from connectors.project.writing import reached, standing, write
from connectors.store import Store
from schemas.dossier import LOG

log = structlog.get_logger()
MOST = 2000
NEARLY = 1000
"""So few records in a round over all topics, and the set is as good as the one that serves."""

Progress = Callable[[int], None]


def fill(
    bootstrap: str,
    store: Store,
    topics: Mapping[str, str],
    stop: threading.Event,
    progress: Progress = lambda _: None,
    archive: Archive | None = None,
) -> int | None:
    """Fill a set and let it serve; how many records it took, None if told to stop before.

    Stopped or killed on the way, it is gone on with the next time. `hoso project`, where it runs, reads on in the new
    set from where that ends. With an archive, archive and log are read as one. Raises TryLater while the broker, the
    database or the archive is away, and Gap where the log's beginning is nowhere: no set serves that lacks it.
    """
    filled, taken = sets.filling(store, topics), 0
    while True:
        before = taken
        for topic in TOPICS:
            for count in _read(bootstrap, store, filled, topic, stop, archive):
                taken += count
                progress(taken)
        if stop.is_set():
            return None
        if taken - before <= NEARLY:
            break
    sets.swap(store, filled)
    log.info("readmodel.swapped", set=filled.name, records=taken)
    return taken


def _read(
    bootstrap: str, store: Store, filled: sets.Set, topic: str, stop: threading.Event, archive: Archive | None
) -> Iterator[int]:
    """Enter what a topic has beyond what the set holds, up to its end as it is now; how many records, by portions."""
    with store.read() as connection:
        known = standing(connection, filled.tables, topic)
    records = _records(bootstrap, topic, known, archive)
    while not stop.is_set() and (portion := list(islice(records, MOST))):
        with store.begin(lasting=False) as connection:
            places = sorted({(one.topic, one.partition) for one in portion})
            write(connection, filled.tables, portion, reached(connection, filled.tables, places))
        yield len(portion)


def _records(bootstrap: str, topic: str, known: Mapping[int, int], archive: Archive | None) -> Iterator[Message]:
    """What lies beyond `known`; of the log from its first record on, although it may be in the archive only."""
    with Reader(bootstrap, topic) as reader:
        bounds = reader.bounds()
    if topic == LOG and any(first > known.get(partition, 0) for partition, (first, _) in bounds.items()):
        yield from Whole(bootstrap, topic, archive).records()
        return
    starts = {partition: max(first, known.get(partition, 0)) for partition, (first, _) in bounds.items()}
    if any(starts[partition] < end for partition, (_, end) in bounds.items()):
        with Reader(bootstrap, topic, starts=starts) as reader:
            yield from reader.to_end()
