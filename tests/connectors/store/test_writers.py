"""Many writers on one database: nobody is lost, nobody waits longer than the writer before, what must last does."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from connectors.store import Store, open_store
from connectors.store.tables import LANES
from connectors.verdicts import TryLater

HOLDS = """
import sys
from connectors.store import open_store
store = open_store(sys.argv[1])
while sys.stdin.readline():
    with store.begin():
        print("held", flush=True)
        sys.stdin.readline()
    print("let go", flush=True)
"""


@pytest.fixture
def sqlite(tmp_path: Path) -> Store:
    """A database on SQLite."""
    made = open_store(f"sqlite:///{tmp_path / 'hoso.db'}")
    made.migrate()
    return made


def test_small_writes_of_many_threads_are_all_there_and_each_has_its_own_result(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: store.together(lambda conn: _put(conn, number)), range(200)))

    assert results == list(range(200))
    assert _count(store) == 200


def test_a_small_write_that_fails_tells_its_caller_and_the_next_one_succeeds(store: Store) -> None:
    store.together(lambda conn: _put(conn, 1))

    with pytest.raises(IntegrityError):
        store.together(lambda conn: _put(conn, 1))

    assert store.together(lambda conn: _put(conn, 2)) == 2
    assert _count(store) == 2


def test_who_waits_for_another_processs_writer_goes_on_as_soon_as_that_one_ends(sqlite: Store) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(sqlite.engine.url)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None and other.stdout is not None
        waits = []
        for _ in range(7):
            print(file=other.stdin, flush=True)
            assert other.stdout.readline() == "held\n"
            began, got = threading.Event(), list[float]()
            waiter = threading.Thread(target=_write, args=(sqlite, began, got))
            waiter.start()
            began.wait()
            # Long enough for SQLite's own waiter to sleep its longest, a tenth of a second.
            time.sleep(0.4)
            print(file=other.stdin, flush=True)
            assert other.stdout.readline() == "let go\n"
            let_go = time.monotonic()
            waiter.join(10)
            waits.append(got[0] - let_go)
        other.stdin.close()

    assert median(waits) < 0.02


def test_what_must_last_is_on_disk_before_its_transaction_returns_and_the_rest_waits_for_no_disk(
    sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    really = os.fdatasync

    def watched(file: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{file}").readlink()))
        really(file)

    monkeypatch.setattr(os, "fdatasync", watched)

    with sqlite.begin() as conn:
        _put(conn, 1)
    assert synced == [f"{sqlite.engine.url.database}-wal"]
    with sqlite.begin(lasting=False) as conn:
        _put(conn, 2)
    sqlite.together(lambda conn: _put(conn, 3))
    assert len(synced) == 1


def _put(conn: Connection, number: int) -> int:
    conn.execute(LANES.insert().values(queue="q", lane=str(number)))
    return number


def _count(store: Store) -> int:
    with store.read() as conn:
        return conn.execute(select(func.count()).select_from(LANES)).scalar_one()


def _write(store: Store, began: threading.Event, got: list[float]) -> None:
    began.set()
    with store.begin():
        got.append(time.monotonic())


def test_a_small_write_that_its_caller_gave_up_is_done_by_nobody_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim done after that would leave its rows in flight, and nobody to bring them to their end."""
    store = open_store(f"sqlite:///{tmp_path / 'hoso.db'}")
    store.migrate()
    done = list[str]()
    monkeypatch.setattr("connectors.store.store.BUSY_MS", 50)
    with store.begin(), ThreadPoolExecutor(1) as another:
        given_up = another.submit(store.together, lambda _: done.append("given up"))
        assert isinstance(given_up.exception(60), TryLater)

    store.together(lambda _: done.append("the next"))
    store.close()

    assert done == ["the next"]
