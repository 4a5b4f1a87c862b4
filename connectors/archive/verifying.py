"""An archive looked through: each chain from its first link on, each segment's digest, and where it meets the topic."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.archive.archive import Archive
from connectors.archive.link import Link, Stretch
from connectors.archive.store import BrokenArchive
from connectors.broker import Reader, topic_id


@dataclass(slots=True)
class Found:
    """What is archived of one partition. `problem` is the first thing wrong, by name; what lies behind it was not read.

    `notes` say what is odd and harms nothing.
    """

    stretch: Stretch
    head: Link | None = None
    first: int | None = None
    segments: int = 0
    problem: str | None = None
    notes: list[str] = field(default_factory=list)


def look(archive: Archive) -> Iterator[Found]:
    """Every partition in the archive: its names and its head, nothing read through. Raises BrokenArchive, TryLater."""
    for stretch in _stretches(archive):
        names = archive.store.names(f"{stretch.folder}/chain")
        first = int(names[0].rpartition("/")[2].removesuffix(".json")) if names else None
        yield Found(stretch, archive.head(stretch), first, len(names))


def verify(archive: Archive, bootstrap: str | None = None) -> Iterator[Found]:
    """Every partition read through, and compared with its topic on this cluster if one is given. Raises TryLater."""
    bounds: dict[str, tuple[str, dict[int, tuple[int, int]]]] = {}
    seen = set[Stretch]()
    for stretch in _stretches(archive):
        found = Found(stretch)
        seen.add(stretch)
        try:
            for link in archive.chain(stretch):
                archive.segment(stretch, link)
                found.first = link.first if found.head is None else found.first
                found.head, found.segments = link, found.segments + 1
        except BrokenArchive as error:
            found.problem = str(error)
        else:
            _begins(found)
            _left_over(archive, found)
            if bootstrap is not None:
                if stretch.topic not in bounds:
                    bounds[stretch.topic] = _bounds(bootstrap, stretch.topic)
                _meets(found, *bounds[stretch.topic])
        yield found
    for topic, (id, partitions) in bounds.items():
        for found in (Found(Stretch(topic, id, number)) for number in partitions):
            if found.stretch not in seen:
                _meets(found, id, partitions)
                yield found


def _stretches(archive: Archive) -> Iterator[Stretch]:
    for topic in archive.topics():
        for one in archive.topic_ids(topic):
            yield from archive.stretches(topic, one)


def _begins(found: Found) -> None:
    if found.first:
        found.problem = f"the chain begins at offset {found.first}: offsets 0 to {found.first - 1} were never archived"


def _left_over(archive: Archive, found: Found) -> None:
    """Segments that no link names: a crash came between, or another writer was quicker. They count for nothing."""
    linked = {found.stretch.segment(link.first, link.last) for link in archive.chain(found.stretch)}
    for name in archive.store.names(f"{found.stretch.folder}/segments"):
        if name not in linked:
            found.notes.append(f"{name} is in no link: left by a crash, it counts for nothing")


def _bounds(bootstrap: str, topic: str) -> tuple[str, dict[int, tuple[int, int]]]:
    id = topic_id(bootstrap, topic)
    with Reader(bootstrap, topic) as reader:
        return id, reader.bounds()


def _meets(found: Found, id: str, bounds: dict[int, tuple[int, int]]) -> None:
    """The topic goes on where the chain ends, or has all that the chain lacks."""
    if id != found.stretch.topic_id or found.stretch.partition not in bounds:
        found.notes.append("the cluster has another topic of this name")
        return
    first, end = bounds[found.stretch.partition]
    archived = found.head.last + 1 if found.head else 0
    if first > archived:
        found.problem = f"offsets {archived} to {first - 1} are neither in the archive nor in the topic any more"
    elif archived > end:
        found.problem = f"the archive goes to offset {archived - 1}, the topic only to {end - 1}"
    elif end > archived:
        found.notes.append(f"{end - archived} records of the topic wait to be archived")
