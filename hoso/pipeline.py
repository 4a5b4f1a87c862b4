"""The pipeline on one machine: a Kafka, what must be on it first, every process that exists."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hoso import broker
from hoso.dashboard import last_words
from hoso.java import CannotStart
from hoso.ports import LOOPBACK, answers, free_port
from hoso.processes import PROCESSES, Process
from hoso.settings import Settings
from hoso.supervised import Hook, Row, Spec, State
from hoso.supervisor import Supervisor


@dataclass(frozen=True)
class Kafka:
    """The Kafka that the pipeline runs on, and who keeps it running if that is us."""

    bootstrap: str
    keeper: Supervisor | None = None

    def state(self) -> list[Row]:
        """The broker's row, if we keep one."""
        return self.keeper.state() if self.keeper else []


@contextmanager
def kafka(settings: Settings, hooks: Sequence[Hook] = ()) -> Iterator[Kafka]:
    """A Kafka for the length of a block: the given cluster, or a local broker, started again when it dies.

    A local broker that runs already is used and left running; one started here ends with the block. Raises CannotStart.
    """
    found = settings.kafka_bootstrap or (running.bootstrap if (running := broker.status(settings.home)) else None)
    if found:
        yield Kafka(found)
        return
    port = free_port(settings.kafka_port)
    with Supervisor([_broker(port, settings)], settings.home / "logs", hooks=hooks) as keeper:
        keeper.wait_until(lambda rows: rows[0].state in (State.READY, State.DEAD), broker.START_SECONDS)
        (row,) = keeper.state()
        if row.state is not State.READY:
            raise CannotStart(last_words(row.log) or f"Kafka did not start: see {row.log}")
        yield Kafka(f"{LOOPBACK}:{port}", keeper)


def prepare(bootstrap: str, reference_dir: Path | None = None) -> None:
    """Apply the topics and publish the reference data; again changes nothing. Raises CannotStart with a sentence."""
    # Imported here: `hoso broker` and the screen need none of it.
    from connectors import reference, topics
    from connectors.settings import Settings as Doors
    from connectors.verdicts import Refused, TryLater

    doors = Doors(kafka_bootstrap=bootstrap)
    try:
        bundle = reference.read_dir(reference_dir or doors.reference_dir)
        agencies = [agency.code for agency in bundle.agencies]
        results = [agency.code for agency in bundle.agencies if agency.results_topic]
        topics.apply(bootstrap, agencies, doors.log_partitions, doors.replication, results)
        reference.publish(bootstrap, bundle)
    except (TryLater, Refused, reference.WrongReference, topics.WrongPartitions) as error:
        raise CannotStart(f"Kafka on {bootstrap} cannot be prepared: {error}") from error


def specs(bootstrap: str, settings: Settings, env: Mapping[str, str] | None = None) -> list[Spec]:
    """Every process of the pipeline that this release has, each with an ops port of its own; env is for all of them."""
    edge_port = free_port(settings.edge_port)
    common = {
        "HOSO_HOME": str(settings.home.resolve()),
        "HOSO_KAFKA_BOOTSTRAP": bootstrap,
        "HOSO_EDGE_PORT": str(edge_port),
        "PYTHONUNBUFFERED": "1",
        **(env or {}),
    }
    addresses = {"edge": f"http://{LOOPBACK}:{edge_port}"}
    return [
        _spec(process, common, addresses.get(process.name, ""), settings) for process in PROCESSES if process.exists()
    ]


def _broker(port: int, settings: Settings) -> Spec:
    home = settings.home.resolve()
    return Spec(
        "broker",
        [sys.executable, "-m", "hoso.cli.main", "broker", "run", "--port", str(port)],
        {"HOSO_HOME": str(home), "HOSO_KAFKA_JAVA_OPTS": settings.kafka_java_opts},
        ready=lambda: (running := broker.status(home)) is not None and running.ready and answers(port),
        stop_seconds=settings.stop_seconds,
        address=f"{LOOPBACK}:{port}",
    )


def _spec(process: Process, common: dict[str, str], address: str, settings: Settings) -> Spec:
    ops_port = free_port()
    return Spec(
        process.name,
        [sys.executable, "-m", "hoso.cli.main", process.name],
        # A static Kafka member needs a name that stays over a restart: the slot's.
        {**common, "HOSO_OPS_PORT": str(ops_port), "HOSO_INSTANCE": f"{process.name}-0"},
        ready=f"http://{LOOPBACK}:{ops_port}/readyz",
        stop_order=process.stop_order,
        stop_seconds=settings.stop_seconds,
        niceness=process.niceness,
        address=address,
    )
