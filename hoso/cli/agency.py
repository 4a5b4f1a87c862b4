"""`hoso agency ...`: the keys agencies show at the HTTP door, and the secrets that sign their callbacks."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from connectors.agencies import held_by, new_key, new_secret
from connectors.reference_files import WrongReference, read_dir
from connectors.secrets import NoSuchSecret, ensure_secrets
from connectors.settings import Settings
from connectors.store import Store, endpoints, open_store
from connectors.store.credentials import Held
from connectors.verdicts import TryLater
from schemas.reference import Agency

agency = typer.Typer()
Code = Annotated[
    str, typer.Argument(help="The agency's code, as its file in deploy/reference/agencies is called: H29.12")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")]


@agency.command("key")
def key(code: Code, as_json: AsJson = False) -> None:
    """Make a key for CODE and show it, once: only its hash is kept. Keys made before stay good.

    \b
    hoso agency key H29.12
    hoso agency key H29.12 --json | jq -r .key
    """
    with _opened() as (settings, store):
        made = new_key(store, _known(settings, code).code)
    _show(
        {"agency": code, "key": made},
        made,
        "It is shown this once. Send it as: Authorization: Bearer <key>",
        as_json,
    )


@agency.command("secret")
def secret(code: Code, as_json: AsJson = False) -> None:
    """Make a callback secret for CODE and show it, once. The one before signs beside it for another day.

    \b
    hoso agency secret H29.12
    """
    with _opened() as (settings, store):
        public = ensure_secrets(settings.secrets_dir).openers_public
        made = new_secret(store, public, _known(settings, code).code)
    says = "It is shown this once. Verify callbacks with it by any Standard Webhooks library."
    _show({"agency": code, "secret": made}, made, says, as_json)


@agency.command("list")
def show(as_json: AsJson = False) -> None:
    """List the agencies with their stage, keys, secrets, and how their callback stands.

    \b
    hoso agency list
    """
    with _opened() as (settings, store):
        held = {one.agency: one for one in held_by(store)}
        rows = [_row(one, held.get(one.code), store) for one in _agencies(settings)]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("code", "stage", "keys", "secrets", "callback", "name"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(row["code"], row["stage"], str(row["keys"]), str(row["secrets"]), row["callback"], row["name"])
    Console().print(table)


def _row(one: Agency, held: Held | None, store: Store) -> dict[str, Any]:
    keys, secrets = (held.keys, held.secrets) if held else (0, 0)
    callback = "none"
    if one.callback is not None:
        with store.read() as connection:
            found = endpoints.find(connection, one.code, one.callback.url)
        state = "disabled" if found.disabled else "verified" if found.verified else "not verified"
        callback = f"{state}: {found.why}" if found.why else state
    return {"code": one.code, "stage": one.stage.value, "keys": keys, "secrets": secrets, "callback": callback,
            "name": one.name}  # fmt: skip


@contextmanager
def _opened() -> Iterator[tuple[Settings, Store]]:
    """The settings and the database, with what may go wrong as one sentence and status 1. Kafka is not asked."""
    settings = Settings(kafka_bootstrap="127.0.0.1:9092")
    store = open_store(settings.database_url)
    try:
        store.migrate()
        yield settings, store
    except (TryLater, WrongReference, NoSuchSecret, LookupError) as error:
        print(error.args[0], file=sys.stderr)
        raise typer.Exit(1) from error
    finally:
        store.close()


def _agencies(settings: Settings) -> tuple[Agency, ...]:
    return read_dir(settings.reference_dir).agencies


def _known(settings: Settings, code: str) -> Agency:
    known = {one.code: one for one in _agencies(settings)}
    if code not in known:
        raise LookupError(f"there is no agency {code} in {settings.reference_dir}/agencies: {', '.join(sorted(known))}")
    return known[code]


def _show(said: dict[str, str], made: str, sentence: str, as_json: bool) -> None:
    """What was made alone on the output, so that a shell can take it; the sentence for people beside it."""
    print(json.dumps(said) if as_json else made)
    print(sentence, file=sys.stderr)
