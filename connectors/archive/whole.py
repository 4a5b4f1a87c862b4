"""Archive and topic read as one: what is archived from the archive, what came after it from the topic."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from connectors.archive.archive import Archive
from connectors.archive.link import Stretch
from connectors.archive.store import BrokenArchive
from connectors.broker import Message, Reader, topic_id


class Gap(BrokenArchive):
    """Records that are neither in the archive nor in the topic any more."""


class Whole:
    """A topic from its very first record, whatever has been deleted from it since it was archived.

    Each partition comes in order, each offset once, from 0 (or `begins`) to the end as it was when asked; a partition's
    archived part comes before its rest, and partitions come in any order. Where a record is missing Gap says which
    offsets, and nothing behind them is given out. Without an archive the topic must have everything. TryLater while
    either is away.
    """

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        archive: Archive | None = None,
        partitions: Collection[int] | None = None,
        begins: int = 0,
    ) -> None:
        """All partitions, or just these."""
        self._bootstrap, self._topic, self._archive, self._begins = bootstrap, topic, archive, begins
        self._id = topic_id(bootstrap, topic)
        wanted = None if partitions is None else set(partitions)
        self._archived = self._heads(wanted)
        # After the heads: nothing is archived that is not on the topic, so a head beyond its end is another log's.
        with Reader(bootstrap, topic) as reader:
            bounds = reader.bounds()
        self._bounds = {
            partition: bounds[partition] for partition in sorted(bounds.keys() if wanted is None else wanted)
        }
        for partition, (first, end) in self._bounds.items():
            self._check(partition, first, end)

    @property
    def partitions(self) -> tuple[int, ...]:
        """What it reads."""
        return tuple(self._bounds)

    @property
    def size(self) -> int:
        """How many records there were when it was made, archived ones included."""
        return sum(end for _, end in self._bounds.values())

    def records(self) -> Iterator[Message]:
        """Every record. Raises Gap, BrokenArchive or TryLater."""
        reached = dict.fromkeys(self._bounds, self._begins)
        for partition in self._bounds:
            if self._archive is not None and self._archived.get(partition, -1) >= self._begins:
                stretch = Stretch(self._topic, self._id, partition)
                yield from self._following(self._archive.records(stretch, self._begins), reached)
        with Reader(self._bootstrap, self._topic, starts=dict(reached)) as reader:
            yield from self._following(reader.to_end(), reached)
        for partition, (_, end) in self._bounds.items():
            if reached[partition] < end:
                raise self._gap(partition, reached[partition], end)

    def _following(self, records: Iterator[Message], reached: dict[int, int]) -> Iterator[Message]:
        for record in records:
            expected = reached[record.partition]
            if record.offset > expected:
                raise self._gap(record.partition, expected, record.offset)
            if record.offset == expected:
                reached[record.partition] = expected + 1
                yield record

    def _heads(self, wanted: Collection[int] | None) -> Mapping[int, int]:
        """Of each partition (of these) that is archived the offset of the last record there."""
        if self._archive is None:
            return {}
        there = self._archive.stretches(self._topic, self._id)
        heads = {one.partition: self._archive.head(one) for one in there if wanted is None or one.partition in wanted}
        return {partition: head.last for partition, head in heads.items() if head is not None}

    def _check(self, partition: int, first: int, end: int) -> None:
        archived = self._archived.get(partition, -1) + 1
        if archived > end:
            raise BrokenArchive(
                f"partition {partition} of {self._topic} ends at offset {end}, its archive at {archived}: the topic "
                "has lost what the archive has"
            )
        if first > max(archived, self._begins):
            raise self._gap(partition, max(archived, self._begins), first)

    def _gap(self, partition: int, missing: int, found: int) -> Gap:
        where = "in the topic" if self._archive is None else f"in the topic nor in {self._archive.store.url}"
        no = "not" if self._archive is None else "neither"
        hint = ": is there an archive? HOSO_ARCHIVE, or `--archive URL`, says where" if self._archive is None else ""
        return Gap(
            f"offsets {missing} to {found - 1} of partition {partition} of {self._topic} ({self._id}) are {no} "
            f"{where}{hint}"
        )


def whole_key(
    bootstrap: str, topic: str, key: bytes, archive: Archive | None, first_of: Callable[[], int] = lambda: 0
) -> list[Message]:
    """All records under a key, in order, from the first one of its partition on; no other partition is read.

    The archive is opened only where the topic has lost that partition's beginning. Then `first_of` is asked for the
    offset of the key's first record, so that nothing before it is read; 0 where that is not known. Raises what `Whole`
    does.
    """
    with Reader(bootstrap, topic, key) as reader:
        [partition] = reader.bounds()
        if reader.has_beginning():
            found = _of(key, reader.to_end())
            # Else it was deleted while it was read.
            if reader.has_beginning():
                return found
    if begins := first_of():
        found = _of(key, Whole(bootstrap, topic, archive, [partition], begins).records())
        # A log made anew has other records in the old places.
        if found and found[0].offset == begins:
            return found
    return _of(key, Whole(bootstrap, topic, archive, [partition]).records())


def _of(key: bytes, records: Iterable[Message]) -> list[Message]:
    return [record for record in records if record.key == key]
