"""`hoso certificate ...`: a due date under signature, what a reader needs to check it, and the check. Not what checks:
that is hoso/certificate/verify.py, which works alone.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from connectors.certificates import public_pem, signed, written
from connectors.history import clock_inputs
from connectors.secrets import NoSuchSecret, Secrets, load_secrets
from connectors.settings import Settings
from hoso.certificate import verify as checker
from hoso.cli.dossier import Code, found
from rules.deadlines.certificate import Inputs, NothingToCertify, calendar_document
from rules.deadlines.certificate import certificate as unsigned
from schemas.instant import now

certificate = typer.Typer()

To = Annotated[Path | None, typer.Option("-o", "--output", help="The file to write; without it, standard output.")]


@certificate.command()
def issue(code: Code, output: To = None) -> None:
    """Write the certificate of CODE's due date, signed with this installation's key.

    \b
    hoso certificate issue H29.12-261102-0001 -o certificate.json
    hoso certificate issue H29.12-261102-0001 | jq .deadline
    """
    inputs = _inputs(code)
    try:
        document = unsigned(inputs, now())
    except NothingToCertify as error:
        _fail(str(error))
    _write(written(signed(document, _key())), output)


@certificate.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The certificate.")],
    key: Annotated[Path, typer.Option(help="The issuer's public key, as `hoso certificate key` prints it.")],
    calendar: Annotated[Path, typer.Option(help="The calendar version: its TOML file, or JSON.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")] = False,
) -> None:
    """Check the certificate in FILE by walking its days anew; needs no cluster, database or key of ours.

    Status 0: it holds. Status 1: it does not, and every fault is a sentence.

    \b
    hoso certificate verify certificate.json --key hoso.pem --calendar deploy/reference/calendars/vn-public-offices.toml
    """
    for path in (file, key, calendar):
        if not path.is_file():
            raise typer.BadParameter(f"there is no file {path}")
    raw = file.read_bytes()
    faults = checker.check(raw, key.read_bytes(), calendar.read_bytes())
    if as_json:
        print(json.dumps({"holds": not faults, "faults": faults}, ensure_ascii=False, indent=2))
    elif faults:
        print("\n".join(faults), file=sys.stderr)
    else:
        said = json.loads(raw)
        print(f"it holds: {said['dossier']} is due on {said['deadline']['due_on']}")
    raise typer.Exit(bool(faults))


@certificate.command()
def key(output: To = None) -> None:
    """Print the public key that checks our certificates and receipts, and callbacks signed v1a.

    Where it was changed (`hoso keys rotate signing`) every key that ever signed, the one in use first.

    \b
    hoso certificate key -o hoso.pem
    """
    _write("".join(map(public_pem, _public_keys())), output)


@certificate.command()
def calendar(code: Code, output: To = None) -> None:
    """Print the calendar version that CODE's due date is counted on, as `verify --calendar` takes it.

    \b
    hoso certificate calendar H29.12-261102-0001 -o calendar.json
    """
    _write(written(calendar_document(_inputs(code).calendar.table)), output)


def _inputs(code: str) -> Inputs:
    told, reference = found(code)
    dossier = told.dossier
    inputs = clock_inputs(dossier, reference)
    if inputs is None or dossier.problem:
        why = f"its clock is {dossier.clock.state}" if dossier.clock.has_term else "its procedure has no term"
        _fail(f"{code} has no due date: {dossier.problem or why}")
    return inputs


def _key() -> Ed25519PrivateKey:
    try:
        return _secrets().signing
    except NoSuchSecret as error:
        _fail(str(error))


def _public_keys() -> Sequence[Ed25519PublicKey]:
    try:
        return _secrets().signing_public
    except NoSuchSecret as error:
        _fail(str(error))


def _secrets() -> Secrets:
    return load_secrets(Settings(kafka_bootstrap="127.0.0.1:9092").secrets_dir)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text, end="")
        return
    output.write_text(text, encoding="utf-8")
    print(f"written: {output}", file=sys.stderr)


def _fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
