"""A dossier's log by its places: the same as reading its whole partition, also what the read model was not told yet."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import update

from connectors import topics
from connectors.broker import Message, Producer, read_key
from connectors.history import folded, history
from connectors.project import sets
from connectors.project.remembered import remembered
from connectors.store import Store, open_store
from schemas.dossier import LOG
from schemas.event import Event
from tests.builders import REFERENCE, a_fact, received, result_ready
from tests.connectors.project.stories import by_post
from tests.connectors.project.told import enter

MINE, LATER, NOWHERE = "H29.12-261102-7701", "H29.12-261102-7702", "H29.12-261102-7703"


@pytest.fixture
def read(tmp_path: Path) -> Store:
    made = open_store(f"sqlite:///{tmp_path / 'read.db'}")
    sets.prepare(made, {})
    return made


def publish(kafka: str, *facts: Event) -> None:
    topics.apply(kafka, ["H29.12"])
    with Producer(kafka, "test") as producer:
        producer.publish(facts)


def on_the_log(kafka: str, *codes: str) -> list[Message]:
    return [one for code in codes for one in read_key(kafka, LOG, code.encode())]


def tell(read: Store, records: Sequence[Message]) -> None:
    enter(read, sorted(records, key=lambda one: (one.partition, one.offset)))


def test_what_is_known_is_fetched_and_what_is_newer_is_read(kafka: str, read: Store) -> None:
    others = [received(code=f"H29.12-261102-78{number:02d}") for number in range(40)]
    publish(kafka, *by_post(MINE)[:6], *others, *by_post(MINE)[6:])
    tell(read, on_the_log(kafka, MINE, *(one.subject for one in others)))
    publish(kafka, a_fact("return_cancelled", "2026-11-12 10:00", code=MINE, reason="x"), received(code=LATER))

    found = remembered(kafka, read, MINE)

    assert found == on_the_log(kafka, MINE)
    assert found is not None
    assert len(found) == len(by_post(MINE)) + 1
    told, whole = folded(found, REFERENCE), history(kafka, REFERENCE, MINE, None)
    assert told is not None and whole is not None and told.dossier == whole.dossier


def test_of_a_dossier_that_it_was_not_told_of_the_read_model_says_so(kafka: str, read: Store) -> None:
    publish(kafka, received(code=NOWHERE))

    assert remembered(kafka, read, NOWHERE) is None


def test_places_at_which_the_log_has_something_else_are_not_believed(kafka: str, read: Store) -> None:
    code = "H29.12-261102-7704"
    publish(kafka, received(code=code), result_ready("2026-11-04 10:00", code=code))
    tell(read, on_the_log(kafka, code))
    with read.begin() as connection:
        facts = sets.serving(connection).tables.facts
        last = facts.c.kind == "result_ready"
        connection.execute(update(facts).where(last).values(place=facts.c.place + 100_000))

    assert remembered(kafka, read, code) is None
