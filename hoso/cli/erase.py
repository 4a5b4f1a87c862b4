"""`hoso erase ...`: a citizen's details of one dossier made unreadable for good, and a signed certificate of it."""

import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from hoso.cli.archive import the_archive
from hoso.cli.calendar_files import answering, stop
from hoso.cli.cluster import bootstrap_of
from hoso.cli.counted import counted
from hoso.cli.why import reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from connectors.secrets import Secrets
    from connectors.settings import Settings

OF = "code"


class CodeFirst(TyperGroup):
    """A group whose usual command needs no name: `hoso erase CODE`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """A first word that is no command is a dossier's code."""
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = [OF, *args]
        return super().parse_args(ctx, args)


erase = typer.Typer(cls=CodeFirst)


@erase.callback()
def group() -> None:
    """Destroy the keys of a dossier's contacts and free text, so that nothing gives them back; see docs/privacy.md.

    \b
    hoso erase H29.12-261102-0001 --why "request 14/2026 of the citizen"
    hoso erase verify erased-H29.12-261102-0001.json
    """


@erase.command(OF)
def one(
    code: Annotated[str, typer.Argument(help="The dossier's code, as on the slip: H29.12-261102-0001")],
    why: Annotated[str, typer.Option(help="The reason, without the citizen's name: it stands on the log for ever.")],
    by: Annotated[str | None, typer.Option(help="Who says so; without it you, by the name this machine knows.")] = None,
    even_though_open: Annotated[
        bool, typer.Option("--even-though-open", help="Also while the post is not done with it.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The certificate's file; without it erased-CODE.json here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the certificate, for machines.")] = False,
) -> None:
    """Erase the contacts and free text of CODE, tell the log, and write the signed certificate.

    Called again after anything went wrong it goes on from there. It cannot be undone.

    \b
    hoso erase H29.12-261102-0001 --why "request 14/2026 of the citizen"
    hoso erase H29.12-261102-0001 --why "request 14/2026" --by "Trần Thị Mẫu" -o certificates/14-2026.json
    hoso erase H29.12-261102-0001 --why "request 14/2026" --even-though-open
    """
    from connectors.erasing import under_way

    why = reason(why)
    with answering():
        bootstrap = bootstrap_of()
        stops = under_way(bootstrap, code, the_archive())
        if stops and not even_though_open:
            stop("\n".join([f"{code} is under way; --even-though-open erases it all the same, and then:", *stops]))
        document = _erased(bootstrap, code, why, by or getpass.getuser())
    file = output or Path(f"erased-{code}.json")
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    file.write_text(text, encoding="utf-8")
    if as_json:
        print(text, end="")
        return
    keys = sum(row["keys"] for row in document["erasures"])
    print(f"{code}: {counted(keys, 'key')} destroyed; certificate: {file}")
    for row in document["expires"]:
        print(f"  yet to expire: {row['what']}, until {row['until']}")


@erase.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The certificate.")],
    key: Annotated[
        Path | None, typer.Option(help="The issuer's public keys (`hoso certificate key`); without it, this machine's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Check that a certificate is as it was signed. Status 0: it holds. Status 1: it does not, and why.

    \b
    hoso erase verify erased-H29.12-261102-0001.json
    hoso erase verify erased-H29.12-261102-0001.json --key hoso.pem
    """
    from connectors.erasing import faults

    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        stop(f"{file} cannot be read: {error}")
    found = faults(document, _public(key))
    if as_json:
        print(json.dumps({"holds": not found, "faults": found}, ensure_ascii=False, indent=2))
    elif found:
        print("\n".join(found), file=sys.stderr)
    else:
        keys = counted(sum(row["keys"] for row in document["erasures"]), "key")
        print(f"it holds: {document['dossier']}, {keys} destroyed, last {document['erasures'][-1]['at']}")
    raise typer.Exit(bool(found))


def _erased(bootstrap: str, code: str, why: str, by: str) -> dict[str, Any]:
    """Destroyed, stated, certified. The feed is looked at once more: a notice may have been opened just before."""
    from connectors.broker import Producer
    from connectors.erasing import NothingToErase, certificate, destroy, state
    from connectors.reference import in_force
    from connectors.seal import Evidence
    from connectors.store import open_store

    settings, secrets = _installation(bootstrap)
    bundle = in_force(bootstrap)
    version = bundle.version if bundle else None
    store = open_store(settings.database_url)
    store.migrate()
    try:
        box, signing = Evidence(secrets.feed), secrets.signing
        destroy(store, box, code, why, by, version)
        with Producer(bootstrap, "hoso-erase") as producer:
            state(store, producer, code)
            destroy(store, box, code, why, by, version)
            return certificate(code, state(store, producer, code), settings, signing)
    except NothingToErase as error:
        stop(str(error))
    finally:
        store.close()


def _installation(bootstrap: str) -> "tuple[Settings, Secrets]":
    """The settings and the keys here; those that are needed are read before anything is destroyed."""
    from connectors.secrets import NoSuchSecret, load_secrets
    from connectors.settings import Settings

    settings = Settings(kafka_bootstrap=bootstrap)
    secrets = load_secrets(settings.secrets_dir)
    try:
        _ = secrets.feed, secrets.signing
    except NoSuchSecret as error:
        stop(str(error))
    return settings, secrets


def _public(key: Path | None) -> "Sequence[Ed25519PublicKey]":
    from connectors.certificates import public_keys

    if key is None:
        return _installation("127.0.0.1:9092")[1].signing_public
    try:
        return public_keys(key.read_bytes())
    except (OSError, ValueError) as error:
        stop(f"{key} is no public key: {error}")
