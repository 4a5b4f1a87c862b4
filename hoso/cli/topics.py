"""`hoso topics apply`: make the topics of the plan on a cluster."""

import json
import sys
from typing import Annotated

import typer

from hoso.cli.cluster import bootstrap_of

topics = typer.Typer()


@topics.callback()
def about() -> None:
    """The topics of the plan, one table: schemas/topics.py. Nothing else creates topics."""


@topics.command()
def apply(
    as_json: Annotated[bool, typer.Option("--json", help="The names of what was made, for machines.")] = False,
) -> None:
    """Make the topics that are missing and set right what somebody changed; again changes nothing.

    \b
    hoso topics apply
    HOSO_KAFKA_BOOTSTRAP=kafka1:9092 HOSO_REPLICATION=3 hoso topics apply
    """
    from connectors import topics as plan
    from connectors.reference import WrongReference, read_dir
    from connectors.settings import Settings
    from connectors.verdicts import TryLater

    settings = Settings(kafka_bootstrap=bootstrap_of())
    try:
        agencies = read_dir(settings.reference_dir).agencies
        made = plan.apply(
            settings.kafka_bootstrap,
            [agency.code for agency in agencies],
            settings.log_partitions,
            settings.replication,
            [agency.code for agency in agencies if agency.results_topic],
        )
    except (TryLater, WrongReference, plan.WrongPartitions) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(json.dumps({"made": made}) if as_json else "\n".join(made) or "every topic is there")


@topics.command("list")
def show(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """The plan: each topic, its key, who writes and who reads it, how long it is kept."""
    from schemas.topics import TOPICS, Keep

    rows = [
        {"topic": row.name + (".<agency code>" if row.per_agency else ""), "key": row.key, "writer": row.writer,
         "read_by": row.read_by, "kept": f"{row.days} days" if row.keep is Keep.DAYS else row.keep.value,
         "says": row.says}
        for row in TOPICS
    ]  # fmt: skip
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        print(
            f"{row['topic']:<32} {row['kept']:<20} {row['says']} "
            f"(key: {row['key']}; {row['writer']} -> {row['read_by']})"
        )
