"""The whole pipeline on a secured Kafka: every process in its own name, with the rights of the plan and no others."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer

from connectors.broker.users import new_password
from hoso import broker, pipeline, rehearsal
from hoso.broker import Broker
from hoso.pace import ClockFile
from hoso.ports import free_port
from hoso.processes import BY_NAME
from hoso.secured import Papers
from hoso.settings import Settings
from hoso.supervised import Spec
from hoso.supervisor import Supervisor
from schemas.login import LoginSettings
from tests.e2e.house import SPEED, STARTS, House, _await_ready
from tests.secured import run

A, B = "H29.12", "H29.07"
"""Two agencies with a topic of results."""


@dataclass(frozen=True)
class City:
    """The house, its secured broker, and the two agencies' ways in."""

    house: House
    broker: Broker
    papers: Papers
    reference: Path

    def login(self, agency: str) -> LoginSettings:
        """How an agency comes in."""
        return self.papers.login(agency)

    def producer(self, agency: str) -> KafkaProducer:
        """A plain client with an agency's credentials."""
        # Not idempotent: a refusal then comes back at once and as it is.
        return KafkaProducer(
            bootstrap_servers=self.broker.bootstrap, enable_idempotence=False, max_block_ms=5000,
            **self.login(agency).client(),
        )  # fmt: skip

    def consumer(self, agency: str, group: str | None = None) -> KafkaConsumer:
        """A plain client with an agency's credentials, as one of a group."""
        return KafkaConsumer(
            bootstrap_servers=self.broker.bootstrap, group_id=group, auto_offset_reset="earliest",
            enable_auto_commit=False, **self.login(agency).client(),
        )  # fmt: skip

    def consumer_with(self, client: dict[str, Any]) -> KafkaConsumer:
        """A plain client that comes in as it is told."""
        return KafkaConsumer(bootstrap_servers=self.broker.bootstrap, bootstrap_timeout_ms=3000, **client)

    def hoso(self, *argv: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """A command, as the operators give it unless `env` says another."""
        own = {
            "HOSO_KAFKA_BOOTSTRAP": self.broker.bootstrap, "HOSO_HOME": str(self.house.home),
            "HOSO_REFERENCE_DIR": str(self.reference),
        }  # fmt: skip
        return run(own | self.papers.env() | env, *argv)

    def denied(self) -> list[str]:
        """Whom the broker refused what, of our own processes."""
        said = self.broker.log.read_text(errors="replace").splitlines()
        return [line for line in said if "is Denied" in line and "User:hoso-" in line]


@contextmanager
def built(home: Path) -> Iterator[City]:
    """The city for the length of a block. Rights and passwords are given by the commands that operators use."""
    with broker.running(secured=True) as kafka, pytest.MonkeyPatch.context() as environment:
        papers = kafka.papers
        assert papers is not None
        for name, value in papers.env().items():
            environment.setenv(name, value)
        clock = ClockFile(home / "clock", STARTS, SPEED)
        stage = rehearsal.sandbox(home, rehearsal.reference_dir(), None)
        _wants_results(stage.reference / "agencies" / f"{B}.toml")
        rehearsal.install(home, stage.reference, stage.credentials)
        pipeline.prepare(kafka.bootstrap, stage.reference)
        ways = {"HOSO_KAFKA_BOOTSTRAP": kafka.bootstrap, "HOSO_REFERENCE_DIR": str(stage.reference)}
        _done(run(ways, "topics", "apply", "--acls"))
        _done(run(ways, "topics", "password", "edge", "--file", str(papers.password_file("hoso-edge"))))
        # The others without the command around it, which costs a second each.
        for user in (*(f"hoso-{process}" for process in BY_NAME if process != "edge"), A, B):
            papers.keep(papers.password_file(user).name, new_password(kafka.bootstrap, user).encode())
        extra = stage.for_the_pipeline() | {"HOSO_CLOCK": clock.setting, "HOSO_IN_DOUBT_SECONDS": "2",
                                            "HOSO_SANDBOX_MANNERS": "polite", "HOSO_EDGE_CONSOLE": "false"}  # fmt: skip
        settings = Settings(home=home, kafka_bootstrap=kafka.bootstrap, edge_port=free_port())
        specs = pipeline.specs(kafka.bootstrap, settings, extra)
        edge = next(spec.address for spec in specs if spec.name == "edge")
        ours = [_in_its_name(spec, papers) for spec in specs]
        client = KafkaProducer(bootstrap_servers=kafka.bootstrap, **papers.operators().client())
        with Supervisor([*ours, stage.spec(kafka.bootstrap, edge, extra)], home / "logs") as supervisor:
            _await_ready(supervisor)
            house = House(kafka.bootstrap, edge, stage, supervisor, clock, client, home)
            yield City(house, kafka, papers, stage.reference)
        client.close()


def _in_its_name(spec: Spec, papers: Papers) -> Spec:
    return replace(spec, env={**spec.env, **papers.env(f"hoso-{spec.name}")})


def _wants_results(file: Path) -> None:
    text = file.read_text()
    file.write_text(
        text if "results_topic" in text else text.replace("\n[address]", "\nresults_topic = true\n\n[address]", 1)
    )


def _done(said: "subprocess.CompletedProcess[str]") -> str:
    assert said.returncode == 0, said.stderr
    return said.stdout


def event(city: City, code: str, fact: str, agency: str = A, **data: Any) -> dict[str, Any]:
    """A fact of an agency's, now on the driven clock."""
    return city.house.event(code, fact, agency, **data)
