"""`hoso worker`: the log in; the dossiers' state, deadlines, postal requests and notices out."""

import sys
from typing import Any, NoReturn

import structlog
from pydantic import ValidationError

from schemas import tracing
from schemas.dossier import LOG
from schemas.instant import clock
from schemas.login import WrongLogin
from schemas.notice import NOTICES
from schemas.postal import REQUESTS
from schemas.telemetry import configure
from schemas.topics import TABLE, WORKER
from streams.credentials import credentials
from streams.engine import Engine, Sweep, Timers, build_app, end, run_worker, topic_id_reader
from streams.fold import Firing, Fold, Rebasing
from streams.guard import Guard
from streams.holds import Holds
from streams.ops_port import serving
from streams.reference import Library
from streams.settings import WorkerSettings
from streams.tracing import away, traced

log = structlog.get_logger()

EFFECTS = frozenset({REQUESTS, NOTICES})
"""What reaches others: a fence keeps it silent. States and deadlines are said again, so that a new cluster has them."""


def main() -> NoReturn:
    """Run a worker until SIGTERM. Exit status 0 in order, 2 for a wrong setting, 70 and 75 as the engine says."""
    settings = _settings()
    configure("worker")
    tracing.start("worker", settings.instance, settings, away)
    clock()
    library = Library(settings.kafka_bootstrap)
    _come_in(library, settings)
    holds = Holds(settings.kafka_bootstrap, lambda code: library.reference.at(library.newest).resolve(code))
    holds.start(end)
    app, engine = build(settings, library, holds)
    log.info(
        "process.started",
        kafka=settings.kafka_bootstrap,
        log=LOG,
        partitions=settings.log_partitions,
        instance=settings.instance,
        reference=library.newest,
    )
    port = settings.ops_port
    beside = serving(engine, settings.ops_host, port, settings.instance) if port else None
    run_worker(app, beside=beside)


def build(settings: WorkerSettings, library: Library, holds: Holds) -> tuple[Any, Engine]:
    """The Faust app and the engine on it."""
    folder = settings.home / "worker" / settings.instance
    app = build_app(
        WORKER,
        settings.kafka_bootstrap,
        instance_id=settings.instance,
        data_dir=folder,
        partitions=settings.log_partitions,
        input_topic=LOG,
        broker_credentials=credentials(settings),
    )
    guard = Guard(folder)
    fold, rebasing = Fold(library.reference, guard), Rebasing(library, holds)
    engine = Engine(
        app,
        input_topic=LOG,
        table=TABLE,
        partitions=settings.log_partitions,
        step=traced(fold.step) if tracing.is_on() else fold.step,
        timers=Timers(fire=Firing(library, holds).fire, clock=lambda: clock().seconds(), every_seconds=0.05),
        sweep=Sweep(look=rebasing.look, occasion=rebasing.occasion),
        log_id=topic_id_reader(settings.kafka_bootstrap, LOG, **settings.client()),
        poison=fold.poison,
        effects=EFFECTS,
        memory_budget_bytes=settings.worker_memory_mb << 20,
    )
    engine.on_owned.append(guard.own)
    engine.on_revoked.append(guard.leave)
    return app, engine


def _come_in(library: Library, settings: WorkerSettings) -> None:
    """Learn the reference data; a login that Kafka refuses ends the process with a sentence and status 2."""
    try:
        library.start(end)
    except WrongLogin as error:
        sys.stderr.write(f"{error}.\n")
        sys.exit(2)


def _settings() -> WorkerSettings:
    try:
        return WorkerSettings()  # type: ignore[call-arg]  # from the environment
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "_".join(("HOSO", *map(str, first["loc"]))).upper()
        why = "it is not set" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        sys.stderr.write(f"{name} is wrong: {why}.\n")
        sys.exit(2)
