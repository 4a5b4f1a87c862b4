"""`hoso notify` on a real broker while another calendar moves three hundred dossiers, killed in the middle of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from connectors import topics
from connectors.agencies import new_secret
from connectors.broker import Producer, read_all
from connectors.reference import publish
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import Store, feed, open_store
from connectors.store.tables import DIGESTS, GATHERED
from hoso import broker
from hoso.pace import ClockFile
from schemas.event import Event
from schemas.notice import RECEIPTS, Notice, NoticeKind
from tests.builders import a_bundle, an_agency
from tests.connectors.notify.conftest import a_notice
from tests.connectors.notify.ear import Ear
from tests.moving import WAS_IN_FORCE, codes, moved
from tests.rules.test_rebasing import CLOSED_WEDNESDAY, PUBLISHED
from tests.waiting import until

pytestmark = pytest.mark.broker
DOSSIERS = 300
QUIET_SECONDS = 600
"""Longer than any test lasts: the clock jumps over it."""
SINGLY = "H29.99"


class House:
    """A broker, a database and two agencies' ears: one is told in digests, one singly."""

    def __init__(self, kafka: str, home: Path, store: Store, ears: Mapping[str, Ear]) -> None:
        self.kafka, self.home, self.store, self.ears = kafka, home, store, ears
        self.clock = ClockFile(home / "clock", PUBLISHED, 1.0)

    def notify(self) -> "Notify":
        return Notify(self)

    def say(self, *notices: Notice) -> None:
        with Producer(self.kafka) as producer:
            producer.publish(notices)

    def found(self, read: Callable[[Connection], Any]) -> Any:
        with self.store.read() as connection:
            return read(connection)

    def gathered(self) -> int:
        return int(self.found(lambda one: one.execute(select(func.count()).select_from(GATHERED)).scalar_one()))


class Notify:
    """The process, from its start on."""

    def __init__(self, house: House) -> None:
        settings = {
            "HOSO_HOME": str(house.home),
            "HOSO_KAFKA_BOOTSTRAP": house.kafka,
            "HOSO_INSTANCE": "notify-0",
            "HOSO_SESSION_SECONDS": "6",
            "HOSO_CLOCK": house.clock.setting,
            "HOSO_DIGEST_QUIET_SECONDS": str(QUIET_SECONDS),
            "HOSO_DIGEST_LONGEST_SECONDS": str(10 * QUIET_SECONDS),
        }
        command = [sys.executable, "-m", "connectors.notify.main"]
        with (house.home / "notify.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=os.environ | settings, stdout=log, stderr=log)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home: Path = tmp_path_factory.mktemp("notify")
    with broker.running() as made:
        settings = Settings(kafka_bootstrap=made.bootstrap, home=home)
        store = open_store(settings.database_url)
        store.migrate()
        public = ensure_secrets(settings.secrets_dir).openers_public
        with Ear(new_secret(store, public, "H29.12")) as many, Ear(new_secret(store, public, SINGLY)) as single:
            callbacks = [{"url": ear.url, "development": True} for ear in (many, single)]
            agencies = [
                an_agency("H29.12", callback=callbacks[0], results_topic=True),
                an_agency(SINGLY, callback=callbacks[1], digest=False),
            ]
            topics.apply(made.bootstrap, ["H29.12", SINGLY], results=["H29.12"])
            publish(made.bootstrap, WAS_IN_FORCE.bundle)
            fields = {"agencies": agencies, "calendar": CLOSED_WEDNESDAY.calendar.model_dump(mode="json")}
            publish(made.bootstrap, a_bundle(CLOSED_WEDNESDAY.version, **fields))
            yield House(made.bootstrap, home, store, {"H29.12": many, SINGLY: single})
        store.close()


def singly(notice: Notice) -> Notice:
    """The same for the agency that wants each."""
    data = notice.data.model_copy(update={"agency": SINGLY})
    return notice.model_copy(update={"id": f"{notice.id}-single", "data": data})


def test_three_hundred_moved_dossiers_are_one_signed_callback_although_it_is_killed_half_way(house: House) -> None:
    notices, ear = moved(codes(DOSSIERS)), house.ears["H29.12"]
    result = a_notice(3, codes(1)[0], NoticeKind.RESULT_DELIVERED)
    first = house.notify()
    try:
        house.say(*notices[: DOSSIERS // 2])
        until(lambda: house.gathered() == DOSSIERS // 2)
    finally:
        first.kill()
    second = house.notify()
    try:
        # Some come again, as after a worker's crash.
        house.say(*notices[DOSSIERS // 3 :], result)
        overtakes = ear.next()
        until(lambda: house.gathered() == DOSSIERS)
        silent = ear.hears_nothing()
        house.clock.jump(QUIET_SECONDS)
        digest = ear.next()
        until(lambda: [one for one in receipts(house) if one.data.notice_id == digest.id])
        until(lambda: len(read_all(house.kafka, "results.H29.12")) == 2)
        house.clock.jump(10 * QUIET_SECONDS)
        house.say(*notices, a_notice(9, codes(1)[0]))
        last = ear.next()
    finally:
        second.stop()

    assert (overtakes.id, silent) == (result.id, True)
    said = digest.said["data"]["payload"]
    assert (said["notices"], said["dossiers"], said["kinds"]) == (DOSSIERS, DOSSIERS, {"deadline_moved": DOSSIERS})
    assert (said["part"], said["later"], said["from"]) == (1, DOSSIERS, [WAS_IN_FORCE.version])
    on_topic = [Event.decode(one.value or b"") for one in read_all(house.kafka, "results.H29.12")]
    assert {result.id, digest.id} <= {one.id for one in on_topic}
    assert last.said["data"]["sequence"] == 9
    assert house.found(lambda one: one.execute(select(DIGESTS.c.parts, DIGESTS.c.since)).all()) == [(1, None)]
    assert len(ear.calls) == 3
    listed = house.found(lambda one: feed.after(one, "H29.12", 0, 2 * DOSSIERS, said["change"]))
    assert sorted(Event.decode(row.body).id for row in listed) == sorted(one.id for one in notices)


def receipts(house: House) -> list[Event]:
    return [Event.decode(one.value or b"") for one in read_all(house.kafka, RECEIPTS)]


def test_an_agency_that_said_so_gets_all_three_hundred(house: House) -> None:
    notices, ear = [singly(one) for one in moved(codes(DOSSIERS))], house.ears[SINGLY]
    process = house.notify()
    try:
        house.say(*notices)
        heard = [ear.next() for _ in range(DOSSIERS)]
    finally:
        process.stop()

    assert sorted(one.id for one in heard) == sorted(one.id for one in notices)
    assert {one.said["data"]["kind"] for one in heard} == {"deadline_moved"}
