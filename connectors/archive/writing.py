"""The topic in; closed segments of it out, each behind the one before, so that nothing is copied twice or left out."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from connectors.archive.archive import Archive, Overtaken
from connectors.archive.link import Link, Stretch
from connectors.archive.segment import line_of
from connectors.archive.store import BrokenArchive
from connectors.archive.whole import Gap
from connectors.broker import Message, Reader, topic_id
from connectors.verdicts import TryLater

Tell = Callable[[Stretch, Link], None]
"""Is told of every segment once it and its link are durable."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run of records is closed: at so many of them, at so many bytes of lines, or after so long."""

    records: int = 50_000
    bytes: int = 16 * 1024 * 1024
    seconds: float = 300


@dataclass(slots=True)
class _Open:
    """What is read of a partition and not yet archived."""

    stretch: Stretch
    head: Link | None
    first: int
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    since: float = 0.0

    @property
    def next(self) -> int:
        return self.first + len(self.lines)


class Writer:
    """Copies one topic behind what is archived of it already; killed at any moment it goes on where it was.

    Two of them at once do no harm: the later one takes over what the other wrote. Raises Gap where the topic no longer
    has what the archive lacks, BrokenArchive where the archive has what the topic lacks, TryLater while either is away.
    """

    def __init__(
        self, bootstrap: str, topic: str, archive: Archive, limits: Limits = Limits(), tell: Tell = lambda *_: None
    ) -> None:
        self._bootstrap, self._topic, self._archive, self._limits, self._tell = bootstrap, topic, archive, limits, tell
        self._id = ""
        self._open: dict[int, _Open] = {}

    def catch_up(self) -> int:
        """Archive all that is on the topic now, the last run of each partition as well; how many records that were."""
        with self._reader() as reader:
            taken = sum(self._take([record]) for record in reader.to_end())
            self._close(self._open.values())
        return taken

    def follow(self, stop: threading.Event) -> None:
        """Archive what is there and what comes, until told to stop. A run that is open then stays for next time."""
        with self._reader() as reader:
            while not stop.is_set():
                self._take(reader.poll(1000))
                now = time.monotonic()
                self._close(one for one in self._open.values() if one.lines and now - one.since > self._limits.seconds)

    def _reader(self) -> Reader:
        """At the record behind each head."""
        self._id = topic_id(self._bootstrap, self._topic)
        with Reader(self._bootstrap, self._topic) as reader:
            bounds = reader.bounds()
        self._open = {partition: self._opened(partition, *of) for partition, of in bounds.items()}
        return Reader(self._bootstrap, self._topic, starts={number: one.first for number, one in self._open.items()})

    def _opened(self, partition: int, first: int, end: int) -> _Open:
        stretch = Stretch(self._topic, self._id, partition)
        head = self._archive.head(stretch)
        if head is None:
            return _Open(stretch, None, first)
        if head.last >= end:
            # Archived by another between our two looks, or the topic has lost records.
            with Reader(self._bootstrap, self._topic, starts={partition: 0}) as reader:
                [(first, end)] = reader.bounds().values()
            if head.last >= end:
                raise BrokenArchive(f"{stretch} ends at offset {end}, its archive at {head.last + 1}")
        if first > head.last + 1:
            raise Gap(
                f"offsets {head.last + 1} to {first - 1} of {stretch} were deleted before they were archived: "
                "this chain cannot go on, begin another archive at another place"
            )
        return _Open(stretch, head, head.last + 1)

    def _take(self, records: Iterable[Message]) -> int:
        taken = 0
        for record in records:
            run = self._open[record.partition]
            if record.offset < run.next:
                continue
            if record.offset > run.next:
                raise Gap(
                    f"{run.stretch} goes from offset {run.next - 1} to {record.offset}: the ones between are gone"
                )
            line = line_of(record)
            run.since = run.since if run.lines else time.monotonic()
            run.lines.append(line)
            run.size += len(line)
            taken += 1
            if len(run.lines) >= self._limits.records or run.size >= self._limits.bytes:
                self._close([run])
        return taken

    def _close(self, runs: Iterable[_Open]) -> None:
        full = [run for run in runs if run.lines]
        if full and topic_id(self._bootstrap, self._topic) != self._id:
            raise TryLater(f"the topic {self._topic} was made anew: another one is archived from here on")
        for run in full:
            while run.lines:
                try:
                    link = self._archive.append(run.stretch, run.head, run.first, run.lines)
                except Overtaken:
                    link = self._taken_over(run)
                else:
                    self._tell(run.stretch, link)
                    run.lines.clear()
                run.head, run.first, run.size = link, link.last + 1, sum(map(len, run.lines))

    def _taken_over(self, run: _Open) -> Link:
        """Another writer went on: drop what it has archived. Raises BrokenArchive if that is not what we read."""
        before, lines = run.head.last if run.head else -1, run.lines
        for link in self._archive.chain(run.stretch):
            if link.first > before:
                theirs, ours = self._archive.content(run.stretch, link), b"".join(lines[: link.records])
                if not theirs.startswith(ours):
                    raise BrokenArchive(
                        f"{run.stretch}: another writer archived other records from offset {link.first}"
                    )
                lines = lines[link.records :]
        run.lines = lines
        return link
