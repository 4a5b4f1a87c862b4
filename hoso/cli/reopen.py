"""`hoso reopen CODE`: an archived dossier is opened again, as a fact on its log."""

import getpass
import sys
from typing import Annotated

import typer

from hoso.cli.cluster import bootstrap_of

WRONG = 1


def reopen(
    code: Annotated[str, typer.Argument(help="The dossier's code, as on the slip: H29.12-261102-0001")],
    why: Annotated[str, typer.Option(help="The reason; it stands on the log beside your name.")],
) -> None:
    """Open an archived dossier again: it is what it was, and its agencies are heard again.

    A finished dossier is archived 90 days after its last fact; what its agencies state after that is refused as
    ARCHIVED, and they send it again once the dossier is open. 90 days after its last fact it is archived anew.

    \b
    hoso reopen H29.12-261102-0001 --why "complaint 14/2027"
    """
    from connectors.broker import Producer, read_key
    from connectors.history import published, published_versions
    from connectors.reopening import NotToBeOpened, reopened
    from connectors.verdicts import TryLater
    from schemas.dossier import LOG

    bootstrap = bootstrap_of()
    try:
        versions = published_versions(bootstrap)
        if not versions:
            raise NotToBeOpened("no reference data is published: `hoso reference apply` does it")
        records = read_key(bootstrap, LOG, code.encode())
        word = reopened(code, records, published(bootstrap), getpass.getuser(), versions[-1], why)
        with Producer(bootstrap, "hoso-reopen") as producer:
            producer.publish([word])
    except (NotToBeOpened, TryLater) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(WRONG) from error
    print(f"{word.type.removeprefix('vn.hoso.')} is on the log of {code}")
