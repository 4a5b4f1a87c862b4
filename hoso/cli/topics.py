"""`hoso topics apply`: make the topics of the plan on a cluster."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted

if TYPE_CHECKING:
    from connectors.broker import Short
    from connectors.granting import Difference

topics = typer.Typer()


@topics.callback()
def about() -> None:
    """The topics of the plan, one table: schemas/topics.py. Nothing else creates topics."""


@topics.command()
def apply(
    acls: Annotated[
        bool, typer.Option("--acls", help="Also give every process and agency its rights, and agencies their quotas.")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="With --acls: take away what the plan does not have.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --acls: change nothing, show what would be.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What was made and given, for machines.")] = False,
) -> None:
    """Make the topics that are missing and set right what somebody changed; again changes nothing.

    Each has a copy on every broker, on three at most, or as many as HOSO_REPLICATION says. A topic that is there keeps
    as many as it has: those with fewer are named, and docs/upgrading.md says how they get more.

    With --acls (a cluster that asks for names and passwords: docs/security.md) the rights and the quotas too. Rights of
    others than our processes and the agencies are left alone.

    \b
    hoso topics apply
    HOSO_KAFKA_BOOTSTRAP=kafka1:9092 hoso topics apply
    hoso topics apply --acls --dry-run
    hoso topics apply --acls --prune
    """
    from connectors import granting
    from connectors import topics as plan
    from connectors.reference import WrongReference, read_dir
    from connectors.settings import Settings
    from connectors.verdicts import TryLater

    if (prune or dry_run) and not acls:
        raise typer.BadParameter("--prune and --dry-run belong to --acls")
    settings = Settings(kafka_bootstrap=bootstrap_of())
    made: list[str] = []
    short: list[Short] = []
    try:
        agencies = read_dir(settings.reference_dir).agencies
        if not dry_run:
            done = plan.apply(
                settings.kafka_bootstrap,
                [agency.code for agency in agencies],
                settings.log_partitions,
                settings.replication,
                [agency.code for agency in agencies if agency.results_topic],
            )
            made, short = done.created, done.short
        found = granting.compare(settings.kafka_bootstrap, agencies) if acls else None
        if found and not dry_run:
            granting.apply(settings.kafka_bootstrap, found, prune=prune)
    except (TryLater, WrongReference, plan.WrongPartitions) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    if as_json:
        print(
            json.dumps(
                {"made": made, "short": [asdict(one) for one in short]} | (_granted(found, prune) if found else {})
            )
        )
        return
    if not dry_run:
        print("\n".join(made) or "every topic is there")
        _tell_copies(short)
    if found:
        _tell(found, prune)


def _tell_copies(short: "list[Short]") -> None:
    """A line a topic, and what is to be done."""
    for one in short:
        print(f"? {one.topic}: {counted(one.copies, 'copy', 'copies')}, not {one.wanted}", file=sys.stderr)
    if short:
        print(
            "A topic that is there keeps as many copies as it has. kafka-reassign-partitions.sh gives it more "
            "(docs/upgrading.md, More copies), then `hoso topics apply` again.",
            file=sys.stderr,
        )


@topics.command()
def password(
    process: Annotated[str, typer.Argument(help="worker, edge, intake, ...: it is hoso-<process> to Kafka.")],
    file: Annotated[Path | None, typer.Option(help="Write it here, for its owner alone, and do not show it.")] = None,
) -> None:
    """Give a process of ours a new password on the cluster, and show it, once. The one before is good no longer.

    \b
    hoso topics password edge --file secrets/edge.password
    """
    from connectors.access import process_user
    from connectors.broker.users import new_password
    from connectors.verdicts import TryLater
    from hoso.secured import keep

    try:
        made = new_password(bootstrap_of(), process_user(process))
    except (TryLater, LookupError) as error:
        print(error.args[0], file=sys.stderr)
        raise typer.Exit(1) from error
    if file is None:
        print(made)
    else:
        keep(file, made.encode())


def _granted(found: "Difference", prune: bool) -> dict[str, object]:
    return {
        "given": [asdict(one) for one in found.missing],
        "taken" if prune else "too_much": [asdict(one) for one in found.extra],
        "quotas": found.quotas,
        "quotas_taken" if prune else "quotas_too_much": found.left,
    }


def _tell(found: "Difference", prune: bool) -> None:
    """A line a right and a quota, as a difference is written."""
    for one in found.missing:
        print(f"+ {one}")
    for one in found.extra:
        print(f"- {one}" if prune else f"? {one}: not in the plan, --prune takes it")
    for agency, said in found.quotas.items():
        print(f"= {agency}: " + ", ".join(f"{kind} {value:,.0f}" for kind, value in said.items()))
    for agency in found.left:
        print(f"- {agency}: its quota" if prune else f"? {agency}: it has left and has a quota, --prune takes it")
    if not (found.missing or found.extra or found.quotas):
        print("every right is as it should be")


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
