"""A whole year of the city at one dossier in a thousand reconciles: received and carried over = resolved and pending.

The facts of 12,471 dossiers are folded by the rules into the read model, and form II.06a is made of it; every column is
held against the city's printed figures and against the generator's own count.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.project import sets
from connectors.project.library import library
from connectors.project.reading import Reading
from connectors.reports.asked import Asked, Source
from connectors.reports.every import REPORTS
from connectors.reports.sheet import Sheet
from connectors.store import Store, open_store
from rules.reference import reference_of
from rules.reports.form06a import BY, Form, Line, form06a
from rules.reports.period import Period
from tests.connectors.project.city_clerk import DEPARTMENT, MERGED, OLD_CODE, WARDS
from tests.connectors.project.city_papers import YEAR
from tests.connectors.project.city_year import SECTORS, TABLE, City, a_city, bundle, counted, thousandth
from tests.connectors.project.told import Told, enter
from tests.postgres import a_database

SEED = 2019
AGENCIES = (*WARDS, DEPARTMENT)
PORTION = 5000
"""So many records are entered in one transaction."""
QUARTERS = [
    Period(date(2019, 1, 1), date(2019, 3, 31)),
    Period(date(2019, 4, 1), date(2019, 6, 30)),
    Period(date(2019, 7, 1), date(2019, 9, 30)),
    Period(date(2019, 10, 1), date(2019, 12, 31)),
]


@pytest.fixture(scope="module")
def city() -> City:
    return a_city(SEED)


@pytest.fixture(scope="module")
def told(city: City) -> Told:
    """What all topics hold when the year's last word has been said."""
    said = Told(bundle(), reference_of(bundle()))
    for fact in city.facts():
        said.say(fact)
        # Whoever reads the topics asks for bytes alone.
        said.derived.clear()
    return said


