"""`hoso adopt-log`: let the workers begin another log of the same name, and set SQL right after what it lacks."""

import json
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted

if TYPE_CHECKING:
    from connectors.adopting import Mended, NewLog

SPARE_SECONDS = 15.0
"""How much longer than a session it may take until a group has forgotten who stopped."""
LOOK_SECONDS = 2.0
SHOWN = "%Y-%m-%d %H:%M:%S %z"


def adopt_log(
    since: Annotated[
        str | None,
        typer.Option(
            "--unfenced-since",
            metavar="INSTANT",
            help="Facts written from then on (ISO 8601 with a zone) have effects again; usually a day before the end.",
        ),
    ] = None,
    overlap: Annotated[
        float, typer.Option(min=0, help="Seconds before what is missing from which an agency is asked to begin again.")
    ] = 600.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Figures, for machines.")] = False,
) -> None:
    """Adopt the log that is there now: after a restore, a move to another cluster, or when it was made anew.

    Workers refuse a log that is not the one they remember. This lets them fold it from its start; older facts change
    states and ask nothing of the post, tell no agency; younger ones have their effects once more, which everybody who
    gets them recognises. SQL expects what this log lacks: `GET /v1/events/last` then tells each agency where to begin
    again, answers of carriers are said again, and carriers are asked about what is under way. Stop the pipeline first;
    afterwards start edge and intake, let the agencies resume, then start the rest.

    \b
    hoso adopt-log --dry-run
    hoso adopt-log --yes
    hoso adopt-log --unfenced-since 2026-11-02T08:00:00+07:00 --json --yes
    """
    from connectors import adopting
    from connectors.archive import Gap
    from connectors.settings import Settings
    from connectors.store import open_store
    from connectors.verdicts import TryLater
    from streams.engine import adoption

    settings = Settings(kafka_bootstrap=bootstrap_of())
    store = open_store(settings.database_url)
    try:
        new = adopting.look(settings.kafka_bootstrap, _instant(since))
        if not as_json:
            _tell(new, settings.kafka_bootstrap, store.address)
        if not (dry_run or yes or typer.confirm("Adopt it?")):
            raise typer.Exit(1)
        if not dry_run:
            _await_empty(settings.kafka_bootstrap, settings.session_seconds + SPARE_SECONDS)
        store.migrate()
        mended = adopting.mend(
            store, adopting.tail_of(settings.kafka_bootstrap, new), overlap_seconds=overlap, dry_run=dry_run
        )
        if not dry_run:
            adopting.adopt(settings.kafka_bootstrap, new, lambda id, fence: adoption(id.encode(), fence))
    except (TryLater, adopting.Occupied, Gap) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    finally:
        store.close()
    if as_json:
        print(json.dumps(_figures(new, mended, done=not dry_run), ensure_ascii=False, indent=2))
    else:
        _say(mended, done=not dry_run)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no instant; write it like 2026-11-02T08:15:00+07:00") from error
    if found.tzinfo is None:
        raise typer.BadParameter(f"{text} has no zone; write it like 2026-11-02T08:15:00+07:00")
    return found


def _await_empty(bootstrap: str, seconds: float) -> None:
    """Wait until the groups have forgotten those who stopped. Raises Occupied if they do not."""
    from connectors import adopting

    until, told = time.monotonic() + seconds, False
    while True:
        try:
            adopting.check_empty(bootstrap)
        except adopting.Occupied as occupied:
            if time.monotonic() > until:
                raise
            if not told:
                print(f"waiting: {occupied}", file=sys.stderr)
                told = True
            time.sleep(LOOK_SECONDS)  # Nobody announces that a session is over.
        else:
            return


def _tell(new: "NewLog", bootstrap: str, database: str) -> None:
    facts, silent = sum(new.ends.values()), sum(new.fences.values())
    print(f"log {new.id} on {bootstrap}: {counted(facts, 'fact')} in {counted(len(new.ends), 'partition')}", end="")
    print(f", the last of {new.last.strftime(SHOWN)}" if new.last else "")
    before = f"{counted(silent, 'fact')} before {new.since.strftime(SHOWN)}"
    print(f"the workers fold it from its start; {before} without effects,")
    print(f"{facts - silent} since then with effects, which those who had them recognise")
    print(f"SQL at {database} is laid beside it: what it lacks is expected, said or asked again")


def _say(mended: "Mended", *, done: bool) -> None:
    print("done:" if done else "would be done:")
    print(f"  not on this log: {counted(mended.missing, 'event')} of agencies")
    for source, count in mended.expected.items():
        print(f"  {source}: begins again {counted(count, 'event')} back, as GET /v1/events/last tells it")
    print(f"  learned from the log: {counted(mended.learned, 'event')}")
    for queue, count in mended.said_again.items():
        print(f"  said again: {counted(count, 'answer')} of {queue}")
    print(f"  waiting until their cause is on the log again: {counted(mended.put_aside, 'order')}")
    print(f"  {mended.asked} items are asked about at their carriers")
    if done:
        print("next: start edge and intake, let the agencies resume, then start the rest")


def _figures(new: "NewLog", mended: "Mended", *, done: bool) -> dict[str, Any]:
    return {
        "adopted": done,
        "log": new.id,
        "facts": sum(new.ends.values()),
        "without_effects": sum(new.fences.values()),
        "unfenced_since": new.since.isoformat(),
        "missing": mended.missing,
        "expected_again": mended.expected,
        "learned": mended.learned,
        "said_again": mended.said_again,
        "put_aside": mended.put_aside,
        "asked": mended.asked,
    }
