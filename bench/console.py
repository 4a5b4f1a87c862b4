"""How long the console's pages take with a city's dossiers in the read model, over real HTTP, one reader at a time.

    .venv/bin/python bench/console.py [dossiers] [--postgres URL] [--looks N] [--json FILE]

One in ten dossiers is fetched and brought back by the post, a third is open. Prints the median, the 95th percentile and
the longest time of each page in milliseconds, for the city's eye and for one agency's.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import Table, insert

from connectors.console.app import AT
from connectors.project import sets
from connectors.project.heard import hear
from connectors.project.tables import Tables
from connectors.store import Store, open_store
from schemas.event import Event
from schemas.instant import VIETNAM, Segment
from tests.builders import a_bundle, a_fact, an_agency, received
from tests.connectors.console.house import House, open_house
from tests.connectors.project.stories import by_post
from tests.connectors.project.told import Told

FIRST = datetime(2026, 11, 2, 9, tzinfo=VIETNAM)
"""A Monday; the city's dossiers came in on the ten working days from here on."""
NOW = datetime(2026, 11, 16, 8, tzinfo=VIETNAM)
STARTS = [FIRST + timedelta(days=day) for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)]
AGENCIES = ("H29.12", "H29.99")
TOGETHER = 2000
MARK = "H29.12-261102-0000"
LIFE = ("dossiers", "facts", "deadlines", "notices", "tracking")
PAGES = {
    "today": "/", "dossier": f"/dossiers/{MARK}000", "agencies": "/agencies", "agency": "/agencies/H29.12",
    "carriers": "/carriers", "reports": "/reports", "calendar": "/calendar", "codes": "/codes", "pipeline": "/pipeline",
}  # fmt: skip


def lives() -> list[dict[str, list[dict[str, Any]]]]:
    """Rows of one dossier after another, of each kind (open, with a result, by post), day and agency."""
    found = []
    for number, start in enumerate(STARTS):
        for kind in range(10):
            agency = AGENCIES[(number + kind) % 2]
            found.append(_rows(_facts(kind, start, agency)))
    return found


def _facts(kind: int, start: datetime, agency: str) -> list[Event]:
    shift = start - FIRST
    if kind == 0:
        return [_later(fact, shift) for fact in by_post(MARK)]
    at = f"{start:%Y-%m-%d %H:%M}"
    facts = [received(at, code=MARK, competent_agency=agency, promised_due_on=f"{start + timedelta(days=3):%Y-%m-%d}")]
    if kind > 3:
        ready = start + timedelta(days=1 if kind < 9 else 6)
        facts.append(a_fact("result_ready", f"{ready:%Y-%m-%d %H:%M}", by=agency, code=MARK, outcome="APPROVED",
                            physical=True))  # fmt: skip
    return facts


def _later(fact: Event, shift: timedelta) -> Event:
    recorded = fact.recordedtime + shift if fact.recordedtime else None
    return fact.model_copy(update={"time": fact.time + shift, "recordedtime": recorded})


def _rows(facts: Sequence[Event]) -> dict[str, list[dict[str, Any]]]:
    """What the read model keeps of a life."""
    told, rows = Told(a_city()), defaultdict[str, list[dict[str, Any]]](list)
    told.say(*facts)
    for record in told.records[1:]:
        hear(record, rows)
    rows["dossiers"] = rows["dossiers"][-1:]
    return {name: rows[name] for name in LIFE}


def a_city() -> Any:
    """The reference data of the console's tests."""
    return a_bundle(agencies=[an_agency("H29.12", aliases=["000.00.12.H29"]), an_agency("H29.99")])


def fill(store: Store, dossiers: int) -> None:
    """So many dossiers, life after life."""
    kinds = lives()
    with store.read() as connection:
        tables = sets.serving(connection).tables
    began = time.monotonic()
    for first in range(0, dossiers, TOGETHER):
        batch = defaultdict[str, list[dict[str, Any]]](list)
        for number in range(first, min(first + TOGETHER, dossiers)):
            for name, rows in kinds[number % len(kinds)].items():
                batch[name] += _own(rows, number)
        with store.begin(lasting=False) as connection:
            for name, rows in batch.items():
                if rows:
                    _enter(store, connection, getattr(tables, name), rows)
    _settled(store, tables)
    print(f"{dossiers:,} dossiers filled in {time.monotonic() - began:.0f} s", flush=True)


def _own(rows: Sequence[Mapping[str, Any]], number: int) -> Iterator[dict[str, Any]]:
    """A life's rows as those of the dossier of this number."""
    code = f"{MARK}{number:03d}"
    for place, row in enumerate(rows):
        own = {name: value.replace(MARK, code) if isinstance(value, str) else value for name, value in row.items()}
        if "place" in own:
            own["place"] = (number + 1) * 1000 + place
        if "id" in own:
            own["id"] = f"n-{number}-{place}"
        yield own


def _enter(store: Store, connection: Any, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if not store.on_postgres:
        connection.execute(insert(table), rows)
        return
    names = [column.name for column in table.columns]
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row[name] for name in names])


def _settled(store: Store, tables: Tables) -> None:
    """The database knows how its tables are filled, as it does after a while by itself."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in tables.metadata.sorted_tables if store.on_postgres else ():
            connection.exec_driver_sql(f"ANALYZE {table.name}")
        if not store.on_postgres:
            connection.exec_driver_sql("ANALYZE")


def measured(house: House, looks: int) -> dict[str, dict[str, float]]:
    """Each page's times in milliseconds, for the city's operator and for an officer."""
    found: dict[str, dict[str, float]] = {}
    for name in ("van.hanh", "can.bo"):
        client = house.into(name)
        for page, path in PAGES.items():
            if client.get(f"{AT}{path}").status_code != 200:
                continue
            times = []
            for _ in range(looks):
                began = time.perf_counter()
                client.get(f"{AT}{path}").raise_for_status()
                times.append((time.perf_counter() - began) * 1000)
            p95 = quantiles(times, n=20)[-1]
            found[f"{name} {page}"] = {"median": median(times), "p95": p95, "longest": max(times)}
            print(f"{name:10} {page:10} median {median(times):8.1f}  p95 {p95:8.1f}  longest {max(times):8.1f} ms")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dossiers", type=int, nargs="?", default=100_000)
    parser.add_argument("--postgres", help="the address of a database instead of a file")
    parser.add_argument("--looks", type=int, default=40)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    os.environ["HOSO_CLOCK"] = Segment(NOW.timestamp(), 1.0, time.time()).line()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(asked.postgres or f"sqlite:///{folder}/read.db")
        sets.prepare(store, {"dossier.events": "one"})
        with open_house(Path(folder), read_store=store) as house:
            fill(store, asked.dossiers)
            found = measured(house, asked.looks)
        store.close()
    if asked.json:
        asked.json.write_text(json.dumps({"dossiers": asked.dossiers, "pages": found}, indent=2))


if __name__ == "__main__":
    main()
