"""A secured Kafka with the topics, the rights and the quotas that `hoso topics apply --acls` gives."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.broker.users import new_password
from connectors.settings import REPOSITORY
from hoso import broker
from hoso.broker import Broker
from hoso.secured import Papers
from tests.secured import run

SLOW, QUICK = "H29.12", "H29.07"
"""Two agencies: one whose quota is a single event a second, and one with the usual quota."""


@dataclass(frozen=True)
class Cluster:
    """The broker, who may come in and how, and the reference data that the rights are made of."""

    broker: Broker
    papers: Papers
    reference: Path

    @property
    def bootstrap(self) -> str:
        """Where it is; the same after a restart."""
        return self.broker.bootstrap

    def hoso(self, *argv: str) -> str:
        """What a command says that the operators give."""
        own = {
            "HOSO_KAFKA_BOOTSTRAP": self.bootstrap,
            "HOSO_HOME": str(self.broker.home),
            "HOSO_REFERENCE_DIR": str(self.reference),
        }
        said = run(own | self.papers.env(), *argv)
        assert said.returncode == 0, said.stderr
        return said.stdout

    def let_in(self, user: str) -> None:
        """A password for somebody, in its file."""
        self.papers.keep(self.papers.password_file(user).name, new_password(self.bootstrap, user).encode())


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    reference = tmp_path_factory.mktemp("secured") / "reference"
    shutil.copytree(REPOSITORY / "deploy" / "reference", reference)
    slow = reference / "agencies" / f"{SLOW}.toml"
    slow.write_text(slow.read_text().replace("\n[address]", "\nevents_per_minute = 60\n\n[address]", 1))
    with broker.running(secured=True) as running:
        assert running.papers is not None
        made = Cluster(running, running.papers, reference)
        made.hoso("topics", "apply", "--acls")
        yield made


@pytest.fixture(autouse=True)
def as_the_operators(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who the test itself is, unless it says another."""
    for name, value in cluster.papers.env().items():
        monkeypatch.setenv(name, value)
