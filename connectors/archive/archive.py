"""What an archive holds, in the order of its chain; whatever is not as the chain says is an error, never skipped."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from connectors.archive.link import Link, Stretch, forged, read_link
from connectors.archive.segment import digest, packed, records_of, unpacked
from connectors.archive.store import BrokenArchive, Store, open_store
from connectors.broker import Message


class Overtaken(Exception):
    """Another writer has archived from this offset on already: look at the head again."""


class Archive:
    """Closed segments of topics. Reading checks each digest; it raises BrokenArchive, or TryLater while away."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def topics(self) -> list[str]:
        """The names of the topics it has something of."""
        return self.store.folders("")

    def topic_ids(self, topic: str) -> list[str]:
        """The ids of the topics of this name that it has something of: more than one after a topic was made anew."""
        return self.store.folders(topic)

    def stretches(self, topic: str, topic_id: str) -> list[Stretch]:
        """The partitions it has something of."""
        return [Stretch(topic, topic_id, int(number)) for number in self.store.folders(f"{topic}/{topic_id}")]

    def head(self, stretch: Stretch) -> Link | None:
        """The last link of a partition; None if nothing of it is archived. Looks at no other link."""
        names = self.store.names(f"{stretch.folder}/chain")
        return read_link(self.store.get(names[-1]), names[-1]) if names else None

    def chain(self, stretch: Stretch, start: int = 0) -> Iterator[Link]:
        """Every link of a partition from the first one on, or the one with this offset; each follows the one before."""
        names = self.store.names(f"{stretch.folder}/chain")
        skipped = max(0, bisect_right(names, stretch.link(start)) - 1)
        before: Link | None = None
        for name in names[skipped:]:
            link = read_link(self.store.get(name), name)
            # Of a chain that is looked into, the first link is right in itself; `verify` walks it whole.
            first = link.previous if skipped else stretch.genesis
            expected = before.chain if before else first
            if name != stretch.link(link.first):
                raise BrokenArchive(f"{name} is the link of offset {link.first}")
            if link.previous != expected:
                raise BrokenArchive(f"{name} does not follow {_called(before)}: its previous hash is another one")
            if before and link.first != before.last + 1:
                raise BrokenArchive(f"{name} begins at offset {link.first} behind {before.last}")
            before = link
            yield link

    def content(self, stretch: Stretch, link: Link) -> bytes:
        """The lines of a link's segment, exactly those that were chained."""
        name = stretch.segment(link.first, link.last)
        try:
            content = unpacked(self.store.get(name))
        except BrokenArchive as error:
            raise BrokenArchive(f"{name}: {error}") from error
        if digest(content) != link.sha256:
            raise BrokenArchive(f"{name} was changed: its SHA-256 is {digest(content)}, the chain says {link.sha256}")
        return content

    def records(self, stretch: Stretch, start: int = 0) -> Iterator[Message]:
        """The records of a partition from this offset on, in order, none left out; what lies before it stays closed."""
        for link in self.chain(stretch, start):
            if link.last >= start:
                for record in self.segment(stretch, link):
                    if record.offset >= start:
                        yield record

    def segment(self, stretch: Stretch, link: Link) -> list[Message]:
        """The records of one segment."""
        content = self.content(stretch, link)
        found = list(records_of(content, stretch.topic, stretch.partition))
        if [record.offset for record in found] != list(range(link.first, link.last + 1)):
            raise BrokenArchive(f"{stretch.segment(link.first, link.last)} has not the offsets that its name says")
        return found

    def append(self, stretch: Stretch, head: Link | None, first: int, lines: Sequence[bytes]) -> Link:
        """Keep a segment behind the head. The segment is durable before its link, which alone makes it count.

        May be called again after a crash at any moment. Raises Overtaken if somebody else went on from that head.
        """
        content, last = b"".join(lines), first + len(lines) - 1
        link = forged(first, last, len(lines), digest(content), head.chain if head else stretch.genesis)
        name = stretch.segment(first, last)
        if not self.store.put(name, packed(content)) and unpacked(self.store.get(name)) != content:
            raise BrokenArchive(f"{name} is there and holds something else: is this the archive of another cluster?")
        if not self.store.put(stretch.link(first), link.encode()):
            there = read_link(self.store.get(stretch.link(first)), stretch.link(first))
            if there != link:
                raise Overtaken(f"{stretch}: another writer archived offsets {there.first} to {there.last}")
        return link


def open_archive(url: str) -> Archive:
    """The archive at `s3://bucket/prefix`, `file:///path` or a plain path. Raises ValueError for any other address."""
    return Archive(open_store(url))


def _called(link: Link | None) -> str:
    return f"the link of offsets {link.first} to {link.last}" if link else "the beginning of this partition's chain"
