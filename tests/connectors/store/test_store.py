"""The store: migrations, transactions, and what passes by itself."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from connectors.store import Store, open_store
from connectors.store.tables import ITEMS, LANES, METADATA
from connectors.verdicts import TryLater


def test_processes_that_migrate_at_once_migrate_once(url: str) -> None:
    code = f"from connectors.store import open_store; open_store({url!r}).migrate()"
    processes = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]

    ends = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]

    assert [status for _, status in ends] == [0, 0, 0], ends
    assert set(METADATA.tables) <= set(inspect(open_store(url).engine).get_table_names())


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    def half() -> None:
        with store.begin() as conn:
            conn.execute(LANES.insert().values(queue="q", lane="l"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    with store.read() as conn:
        assert conn.execute(select(LANES)).all() == []


def test_writers_side_by_side_wait_for_each_other(store: Store) -> None:
    def write(number: int) -> None:
        for turn in range(20):
            with store.begin() as conn:
                row = {
                    "carrier": "c",
                    "item": f"{number}-{turn}",
                    "reference": "",
                    "dossier": "",
                    "leg": "D1",
                    "at": 1.0,
                }
                conn.execute(ITEMS.insert().values(row))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    with store.read() as conn:
        assert len(conn.execute(select(ITEMS.c.item)).all()) == 80


def test_a_mistake_of_ours_is_no_passing_trouble(store: Store) -> None:
    with pytest.raises((OperationalError, ProgrammingError)), store.read() as conn:
        conn.execute(text("SELECT nothing FROM nowhere"))


def test_a_database_that_is_away_is_tried_later(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()

    with pytest.raises(TryLater), open_store(f"sqlite:///{tmp_path / 'folder.db'}").begin():
        pass
    with pytest.raises(TryLater), open_store("postgresql+psycopg://nobody@127.0.0.1:1/none").begin():
        pass
