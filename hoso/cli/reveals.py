"""`hoso reveals ...`: who opened a citizen's contact in the console, when and why."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from connectors.store.reveals import Reveal

reveals = typer.Typer()


@reveals.callback()
def group() -> None:
    """Who opened a citizen's contact, when and why. Nothing is ever removed from this record."""


@reveals.command("list")
def show_all(
    dossier: Annotated[str | None, typer.Option(help="Only those of this dossier, by its code.")] = None,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="So many at most, the newest.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """List the looks at contacts, the newest first: when, who, in what role, at which dossier, and the reason given.

    \b
    hoso reveals list
    hoso reveals list --dossier H29.12-261102-0001
    hoso reveals list --most 100000 --json | jq -r '.[].person' | sort | uniq -c
    """
    from connectors.dead_letters import printable
    from connectors.store import reveals as kept
    from hoso.cli.agency import opened

    with opened() as (_, store), store.read() as connection:
        found = kept.last(connection, dossier, most)
    if as_json:
        print(json.dumps([_document(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        role = f"{one.role} {one.agency}" if one.agency else one.role
        print(printable(f"{one.at:%Y-%m-%d %H:%M}  {one.dossier}  {one.person} ({role}): {one.why}"))
    if not found:
        print("nobody opened a contact" + (f" of {dossier}" if dossier else ""))


def _document(one: "Reveal") -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "person": one.person,
        "role": one.role,
        "agency": one.agency,
        "dossier": one.dossier,
        "why": one.why,
        "facts": list(one.kinds),
    }
