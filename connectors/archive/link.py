"""The hash chain of a partition: each segment's link names the link before it, so that nothing can be changed unseen.

A link's `chain` is the SHA-256 of the text `previous first last records sha256`; the first one's `previous` is that
of the text `topic topic-id partition`.
"""

import hashlib
from dataclasses import dataclass

import msgspec

from connectors.archive.store import BrokenArchive


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """One partition of one topic. A topic made anew under the same name has another id: it is another one."""

    topic: str
    topic_id: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic} ({self.topic_id}) partition {self.partition}"

    @property
    def folder(self) -> str:
        """Where it lies in a store."""
        return f"{self.topic}/{self.topic_id}/{self.partition:05d}"

    def segment(self, first: int, last: int) -> str:
        """The name of a segment."""
        return f"{self.folder}/segments/{first:020d}-{last:020d}.jsonl.gz"

    def link(self, first: int) -> str:
        """The name of the link of the segment that begins here."""
        return f"{self.folder}/chain/{first:020d}.json"

    @property
    def genesis(self) -> str:
        """What the first link is chained to."""
        return _sha256(f"{self.topic} {self.topic_id} {self.partition}")


class Link(msgspec.Struct, frozen=True):
    """A segment's place in the chain: its offsets, both inclusive, how many records, the digest of its lines."""

    first: int
    last: int
    records: int
    sha256: str
    previous: str
    chain: str

    def encode(self) -> bytes:
        """One JSON object, a line."""
        return msgspec.json.encode(self) + b"\n"


def forged(first: int, last: int, records: int, sha256: str, previous: str) -> Link:
    """The link of a segment behind the link whose `chain` is `previous`."""
    return Link(first, last, records, sha256, previous, _sha256(f"{previous} {first} {last} {records} {sha256}"))


def read_link(raw: bytes, name: str) -> Link:
    """A link from its bytes; right in itself. Raises BrokenArchive."""
    try:
        link = msgspec.json.decode(raw, type=Link)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenArchive(f"{name} is no link: {error}") from error
    if link != forged(link.first, link.last, link.records, link.sha256, link.previous):
        raise BrokenArchive(f"{name} was changed: its chain hash is not that of what it says")
    if link.records != link.last - link.first + 1:
        raise BrokenArchive(f"{name} speaks of {link.records} records from offset {link.first} to {link.last}")
    return link


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
