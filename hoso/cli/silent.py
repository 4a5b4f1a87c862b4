"""`hoso silent ...`: items that nobody has heard of in time; what they wait for, and the decision to wait no longer."""

import getpass
import json
import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from hoso.cli.cluster import bootstrap_of

silent = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@silent.command("list")
def show_all(as_json: AsJson = False) -> None:
    """List the open legs whose time to be heard of is over, the longest silence first.

    \b
    hoso silent list
    """
    from schemas.instant import now

    rows = _silent(bootstrap_of(), now())
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
    why: Annotated[str, typer.Option(help="The reason; it stands on the log beside your name.")],
) -> None:
    """Decide that nothing more is waited for of an item: its agency is told, and a new address sends it again.

    \b
    hoso silent age-out H29.12-261102-0001 D1 --why "searched for with the post, not found"
    """
    from connectors.broker import Producer
    from connectors.history import published_versions
    from connectors.operators import word_of
    from schemas.ops import AgedOut

    bootstrap = bootstrap_of()
    legs = _open_legs(bootstrap)
    if (code, leg) not in legs:
        known = ", ".join(name for dossier, name in legs if dossier == code) or "none"
        print(f"{leg} of {code} is not open; open are: {known}", file=sys.stderr)
        raise typer.Exit(1)
    event = word_of(getpass.getuser(), AgedOut, code, published_versions(bootstrap)[-1], leg=leg, why=why)
    with Producer(bootstrap, "hoso-silent") as producer:
        producer.publish([event])
    print(f"{event.type.removeprefix('vn.hoso.')} is on the log of {code}")


def _silent(bootstrap: str, moment: datetime) -> list[dict[str, Any]]:
    late = [(key, leg) for key, leg in _open_legs(bootstrap).items() if leg.expected_by and leg.expected_by < moment]
    return [
        {
            "dossier": dossier,
            "leg": name,
            "carrier": leg.carrier,
            "item_code": leg.item_code,
            "expected": leg.expected,
            "expected_by": leg.expected_by.isoformat(),
            "seen": leg.reported,
        }
        for (dossier, name), leg in sorted(late, key=lambda row: row[1].expected_by)
    ]


def _open_legs(bootstrap: str) -> dict[tuple[str, str], Any]:
    """The legs of which the last public states expect something."""
    from connectors.history import last_states

    states = last_states(bootstrap).items()
    return {(code, leg.leg): leg for code, data in states for leg in data.legs if leg.expected}
