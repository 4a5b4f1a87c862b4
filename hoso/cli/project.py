"""`hoso project`: the process that keeps the read model; with an option, what operators do to it."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Annotated

import typer

from hoso.cli.archive import opened
from hoso.cli.counted import counted

PROGRESS_SECONDS = 5.0


def project(
    rebuild: Annotated[bool, typer.Option(help="Fill a second set of tables from the topics, then swap.")] = False,
    archive: Annotated[
        str | None, typer.Option(envvar="HOSO_ARCHIVE", help="With --rebuild: read this archive and the log as one.")
    ] = None,
    compare: Annotated[bool, typer.Option(help="Compare each row with the workers' last word on its dossier.")] = False,
) -> None:
    """Keep the read model in SQL until told to stop.

    With --rebuild it is filled anew beside the one that serves, and takes its place without a gap; run it beside the
    process. With --compare every difference is printed, and the exit status is 1 if there is any.

    \b
    hoso project
    hoso project --rebuild
    hoso project --rebuild --archive s3://hoso-log/city
    hoso project --compare
    """
    if rebuild:
        _rebuild(archive)
    if compare:
        _compare()
    if not rebuild and not compare:
        from connectors.project.main import main

        main()


def _rebuild(archive: str | None) -> None:
    from connectors.archive import BrokenArchive
    from connectors.project.filling import fill
    from connectors.project.main import identities
    from connectors.settings import Settings, load
    from connectors.store import open_store
    from connectors.verdicts import TryLater
    from schemas import telemetry

    settings = load(Settings)
    telemetry.configure("project-rebuild", sys.stderr)
    store, began = open_store(settings.read_database_url), time.monotonic()
    try:
        topics = identities(settings.kafka_bootstrap)
        whole = opened(archive) if archive else None
        taken = fill(settings.kafka_bootstrap, store, topics, threading.Event(), _progress(), whole)
    except BrokenArchive as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    except TryLater as error:
        print(f"{error}: run it again, it goes on where it ended", file=sys.stderr)
        raise typer.Exit(1) from error
    finally:
        store.close()
    print(f"{counted(taken or 0, 'record')} in {time.monotonic() - began:.1f} s; the new tables serve")


def _compare() -> None:
    from connectors.project.comparing import differences
    from connectors.settings import Settings, load
    from connectors.store import open_store
    from connectors.verdicts import TryLater

    settings = load(Settings)
    store = open_store(settings.read_database_url)
    try:
        compared, found = differences(settings.kafka_bootstrap, store)
    except TryLater as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    finally:
        store.close()
    for line in found:
        print(line)
    print(f"{counted(compared, 'dossier')} compared, {counted(len(found), 'difference')}")
    if found:
        raise typer.Exit(1)


def _progress() -> Callable[[int], None]:
    """Say every few seconds how many records are taken."""
    said_at = time.monotonic()

    def say(taken: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at > PROGRESS_SECONDS:
            said_at = time.monotonic()
            print(f"{taken:,} records", file=sys.stderr)

    return say
