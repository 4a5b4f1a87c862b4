"""`hoso archive restore`: an archive back onto a cluster that has nothing yet."""

import json
import sys
import time
from typing import Annotated

import typer

from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted

PROGRESS_SECONDS = 2.0


def restore(
    url: Annotated[str, typer.Argument(help="s3://bucket/prefix, file:///path or a path.")],
    topic_id: Annotated[
        list[str] | None,
        typer.Option("--topic-id", metavar="TOPIC=ID", help="Which one, where the archive has several of a name."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make the topics, copy nothing, say what would be.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Figures, for machines.")] = False,
) -> None:
    """Make the topics on a cluster that has nothing yet, and put every archived record back where it stood.

    Partition, order, key, headers and time are kept. Stopped or killed, it goes on where it was. Workers refuse the
    restored log until `hoso adopt-log`, which is the next step.

    \b
    hoso archive restore /backups/hoso
    hoso archive restore s3://hoso-log/city --topic-id dossier.events=mDW7KvEoQ4qWqfTZ5rTn1g
    """
    from connectors.archive import BrokenArchive, open_archive
    from connectors.reference import WrongReference, read_dir
    from connectors.settings import Settings
    from connectors.topics import WrongPartitions
    from connectors.verdicts import TryLater
    from hoso.restoring import CannotRestore, prepare, restore_all

    settings, ids = Settings(kafka_bootstrap=bootstrap_of()), _ids(topic_id or [])
    bootstrap, progress = settings.kafka_bootstrap, _Progress()
    try:
        archive, bundle = open_archive(url), read_dir(settings.reference_dir)
        found = prepare(bootstrap, archive, bundle, settings.log_partitions, settings.replication, ids)
        left = sum(one.left for one in found)
        copied = 0 if dry_run else restore_all(bootstrap, archive, found, progress.told, progress.say)
    except (BrokenArchive, CannotRestore, TryLater, WrongPartitions, WrongReference, ValueError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    if as_json:
        there = sum(one.there for one in found)
        print(json.dumps({"copied": copied, "left": left - copied, "there_before": there}, indent=2))
    elif dry_run:
        print(f"{counted(left, 'record')} would be copied onto {counted(len(found), 'partition')}")
    else:
        print(f"{counted(copied, 'record')} copied; next: `hoso adopt-log`, then start the pipeline")


def _ids(said: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in said]
    if bad := [name for name, equals, id in pairs if not (name and equals and id)]:
        raise typer.BadParameter(f"{bad[0]}: write it like dossier.events=mDW7KvEoQ4qWqfTZ5rTn1g")
    return {name: id for name, _, id in pairs}


class _Progress:
    """A line now and then on stderr."""

    def __init__(self) -> None:
        self._next = time.monotonic() + PROGRESS_SECONDS

    def told(self, stretch: object, records: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            self.say(f"{stretch}: {counted(records, 'record')}")

    def say(self, line: str) -> None:
        print(line, file=sys.stderr)
