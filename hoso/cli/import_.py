"""`hoso import`: facts out of a table, for an agency that has neither an API nor Kafka, through the same gate."""

import json
import logging
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of

if TYPE_CHECKING:
    from connectors.gate.gate import Gate
    from connectors.importing.sheet import Sheet
    from connectors.importing.stating import Stated
    from connectors.importing.taking import Desk, Done
    from connectors.settings import Settings
    from connectors.store import Store
    from schemas.reference import Bundle

SHOWN = 20
"""How many refused rows are shown; all are in the file of refused rows, and in --json."""


def import_(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV or XLSX: one fact a row, columns as docs/agencies.md.")
    ] = None,
    agency: Annotated[str, typer.Option(help="Whose facts they are: its code in the reference data in force.")] = "",
    snapshot: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Instead of FILE: two exports, a row a dossier; what changed between them becomes facts."),
    ] = None,
    taken: Annotated[
        tuple[str, str] | None, typer.Option(help="When the two exports were taken: 2026-11-01T23:00 2026-11-02T23:00.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="The hour of what has a date alone: 08:00.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option(help="How the table calls a column of ours: dossier=Số hồ sơ,time=Thời điểm.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="A column of the table that is passed over.")] = None,
    set_to: Annotated[
        list[str] | None, typer.Option("--set", help="What a column says where it is empty: receiving_agency=H29.12.")
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="How the exports call a status of ours: 'Đang thụ lý=IN_PROCESS'.")
    ] = None,
    old: Annotated[
        bool, typer.Option("--old", help="Also facts of more than 7 days ago, although the agency is in stage act.")
    ] = False,
    refused: Annotated[
        Path | None, typer.Option(help="Where refused rows are written; without it, beside the file.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each row; write nothing.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For machines: every row's id, outcome and problems.")
    ] = False,
) -> None:
    """Let an agency's facts in from a table. Every row passes the same gate as the doors; the status is 1 if one fails.

    A row is one fact for ever: its id is drawn from agency, dossier, fact and time. So a file may be read again, whole
    or corrected, after any interruption; what is there already is passed over. Refused rows are written to a file of
    their own with what is wrong, to be corrected and read.

    \b
    hoso import facts.csv --agency H29.12 --dry-run
    hoso import facts.xlsx --agency H29.12 --set receiving_agency=H29.12
    hoso import facts.csv --agency H29.12 --columns "dossier=Số hồ sơ,time=Thời điểm" --ignore "Ghi chú"
    hoso import --snapshot sunday.csv monday.csv --taken 2026-11-01T23:00 2026-11-02T23:00 --agency H29.12
    """
    from connectors.importing.taking import Outcome, in_order, old_effects
    from connectors.partner_lists import WrongList

    if not agency or (file is None) == (snapshot is None) or (snapshot is None) != (taken is None):
        raise typer.BadParameter("name --agency, and either FILE or --snapshot A B with --taken TIME TIME")
    sources = [file] if file is not None else list(snapshot or ())
    with answering():
        bootstrap = bootstrap_of()
        bundle = _bundle(bootstrap)
        code = _code(bundle, agency)
        try:
            if snapshot is not None and taken is not None:
                sheets, rows = _exports(snapshot, taken, code, _hour(at), columns, ignore, status, bootstrap)
            else:
                sheets, rows = _table(sources[0], code, _hour(at), columns, ignore, set_to)
        except WrongList as error:
            stop(str(error))
        with _desk(bundle, code) as (settings, store, desk):
            if not old and (history := old_effects(rows, desk.agency, desk.now)):
                _warn(_warning(history, code), dry_run)
            done = _done(in_order(rows), desk, settings, store, bootstrap, dry_run, as_json)
    failed = sorted((one for one in done if one.outcome is Outcome.REFUSED), key=_by_place)
    place = _write(failed, sheets, refused, sources[-1]) if failed and not dry_run else None
    _tell(done, failed, code, place, dry_run, as_json)
    if failed:
        raise typer.Exit(1)


# ---------------------------------------------------------------- what is read


def _table(
    file: Path,
    code: str,
    at: time | None,
    columns: list[str] | None,
    ignore: list[str] | None,
    set_to: list[str] | None,
) -> "tuple[list[Sheet], list[Stated]]":
    """A table of facts."""
    from connectors.importing.sheet import read_sheet
    from connectors.importing.stating import constants, known_columns, stated
    from connectors.partner_lists import renamed

    known, given = known_columns(), constants(set_to or [])
    sheet = read_sheet(file, known, renamed(columns or [], known), ignore or [])
    return [sheet], [stated(row, code, at, given) for row in sheet.rows]


def _exports(
    files: tuple[Path, Path],
    taken: tuple[str, str],
    code: str,
    at: time | None,
    columns: list[str] | None,
    ignore: list[str] | None,
    status: list[str] | None,
    bootstrap: str,
) -> "tuple[list[Sheet], list[Stated]]":
    """Two exports, and what lies between them."""
    from connectors.importing.sheet import read_sheet
    from connectors.importing.snapshot import Pair, derived, snapshot_columns, statuses
    from connectors.partner_lists import renamed

    known = snapshot_columns()
    first, second = (read_sheet(one, known, renamed(columns or [], known), ignore or []) for one in files)
    moments = _moment(taken[0]), _moment(taken[1])
    if moments[0] >= moments[1]:
        raise typer.BadParameter("--taken: the first export was taken before the second")
    pair = Pair(first, second, moments, code, at, statuses(status or []))
    return [first, second], derived(pair, _dossiers(bootstrap))


def _hour(text: str | None) -> time | None:
    if text is None:
        return None
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("--at is HH:MM") from error


def _moment(text: str) -> datetime:
    from connectors.importing.columns import instant

    found = instant(text)
    if found is None:
        raise typer.BadParameter(f"--taken: {text} is no time with its hour, such as 2026-11-01T23:00")
    return found


def _code(bundle: "Bundle", agency: str) -> str:
    """The code the agency goes by today."""
    found = next((one for one in bundle.agencies if agency in (one.code, *one.aliases)), None)
    missing = f"the reference data in force knows no agency {agency}: `hoso agency add` and `hoso reference apply`"
    return found.code if found else stop(missing)


def _warning(history: "Sequence[Stated]", code: str) -> str:
    first = min(one.at for one in history if one.at)
    return (
        f"{len(history)} facts happened more than 7 days ago, the first on {first:%Y-%m-%d}, and {code} is in stage "
        "act: the post could be asked, and people told, of what is long over. Put it in stage shadow first (`stage` in "
        "its file, `hoso reference apply`), or say --old if that is what you want. Nothing was written"
    )


def _warn(sentence: str, dry_run: bool) -> None:
    """Say it; without a dry run, end with it."""
    if not dry_run:
        stop(sentence)
    print(sentence, file=sys.stderr)


# ---------------------------------------------------------------- what it is done with


def _bundle(bootstrap: str) -> "Bundle":
    from connectors.reference import in_force

    return in_force(bootstrap) or stop("no reference data is published: `hoso reference apply`")


def _dossiers(bootstrap: str) -> Collection[str]:
    """The dossiers that the pipeline has: they are not adopted again."""
    from connectors.broker import Reader
    from schemas.state import STATE

    with Reader(bootstrap, STATE) as reader:
        return {(record.key or b"").decode() for record in reader.to_end()}


@contextmanager
def _desk(bundle: "Bundle", code: str) -> "Iterator[tuple[Settings, Store, Desk]]":
    from connectors.importing.taking import Desk
    from connectors.secrets import ensure_secrets
    from connectors.settings import Settings
    from connectors.store import open_store
    from schemas.instant import now

    settings = Settings(kafka_bootstrap="127.0.0.1:9092")
    store = open_store(settings.database_url)
    try:
        store.migrate()
        agency = next(one for one in bundle.agencies if one.code == code)
        yield settings, store, Desk(agency, bundle, store, ensure_secrets(settings.secrets_dir).digest, now())
    finally:
        store.close()


@contextmanager
def _gate(settings: "Settings", store: "Store", bootstrap: str) -> "Iterator[Gate]":
    """The gate that both doors have, over this installation's keys and database."""
    from connectors.broker import Producer
    from connectors.gate.gate import Gate
    from connectors.reference import References
    from connectors.secrets import ensure_secrets
    from schemas import telemetry

    # What the rooms log is for operators: the output is the command's own.
    telemetry.configure("import", sys.stderr, logging.WARNING)
    references = References(bootstrap)
    try:
        references.start()
        with Producer(bootstrap, "hoso-import") as producer:
            yield Gate(ensure_secrets(settings.secrets_dir), store, producer, references)
    finally:
        references.close()


def _done(
    rows: "Sequence[Stated]",
    desk: "Desk",
    settings: "Settings",
    store: "Store",
    bootstrap: str,
    dry_run: bool,
    quiet: bool,
) -> "list[Done]":
    """What became of every row. A gate that cannot make it durable ends it there, with what is done said."""
    from connectors.importing.taking import look_all, take
    from connectors.verdicts import TryLater

    found: list[Done] = []
    try:
        if dry_run:
            for batch in _shown(look_all(rows, desk), len(rows), quiet):
                found += batch
        else:
            with _gate(settings, store, bootstrap) as gate:
                for batch in _shown(take(rows, desk, gate), len(rows), quiet):
                    found += batch
    except TryLater as later:
        stop(f"{later.why}: {len(found)} of {len(rows)} rows are done; call it again, it goes on with the others")
    return found


def _shown(batches: "Iterable[list[Done]]", total: int, quiet: bool) -> "Iterator[list[Done]]":
    """The batches, with a bar for who watches."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    parts = TextColumn("rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*parts, console=console, disable=quiet or not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("rows", total=total)
        for batch in batches:
            progress.advance(bar, len(batch))
            yield batch


# ---------------------------------------------------------------- what is told


def _by_place(one: "Done") -> tuple[str, int]:
    return one.stated.sheet, one.stated.row.number


def _problems(one: "Done") -> str:
    return " ".join(f"{each.field}: {each.problem}" for each in one.problems)


def _write(failed: "Sequence[Done]", sheets: "Sequence[Sheet]", wanted: Path | None, file: Path) -> Path:
    """The refused rows in a file of their own, each once."""
    from connectors.importing.sheet import free_name, write_refused

    place = wanted or free_name(file)
    columns = list(dict.fromkeys(column for sheet in reversed(sheets) for column in sheet.columns))
    why: dict[str, list[str]] = {}
    for one in failed:
        why.setdefault(one.stated.place, []).append(_problems(one))
    rows = {one.stated.place: one.stated.row for one in failed}
    try:
        write_refused(place, columns, [(name, rows[name], " ".join(why[name])) for name in rows])
    except FileExistsError:
        stop(f"{place} is there already: name another file with --refused; the rows that are no fault are on the log")
    return place


def _tell(
    done: "Sequence[Done]", failed: "Sequence[Done]", code: str, place: Path | None, dry_run: bool, as_json: bool
) -> None:
    from connectors.dead_letters import printable
    from connectors.importing.taking import Outcome

    counts = Counter(one.outcome for one in done)
    if as_json:
        totals = {outcome.value: counts[outcome] for outcome in Outcome}
        document = {"agency": code, "dry_run": dry_run, "counts": totals, "refused_file": str(place) if place else None,
                    "rows": [_row(one) for one in sorted(done, key=_by_place)]}  # fmt: skip
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for one in failed[:SHOWN]:
        print(printable(f"row {one.stated.place}: {_problems(one)}"))
    if len(failed) > SHOWN:
        print(f"and {len(failed) - SHOWN} more")
    would = "would be " if dry_run else ""
    print(
        f"{len(done)} facts of {code}: {counts[Outcome.TAKEN]} {would}taken, {counts[Outcome.ALREADY]} already there, "
        f"{counts[Outcome.REFUSED]} refused"
    )
    if place is not None:
        print(f"the refused rows are in {place}: correct them there and import that file", file=sys.stderr)


def _row(one: "Done") -> dict[str, Any]:
    event = one.stated.event
    return {
        "row": one.stated.place,
        "dossier": event.get("subject"),
        "fact": one.stated.fact or None,
        "id": event.get("id"),
        "outcome": one.outcome.value,
        "errors": [{"column": each.field, "problem": each.problem} for each in one.problems],
    }
