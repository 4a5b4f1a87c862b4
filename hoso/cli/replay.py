"""`hoso replay --from --to --shadow`: what other reference data or other code would have made of history."""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from hoso.cli.archive import opened
from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted
from schemas.instant import VIETNAM

if TYPE_CHECKING:
    from hoso.replaying.differing import Difference
    from hoso.replaying.shadow import Release

PROGRESS_EVERY = 20_000
WRONG = 2


def replay(
    begins: Annotated[str, typer.Option("--from", help="First instant compared: ISO 8601, or a day in Viet Nam.")],
    ends: Annotated[str, typer.Option("--to", help="The instant after the last.")],
    shadow: Annotated[bool, typer.Option("--shadow", help="Say nothing to anybody: the only way there is.")] = False,
    reference: Annotated[Path | None, typer.Option(help="A folder of other reference data.")] = None,
    code: Annotated[Path | None, typer.Option(help="Another checkout of hoso.")] = None,
    python: Annotated[Path | None, typer.Option(help="Its interpreter; else its .venv, or ours.")] = None,
    archive: Annotated[
        str | None, typer.Option(envvar="HOSO_ARCHIVE", help="Read this archive and the topics as one.")
    ] = None,
    to_csv: Annotated[Path | None, typer.Option("--csv", help="Write a line a difference here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one object, for machines.")] = False,
) -> None:
    """Fold the log twice: as it was, and with other reference data or other code; print what would have been different.

    The log is folded from its start; of what follows from it, facts recorded in the window are compared: deadlines,
    notices, requests to the post, and the last public state of each dossier. Other reference data stands in for every
    version there was. Timers are fired anew at their nominal instants on both sides. Nothing is written anywhere.
    The exit status is 0, different or not.

    \b
    hoso replay --from 2026-11-01 --to 2026-12-01 --shadow --reference ../next-year/reference
    hoso replay --from 2026-11-01 --to 2026-12-01 --shadow --code ../hoso-next --csv differences.csv
    """
    window = _window(begins, ends)
    if not shadow:
        _stop("a replay only looks: say --shadow. Nothing is said again to agencies or the post by replaying history.")
    if reference is None and code is None:
        _stop("name what should be different: --reference FOLDER, --code CHECKOUT, or both")
    from connectors.archive import BrokenArchive, Whole
    from connectors.reference import WrongReference, published, read_dir
    from connectors.verdicts import TryLater
    from hoso.replaying.differing import counts
    from hoso.replaying.shadow import CannotReplay, Release, Window, replaced
    from hoso.replaying.shadow import replay as replayed
    from schemas.dossier import LOG
    from schemas.reference import REFERENCE

    try:
        other = read_dir(reference) if reference else None
        release = _release(code, python) if code else Release("this release")
        bootstrap, kept = bootstrap_of(), opened(archive) if archive else None
        history = published(Whole(bootstrap, REFERENCE, kept).records())
        log = Whole(bootstrap, LOG, kept)
        pairing = replayed(
            log.records(),
            ((Release("this release"), history), (release, replaced(history, other) if other else history)),
            Window(*window),
            lambda count: _progress(count, log.size),
        )
    except WrongReference as error:
        _stop(f"{reference}: {error}")
    except (TryLater, BrokenArchive, CannotReplay) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    differences = pairing.differences()
    if to_csv:
        _write_csv(to_csv, differences)
    if as_json:
        rows = [_row(one) for one in differences]
        said = [dict(side) for side in pairing.said]
        figures = {"said": {"as_it_was": said[0], "would_be": said[1]}, "counts": counts(differences)}
        print(json.dumps(figures | {"differences": rows}, ensure_ascii=False, indent=2))
    else:
        _print(differences, pairing.said[0].total(), to_csv)


def _window(begins: str, ends: str) -> tuple[datetime, datetime]:
    first, last = _instant("--from", begins), _instant("--to", ends)
    if first >= last:
        _stop(f"--from {begins} is not before --to {ends}")
    return first, last


def _instant(option: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        _stop(f"{option} {text} is no instant: write 2026-11-01, or 2026-11-01T07:30:00+07:00")
    return found if found.tzinfo else found.replace(tzinfo=VIETNAM)


def _release(code: Path, python: Path | None) -> "Release":
    from hoso.replaying.shadow import Release

    path = code.resolve()
    if not (path / "rules" / "parking.py").is_file():
        _stop(f"{code} is no checkout of hoso that can be replayed: it has no rules/parking.py")
    own = path / ".venv" / "bin" / "python"
    return Release("the other release", path, python or (own if own.is_file() else Path(sys.executable)))


def _progress(count: int, size: int) -> None:
    if count % PROGRESS_EVERY == 0:
        print(f"{count:,} of {size:,} facts read", file=sys.stderr)


def _row(one: "Difference") -> dict[str, object]:
    return {
        "dossier": one.dossier,
        "kind": one.kind,
        "what": one.what.value,
        "as_it_was": one.was,
        "would_be": one.would_be,
    }


def _write_csv(path: Path, differences: "list[Difference]") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["dossier", "kind", "what", "as_it_was", "would_be"])
        for one in differences:
            contents = [
                json.dumps(fact["data"], ensure_ascii=False) if fact else "" for fact in (one.was, one.would_be)
            ]
            rows.writerow([one.dossier, one.kind, one.what.value, *contents])


def _print(differences: "list[Difference]", said: int, to_csv: Path | None) -> None:
    from hoso.replaying.differing import changed, counts

    for one in [] if to_csv else differences:
        print(f"{one.dossier} {one.kind}: {one.what.value}")
        for name, was, would in changed(one):
            print(f"    {name}: {was} -> {would}")
    for kind, ways in counts(differences).items():
        print(f"{kind}: " + ", ".join(f"{count} {way}" for way, count in ways.items()))
    dossiers = len({one.dossier for one in differences})
    differ = counted(len(differences), "difference")
    print(f"{counted(said, 'fact')} as it was, {differ} in {counted(dossiers, 'dossier')}")


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(WRONG)
