"""What goes wrong in a storm really does, and ends: files that cannot grow, a database away, a clock that jumps."""

import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from hoso import child, postgres, troubles
from hoso.child import Pid
from hoso.pace import AHEAD_SECONDS, ClockFile
from hoso.strikes import Mischief, Trouble
from hoso.troubles import SqliteFile, Troubles

WRITER = """
import sys, time
said = None
while True:
    try:
        with open(sys.argv[1], "a") as file:
            file.write("a line")
        now = "wrote"
    except OSError:
        now = "full"
    if now != said:
        print(said := now, flush=True)
    time.sleep(0.01)
"""
STARTS = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "hoso.db"
    with sqlite3.connect(file) as session:
        session.execute("PRAGMA journal_mode=WAL")
        session.execute("CREATE TABLE rows (id)")
    session.close()
    return file


def some_troubles(tmp_path: Path, pid: Pid | None = None) -> tuple[Troubles, ClockFile]:
    clock = ClockFile(tmp_path / "clock", STARTS, 60.0)
    return Troubles(SqliteFile(tmp_path / "hoso.db"), clock, lambda _: pid, threading.Event()), clock


def test_a_disk_that_is_full_is_full_for_the_process_that_was_meant_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(troubles, "FULL_SECONDS", (0.3, 0.3))
    argv = [sys.executable, "-c", WRITER, str(tmp_path / "grows")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        try:
            said = [writer.stdout.readline()]
            wrong, _ = some_troubles(tmp_path, child.find(writer.pid))

            wrong.happens(Mischief(1, Trouble.FULL_DISK, "edge", 0.5))

            said += [writer.stdout.readline(), writer.stdout.readline()]
        finally:
            writer.kill()

    assert said == ["wrote\n", "full\n", "wrote\n"]
    assert wrong.counts == {str(Trouble.FULL_DISK): 1}
    (tmp_path / "ours").write_text("we may write")


def test_a_disk_of_a_process_that_is_not_there_is_not_counted(tmp_path: Path) -> None:
    wrong, _ = some_troubles(tmp_path, Pid(2**22, 1))

    wrong.happens(Mischief(1, Trouble.FULL_DISK, "edge", 0.5))

    assert wrong.counts == {}


def test_a_database_that_is_held_takes_no_writer_and_reads_on(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(troubles, "HELD_SECONDS", (1.0, 1.0))
    wrong, _ = some_troubles(tmp_path)
    held = threading.Thread(target=wrong.happens, args=[Mischief(1, Trouble.DATABASE_AWAY, "edge", 0.5)])
    held.start()
    session = sqlite3.connect(file, timeout=0, isolation_level=None)
    try:
        refused = 0
        while held.is_alive():
            try:
                session.execute("INSERT INTO rows VALUES (1)")
            except sqlite3.OperationalError:
                refused += 1
            assert session.execute("SELECT count(*) FROM rows").fetchone() is not None
            time.sleep(0.01)
        session.execute("INSERT INTO rows VALUES (2)")
    finally:
        session.close()
        held.join()

    assert refused > 10
    assert wrong.counts == {"database away": 1}


def test_a_clock_that_jumps_stays_where_it_jumped_and_keeps_its_speed(tmp_path: Path) -> None:
    wrong, clock = some_troubles(tmp_path)
    before = clock.clock.seconds()

    wrong.happens(Mischief(1, Trouble.CLOCK_AHEAD, "edge", 0.0))
    clock.run_at(2.0)
    time.sleep(AHEAD_SECONDS + 0.1)
    ahead, speed = clock.clock.seconds(), clock.clock.speed
    wrong.happens(Mischief(1, Trouble.CLOCK_BACK, "edge", 1.0))
    time.sleep(AHEAD_SECONDS + 0.1)

    assert speed == 2.0
    assert 1800 < ahead - before < 1800 + 300
    assert -240 < clock.clock.seconds() - ahead < -180


@pytest.mark.postgres
@pytest.mark.parametrize("roll", [0.1, 0.5, 0.9], ids=["stands still", "is stopped", "falls"])
def test_a_postgresql_that_was_away_is_back_with_all_that_was_committed(
    monkeypatch: pytest.MonkeyPatch, roll: float
) -> None:
    monkeypatch.setattr(postgres, "AWAY_SECONDS", (1.5, 1.5))
    answers: list[float] = []
    with postgres.running() as server:
        postgres.tell(server.url, "CREATE TABLE rows AS SELECT 1 AS id")
        away = threading.Thread(target=server.away, args=[roll, threading.Event()])
        away.start()
        while away.is_alive():
            began = time.monotonic()
            try:
                postgres.tell(server.url, "INSERT INTO rows VALUES (2)")
                answers.append(time.monotonic() - began)
            except psycopg.OperationalError:
                answers.append(-1.0)
                time.sleep(0.02)
        away.join()
        postgres.tell(server.url, "DELETE FROM rows WHERE id = 1")
        taken = sum(answer >= 0 for answer in answers)
        postgres.tell(server.url, f"SELECT 1 / (count(*) - {taken} = 0)::int FROM rows")

    if roll < 1 / 3:
        assert max(answers) > 1.0
    else:
        assert -1.0 in answers
