"""The log in; the register of letters of apology out. Memory holds one partition, and the register."""

from collections import defaultdict
from datetime import datetime

from connectors.archive import Archive, Whole
from connectors.rebuilding import bundles, folded
from hoso.forecasting import Progress
from rules.deadlines.apologies import Account, reckoned
from rules.deadlines.apology_figures import Register
from rules.dossier import Dossier
from rules.kept import Kept
from rules.reference import Edition, Reference, reference_of
from schemas.dossier import LOG
from schemas.reference import Bundle


def registered(bootstrap: str, register: Register, archive: Archive | None, now: datetime, progress: Progress) -> None:
    """Enter every dossier, by archive and log as one. Raises Gap, BrokenArchive, TryLater."""
    versions: list[Bundle] = bundles(bootstrap, archive)
    reference, newest = reference_of(*versions), Edition(versions[-1])
    log = Whole(bootstrap, LOG, archive)
    read = 0
    for partition in log.partitions:
        kept, dossiers, accounts = dict[str, Kept](), dict[str, Dossier](), defaultdict[str, Account](Account)
        records = Whole(bootstrap, LOG, archive, [partition]).records()
        for code, said in folded(records, reference, kept):
            accounts[code].hear(said)
            if (dossier := kept[code].dossier) is not None:
                # Of one that is archived since, as it was.
                dossiers[code] = dossier
            progress(read := read + 1, log.size)
        _enter(register, dossiers, accounts, reference, newest, now)


def _enter(
    register: Register,
    dossiers: dict[str, Dossier],
    accounts: dict[str, Account],
    reference: Reference,
    newest: Edition,
    now: datetime,
) -> None:
    for code, dossier in dossiers.items():
        # Without a version no clock ever ran.
        if dossier.refversion is not None:
            register.add(reckoned(dossier, accounts[code], reference.at(dossier.refversion), newest, now))
