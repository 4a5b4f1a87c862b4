"""The whole pipeline and its sandbox for a session of stories: real Kafka, real processes, real HTTP, a driven
clock.
"""

import json
import os
import signal
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from kafka import KafkaProducer

from connectors.broker import read_key
from hoso import pipeline, rehearsal
from hoso.pace import ClockFile
from hoso.ports import free_port
from hoso.settings import Settings
from hoso.supervised import State
from hoso.supervisor import Supervisor
from schemas.event import Event, type_name
from schemas.instant import VIETNAM
from schemas.topics import agency_topic
from tests.saying import says, typed
from tests.waiting import until

STARTS = datetime(2026, 11, 17, 7, 30, tzinfo=VIETNAM)
"""A Tuesday, after every sample event has happened."""
SPEED = 12_000.0
"""A day in seven seconds."""
UNHURRIED_SPEED = 120.0
"""An hour in half a minute: what must be said before the post comes is said in time on a busy machine too."""
HURRIED_SPEED = 48_000.0
"""A week in twelve seconds."""
READY_SECONDS = 60.0
HEALED_SECONDS = 120.0
"""A worker's watchdog ends it after 90 s, and the supervisor starts another."""
LAST_WORDS = 12_000
LOOK_SECONDS = 0.15

Found = TypeVar("Found")
_sequence = count(5001)

FIRST_TRY, ABSENT_ONCE, NEVER, REFUSED, NO_ANSWER, UNHEARD = (f"09000009{n:02d}" for n in range(1, 7))
"""Telephone numbers that force the sandbox's post to an outcome."""


def a_contact(phone: str = FIRST_TRY) -> dict[str, Any]:
    """A citizen that nobody is."""
    address = {
        "line": "1 Đường Mẫu",
        "ward_code": "26740",
        "ward": "Phường Mẫu",
        "province_code": "79",
        "province": "TP Mẫu",
    }
    return {"name": "Nguyễn Văn Mẫu", "phone": phone, "address": address}


