"""`hoso dead-letters ...`: bytes that nobody could read, by reason; look at them, put them back when they are read."""

import getpass
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connectors.dead_letters import (
    DeadLetter,
    NoSuchLetter,
    State,
    grouped,
    named,
    narrowed,
    printable,
    read,
    redrivable,
)
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of
from hoso.cli.why import reason as reason_of
from hoso.letters import SHORT, became, hex_of, planned_row, row_of, text_of, told

if TYPE_CHECKING:
    from connectors.dead_letters import Opens
    from connectors.redriving import Planned
    from connectors.seal import Evidence
    from connectors.settings import Settings
    from connectors.store import Store

dead_letters = typer.Typer()

SHOWN = 5

A_LETTER = "A letter's id, the beginning of one, or its place: topic/partition/offset."
Topic = Annotated[str | None, typer.Option(help="Only those of this topic.")]
Reason = Annotated[str | None, typer.Option(help="Only those whose reason, as `list` shows it, holds this text.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@dead_letters.command("list")
def show_all(
    topic: Topic = None,
    reason: Reason = None,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the dead letters of the last 90 days by topic and reason, and what became of those that were put back.

    \b
    hoso dead-letters list
    hoso dead-letters list --topic agency.events.H29.12 --state waiting
    hoso dead-letters list --json | jq '.[] | {topic, reason, count: (.letters | length)}'
    """
    with answering():
        found = narrowed(_read(bootstrap_of(), shut=True), topic, reason)
    groups = grouped(one for one in found if state is None or one.state is state)
    if as_json:
        rows = [
            {"topic": of, "reason": kind, "letters": [row_of(one) for one in letters]}
            for (of, kind), letters in groups.items()
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for (of, kind), letters in groups.items():
        states = ", ".join(f"{count} {name}" for name, count in Counter(one.state.value for one in letters).items())
        print(f"{of}: {states}: {kind}")
        for one in letters[:SHOWN]:
            print(f"  {one.id[:SHORT]}  {one.kept.data.place}  {one.kept.time:%Y-%m-%d %H:%M}  {became(one)}")
        if len(letters) > SHOWN:
            print(f"  and {len(letters) - SHOWN} more: --json shows them all")
    if not groups:
        print("no dead letters")


@dead_letters.command()
def show(
    letter: Annotated[str, typer.Argument(help=A_LETTER)],
    raw: Annotated[bool, typer.Option("--raw", help="Only the bytes, as they came, to stdout.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter: where it stood, why nobody read it, whether this release does, and its bytes.

    \b
    hoso dead-letters show 6d0f3a52
    hoso dead-letters show dossier.events/3/1742
    hoso dead-letters show 6d0f3a52 --raw > bytes.json
    """
    from connectors.redriving import reading

    with answering():
        bootstrap = bootstrap_of()
        one = _named(_read(bootstrap), [letter])[0]
        if raw:
            sys.stdout.buffer.write(one.raw if one.shut is None else stop(one.shut))
            return
        found, text = reading(one, _evidence(bootstrap)), text_of(one.raw)
    if as_json:
        row = row_of(one) | {"whole_reason": one.kept.data.reason, "reads_now": found.reads, "now": found.says}
        row |= {"text": text} if text is not None else {"bytes": one.kept.data.bytes}
        print(json.dumps(row, ensure_ascii=False, indent=2))
        return
    print(f"{one.id}  {one.kept.data.place}  written {one.kept.time:%Y-%m-%d %H:%M}")
    print(f"{became(one)}\ndied of: {printable(one.kept.data.reason)}\ntoday: {found.says}")
    print(f"key: {printable(one.kept.data.key or '-')}")
    for name, value in one.headers:
        print(printable(f"header {name}: {value.decode(errors='replace')}"))
    print(one.shut or (text if text is not None else hex_of(one.raw)))


@dead_letters.command()
def redrive(
    letters: Annotated[list[str] | None, typer.Argument(help=A_LETTER)] = None,
    topic: Topic = None,
    reason: Reason = None,
    why: Annotated[str, typer.Option(help="The reason; it stands on dead.letters beside your name.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would become of each; write nothing.")] = False,
    once_more: Annotated[
        bool, typer.Option("--once-more", help="Also what stands there already, or came back twice.")
    ] = False,
    unread: Annotated[
        bool, typer.Option("--unread", help="Also what this release does not read: it is likely to come back.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put bytes back on the topic they came from, same partition and key, so that its readers meet them again.

    What this release still cannot read stays where it is, and bytes that were put back twice and came back each time
    too. The exit status is 1 if anything chosen was not put back.

    \b
    hoso dead-letters redrive --topic agency.events.H29.12 --dry-run
    hoso dead-letters redrive --reason "ResultReady: data.outcome enum" --why "release 0.1.1 reads it"
    hoso dead-letters redrive 6d0f3a52 dossier.events/3/1742 --why "release 0.1.1 reads it"
    """
    from connectors.redriving import plan

    if not letters and topic is None and reason is None:
        raise typer.BadParameter("say which: letters by id or place, --topic or --reason")
    if not dry_run:
        if not why:
            raise typer.BadParameter("--why is needed, unless with --dry-run")
        why = reason_of(why)
    with answering():
        bootstrap = bootstrap_of()
        chosen = _chosen(_read(bootstrap), letters or [], topic, reason, once_more)
        planned = plan(chosen, _evidence(bootstrap), unread=unread, once_more=once_more)
    rows = []
    for row in map(planned_row, planned) if dry_run else _put_back(bootstrap, planned, why):
        rows.append(row)
        if not as_json:
            print(told(row, dry_run))
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    elif not rows:
        print("no dead letter waits there")
    if not dry_run and not all(row["stands_at"] for row in rows):
        raise typer.Exit(1)


def _chosen(
    found: Sequence[DeadLetter], names: Sequence[str], topic: str | None, reason: str | None, once_more: bool
) -> list[DeadLetter]:
    """The letters named, each once; else those of the topic and reason that wait."""
    if names:
        return narrowed(_named(found, names), topic, reason)
    return redrivable(narrowed(found, topic, reason), once_more=once_more)


def _put_back(bootstrap: str, planned: Sequence["Planned"], why: str) -> Iterator[dict[str, Any]]:
    """Put back what is not refused, and tell of each as it is done."""
    from connectors.broker import Producer
    from connectors.redriving import put_back

    with Producer(bootstrap, "hoso-dead-letters") as producer:
        for one in put_back(producer, planned, why, getpass.getuser()):
            yield planned_row(one.planned) | {"stands_at": one.stands_at, "refused": one.refused}


def _read(bootstrap: str, *, shut: bool = False) -> list[DeadLetter]:
    """All letters, opened where the openers' key lies here; `shut`: as their topic holds them. Raises TryLater."""
    return read(bootstrap, None if shut else _opens(bootstrap))


def _named(found: Sequence[DeadLetter], names: Sequence[str]) -> list[DeadLetter]:
    try:
        return list({one.id: one for one in (named(found, name) for name in names)}.values())
    except NoSuchLetter as error:
        stop(str(error))


def _opens(bootstrap: str) -> "Opens | None":
    """What opens sealed letters, where this installation's openers' key lies here."""
    from connectors.letter_boxes import LetterOpener
    from connectors.secrets import NoSuchSecret, load_secrets
    from connectors.settings import Settings

    settings = Settings(kafka_bootstrap=bootstrap)
    try:
        private = load_secrets(settings.secrets_dir).openers_private
    except NoSuchSecret:
        return None
    return LetterOpener(_store(settings), private).opened


def _evidence(bootstrap: str) -> "Evidence | None":
    """The keys of carriers' bytes, where this installation's secrets lie."""
    from connectors.day_keys import DayEvidence
    from connectors.secrets import NoSuchSecret, load_secrets
    from connectors.settings import Settings

    settings = Settings(kafka_bootstrap=bootstrap)
    try:
        keys = load_secrets(settings.secrets_dir).evidence
    except NoSuchSecret:
        return None
    return DayEvidence(_store(settings), keys)


def _store(settings: "Settings") -> "Store":
    """The database here, its tables in this release's form. Raises TryLater."""
    from connectors.store import open_store

    store = open_store(settings.database_url)
    store.migrate()
    return store
