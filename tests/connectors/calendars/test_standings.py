"""Where an open dossier stands is the same by the read model's row as by the public state that the row was made of."""

from collections.abc import Iterable
from typing import Any

from connectors.calendars.standings import Standing, read_standings, standing_of_state
from connectors.project import sets
from connectors.store import Store
from schemas.state import STATE, DossierStateChanged
from tests.builders import REFERENCE, a_fact, received
from tests.connectors.project.stories import stories
from tests.connectors.project.told import Told, enter

EXTENDED, RESTARTED, UNKNOWN = (f"H29.12-261102-{number:04d}" for number in range(301, 304))


def told() -> Told:
    """Dossiers of every kind, one with a new appointment, one that began again, one of no known procedure."""
    asked: dict[str, Any] = {"stage": "APPRAISAL", "documents": ["x"], "reason": "x"}
    more = [
        received(code=EXTENDED),
        a_fact("extended", "2026-11-04 10:00", code=EXTENDED, new_due_on="2026-11-12", reason="x", basis="x"),
        received(code=RESTARTED),
        a_fact("supplement_requested", "2026-11-03 10:00", code=RESTARTED, **asked),
        a_fact("supplement_received", "2026-11-04 10:00", code=RESTARTED, complete=True, documents=["x"]),
        received(code=UNKNOWN, procedure_code="9.999999"),
    ]
    return Told().say(*stories(), *more)


def as_told(standings: Iterable[Standing]) -> list[tuple[Any, ...]]:
    """Comparable, in one order; of one that is not open nobody asks for the grounds."""
    return sorted((_row(one) for one in standings), key=repr)


def _row(one: Standing) -> tuple[Any, ...]:
    stands = (one.refversion, one.started_on, one.due_on, one.extended, one.is_open, one.is_unclear)
    return (*stands, one.grounds(REFERENCE) if one.is_open else None)


def test_a_row_says_of_an_open_dossier_what_its_public_state_says(store: Store) -> None:
    said = told()
    enter(store, said.records)
    states = {one.key: one.value for one in said.records if one.topic == STATE and one.key and one.value}

    by_state = [
        found
        for code, raw in states.items()
        if (found := standing_of_state(code.decode(), DossierStateChanged.decode(raw).data))
    ]
    with sets.looking(store) as (connection, tables):
        by_row = list(read_standings(connection, tables, lambda *_: None))

    rows = as_told(by_row)
    assert rows == as_told(by_state)
    assert [grounds.code for *_, extended, _, _, grounds in rows if extended] == [EXTENDED]
    assert [grounds for *_, is_unclear, grounds in rows if is_unclear] == [None]
    assert {grounds.code: len(grounds.facts) for *_, grounds in rows if grounds}[RESTARTED] == 3


def test_progress_counts_up_to_the_open_dossiers_there_are(store: Store) -> None:
    enter(store, told().records)
    heard: list[tuple[int, int]] = []

    with sets.looking(store) as (connection, tables):
        standings = list(read_standings(connection, tables, lambda *read: heard.append(read)))

    assert heard == [(number, len(standings)) for number in range(1, len(standings) + 1)]
