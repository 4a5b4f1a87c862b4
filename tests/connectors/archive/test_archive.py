"""Segments and their chain: what is written is read, and whatever was changed is found and named."""

import gzip
import hashlib
import json
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.archive import Archive, BrokenArchive, Link, Overtaken, Stretch, open_archive
from connectors.archive.segment import line_of, records_of
from connectors.broker import Message

HERE = Stretch("dossier.events", "5b0c6c1e-1d3c-4a39-9b8e-0d2f6f6f0001", 3)

texts = st.none() | st.binary(max_size=40) | st.text(max_size=40).map(str.encode)
headers = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8) | st.just(b"json")), max_size=3).map(tuple)


def a_record(offset: int, value: bytes | None = b"{}") -> Message:
    return Message(HERE.topic, HERE.partition, offset, b"H29.12-261102-0001", value, (("content-type", b"x"),), 1_000)


def archived(archive: Archive, records: list[Message], cuts: list[int]) -> list[Link]:
    """Segments that end before these places."""
    links, ends = list[Link](), sorted({*(cut for cut in cuts if 0 < cut < len(records)), len(records)})
    for begin, end in zip([0, *ends], ends, strict=False):
        lines = [line_of(record) for record in records[begin:end]]
        if lines:
            links.append(archive.append(HERE, links[-1] if links else None, records[begin].offset, lines))
    return links


@given(key=texts, value=texts, headers=headers, timestamp=st.integers(0, 2**53))
def test_a_record_is_read_as_it_stood(key: bytes, value: bytes, headers: Any, timestamp: int) -> None:
    record = Message(HERE.topic, HERE.partition, 7, key, value, headers, timestamp)

    assert list(records_of(line_of(record), HERE.topic, HERE.partition)) == [record]


@settings(max_examples=40)  # each example forces files to the disk
@given(
    values=st.lists(texts, min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 12), max_size=5),
    start=st.integers(0, 12),
)
def test_any_split_into_segments_holds_the_same_records(values: list[bytes], cuts: list[int], start: int) -> None:
    records = [a_record(offset, value) for offset, value in enumerate(values)]

    with tempfile.TemporaryDirectory() as folder:
        archive = open_archive(folder)
        links = archived(archive, records, cuts)

        assert list(archive.records(HERE)) == records
        assert list(archive.records(HERE, start)) == records[start:]
        assert list(archive.chain(HERE)) == links
        assert archive.head(HERE) == links[-1]
        content = b"".join(archive.content(HERE, link) for link in links)
        assert content == b"".join(map(line_of, records))


def test_the_archive_is_read_without_our_code(tmp_path: Path) -> None:
    archived(open_archive(str(tmp_path)), [a_record(n, b'{"n":%d}' % n) for n in range(5)], [2])

    place = tmp_path / HERE.topic / HERE.topic_id / "00003"
    previous, values = hashlib.sha256(f"{HERE.topic} {HERE.topic_id} {HERE.partition}".encode()).hexdigest(), []
    for file in sorted((place / "chain").iterdir()):
        link = json.loads(file.read_text())
        lines = gzip.decompress((place / f"segments/{link['first']:020d}-{link['last']:020d}.jsonl.gz").read_bytes())
        said = f"{previous} {link['first']} {link['last']} {link['records']} {hashlib.sha256(lines).hexdigest()}"
        previous = hashlib.sha256(said.encode()).hexdigest()
        assert link["chain"] == previous
        values += [json.loads(json.loads(line)["value"])["n"] for line in lines.splitlines()]
    assert values == [0, 1, 2, 3, 4]


def changed_line(place: Path) -> None:
    file = place / f"segments/{2:020d}-{3:020d}.jsonl.gz"
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(b"{}", b"[]")))


def changed_link(place: Path) -> None:
    file = place / f"chain/{2:020d}.json"
    file.write_bytes(file.read_bytes().replace(b'"records":2', b'"records":9'))


