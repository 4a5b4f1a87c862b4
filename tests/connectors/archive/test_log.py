"""The log archived and read as one with its topic; on a cluster of its own, for records are deleted."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.archive import Archive, Gap, Limits, Stretch, Whole, Writer, open_archive
from connectors.archive.running import archive_now
from connectors.archive.verifying import verify
from connectors.broker import Message, Place, Producer, admin, make_topics, partition_of, read_all, topic_id
from schemas.dossier import LOG
from tests.archived import a_city, delete, hoso


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with a_city() as bootstrap:
        yield bootstrap


@pytest.fixture
def topic(cluster: str) -> str:
    """A topic of the test's own with two partitions and ten records in each."""
    name = f"t-{os.urandom(4).hex()}"
    make_topics(cluster, [Place(name, 2, {})])
    say(cluster, name, 0, 10)
    say(cluster, name, 1, 10)
    return name


def say(cluster: str, topic: str, partition: int, count: int) -> None:
    key = next(key for n in range(99) if partition_of(key := f"k-{n}".encode(), 2) == partition)
    with Producer(cluster) as producer:
        for number in range(count):
            producer.publish_to(topic, key, f"value {number}".encode())


def records(whole: Whole) -> list[Message]:
    return sorted(whole.records(), key=lambda record: (record.partition, record.offset))


def test_archive_and_topic_are_read_as_one_and_each_record_once(cluster: str, topic: str, archive: Archive) -> None:
    before = sorted(read_all(cluster, topic), key=lambda record: (record.partition, record.offset))
    Writer(cluster, topic, archive, Limits(records=4)).catch_up()
    say(cluster, topic, 0, 3)
    delete(cluster, topic, 0, 7)
    delete(cluster, topic, 1, 10)

    found = records(Whole(cluster, topic, archive))

    assert [record for record in found if record.offset < 10] == before
    assert [(record.partition, record.offset) for record in found] == [(0, n) for n in range(13)] + [
        (1, n) for n in range(10)
    ]


def test_records_that_are_in_neither_are_named(cluster: str, topic: str, tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path))
    Writer(cluster, topic, archive).catch_up()
    say(cluster, topic, 1, 5)
    delete(cluster, topic, 1, 13)

    with pytest.raises(Gap, match=f"offsets 10 to 12 of partition 1 of {topic} .* are neither in the topic nor in"):
        Whole(cluster, topic, archive)
    with pytest.raises(Gap, match=f"offsets 0 to 12 of partition 1 of {topic} .* are not in the topic"):
        Whole(cluster, topic)
    with pytest.raises(Gap, match=r"offsets 10 to 12 .* were deleted before they were archived"):
        Writer(cluster, topic, archive).catch_up()


def test_two_writers_at_once_make_one_chain(cluster: str, topic: str, archive: Archive) -> None:
    said: list[int] = []

    def overtake(stretch: Stretch, link: Any) -> None:
        if not said:
            said.append(Writer(cluster, topic, archive, Limits(records=5)).catch_up())

    Writer(cluster, topic, archive, Limits(records=3), overtake).catch_up()

    assert said == [17]
    assert len(records(Whole(cluster, topic, archive))) == 20
    assert all(list(archive.chain(one)) for one in archive.stretches(topic, topic_id(cluster, topic)))


def test_a_run_that_waited_long_enough_is_closed_however_small(cluster: str, topic: str, tmp_path: Path) -> None:
    said, stop = queue.Queue[tuple[int, int]](), threading.Event()
    writer = Writer(
        cluster,
        topic,
        open_archive(str(tmp_path)),
        Limits(seconds=0.2),
        lambda one, link: said.put((one.partition, link.last)),
    )
    following = threading.Thread(target=writer.follow, args=(stop,))
    following.start()

    first = {said.get(timeout=30), said.get(timeout=30)}
    say(cluster, topic, 1, 2)
    later = said.get(timeout=30)
    stop.set()
    following.join(timeout=30)

    assert first == {(0, 9), (1, 9)}
    assert later[0] == 1 and later[1] in (10, 11)
    assert not following.is_alive()


def test_a_topic_made_anew_has_a_chain_of_its_own(cluster: str, topic: str, tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path))
    Writer(cluster, topic, archive).catch_up()
    with admin(cluster) as client:
        client.delete_topics([topic])
    make_topics(cluster, [Place(topic, 2, {})])
    say(cluster, topic, 0, 2)

    Writer(cluster, topic, archive).catch_up()

    assert len(archive.topic_ids(topic)) == 2
    assert len(records(Whole(cluster, topic, archive))) == 2


def test_killed_while_it_archives_it_goes_on_and_leaves_nothing_out(cluster: str, tmp_path: Path) -> None:
    url, command = str(tmp_path), [sys.executable, "-m", "hoso.cli.main", "archive", "write", "--json"]
    running = subprocess.Popen(
        [*command, "--to", url, "--most-records", "5"],
        env=os.environ | {"HOSO_KAFKA_BOOTSTRAP": cluster},
        stdout=subprocess.PIPE,
        text=True,
    )
    with running:
        assert running.stdout is not None
        first = json.loads(running.stdout.readline())
        running.send_signal(signal.SIGKILL)
    assert first["last"] - first["first"] == 4 or first["topic"] != LOG

    assert hoso(cluster, "archive", "write", "--to", url, "--once").returncode == 0

    archive = open_archive(url)
    [id] = archive.topic_ids(LOG)
    held = [record for one in archive.stretches(LOG, id) for record in archive.records(one)]
    assert held == sorted(read_all(cluster, LOG), key=lambda record: (record.partition, record.offset))
    looked = hoso(cluster, "archive", "verify", url, "--with-topic", "--json")
    assert looked.returncode == 0, looked.stderr
    assert not any(row["problem"] for row in json.loads(looked.stdout))
    listed = json.loads(hoso(cluster, "archive", "list", url, "--json").stdout)
    assert {row["head"] for row in listed} == {row["head"] for row in json.loads(looked.stdout)}


def test_a_chain_that_does_not_meet_its_topic_is_told(cluster: str, topic: str, tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path))
    Writer(cluster, topic, archive).catch_up()
    say(cluster, topic, 0, 4)
    [meets, _] = verify(archive, cluster)
    delete(cluster, topic, 0, 12)

    [apart, other] = verify(archive, cluster)

    assert (meets.problem, meets.notes) == (None, ["4 records of the topic wait to be archived"])
    assert apart.problem == "offsets 10 to 11 are neither in the archive nor in the topic any more"
    assert (other.problem, other.notes) == (None, [])


def test_verify_names_the_broken_link_and_fails(cluster: str, tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path))
    archive_now(cluster, archive, Limits(records=5), lambda *_: None)
    broken = Stretch(LOG, archive.topic_ids(LOG)[0], 1)
    (tmp_path / broken.link(5)).unlink()

    looked = hoso(cluster, "archive", "verify", str(tmp_path))
    nothing = hoso(cluster, "archive", "verify", str(tmp_path / "elsewhere"))

    assert looked.returncode == nothing.returncode == 1
    assert "nothing is archived at" in nothing.stderr
    assert f"BROKEN: {broken.link(10)} does not follow the link of offsets 0 to 4" in looked.stdout
