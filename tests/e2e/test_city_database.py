"""The same pipeline on the database of a city: its own Kafka, so that no other house's past is on its log."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from connectors.store import open_store
from connectors.store.tables import OWED
from hoso import broker
from tests.e2e.house import FIRST_TRY, House, a_contact, built
from tests.postgres import a_database


@pytest.fixture(scope="module")
def database_url(postgres: str) -> Iterator[str]:
    with a_database(postgres) as address:
        yield address


@pytest.fixture(scope="module")
def city(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose every process keeps what it keeps in PostgreSQL."""
    with broker.running() as kafka, built(kafka.bootstrap, tmp_path_factory.mktemp("city"), database_url) as running:
        yield running


def test_on_postgresql_a_result_sent_by_post_is_delivered_and_told_once(city: House, database_url: str) -> None:
    code = city.a_code()
    city.received(code, return_mode="POST", contact=a_contact(FIRST_TRY))
    city.state(code, "result_ready", outcome="APPROVED", physical=True)

    city.wait_told(code, "result_delivered")

    assert city.shown(code)["status"] == "RESULT_RETURNED"
    assert (len(city.parcels(code, "D1")), city.kinds(code).count("result_delivered")) == (1, 1)
    fed = [one["type"] for one in city.get("/v1/feed?after=0&limit=500").body["events"] if one["subject"] == code]
    assert fed.count("vn.hoso.notice.result_delivered.v1") == 1
    assert {"dispatch", "poll", "callbacks"} <= _queues(database_url)
    assert not (city.home / "hoso.db").exists()


def test_on_postgresql_what_was_killed_in_the_middle_is_delivered_once_in_effect(city: House) -> None:
    codes = [city.a_code() for _ in range(4)]
    for code, process in zip(codes, ("dispatch", "translate", "poll", "notify"), strict=True):
        city.received(code, return_mode="POST", contact=a_contact(FIRST_TRY))
        city.state(code, "result_ready", outcome="APPROVED", physical=True)
        city.kill(process)

    for code in codes:
        city.wait_told(code, "result_delivered", seconds=120)

    assert [len(city.parcels(code, "D1")) for code in codes] == [1] * 4
    assert [city.kinds(code).count("result_delivered") for code in codes] == [1] * 4


def _queues(database_url: str) -> set[str]:
    """The queues that ever owed something in this database."""
    store = open_store(database_url)
    with store.read() as conn:
        found = set(conn.execute(select(OWED.c.queue).distinct()).scalars())
    store.close()
    return found