def another_chain(place: Path) -> None:
    """A link that is right in itself and follows none of ours."""
    with tempfile.TemporaryDirectory() as folder:
        other = open_archive(folder)
        archived(other, [a_record(n, b"other") for n in range(6)], [2, 4])
        for name in other.store.names(f"{HERE.folder}/chain")[1:2]:
            (place.parents[2] / name).write_bytes(other.store.get(name))


def removed_link(place: Path) -> None:
    (place / f"chain/{2:020d}.json").unlink()


def removed_segment(place: Path) -> None:
    (place / f"segments/{2:020d}-{3:020d}.jsonl.gz").unlink()


def cut_segment(place: Path) -> None:
    file = place / f"segments/{2:020d}-{3:020d}.jsonl.gz"
    file.write_bytes(file.read_bytes()[:-9])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (changed_line, f"{2:020d}-{3:020d}.jsonl.gz was changed"),
        (changed_link, f"chain/{2:020d}.json was changed"),
        (another_chain, f"chain/{2:020d}.json does not follow the link of offsets 0 to 1"),
        (removed_link, f"chain/{4:020d}.json does not follow the link of offsets 0 to 1"),
        (removed_segment, f"{2:020d}-{3:020d}.jsonl.gz"),
        (cut_segment, f"{2:020d}-{3:020d}.jsonl.gz"),
    ],
)
def test_the_first_broken_link_is_named(tmp_path: Path, change: Callable[[Path], None], named: str) -> None:
    archive = open_archive(str(tmp_path))
    archived(archive, [a_record(n) for n in range(6)], [2, 4])

    change(tmp_path / HERE.folder)

    with pytest.raises(BrokenArchive, match=named):
        list(archive.records(HERE))


def test_two_writers_make_one_chain(archive: Archive) -> None:
    lines = [line_of(a_record(n)) for n in range(4)]
    head = archive.append(HERE, None, 0, lines[:2])

    assert archive.append(HERE, None, 0, lines[:2]) == head
    with pytest.raises(Overtaken, match="offsets 0 to 1"):
        archive.append(HERE, None, 0, lines[:3])
    archive.append(HERE, head, 2, lines[2:])

    assert [record.offset for record in archive.records(HERE)] == [0, 1, 2, 3]


def test_a_segment_of_another_log_is_never_chained(archive: Archive) -> None:
    archive.append(HERE, None, 0, [line_of(a_record(0))])

    with pytest.raises(BrokenArchive, match="holds something else"):
        archive.append(HERE, None, 0, [line_of(a_record(0, b"other"))])


def test_killed_between_any_two_steps_it_goes_on_where_it_was(tmp_path: Path) -> None:
    records = [a_record(n) for n in range(4)]
    lines = [line_of(record) for record in records]
    for step in range(100):
        folder = tmp_path / str(step)
        ended = os.waitstatus_to_exitcode(killed_at(step, folder, lines))

        archive = open_archive(str(folder))
        survived = list(archive.records(HERE))
        assert survived == records[: len(survived)]
        carry_on(archive, lines)
        assert list(archive.records(HERE)) == records

        if ended == 0:
            break
        assert ended == -signal.SIGKILL
    assert step > 20


def carry_on(archive: Archive, lines: list[bytes]) -> None:
    """What a writer does: two records a segment, behind the head."""
    head = archive.head(HERE)
    while (first := head.last + 1 if head else 0) < len(lines):
        head = archive.append(HERE, head, first, lines[first : first + 2])


def killed_at(step: int, folder: Path, lines: list[bytes]) -> int:
    """Archive in a process that dies at its step-th call of the system; its wait status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    left = [step]

    def then_die(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*given, **named)

        return counted

    for owner, name in ((os, "fsync"), (os, "link"), (tempfile, "mkstemp"), (Path, "unlink"), (Path, "mkdir")):
        setattr(owner, name, then_die(getattr(owner, name)))
    try:
        carry_on(open_archive(str(folder)), lines)
    except BaseException:
        os._exit(1)
    os._exit(0)
