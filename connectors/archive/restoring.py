"""An archive back onto a cluster that has nothing yet: every record on its partition, in its order, with its time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from connectors.archive.archive import Archive
from connectors.archive.link import Stretch
from connectors.archive.store import BrokenArchive
from connectors.broker import Message, Producer, Reader
from schemas.topics import TOPICS

A_COPY_RECORDS, A_COPY_BYTES = 500, 4 * 1024 * 1024
Progress = Callable[[Stretch, int], None]
"""Is told now and then how many records of a partition are back on it."""


class CannotRestore(Exception):
    """This archive cannot go onto this cluster as it is; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A partition of an archived topic: its first and last offset, and how many records are back already."""

    stretch: Stretch
    first: int
    last: int
    there: int

    @property
    def left(self) -> int:
        """How many records are to be copied."""
        return self.last - self.first + 1 - self.there


def sources(archive: Archive, bootstrap: str, ids: Mapping[str, str]) -> list[Source]:
    """What is to be copied, the log last: without the reference data nobody can fold it.

    `ids` says which topic id, where the archive has several of a name. Raises CannotRestore, BrokenArchive, TryLater.
    """
    wanted = {row.name for row in TOPICS} & set(archive.topics())
    if not wanted:
        raise CannotRestore(f"{archive.store.url} has no topic of ours: `hoso archive list` shows what is there")
    rank = {row.name: number for number, row in enumerate(TOPICS)}
    order = sorted(wanted, key=lambda name: -rank[name])
    return [source for topic in order for source in _of(archive, bootstrap, topic, ids.get(topic))]


def restore(archive: Archive, bootstrap: str, found: Iterable[Source], progress: Progress = lambda *_: None) -> int:
    """Copy what is left of each; how many records that were. Killed at any moment and called again it goes on."""
    copied = 0
    with Producer(bootstrap, "hoso-restore", timeout_seconds=60) as producer:
        for source in found:
            done = source.there
            for batch in _batches(_checked(archive, bootstrap, source)):
                producer.copy(batch)
                done += len(batch)
                copied += len(batch)
                progress(source.stretch, done)
    return copied


def _of(archive: Archive, bootstrap: str, topic: str, chosen: str | None) -> Iterator[Source]:
    ids = archive.topic_ids(topic)
    if chosen is None and len(ids) > 1:
        raise CannotRestore(
            f"the archive has {len(ids)} topics {topic}, one of each cluster that was: choose with "
            f"--topic-id {topic}=ID ({', '.join(ids)})"
        )
    if chosen is not None and chosen not in ids:
        raise CannotRestore(f"the archive has no {topic} with the id {chosen}, only {', '.join(ids)}")
    stretches = archive.stretches(topic, chosen or ids[0])
    with Reader(bootstrap, topic) as reader:
        bounds = reader.bounds()
    if strange := [str(one.partition) for one in stretches if one.partition not in bounds]:
        raise CannotRestore(
            f"{topic} has {len(bounds)} partitions here, the archive has partition {strange[-1]} as well: "
            "set HOSO_LOG_PARTITIONS to what it was and make the topics anew"
        )
    for stretch in stretches:
        first = next((link.first for link in archive.chain(stretch)), None)
        head = archive.head(stretch)
        if first is not None and head is not None:
            there = bounds[stretch.partition][1]
            if there > head.last - first + 1:
                raise CannotRestore(f"{topic} partition {stretch.partition} has more records than the archive: {there}")
            yield Source(stretch, first, head.last, there)


def _checked(archive: Archive, bootstrap: str, source: Source) -> Iterator[Message]:
    """What is left; where some is there already, its last record must be the archive's."""
    stretch, there = source.stretch, source.there
    records = archive.records(stretch, source.first + max(0, there - 1))
    if there:
        last = next(records)
        with Reader(bootstrap, stretch.topic, starts={stretch.partition: there - 1}) as reader:
            found = next(iter(reader.to_end()))
        if (found.key, found.value) != (last.key, last.value):
            raise CannotRestore(
                f"{stretch.topic} partition {stretch.partition} holds other records than the archive: restore onto a "
                "cluster that has nothing yet"
            )
    yield from records


def _batches(records: Iterable[Message]) -> Iterator[list[Message]]:
    batch, size = list[Message](), 0
    for one in records:
        batch.append(one)
        size += len(one.value or b"")
        if len(batch) >= A_COPY_RECORDS or size >= A_COPY_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


__all__ = ["BrokenArchive", "CannotRestore", "Source", "restore", "sources"]
