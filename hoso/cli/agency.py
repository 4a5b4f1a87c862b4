"""`hoso agency ...`: an agency from nothing to its first verified callback; its keys, its callback secrets."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from connectors.agencies import (
    Good,
    Rotating,
    finish_rotation,
    good_of,
    new_key,
    new_secret,
    revoke_key,
    rotate_secret,
)
from connectors.broker.users import new_password
from connectors.reference_files import WrongReference, read_dir
from connectors.secrets import NoSuchSecret, ensure_secrets
from connectors.settings import Settings
from connectors.store import Store, endpoints, open_store
from connectors.store.credentials import Since
from connectors.verdicts import TryLater
from hoso.cli.agency_add import add
from hoso.cli.agency_try import try_callback
from hoso.cli.cluster import bootstrap_of
from schemas.instant import aware, clock
from schemas.reference import Agency

agency = typer.Typer()
agency.command("add")(add)
agency.command("test")(try_callback)

Code = Annotated[
    str, typer.Argument(help="The agency's code, as its file in deploy/reference/agencies is called: H29.12")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")]
DAY = 86_400


@agency.command("key")
def key(
    code: Code,
    revoke: Annotated[
        str | None, typer.Option(help="Instead: let this key in no longer, by its name in `hoso agency list`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key for CODE and show it, once: only its hash is kept. Keys made before stay good.

    \b
    hoso agency key H29.12
    hoso agency key H29.12 --json | jq -r .key
    hoso agency key H29.12 --revoke 3fa94c01
    """
    with opened() as (settings, store):
        if revoke is not None:
            revoke_key(store, known(settings, code).code, revoke)
            print(f"the key {revoke} of {code} is revoked; the doors feel it within seconds")
            return
        made = new_key(store, known(settings, code).code)
    _show(
        {"agency": code, "key": made},
        made,
        "It is shown this once. Send it as: Authorization: Bearer <key>",
        as_json,
    )


@agency.command("secret")
def secret(code: Code, as_json: AsJson = False) -> None:
    """Make a callback secret for CODE and show it, once. The one before signs beside it for another day.

    `hoso agency rotate` is for an agency that is in use: there the old one ends when you say so.

    \b
    hoso agency secret H29.12
    """
    with opened() as (settings, store):
        public = ensure_secrets(settings.secrets_dir).openers_public
        made = new_secret(store, public, known(settings, code).code)
    _show({"agency": code, "secret": made}, made, VERIFY, as_json)


@agency.command("kafka")
def kafka(code: Code, as_json: AsJson = False) -> None:
    """Give CODE a new password on Kafka and show it, once; the one before lets nobody in any more.

    Its name there is its code; what it may do comes from `hoso topics apply --acls`.

    \b
    hoso agency kafka H29.12
    hoso agency kafka H29.12 --json | jq -r .password
    """
    with opened() as (settings, _):
        user = known(settings, code).code
        made = new_password(bootstrap_of(), user)
    said = {"agency": code, "username": user, "password": made, "mechanism": "SCRAM-SHA-512"}
    _show(said, made, f"It is shown this once. The name is {user}, the mechanism SCRAM-SHA-512.", as_json)


VERIFY = "It is shown this once. Verify callbacks with it by any Standard Webhooks library."


@agency.command("rotate")
def rotate(
    code: Code,
    finish: Annotated[
        bool, typer.Option("--finish", help="End the old one: the agency verifies with the new.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Give CODE a second callback secret beside the first, without a gap: every callback carries both signatures.

    The agency puts the new one in when it likes; `hoso agency test` shows that it verifies; --finish ends the old one.

    \b
    hoso agency rotate H29.12
    hoso agency test H29.12
    hoso agency rotate H29.12 --finish
    """
    with opened() as (settings, store):
        found = known(settings, code).code
        if finish:
            ended = finish_rotation(store, found)
            print(
                json.dumps({"agency": code, "ended": ended}) if as_json else f"{code}: the old secret signs no longer"
            )
            return
        made = rotate_secret(store, ensure_secrets(settings.secrets_dir).openers_public, found)
    says = f"{VERIFY} Both sign until: hoso agency rotate {code} --finish"
    _show({"agency": code, "secret": made}, made, says, as_json)


@agency.command("list")
def show(as_json: AsJson = False) -> None:
    """List the agencies with their stage, how their callback stands, and the ages of their keys and secrets.

    \b
    hoso agency list
    hoso agency list --json | jq '.[] | select(.secrets | length > 1) | .code'
    """
    with opened() as (settings, store):
        good = good_of(store)
        rows = [_row(one, good.get(one.code, Good()), store) for one in read_dir(settings.reference_dir).agencies]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("code", "stage", "callback", "keys", "secrets", "name"):
        table.add_column(name, overflow="fold")
    for row in rows:
        keys = ", ".join(f"{one['name']} {_age(one['days'])}" for one in row["keys"])
        secrets = ", ".join(_age(one["days"]) for one in row["secrets"])
        table.add_row(row["code"], row["stage"], row["callback"], keys or "none", secrets or "none", row["name"])
    Console().print(table)


def _row(one: Agency, good: Good, store: Store) -> dict[str, Any]:
    callback = "none"
    if one.callback is not None:
        with store.read() as connection:
            found = endpoints.find(connection, one.code, one.callback.url)
        state = "disabled" if found.disabled else "verified" if found.verified else "not verified"
        callback = f"{state}: {found.why}" if found.why else state
    return {"code": one.code, "stage": one.stage.value, "callback": callback, "keys": [*map(_since, good.keys)],
            "secrets": [*map(_since, good.secrets)], "name": one.name}  # fmt: skip


def _since(one: Since) -> dict[str, Any]:
    ends = {"until": aware(one.until).isoformat()} if one.until is not None else {}
    days = int((clock().seconds() - one.at) // DAY)
    return {"name": one.name, "made_at": aware(one.at).isoformat(), "days": days} | ends


def _age(days: int) -> str:
    return "today" if days < 1 else "1 day" if days == 1 else f"{days} days"


@contextmanager
def opened() -> Iterator[tuple[Settings, Store]]:
    """The settings and the database, with what may go wrong as one sentence and status 1. Kafka is not asked."""
    settings = Settings(kafka_bootstrap="127.0.0.1:9092")
    store = open_store(settings.database_url)
    try:
        store.migrate()
        yield settings, store
    except (TryLater, WrongReference, NoSuchSecret, LookupError, Rotating) as error:
        print(error.args[0], file=sys.stderr)
        raise typer.Exit(1) from error
    finally:
        store.close()


def known(settings: Settings, code: str) -> Agency:
    """The agency of this code in the reference data's folder. Raises LookupError."""
    found = {one.code: one for one in read_dir(settings.reference_dir).agencies}
    if code not in found:
        raise LookupError(f"there is no agency {code} in {settings.reference_dir}/agencies: {', '.join(sorted(found))}")
    return found[code]


def _show(said: dict[str, str], made: str, sentence: str, as_json: bool) -> None:
    """What was made alone on the output, so that a shell can take it; the sentence for people beside it."""
    print(json.dumps(said) if as_json else made)
    print(sentence, file=sys.stderr)
