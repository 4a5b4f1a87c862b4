"""The loop on a real broker, killed at every step in turn: the same receipts, the same root, said once in effect."""

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from connectors import topics
from connectors.broker import Producer, read_all
from connectors.certificates import public_pem
from connectors.receipts.days import midnight_after
from connectors.receipts.showing import shown
from connectors.secrets import ensure_secrets
from connectors.store import Store, receipts
from connectors.store.receipts import Kept
from hoso import broker
from hoso.receipt.verify import check
from rules.receipts.tree import root_of
from schemas.event import canonical
from schemas.instant import Segment
from schemas.receipts import ROOTS, DayClosed
from schemas.state import STATE
from tests.builders import ROOT
from tests.connectors.receipts.conftest import roots_file
from tests.connectors.receipts.states import a_code, a_result, key_of, returned, states
from tests.waiting import until

PATIENCE_SECONDS = 90
T = TypeVar("T")
_days = itertools.count(1)


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """A broker of its own: the loop reads whole topics."""
    with broker.running() as running:
        topics.apply(running.bootstrap, ["H29.12"])
        yield running.bootstrap


class Street:
    """A database, a broker, a clock that is told, and processes that die."""

    def __init__(self, kafka: str, store: Store, url: str, home: Path) -> None:
        self.kafka, self.store, self.home = kafka, store, home
        number = next(_days)
        self.day, self.codes = date(2026, 12, number), [a_code(10 * number + n) for n in range(5)]
        self.noon = midnight_after(self.day) - timedelta(hours=12)
        self.clock = home / "clock"
        self.says(self.noon)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HOSO_")},
            "HOSO_KAFKA_BOOTSTRAP": kafka,
            "HOSO_DATABASE_URL": url,
            "HOSO_HOME": str(home),
            "HOSO_INSTANCE": "mortal-0",
            "HOSO_CLOCK": f"file={self.clock}",
        }
        self.secrets = ensure_secrets(home / "secrets")

    def says(self, instant: datetime) -> None:
        """From now on it is this time."""
        with self.clock.open("a") as file:
            file.write(Segment(instant.timestamp(), 1.0, time.time()).line() + "\n")

    def hands_over(self, codes: Sequence[str]) -> None:
        """These dossiers' states are on their topic."""
        with Producer(self.kafka) as producer:
            for code in codes:
                for state in states([*a_result(code), returned(code)]):
                    producer.publish_to(STATE, key_of(state), state)

    def starts(self, step: str) -> "subprocess.Popen[bytes]":
        """A process that is killed at this step."""
        command = [sys.executable, "-m", "tests.connectors.receipts.dying", step]
        with (self.home / f"{step}.log").open("wb") as log:
            return subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def kills_at(self, step: str) -> None:
        """Let one come to this step, and no further."""
        process = self.starts(step)
        try:
            ended = process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()
        assert ended == -9, (self.home / f"{step}.log").read_text()

    def lives_until(self, done: Callable[[], object]) -> None:
        """Let one live until this is so, and end in order."""
        process = self.starts("none")
        try:
            until(done)
        finally:
            process.terminate()
            ended = process.wait(PATIENCE_SECONDS)
        assert ended == 0, (self.home / "none.log").read_text()

    def rows(self) -> dict[str, Kept]:
        with self.store.read() as connection:
            return receipts.last_of(connection, self.codes)

    def published(self) -> list[bytes]:
        mine = self.day.isoformat().encode()
        return [one.value for one in read_all(self.kafka, ROOTS) if one.key == mine and one.value is not None]

    def noted(self) -> bool:
        """Whether the day is closed, and known to be published."""
        with self.store.read() as connection:
            return receipts.last_closed(connection) is not None and receipts.unpublished(connection) == []


@pytest.fixture
def street(kafka: str, store: Store, url: str, tmp_path: Path) -> Street:
    return Street(kafka, store, url, tmp_path)


def test_killed_at_every_step_it_makes_one_receipt_each_and_says_one_root(street: Street) -> None:
    street.hands_over(street.codes[:3])
    street.kills_at("making")
    assert street.rows() == {}
    street.kills_at("made")
    made = street.rows()
    assert len(made) >= 1

    street.says(street.noon + timedelta(hours=1))
    street.hands_over(street.codes[3:])
    street.lives_until(lambda: len(street.rows()) == len(street.codes))
    assert street.rows().items() >= made.items()
    root = root_of([leaf for _, leaf in sorted((one.id, one.leaf) for one in street.rows().values())]).hex()

    street.says(midnight_after(street.day) + timedelta(minutes=1))
    street.kills_at("closing")
    with street.store.read() as connection:
        assert receipts.last_closed(connection) is None
    street.kills_at("closed")
    assert street.published() == []
    street.kills_at("published")
    assert len(street.published()) == 1
    street.lives_until(street.noted)

    said = street.published()
    assert len(said) == 2 and said[0] == said[1]
    closed = DayClosed.decode(said[0])
    assert (closed.data.day, closed.data.count, closed.data.root) == (street.day, len(street.codes), root)
    pem, lines = public_pem(street.secrets.signing).encode(), roots_file([closed])
    with street.store.read() as connection:
        documents = [found.document for code in street.codes if (found := shown(connection, code))]
    assert [check(canonical(one), pem, lines) for one in documents] == [[]] * len(street.codes)
    assert {(one["number"], one["day"]) for one in documents} == {(1, street.day.isoformat())}
