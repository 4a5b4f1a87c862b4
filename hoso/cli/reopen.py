"""`hoso reopen CODE`: an archived dossier is opened again, as a fact on its log."""

import getpass
from typing import Annotated

import typer

from hoso.cli.archive import the_archive
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of, version_of
from hoso.cli.why import reason


def reopen(
    code: Annotated[str, typer.Argument(help="The dossier's code, as on the slip: H29.12-261102-0001")],
    why: Annotated[str, typer.Option(callback=reason, help="The reason; it stands on the log beside your name.")],
) -> None:
    """Open an archived dossier again: it is what it was, and its agencies are heard again.

    A finished dossier is archived 90 days after its last fact; what its agencies state after that is refused as
    ARCHIVED, and they send it again once the dossier is open. 90 days after its last fact it is archived anew.

    \b
    hoso reopen H29.12-261102-0001 --why "complaint 14/2027"
    """
    from connectors.archive import whole_key
    from connectors.broker import Producer
    from connectors.history import published
    from connectors.reopening import NotToBeOpened, reopened
    from schemas.dossier import LOG

    with answering():
        bootstrap = bootstrap_of()
        version = version_of(bootstrap)
        records = whole_key(bootstrap, LOG, code.encode(), the_archive())
        try:
            word = reopened(code, records, published(bootstrap), getpass.getuser(), version, why)
        except NotToBeOpened as error:
            stop(str(error))
        with Producer(bootstrap, "hoso-reopen") as producer:
            producer.publish([word])
    print(f"{word.type.removeprefix('vn.hoso.')} is on the log of {code}")
