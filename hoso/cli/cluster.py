"""What the commands that ask a cluster share: where it is, what is in force there, what it says while it is away."""

import sys
from typing import TYPE_CHECKING

import typer

from hoso import broker
from hoso.settings import Settings

if TYPE_CHECKING:
    from connectors.verdicts import TryLater


def bootstrap_of() -> str:
    """The cluster that HOSO_KAFKA_BOOTSTRAP names, or the local broker that runs; else one sentence and status 1."""
    settings = Settings()
    running = broker.status(settings.home)
    found = settings.kafka_bootstrap or (running.bootstrap if running else None)
    if found is None:
        print("no Kafka: start one with `hoso up` or `hoso broker start`, or set HOSO_KAFKA_BOOTSTRAP", file=sys.stderr)
        raise typer.Exit(1)
    return found


def version_of(bootstrap: str) -> str:
    """The version of the reference data in force there; else one sentence and status 1. Raises TryLater."""
    from connectors.reference import in_force

    found = in_force(bootstrap)
    if found is None:
        print("no reference data is published: `hoso reference apply`", file=sys.stderr)
        raise typer.Exit(1)
    return found.version


def later(error: "TryLater") -> str:
    """What is away, with the next step: the one that it names, or a look at the machine."""
    return str(error) if "`hoso " in str(error) else f"{error}: `hoso doctor` says what is away"
