"""`hoso silent ...`: items that nobody has heard of in time; what they wait for, and the decision to wait no longer."""

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of, version_of
from hoso.cli.why import reason

if TYPE_CHECKING:
    from connectors.silent import OpenLeg

silent = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@silent.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List the open legs whose time to be heard of is over, the longest silence first.

    \b
    hoso silent list
    """
    from connectors.silent import unheard
    from schemas.instant import now

    with answering():
        rows = [_row(leg) for leg in unheard(_open_legs(bootstrap_of()), now())]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        print(
            f"{row['dossier']}/{row['leg']}  {row['carrier']} {row['item_code'] or '-'}: {row['expected']} expected by "
            f"{row['expected_by']}, last seen {row['seen'] or 'nothing'}"
        )
    if not rows:
        print("nothing is silent")


@silent.command()
def age_out(
    code: Annotated[str, typer.Argument(help="The dossier's code.")],
    leg: Annotated[str, typer.Argument(help="The leg, such as D1.")],
    why: Annotated[str, typer.Option(callback=reason, help="The reason; it stands on the log beside your name.")],
) -> None:
    """Decide that nothing more is waited for of an item: its agency is told, and a new address sends it again.

    \b
    hoso silent age-out H29.12-261102-0001 D1 --why "searched for with the post, not found"
    """
    from connectors.broker import Producer
    from connectors.silent import NotOpen, aged_out

    with answering():
        bootstrap = bootstrap_of()
        legs = _open_legs(bootstrap)
        try:
            event = aged_out(legs, code, leg, getpass.getuser(), version_of(bootstrap), why)
        except NotOpen as error:
            stop(str(error))
        with Producer(bootstrap, "hoso-silent") as producer:
            producer.publish([event])
    print(f"{event.type.removeprefix('vn.hoso.')} is on the log of {code}")


def _row(leg: "OpenLeg") -> dict[str, Any]:
    return {
        "dossier": leg.dossier,
        "leg": leg.leg,
        "carrier": leg.carrier,
        "item_code": leg.item_code,
        "expected": leg.expected,
        "expected_by": leg.expected_by.isoformat() if leg.expected_by else None,
        "seen": leg.seen,
    }


def _open_legs(bootstrap: str) -> "list[OpenLeg]":
    """The legs of which the last public states expect something."""
    from connectors.history import last_states
    from connectors.silent import open_legs

    return open_legs(last_states(bootstrap))