@pytest.fixture(scope="module")
def on_sqlite(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = filled(f"sqlite:///{tmp_path_factory.mktemp('city') / 'read.db'}", told)
    yield store
    store.close()


@pytest.fixture(scope="module")
def on_postgres(told: Told, postgres: str) -> Iterator[Store]:
    with a_database(postgres) as address:
        store = filled(address, told)
        yield store
        store.close()


def filled(address: str, told: Told) -> Store:
    """A read model that was told all this."""
    store = open_store(address)
    sets.prepare(store, {})
    for first in range(0, len(told.records), PORTION):
        enter(store, told.records[first : first + PORTION])
    return store


def form(store: Store, period: Period = YEAR, by: tuple[str, ...] = (), agency: str | None = None) -> Form:
    """The form of a period; of the whole city in one line."""
    with sets.looking(store) as (connection, tables):
        reading = Reading(connection, tables, library(connection, tables, SECTORS), agency)
        return form06a(reading.cases(period, period.ends), period, by=by)


def sheet(store: Store, name: str, **asked: Any) -> Sheet:
    """A report of the year, as the command and the console have it."""
    with sets.looking(store) as (connection, tables):
        known = library(connection, tables, SECTORS)
        source = Source(Reading(connection, tables, known), known)
        return REPORTS[name].sheet(source, Asked(YEAR, **asked))


def test_the_printed_figures_add_up_and_so_do_their_thousandths() -> None:
    for size in (int, thousandth):
        figures = {name: size(dossiers) for name, dossiers in (TABLE["printed"] | TABLE["follows"]).items()}

        assert figures["received"] == figures["direct_and_postal"] + figures["online"]
        assert figures["to_handle"] == figures["carried_over"] + figures["received"]
        assert figures["to_handle"] == figures["resolved"] + figures["pending"]


def test_the_year_s_form_has_the_city_s_figures_column_by_column(on_sqlite: Store) -> None:
    made = form(on_sqlite)

    assert made.problems() == []
    line = made.stated[()]
    columns = {**TABLE["printed"], **TABLE["follows"]}
    assert {name: getattr(line, name) for name in columns} == {name: thousandth(columns[name]) for name in columns}
    assert (line.shares()["completion"], line.shares()["online"]) == (0.9673, 0.0876)


@pytest.mark.parametrize("by", [(), ("agency",), ("sector",), ("agency", "sector")], ids=" ".join)
def test_every_line_is_what_was_drawn_as_stated_and_as_known_then(
    city: City, on_sqlite: Store, by: tuple[str, ...]
) -> None:
    made = form(on_sqlite, by=by)

    assert made.problems() == []
    for known, lines in ((False, made.stated), (True, made.known)):
        assert lines == counted(city.lives, lambda life: tuple(getattr(life, name) for name in by), known)
    assert made.stated != made.known


def test_each_agency_asked_alone_has_its_line_and_together_they_have_the_city_s(on_sqlite: Store) -> None:
    whole = form(on_sqlite, by=("agency",))

    apart = [form(on_sqlite, by=("agency",), agency=code) for code in AGENCIES]

    for alone in ("stated", "known"):
        lines: dict[Any, Line] = {}
        for one in apart:
            lines |= getattr(one, alone)
        assert lines == getattr(whole, alone)
        assert whole.total(lines) == whole.total(getattr(form(on_sqlite), alone))
    assert form(on_sqlite, by=("agency",), agency=OLD_CODE).stated == {(MERGED,): whole.stated[MERGED,]}


def test_what_a_quarter_leaves_pending_the_next_carries_over_and_four_make_the_year(on_sqlite: Store) -> None:
    before, after = Period(date(2018, 1, 1), date(2018, 12, 31)), Period(date(2020, 1, 1), date(2020, 12, 31))

    made = [form(on_sqlite, period) for period in (before, *QUARTERS, after)]

    lines = [one.stated[()] for one in made]
    assert [problem for one in made for problem in one.problems()] == []
    assert [line.pending_before for line in lines[1:]] == [line.pending for line in lines[:-1]]
    year = form(on_sqlite).stated[()]
    for name in ("received", "online", "direct", "postal", "adopted", "resolved", "early", "on_time", "late"):
        assert sum(getattr(line, name) for line in lines[1:-1]) == getattr(year, name), name
    assert (lines[1].pending_before, lines[-2].pending) == (year.pending_before, year.pending)


def test_the_whole_city_has_the_same_last_row_however_it_is_broken_down(on_sqlite: Store) -> None:
    sheets = [sheet(on_sqlite, "06a", by=by) for by in (("agency",), ("sector",), BY)]

    assert [one.problems for one in sheets] == [[], [], []]
    assert len({tuple(one.rows[-1][one.keys :]) for one in sheets}) == 1
    assert [len(one.rows) for one in sheets[:2]] == [1 + len(AGENCIES), 1 + len(set(SECTORS.values()))]


@pytest.mark.parametrize("name", REPORTS)
def test_both_databases_give_the_same_reports_to_the_byte_and_they_add_up(
    on_sqlite: Store, on_postgres: Store, name: str
) -> None:
    ways: list[dict[str, Any]] = [{"by": by} for by in (("agency",), BY)]
    for asked in ways if REPORTS[name].breaks_down else [{}]:
        here, there = (sheet(store, name, **asked) for store in (on_sqlite, on_postgres))

        assert here.csv().encode() == there.csv().encode()
        assert here.shares == there.shares
        assert (here.problems, there.problems) == ([], [])
        assert len(here.rows) > 1 or name in ("post", "satisfaction")


def test_the_same_seed_is_the_same_city(city: City) -> None:
    assert a_city(SEED) == city


def test_a_dossier_that_is_missing_in_the_tables_is_missing_in_the_form(city: City, tmp_path: Path) -> None:
    few = city.lives[:50]
    said = Told(bundle(), reference_of(bundle()))
    for life in few[1:]:
        said.say(*life.facts)
    store = filled(f"sqlite:///{tmp_path / 'read.db'}", said)

    made = form(store)

    assert made.stated != counted(few, lambda _: ())
    assert made.stated == counted(few[1:], lambda _: ())
    store.close()
