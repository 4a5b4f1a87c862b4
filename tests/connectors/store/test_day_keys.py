"""Bytes under the key of their day: one key a day whoever comes first, nothing opens once it is destroyed."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from connectors import day_keys as days
from connectors.day_keys import DayEvidence, name_of
from connectors.letter_boxes import LETTERS
from connectors.retention import DaysSweep
from connectors.seal import CannotOpen, Erased, Evidence
from connectors.settings import Settings
from connectors.store import Store, day_keys, open_store
from connectors.store.tables import DAY_KEYS
from connectors.verdicts import TryLater
from schemas import instant
from tests.postgres import files_of

KEY = b"k" * 32
NOON = datetime.fromisoformat("2026-11-26T12:00:00+07:00")


def it_is(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(at.timestamp(), 1.0, time.time()),)))


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(NOON, monkeypatch)


@pytest.fixture
def statements(store: Store) -> list[str]:
    """Every statement that the database is told."""
    told: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda _c, _k, statement, *_: told.append(statement))
    return told


def a_sweep(store: Store) -> DaysSweep:
    return DaysSweep(store, Settings(kafka_bootstrap="nowhere:1", keep_webhooks_days=90, keep_letters_days=30))


def test_a_box_names_the_purpose_and_the_day_and_opens_at_any_other_holder_of_the_evidence_key(store: Store) -> None:
    box = DayEvidence(store, KEY).seal(b"a carrier's bytes")

    assert box.key_id == "webhooks-2026-11-26"
    assert DayEvidence(store, KEY).open(box) == b"a carrier's bytes"
    with pytest.raises(CannotOpen):
        DayEvidence(store, b"l" * 32).open(box)


def test_the_day_is_viet_nams(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(datetime.fromisoformat("2026-11-26T17:30:00+00:00"), monkeypatch)

    assert DayEvidence(store, KEY).seal(b"x").key_id == "webhooks-2026-11-27"


def test_boxes_under_the_lasting_key_open_as_before(store: Store) -> None:
    old = Evidence(KEY).seal(b"of an older release")

    assert old.key_id.startswith("evidence-")
    assert DayEvidence(store, KEY).open(old) == b"of an older release"


def test_whoever_comes_first_makes_the_days_key_and_all_open_what_all_have_sealed(store: Store, url: str) -> None:
    stores = [open_store(url) for _ in range(6)]
    start = threading.Barrier(len(stores))

    def first_of_the_day(own: Store) -> tuple[DayEvidence, object]:
        evidence = DayEvidence(own, KEY)
        start.wait()
        return evidence, evidence.seal(b"x")

    with ThreadPoolExecutor(len(stores)) as pool:
        made = list(pool.map(first_of_the_day, stores))

    assert all(evidence.open(box) == b"x" for evidence, _ in made for _, box in made)  # type: ignore[arg-type]  # a Box
    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(DAY_KEYS)) == 1
    for own in stores:
        own.close()


def test_only_the_first_seal_of_a_day_asks_the_database(store: Store, statements: list[str]) -> None:
    evidence = DayEvidence(store, KEY)
    evidence.seal(b"the first")
    told = len(statements)

    for _ in range(100):
        evidence.seal(b"another")

    assert told > 0 and len(statements) == told


def test_the_next_day_has_another_key_and_yesterdays_boxes_still_open(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = DayEvidence(store, KEY)
    yesterday = evidence.seal(b"x")

    it_is(NOON + timedelta(days=1), monkeypatch)

    assert evidence.seal(b"x").key_id == "webhooks-2026-11-27"
    assert evidence.open(yesterday) == b"x"


def test_a_key_past_its_days_is_destroyed_and_what_it_locks_is_erased(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = DayEvidence(store, KEY).seal(b"x")

    it_is(NOON + timedelta(days=90), monkeypatch)
    a_sweep(store).look()
    still = DayEvidence(store, KEY).open(box)
    it_is(NOON + timedelta(days=91), monkeypatch)
    a_sweep(store).look()

    assert still == b"x"
    with pytest.raises(Erased):
        DayEvidence(store, KEY).open(box)
    with store.read() as connection:
        row = connection.execute(select(DAY_KEYS)).one()
    assert (row.wrapped, row.destroyed_at) == (None, pytest.approx((NOON + timedelta(days=91)).timestamp(), abs=60))


def test_each_purpose_has_days_of_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for purpose in ("webhooks", LETTERS):
        DayEvidence(store, KEY, purpose).seal(b"x")

    it_is(NOON + timedelta(days=31), monkeypatch)
    a_sweep(store).look()

    with store.read() as connection:
        assert (day_keys.days(connection, "webhooks"), day_keys.days(connection, LETTERS)) == (["2026-11-26"], [])


def test_a_destroyed_key_that_is_still_known_opens_for_no_longer_than_it_is_known(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = DayEvidence(store, KEY)
    box = evidence.seal(b"x")
    with store.begin() as connection:
        day_keys.destroy(connection, "webhooks", "2027-01-01")

    monkeypatch.setattr(days, "KNOWN_SECONDS", 0.0)
    evidence._known.clear()

    with pytest.raises(Erased):
        evidence.open(box)


def test_a_clock_that_was_set_back_past_a_destroyed_key_seals_nothing_until_it_is_right(store: Store) -> None:
    DayEvidence(store, KEY).seal(b"x")
    with store.begin() as connection:
        day_keys.destroy(connection, "webhooks", "2027-01-01")

    with pytest.raises(TryLater, match="is the clock right"):
        DayEvidence(store, KEY).seal(b"y")
    assert name_of("webhooks") == "webhooks-2026-11-26"


def test_a_destroyed_key_is_in_no_file_of_the_database(url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is kept was written first: what goes is written over by nothing that is there.
    for days_on in (30, 0, 1, 2):
        it_is(NOON + timedelta(days=days_on), monkeypatch)
        DayEvidence(store, KEY).seal(b"x")
    with store.read() as connection:
        wrapped = list(connection.execute(select(DAY_KEYS.c.wrapped).order_by(DAY_KEYS.c.day)).scalars())[:3]
    assert _held(wrapped, url, store) == wrapped

    it_is(NOON + timedelta(days=93), monkeypatch)
    a_sweep(store).look()

    assert _held(wrapped, url, store) == []


def _held(wrapped: list[bytes], url: str, store: Store) -> list[bytes]:
    files = _files(url, store)
    return [one for one in wrapped if any(one in file for file in files)]


def _files(url: str, store: Store) -> list[bytes]:
    if store.on_postgres:
        return files_of(store)
    found = Path(url.removeprefix("sqlite:///"))
    return [file.read_bytes() for file in found.parent.glob(f"{found.name}*")]
