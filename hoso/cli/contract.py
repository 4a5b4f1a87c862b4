"""`hoso contract`: the public contract as documents, written from the code or compared with it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from connectors.edge.app import openapi
from schemas.contract import written
from schemas.topic_pages import topic_pages

FOLDER = Path(__file__).parents[2] / "docs" / "contract"


def contract(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; status 1 if a document differs.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the documents are.")] = FOLDER,
) -> None:
    """Write the JSON Schemas, OpenAPI, AsyncAPI and a page a topic, of this release, into docs/contract.

    \b
    hoso contract
    hoso contract --check
    """
    wanted = written(openapi()) | topic_pages()
    differs = different(wanted, folder)
    if check:
        for path in differs:
            print(f"{folder / path} is not what the code says", file=sys.stderr)
        if differs:
            print("run `hoso contract` and look at the diff: it is a change of the public contract", file=sys.stderr)
            raise typer.Exit(1)
        return
    for path in differs:
        if path in wanted:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(wanted[path], encoding="utf-8")
        else:
            (folder / path).unlink()
    print(f"{len(wanted)} documents in {folder}, {len(differs)} changed")


def different(wanted: dict[str, str], folder: Path) -> list[str]:
    """The documents that are missing, differ, or should not be there."""
    files = [file for file in folder.rglob("*") if file.suffix in (".json", ".md")]
    there = {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in files}
    return sorted(path for path in wanted.keys() | there.keys() if wanted.get(path) != there.get(path))
