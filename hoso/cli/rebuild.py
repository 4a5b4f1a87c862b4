"""`hoso rebuild`: fold the whole log in a plain loop, nothing said to anybody, and compare it with what was said."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hoso.cli.archive import opened
from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted

if TYPE_CHECKING:
    from connectors.portions import Portions

PROGRESS_SECONDS = 5.0


def rebuild(
    archive: Annotated[
        str | None, typer.Option(envvar="HOSO_ARCHIVE", help="Read this archive and the topic as one.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="How many fold side by side, by partitions.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Figures and differences, for machines.")] = False,
) -> None:
    """Fold the log into a fresh state by the same rules, compare it with `dossier.state`, print every difference.

    A deadline, a postal request or a notice that stands on its topic with two contents under one id is one, too.
    Nothing is asked of the post and no agency is told. The exit status is 1 if anything differs.

    \b
    hoso rebuild
    hoso rebuild --archive s3://hoso-log/city --processes 2
    hoso rebuild --json | jq .differences
    """
    from connectors.archive import BrokenArchive
    from connectors.contents import said_otherwise
    from connectors.portions import Portions
    from connectors.verdicts import TryLater

    bootstrap, began = bootstrap_of(), time.monotonic()
    if archive:
        opened(archive)
    try:
        portions = Portions(bootstrap, archive, processes)
        with _progress(portions):
            done = list(portions.done())
        folding_seconds = time.monotonic() - began
        otherwise = said_otherwise(bootstrap)
    except (TryLater, BrokenArchive) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    differences = sorted(line for one in done for line in one.differences) + otherwise
    facts, dossiers = sum(one.facts for one in done), sum(one.dossiers for one in done)
    spent = sum(one.cpu_seconds for one in done)
    figures = {
        "facts": facts,
        "dossiers": dossiers,
        "cpu_seconds": round(spent, 2),
        "seconds": round(folding_seconds, 2),
        "differences": differences,
    }
    if as_json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        for line in differences:
            print(line)
        rate = f"{facts / spent:,.0f} facts a CPU second, {facts / folding_seconds:,.0f} a second" if spent else ""
        folded = f"{counted(facts, 'fact')}, {counted(dossiers, 'dossier')}"
        print(f"{folded}, {counted(len(differences), 'difference')} ({rate})")
    if differences:
        raise typer.Exit(1)


@contextmanager
def _progress(portions: "Portions") -> Iterator[None]:
    """Say every few seconds how many facts are folded."""
    ended = threading.Event()

    def say() -> None:
        while not ended.wait(PROGRESS_SECONDS):
            print(f"{portions.facts:,} facts folded", file=sys.stderr)

    saying = threading.Thread(target=say, daemon=True)
    saying.start()
    try:
        yield
    finally:
        ended.set()
        saying.join()
