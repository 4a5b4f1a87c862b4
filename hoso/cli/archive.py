"""`hoso archive write|verify|list`: closed segments of the log, hash-chained, in a folder or in object storage."""

import json
import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted
from hoso.cli.restore import restore
from hoso.settings import Settings

if TYPE_CHECKING:
    from connectors.archive import Archive
    from connectors.archive.link import Link, Stretch
    from connectors.archive.verifying import Found

archive = typer.Typer()
archive.command()(restore)

Url = Annotated[str, typer.Argument(help="s3://bucket/prefix, file:///path or a path.")]
Json = Annotated[bool, typer.Option("--json", help="One object, for machines.")]


@archive.callback()
def about() -> None:
    """The archive of what is kept for ever: the log, the reference data, the roots of receipts. See docs/archive.md.

    Object storage takes its account from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and AWS_ENDPOINT if it
    is not Amazon's.
    """


@archive.command()
def write(
    to: Annotated[str, typer.Option(help="s3://bucket/prefix, file:///path or a path.")],
    once: Annotated[bool, typer.Option(help="Archive all there is now, and end.")] = False,
    most_minutes: Annotated[float, typer.Option(min=0.01, help="Close a segment that old, however small.")] = 5,
    most_records: Annotated[int, typer.Option(min=1, help="Close a segment with so many records.")] = 50_000,
    as_json: Annotated[bool, typer.Option("--json", help="A line a segment, for machines.")] = False,
) -> None:
    """Copy closed segments to the archive, each chained to the one before, until stopped; go on where it was.

    May be stopped or killed at any moment, and run twice. Without --once it waits for a broker or storage that is away.

    \b
    hoso archive write --to /backups/hoso --once
    AWS_ENDPOINT=https://s3.city.example hoso archive write --to s3://hoso-log/city
    """
    from connectors.archive import BrokenArchive, Limits
    from connectors.archive.running import archive_now, archive_on
    from connectors.verdicts import TryLater

    def tell(stretch: "Stretch", link: "Link") -> None:
        row = _place(stretch) | {"first": link.first, "last": link.last, "chain": link.chain}
        line = f"{stretch.topic} {stretch.partition}: offsets {link.first} to {link.last}, chain {link.chain}"
        print(json.dumps(row) if as_json else line, flush=True)

    limits = Limits(records=most_records, seconds=most_minutes * 60)
    try:
        if once:
            taken = archive_now(bootstrap_of(), opened(to), limits, tell)
        else:
            archive_on(bootstrap_of(), opened(to), limits, tell, _told_to_stop(), _waits)
    except (TryLater, BrokenArchive) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    if once and not as_json:
        print(f"{counted(taken, 'record')} archived")


@archive.command()
def verify(
    url: Url,
    with_topic: Annotated[bool, typer.Option(help="Look as well whether each chain meets the topic.")] = False,
    as_json: Json = False,
) -> None:
    """Walk every chain and read every segment; name the first broken link exactly. Status 1 if anything is wrong.

    The heads it prints stand for all that is before them: note them elsewhere, and compare them next time.

    \b
    hoso archive verify /backups/hoso
    hoso archive verify s3://hoso-log/city --with-topic --json | jq '.[] | select(.problem)'
    """
    from connectors.archive.verifying import verify as looked_through
    from connectors.verdicts import TryLater

    found: list[Found] = []
    try:
        for one in looked_through(opened(url), bootstrap_of() if with_topic else None):
            found.append(one)
            print(f"{one.stretch}: {counted(one.segments, 'segment')} read", file=sys.stderr)
    except TryLater as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    if not found:
        print(f"nothing is archived at {url}: `hoso archive write --to {url}`", file=sys.stderr)
    _print(found, as_json)
    if not found or any(one.problem for one in found):
        raise typer.Exit(1)


@archive.command("list")
def show(url: Url, as_json: Json = False) -> None:
    """What is archived of each partition, and the head of its chain; nothing is read through.

    \b
    hoso archive list /backups/hoso
    """
    from connectors.archive import BrokenArchive
    from connectors.archive.verifying import look
    from connectors.verdicts import TryLater

    try:
        _print(list(look(opened(url))), as_json)
    except (TryLater, BrokenArchive) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


def _waits(why: str) -> None:
    print(f"{why}; it is tried again", file=sys.stderr, flush=True)


def _told_to_stop() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def opened(url: str) -> "Archive":
    """The archive at this address; a wrong address ends the command with one sentence."""
    from connectors.archive import open_archive

    try:
        return open_archive(url)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def the_archive() -> "Archive | None":
    """The archive that HOSO_ARCHIVE names, if it names one."""
    url = Settings().archive
    return opened(url) if url else None


def _print(found: "list[Found]", as_json: bool) -> None:
    if as_json:
        print(json.dumps([_row(one) for one in found], indent=2))
        return
    for one in found:
        segments = counted(one.segments, "segment")
        held = f"offsets {one.first} to {one.head.last} in {segments}" if one.head else "nothing"
        print(f"{one.stretch}: {held}, head {one.head.chain if one.head else '-'}")
        for line in [f"BROKEN: {one.problem}"] * bool(one.problem) + one.notes:
            print(f"    {line}")
    print(f"{counted(len(found), 'partition')}, {sum(bool(one.problem) for one in found)} broken")


def _row(one: "Found") -> dict[str, object]:
    head = one.head
    return _place(one.stretch) | {
        "first": one.first,
        "last": head.last if head else None,
        "segments": one.segments,
        "head": head.chain if head else None,
        "problem": one.problem,
        "notes": one.notes,
    }


def _place(stretch: "Stretch") -> dict[str, object]:
    return {"topic": stretch.topic, "topic_id": stretch.topic_id, "partition": stretch.partition}
