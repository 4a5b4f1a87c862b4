"""What the commands that ask a cluster share: where it is."""

import sys

import typer

from hoso import broker
from hoso.settings import Settings


def bootstrap_of() -> str:
    """The cluster that HOSO_KAFKA_BOOTSTRAP names, or the local broker that runs; else one sentence and status 1."""
    settings = Settings()
    running = broker.status(settings.home)
    found = settings.kafka_bootstrap or (running.bootstrap if running else None)
    if found is None:
        print("no Kafka: start one with `hoso up` or `hoso broker start`, or set HOSO_KAFKA_BOOTSTRAP", file=sys.stderr)
        raise typer.Exit(1)
    return found
