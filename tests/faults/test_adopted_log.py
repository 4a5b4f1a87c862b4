"""A cluster is gone and restored from its archive: the real worker, the real commands, on brokers of their own."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors import adopting
from connectors import topics as plan
from connectors.archive import Archive, Writer, open_archive
from connectors.archive.restoring import CannotRestore, restore, sources
from connectors.broker import Consumer, Producer, read_all
from connectors.reference import publish
from hoso import broker
from hoso.restoring import prepare, restore_all
from schemas.dossier import LOG
from schemas.event import Event
from schemas.notice import NOTICES, NoticeKind
from schemas.reference import REFERENCE
from schemas.state import STATE
from streams.engine import CRASHED, STOPPED
from tests.builders import a_bundle, received
from tests.joining import join
from tests.saying import says, typed

pytestmark = pytest.mark.broker
DOSSIERS, PARTITIONS = 40, 4
BUNDLE = a_bundle()
Says = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Restored:
    """A fresh cluster onto which the archive of one that is gone was restored, and how."""

    bootstrap: str
    archive: Archive
    before: list[tuple[Any, ...]]
    home: Path
    copied: tuple[int, int, int]
    """At the first call, which was cut short; at the second; at the third."""


def codes(first: int, count: int) -> list[str]:
    return [f"H29.12-261102-{number:04d}" for number in range(first, first + count)]


def say(bootstrap: str, dossiers: list[str]) -> None:
    with Producer(bootstrap) as producer:
        producer.publish([received(code=code, id=f"{code}-received") for code in dossiers])


def records(bootstrap: str, topic: str = LOG) -> list[tuple[Any, ...]]:
    found = read_all(bootstrap, topic)
    return sorted((r.partition, r.offset, r.key, r.value, r.headers, r.timestamp_ms) for r in found)


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restored]:
    home = tmp_path_factory.mktemp("adopted")
    archive = open_archive(str(home / "archive"))
    with broker.running() as first:
        plan.apply(first.bootstrap, [agency.code for agency in BUNDLE.agencies], PARTITIONS)
        publish(first.bootstrap, BUNDLE)
        say(first.bootstrap, codes(1, DOSSIERS))
        for topic in (LOG, REFERENCE):
            Writer(first.bootstrap, topic, archive).catch_up()
        before = records(first.bootstrap)
        say(first.bootstrap, codes(900, 3))
    with broker.running() as second:
        found = prepare(second.bootstrap, archive, BUNDLE, PARTITIONS, 1, {})
        cut = restore(archive, second.bootstrap, found[:-1])
        found = prepare(second.bootstrap, archive, BUNDLE, PARTITIONS, 1, {})
        copied = restore_all(second.bootstrap, archive, found, lambda *_: None, lambda _: None)
        again = restore(archive, second.bootstrap, sources(archive, second.bootstrap, {}))
        yield Restored(second.bootstrap, archive, before, home, (cut, copied, again))


def worker(restored: Restored) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "hoso.cli.main", "worker"],
        env=os.environ | environment(restored),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def environment(restored: Restored) -> dict[str, str]:
    return {
        "HOSO_HOME": str(restored.home),
        "HOSO_KAFKA_BOOTSTRAP": restored.bootstrap,
        "HOSO_LOG_PARTITIONS": str(PARTITIONS),
        "HOSO_INSTANCE": "worker-0",
        "HOSO_CLOCK": "",
    }


def adopt_log(restored: Restored, *options: str, says: Says = says) -> dict[str, Any]:
    done = says(environment(restored), "adopt-log", "--json", *options)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_restored_log_is_the_archived_one_record_by_record_in_place_order_and_time(restored: Restored) -> None:
    assert records(restored.bootstrap)[: len(restored.before)] == restored.before
    assert len(restored.before) == DOSSIERS


def test_a_restore_that_was_cut_short_goes_on_where_it_was_and_a_third_one_copies_nothing(restored: Restored) -> None:
    cut, copied, again = restored.copied

    assert 0 < cut < DOSSIERS
    assert (cut + copied, again) == (DOSSIERS + 1, 0)


def test_another_log_than_the_archived_one_is_not_written_upon(restored: Restored) -> None:
    with broker.running() as other:
        kafka = other.bootstrap
        plan.apply(kafka, [agency.code for agency in BUNDLE.agencies], PARTITIONS)
        say(kafka, codes(500, DOSSIERS // 2))

        with pytest.raises(CannotRestore, match=r"other records|more records"):
            restore(restored.archive, kafka, [one for one in sources(restored.archive, kafka, {}) if one.there])


def test_the_worker_refuses_the_restored_log_until_it_is_adopted_and_then_says_what_is_not_fenced(
    restored: Restored,
) -> None:
    early = worker(restored)
    words, _ = early.communicate(timeout=120)
    assert (early.returncode, "hoso adopt-log" in words) == (CRASHED, True), words[-2000:]
    assert records(restored.bootstrap, STATE) == []

    would = adopt_log(restored, "--dry-run", "--unfenced-since", "2100-01-01T00:00:00+07:00")
    done = adopt_log(restored, "--yes", "--unfenced-since", "2100-01-01T00:00:00+07:00", says=typed)
    assert (would["adopted"], would["without_effects"]) == (False, DOSSIERS)
    assert (done["adopted"], done["without_effects"], done["missing"]) == (True, DOSSIERS, 0)

    folding = worker(restored)
    try:
        _await(lambda: len(_subjects(restored, STATE)) == DOSSIERS)
        say(restored.bootstrap, codes(700, 2))
        _await(lambda: len(_subjects(restored, STATE)) == DOSSIERS + 2)
    finally:
        folding.terminate()
        folding.communicate(timeout=60)

    assert folding.returncode == STOPPED
    # Timers speak of all: that a date has passed was never on the log.
    assert _subjects(restored, NOTICES, of=NoticeKind.DEADLINE_SET) == set(codes(700, 2))


def _subjects(restored: Restored, topic: str, of: NoticeKind | None = None) -> set[str]:
    said = [Event.decode(one.value or b"") for one in read_all(restored.bootstrap, topic)]
    return {event.subject for event in said if of is None or event.data.kind == of}


def _await(holds: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        threading.Event().wait(0.2)


def test_nobody_adopts_a_log_while_somebody_reads(restored: Restored) -> None:
    with Consumer([LOG], "hoso-translate", "translate-0", restored.bootstrap, session_seconds=6) as reader:
        join(reader)

        with pytest.raises(adopting.Occupied, match="translate-0"):
            adopting.check_empty(restored.bootstrap)


def test_the_same_log_is_adopted_again_once_its_groups_have_forgotten_who_stopped(restored: Restored) -> None:
    done = adopt_log(restored, "--yes")

    # A day before its end is before its start: everything has effects.
    assert done["without_effects"] == 0
    assert done["facts"] >= DOSSIERS