@dataclass(frozen=True)
class Answer:
    """What a door said."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class House:
    """Everything that runs, and the ways in that an outsider has."""

    bootstrap: str
    edge: str
    sandbox: rehearsal.Sandbox
    supervisor: Supervisor
    clock: ClockFile
    kafka_client: KafkaProducer
    home: Path

    # ---------------------------------------------------------------- what an agency does

    def a_code(self, agency: str = "H29.12") -> str:
        """A code that no other story has."""
        return f"{agency}-261117-{next(_sequence)}"

    def event(self, code: str, fact: str, agency: str = "H29.12", **data: Any) -> dict[str, Any]:
        """A fact that happens now, on the driven clock."""
        return {
            "specversion": "1.0",
            "id": f"{code}-{fact}-{next(_sequence)}",
            "source": f"/agencies/{agency}",
            "type": type_name("dossier", fact),
            "subject": code,
            "time": self.clock.clock.now().isoformat(),
            "datacontenttype": "application/json",
            "data": data,
        }

    def state(self, code: str, fact: str, agency: str = "H29.12", **data: Any) -> dict[str, Any]:
        """State a fact over HTTP; it must be taken."""
        event = self.event(code, fact, agency, **data)
        answer = self.post("/v1/events", event, agency)
        assert answer.status == 202, answer
        return event

    def received(self, code: str, agency: str = "H29.12", **data: Any) -> dict[str, Any]:
        """An online dossier with a term of three working days, accepted."""
        defaults = {
            "procedure_code": "1.004873",
            "channel": "ONLINE",
            "receiving_agency": agency,
            "competent_agency": agency,
            "return_mode": "COUNTER",
        }
        return self.state(code, "received", agency, **(defaults | data))

    def post(self, path: str, body: Any, agency: str | None = "H29.12", raw: bytes | None = None) -> Answer:
        """A POST at the edge, with an agency's key."""
        headers = {"content-type": "application/json"}
        if agency is not None:
            headers["authorization"] = f"Bearer {self.credentials()[agency]['key']}"
        return _call(
            Request(self.edge + path, raw if raw is not None else json.dumps(body).encode(), headers, method="POST")
        )

    def get(self, path: str, agency: str = "H29.12") -> Answer:
        """A GET at the edge, with an agency's key."""
        key = self.credentials()[agency]["key"]
        return _call(Request(self.edge + path, headers={"authorization": f"Bearer {key}"}))

    def publish(self, agency: str, key: str, value: bytes) -> None:
        """A record on an agency's own topic, by a plain Kafka client."""
        self.kafka_client.send(agency_topic(agency), value, key.encode()).get(timeout=10)

    def credentials(self) -> dict[str, dict[str, str]]:
        """Keys and secrets of the sandbox's agencies."""
        found: dict[str, dict[str, str]] = json.loads(self.sandbox.credentials.read_text())
        return found

    # ---------------------------------------------------------------- what a machine does

    def kill(self, process: str) -> None:
        """kill -9, by pid; the supervisor starts it again."""
        [row] = [row for row in self.supervisor.state() if row.name == process]
        assert row.pid is not None
        os.kill(row.pid, signal.SIGKILL)
        assert self.supervisor.wait_until(
            lambda rows: any(r.name == process and r.pid not in (None, row.pid) for r in rows), 30
        )

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """The city's clock goes slowly for the length of a block."""
        with self._at(UNHURRIED_SPEED):
            yield

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """The city's clock goes fast for the length of a block, in which days must pass and nobody can be late."""
        with self._at(HURRIED_SPEED):
            yield

    @contextmanager
    def _at(self, speed: float) -> Iterator[None]:
        self.clock.run_at(speed)
        try:
            yield
        finally:
            self.clock.run_at(SPEED)

    # ---------------------------------------------------------------- what people see

    def shown(self, code: str) -> dict[str, Any]:
        """A dossier's public state at the edge; nothing while it is not known."""
        found = self.get(f"/v1/dossiers/{code}")
        state: dict[str, Any] = found.body["state"] if found.status == 200 else {}
        return state

    def told(self, code: str, agency: str = "H29.12") -> list[dict[str, Any]]:
        """The notices of a dossier that an agency's callback took, in order."""
        notices = self.ledger(f"agencies/{agency}")["notices"]
        return [one for one in notices if one["dossier"] == code]

    def kinds(self, code: str, agency: str = "H29.12") -> list[str]:
        """Their kinds."""
        return [one["kind"] for one in self.told(code, agency)]

    def parcels(self, code: str, leg: str) -> list[dict[str, Any]]:
        """The parcels of a leg, as the post itself keeps them."""
        return [one for one in self.ledger("post")["parcels"] if one["reference"] == f"{code}/{leg}"]

    def scans(self, code: str, leg: str) -> list[int]:
        """What the post's scanners saw of a leg."""
        return [scan["status"] for parcel in self.parcels(code, leg) for scan in parcel["scans"]]

    def hoso(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """A command as an operator gives it."""
        return typed(self._environment, *argv)

    def says(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """The same without a process of its own."""
        return says(self._environment, *argv)

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "HOSO_KAFKA_BOOTSTRAP": self.bootstrap,
            "HOSO_HOME": str(self.home),
            "HOSO_CLOCK": self.clock.setting,
        }

    def facts(self, topic: str, code: str, kind: str) -> list[Any]:
        """A dossier's facts of a kind on a topic, each once."""
        name = f"vn.hoso.{kind}.v1"
        found = [Event.decode(one.value) for one in read_key(self.bootstrap, topic, code.encode()) if one.value]
        return list({fact.id: fact for fact in found if fact.type == name}.values())

    def ledger(self, name: str) -> Any:
        """A book of the sandbox's."""
        return _call(Request(f"{self.sandbox.url}/ledger/{name}")).body

    def sandbox_post(self, path: str, body: Any) -> Answer:
        """A word to the sandbox."""
        return _call(
            Request(
                self.sandbox.url + path, json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
            )
        )

    def wait(self, what: str, look: Callable[[], Found | None], seconds: float = 60) -> Found:
        """What a look finds, as soon as it finds something; other houses call nobody, so one looks again."""
        return until(look, seconds, LOOK_SECONDS, what=what)

    def wait_told(self, code: str, kind: str, agency: str = "H29.12", seconds: float = 60) -> dict[str, Any]:
        """The first notice of a kind, once the agency has it."""
        what = f"{agency} told {kind} of {code}"
        [first, *_] = self.wait(what, lambda: [one for one in self.told(code, agency) if one["kind"] == kind], seconds)
        return first


def _call(request: Request) -> Answer:
    try:
        with urlopen(request, timeout=20) as answer:
            return Answer(answer.status, _read(answer.read()), dict(answer.headers))
    except HTTPError as error:
        return Answer(error.code, _read(error.read()), dict(error.headers))


def _read(raw: bytes) -> Any:
    return json.loads(raw) if raw else None


def _await_ready(supervisor: Supervisor) -> None:
    """Ready, or healed by its watchdog; what was late or never came is shown with its last words."""
    if supervisor.wait_ready(READY_SECONDS):
        return
    late = [row for row in supervisor.state() if row.state is not State.READY]
    for row in late:
        if row.name == "worker" and row.pid is not None:
            os.kill(row.pid, signal.SIGUSR1)
    healed = supervisor.wait_ready(HEALED_SECONDS)
    words = "\n".join(f"{row.name}, {row.state}:\n{row.log.read_text()[-LAST_WORDS:]}" for row in late)
    assert healed, words
    warnings.warn(f"ready only after {READY_SECONDS:.0f} s:\n{words}", stacklevel=1)


@contextmanager
def built(bootstrap: str, home: Path, database_url: str = "", policy: str = "", **settings: str) -> Iterator[House]:
    """The house for the length of a block, on SQLite in its home unless another database is given.

    `policy` stands in the place of the reference data's own rules on carriers; `settings` are its processes' alone.
    """
    clock = ClockFile(home / "clock", STARTS, SPEED)
    # No usual port: other houses stand beside this one, and two would find the same one free.
    own = Settings(home=home, kafka_bootstrap=bootstrap, edge_port=free_port())
    # Nor here: then it has reference data of its own, that a test may change.
    stage = rehearsal.sandbox(home, rehearsal.reference_dir(), None)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOSO_DATABASE_URL", database_url)
        rehearsal.install(home, stage.reference, stage.credentials)
    if policy:
        (stage.reference / "carriers" / "policy.toml").write_text(policy)
    pipeline.prepare(bootstrap, stage.reference)
    extra = stage.for_the_pipeline() | {
        "HOSO_DATABASE_URL": database_url,
        "HOSO_CLOCK": clock.setting,
        "HOSO_IN_DOUBT_SECONDS": "2",
        "HOSO_SANDBOX_HOLD_SECONDS": "4",
        "HOSO_SANDBOX_MANNERS": "polite",
        **settings,
    }
    specs = pipeline.specs(bootstrap, own, extra)
    edge = next(spec.address for spec in specs if spec.name == "edge")
    client = KafkaProducer(bootstrap_servers=bootstrap)
    with Supervisor([*specs, stage.spec(bootstrap, edge, extra)], home / "logs") as supervisor:
        _await_ready(supervisor)
        yield House(bootstrap, edge, stage, supervisor, clock, client, home)
    client.close()
