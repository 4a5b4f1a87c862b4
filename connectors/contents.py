"""The topics that only workers write, read for one id with two contents: `hoso rebuild` tells of each."""

from collections.abc import Callable, Iterable, Iterator

from connectors.broker import Message, Reader
from schemas.content import Content, as_read_now, content_of
from schemas.deadline import DEADLINES
from schemas.notice import NOTICES
from schemas.postal import REQUESTS

SAID_ONCE = (DEADLINES, REQUESTS, NOTICES)
"""Not `dossier.state`: of a batch's states any may be said; nor receipts: a try that a crash hid is made again."""


def said_otherwise(bootstrap: str) -> list[str]:
    """Every fact that was said with two contents, a line each. Raises TryLater while the broker is away."""
    lines: list[str] = []
    for topic in SAID_ONCE:

        def records(topic: str = topic) -> Iterator[Message]:
            with Reader(bootstrap, topic) as reader:
                yield from reader.to_end()

        lines += differing(topic, records)
    return lines


def differing(topic: str, records: Callable[[], Iterable[Message]]) -> list[str]:
    """Of these records those that say again, and otherwise, what one before them said. They are read twice at most."""
    heard: dict[str, Content] = {}
    suspect = {again.ref for _, _, again in _pairs(records(), heard, lambda raw: raw)}
    if not suspect:
        return []
    heard.clear()
    said = (record for record in records() if (found := content_of(record.value or b"")) and found.ref in suspect)
    return [
        f"{topic}: {again.ref} was said with two contents, by {before.said_by or 'somebody'} "
        f"and by {again.said_by or 'somebody'} (offset {record.offset} of partition {record.partition})"
        for record, before, again in _pairs(said, heard, as_read_now)
    ]


def _pairs(
    records: Iterable[Message], heard: dict[str, Content], read: Callable[[bytes], bytes]
) -> Iterator[tuple[Message, Content, Content]]:
    for record in records:
        content = content_of(read(record.value or b""))
        if content is not None and (before := heard.setdefault(content.ref, content)).differs(content):
            yield record, before, content
