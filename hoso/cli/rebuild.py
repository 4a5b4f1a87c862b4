"""`hoso rebuild`: fold the whole log in a plain loop, nothing said to anybody, and compare it with what was said."""

import json
import sys
import time
from typing import Annotated

import typer

from hoso.cli.cluster import bootstrap_of

PROGRESS_EVERY = 20_000


def rebuild(
    as_json: Annotated[bool, typer.Option("--json", help="Figures and differences, for machines.")] = False,
) -> None:
    """Fold the log into a fresh state by the same rules, compare it with `dossier.state`, print every difference.

    Nothing is asked of the post and no agency is told. The exit status is 1 if anything differs.

    \b
    hoso rebuild
    hoso rebuild --json | jq .differences
    """
    from connectors.rebuilding import compare, last_states, refold
    from connectors.verdicts import TryLater

    bootstrap, began = bootstrap_of(), time.process_time()

    def progress(facts: int) -> None:
        if facts % PROGRESS_EVERY == 0:
            print(f"{facts} facts folded", file=sys.stderr)

    try:
        states = last_states(bootstrap)
        folded = refold(bootstrap, progress)
    except TryLater as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    differences = compare(folded.kept, states)
    spent = time.process_time() - began
    figures = {
        "facts": folded.facts,
        "dossiers": len(folded.kept),
        "cpu_seconds": round(spent, 2),
        "differences": differences,
    }
    if as_json:
        print(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        for line in differences:
            print(line)
        rate = f"{folded.facts / spent:,.0f} facts a CPU second" if spent else ""
        print(f"{folded.facts} facts, {len(folded.kept)} dossiers, {len(differences)} differences ({rate})")
    if differences:
        raise typer.Exit(1)
