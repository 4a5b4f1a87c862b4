"""The installation that is looked at, and what several areas need to know of it, each looked up once."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from connectors.broker.groups import members
from connectors.doctor.asking import Asked, ask
from connectors.doctor.words import Said
from connectors.project import sets
from connectors.project.tables import Tables
from connectors.reference import in_force
from connectors.settings import Settings
from connectors.store import Store
from connectors.verdicts import TryLater
from schemas.reference import Bundle

KINDS = ("worker", "edge", "intake", "dispatch", "translate", "poll", "notify", "project", "monitor")
"""The processes of the pipeline."""
WITHOUT_GROUP = ("edge", "monitor")
"""Those that Kafka does not know as members of a group."""
PATIENCE_SECONDS = 5.0
"""How long (real time) a cluster may take that was never asked for a group: it makes their place first."""

KAFKA_IS_AWAY = Said("không liên lạc được với Kafka", "Kafka is away")

T = TypeVar("T")


class NotThere(TryLater):
    """What has to be there to be looked at is not; said in both languages."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.en)
        self.said = said


@dataclass(frozen=True)
class Place:
    """An installation. `ports` are operators' ports to ask, by the process's name; of `hoso up` if `supervised`."""

    settings: Settings
    store: Store
    read_store: Store
    ports: Mapping[str, str] = field(default_factory=dict)
    supervised: bool = False
    kinds: Sequence[str] = KINDS
    archive: str | None = None
    """Where the archive lies, if somebody says so."""
    kafka_is_away: bool = False
    """Nobody need ask it, and wait, a second time."""

    @property
    def bootstrap(self) -> str:
        """The Kafka cluster."""
        return self.settings.kafka_bootstrap

    @property
    def groups(self) -> list[str]:
        """The processes' groups on Kafka."""
        return [f"hoso-{kind}" for kind in self.kinds if kind not in WITHOUT_GROUP]

    @property
    def kafka_is_local(self) -> bool:
        """Whether it is on this machine: then `hoso` starts it."""
        return all(address.strip().startswith(("127.", "localhost:")) for address in self.bootstrap.split(","))

    @cached_property
    def bundle(self) -> Bundle | None:
        """The reference data in force; None while nothing is published. Raises TryLater."""
        self.need_kafka()
        return in_force(self.bootstrap)

    @cached_property
    def asked(self) -> dict[str, Asked]:
        """Who answered at the operators' ports, by the name that was given."""
        return {name: ask(address) for name, address in self.ports.items()}

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """Who takes part on Kafka, by group. Raises TryLater."""
        self.need_kafka()
        return patiently(lambda: members(self.bootstrap, self.groups))

    def runs(self, kind: str) -> bool | None:
        """Whether a process of this kind takes part on Kafka; None where that cannot be seen."""
        try:
            return bool(self.members.get(f"hoso-{kind}"))
        except TryLater:
            return None

    def need_kafka(self) -> None:
        """Raises TryLater if it was found away."""
        if self.kafka_is_away:
            raise NotThere(KAFKA_IS_AWAY)

    @contextmanager
    def read_model(self) -> Iterator[tuple[Connection, Tables]]:
        """The read model as it stands now. Raises TryLater where there is none."""
        if not is_there(self.read_store):
            raise sets.NotFilled("there is no read model yet: `hoso project` makes it")
        with sets.looking(self.read_store) as found:
            yield found

    def log_of(self, kind: str) -> str:
        """The command that shows what a process said last; who runs, where its log is not on this machine."""
        file = self.settings.home / "logs" / f"{kind}.log"
        return f"tail -n 20 {file}" if file.exists() else "hoso fleet show"


def is_there(store: Store) -> bool:
    """Whether there is a database to look into: opened, SQLite would make the file."""
    return store.on_postgres or Path(store.engine.url.database or "").is_file()


def patiently(look: Callable[[], T]) -> T:
    """What this gives, asked again for a while where it is TryLater."""
    until, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while True:
        try:
            return look()
        except TryLater:
            if time.monotonic() > until:
                raise
        pause.wait(0.5)
