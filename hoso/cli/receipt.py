"""`hoso receipt ...`: the signed receipt of a result handed over, the roots that days are closed with, and the check.

Not what checks: that is hoso/receipt/verify.py, which works alone.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from hoso.receipt import verify as checker

receipt = typer.Typer()

Code = Annotated[str, typer.Argument(help="The dossier's code, as on the slip: H29.12-261102-0001")]
To = Annotated[Path | None, typer.Option("-o", "--output", help="The file to write; without it, standard output.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")]


@receipt.command()
def show(
    code: Code,
    number: Annotated[int | None, typer.Option(min=1, help="The n-th statement; without it the one in effect.")] = None,
    output: To = None,
) -> None:
    """Write the receipt of CODE's result, as `verify` takes it; with its proof once its day is closed.

    \b
    hoso receipt show H29.12-261102-0001 -o receipt.json
    hoso receipt show H29.12-261102-0001 | jq .handed_over
    hoso receipt show H29.12-261102-0001 --number 1
    """
    from connectors.receipts.showing import shown
    from hoso.cli.agency import opened

    with opened() as (_, store), store.read() as connection:
        found = shown(connection, code, number)
    if found is None:
        _fail(f"no receipt of {code}: its result is not handed over, or `hoso notify` has not come to it yet")
    _write(_written(found.document), output)


@receipt.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt.")],
    key: Annotated[Path, typer.Option(help="The issuer's public key, or keys, as `hoso certificate key` prints it.")],
    roots: Annotated[
        Path | None, typer.Option(help="The published roots, as `hoso receipt roots` prints them.")
    ] = None,
    manifest: Annotated[Path | None, typer.Option(help="The result's papers: `documents` of result_ready.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check the receipt in FILE: its signature and, once its day is closed, its place among that day's receipts.

    It needs no cluster, database or key of ours. Status 0: it holds. Status 1: it does not, and every fault is a
    sentence.

    \b
    hoso receipt verify receipt.json --key hoso.pem
    hoso receipt verify receipt.json --key hoso.pem --roots roots.jsonl --manifest papers.json
    """
    given = [path for path in (file, key, roots, manifest) if path is not None]
    if missing := [path for path in given if not path.is_file()]:
        raise typer.BadParameter(f"there is no file {missing[0]}")
    raw, lines = file.read_bytes(), roots.read_bytes() if roots else None
    faults = checker.check(raw, key.read_bytes(), lines, manifest.read_bytes() if manifest else None)
    if as_json:
        print(json.dumps({"holds": not faults, "faults": faults}, ensure_ascii=False, indent=2))
    elif faults:
        print("\n".join(faults), file=sys.stderr)
    else:
        print(f"it holds: {_says(json.loads(raw))}\nlooked at: {checker.extent(raw, lines)}")
    raise typer.Exit(bool(faults))


@receipt.command()
def roots(output: To = None) -> None:
    """Write the root of every closed day, a line each, from the topic receipts.roots: as `verify --roots` takes them.

    \b
    hoso receipt roots -o roots.jsonl
    hoso receipt roots | jq -r '"\\(.day) \\(.count) \\(.root)"'
    """
    from connectors.receipts.published import roots_on_topic
    from connectors.verdicts import TryLater
    from hoso.cli.cluster import bootstrap_of

    try:
        found = roots_on_topic(bootstrap_of())
    except TryLater as error:
        _fail(str(error))
    _write("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found), output)


def _says(document: dict[str, Any]) -> str:
    """The hand-over in a sentence."""
    said = document.get("handed_over")
    if said is None:
        return f"the hand-over of {document['dossier']} was taken back"
    number = said.get("result_no", "without a number")
    by = f" by {said['carrier']}" if "carrier" in said else ""
    when = said.get("at", "at a time that nobody stated")
    return f"the result of {document['dossier']} ({number}) was handed over, {said['mode']}{by}, {when}"


def _written(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text, end="")
        return
    output.write_text(text, encoding="utf-8")
    print(f"written: {output}", file=sys.stderr)


def _fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
