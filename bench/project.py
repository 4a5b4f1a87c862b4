"""What one event costs the read model on SQLite: whole lives of dossiers by post, as the topics have them.

    .venv/bin/python bench/project.py [dossiers] [--postgres URL]

Prints events a second on one core, CPU microseconds an event, and how large the file is.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from connectors.broker import Message
from connectors.project import sets
from connectors.project.main import MOST
from connectors.project.writing import reached, write
from connectors.store import open_store
from rules.dossier import Dossier, evolve
from rules.reactions import react
from schemas.dossier import LOG
from schemas.event import Event
from tests.builders import CODE, REFERENCE
from tests.rules.test_laws import MOVES, OPENED

PARTITIONS = 8


def a_life() -> list[tuple[str, bytes]]:
    """One dossier's records by topic, in the order in which they are said."""
    records: list[tuple[str, bytes]] = []
    dossier: Dossier | None = None
    for event in (*OPENED, *MOVES):
        dossier, said = react(dossier, evolve(dossier, event, REFERENCE), event, REFERENCE)
        records.append((LOG, event.encode()))
        records += [(fact.topic, fact.encode("0.1.0")) for fact in said if fact.topic != "postal.requests"]
    assert all(Event.decode(raw) for _, raw in records)
    return records


def messages(dossiers: int, life: list[tuple[str, bytes]]) -> Iterator[Message]:
    """So many lives side by side, each record at its place."""
    offsets: Counter[tuple[str, int]] = Counter()
    width = 200
    for first in range(0, dossiers, width):
        codes = [f"H29.12-261102-{number:07d}" for number in range(first, min(first + width, dossiers))]
        for number, (topic, raw) in enumerate(life):
            for dossier, code in enumerate(codes):
                place = (topic, dossier % PARTITIONS)
                own = raw.replace(CODE.encode(), code.encode()).replace(
                    b'"id":"', b'"id":"%d.%d-' % (first + dossier, number)
                )
                yield Message(topic, place[1], offsets[place], code.encode(), own)
                offsets[place] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dossiers", type=int, nargs="?", default=4000)
    parser.add_argument("--postgres", help="the address of a database instead of a file")
    asked = parser.parse_args()
    life = a_life()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(asked.postgres or f"sqlite:///{folder}/read.db")
        serving = sets.prepare(store, {})
        events, rows, spent, took = 0, 0, 0.0, 0.0
        all_of_them = messages(asked.dossiers, life)
        while batch := list(islice(all_of_them, MOST)):
            cpu, began = time.process_time(), time.perf_counter()
            with store.begin(lasting=False) as connection:
                places = sorted({(one.topic, one.partition) for one in batch})
                written = write(connection, serving.tables, batch, reached(connection, serving.tables, places))
            spent, took = spent + time.process_time() - cpu, took + time.perf_counter() - began
            assert not written.unreadable
            events, rows = events + len(batch), rows + written.rows
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        store.close()
    print(f"{events} events of {asked.dossiers} dossiers ({len(life)} a dossier), {rows} rows, {MOST} a transaction")
    print(f"{events / took:,.0f} events/s, {spent / events * 1e6:.0f} us CPU an event, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
