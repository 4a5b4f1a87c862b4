"""`hoso agency test`: the challenge and a test notice to an agency's callback, with all that went over the wire."""

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from connectors.notify.trying import Exchange

MOST_SHOWN = 2_000
"""How much of an answer is shown, in characters."""


def try_callback(
    code: Annotated[str, typer.Argument(help="The agency's code.")],
    reopen: Annotated[
        bool, typer.Option("--reopen", help="If all is well, use a callback again that had answered 410.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")] = False,
) -> None:
    """Send CODE's callback a challenge and then a test notice, signed as every notice is, and show the whole exchange.

    The address is the one in its file; no secret is shown, and nothing that is owed counts a try. The exit status is 1
    if the callback is not what it should be.

    \b
    hoso agency test H29.12
    hoso agency test H29.12 --json | jq '.[] | {what, status, seconds, verdict}'
    """
    from connectors.agencies import secrets_of
    from connectors.notify.guard import Forbidden
    from connectors.notify.trying import try_out
    from connectors.secrets import ensure_secrets
    from connectors.store import endpoints
    from hoso.cli.agency import known, opened

    with opened() as (settings, store):
        agency = known(settings, code)
        if agency.callback is None:
            raise LookupError(f"{code} has no callback: write [callback] into its file, and `hoso check`")
        keys = ensure_secrets(settings.secrets_dir)
        secrets = secrets_of(store, keys.openers_private, agency.code)
        if not secrets:
            raise LookupError(f"{code} has no callback secret: `hoso agency secret {code}` makes the first")
        try:
            found = try_out(agency, agency.callback, secrets, keys.signing_callbacks if agency.callback.ed25519 else ())
        except Forbidden as forbidden:
            raise LookupError(f"{code}: {forbidden}") from forbidden
        well = all(one.verdict is None for one in found)
        if well and reopen:
            with store.begin() as transaction:
                endpoints.forget(transaction, agency.code)
    if as_json:
        print(json.dumps([_row(one) for one in found], ensure_ascii=False, indent=2))
    else:
        for one in found:
            _print(one)
        print(_verdict(len(secrets), well, reopen), file=sys.stderr)
    if not well:
        raise typer.Exit(1)


def _row(one: "Exchange") -> dict[str, Any]:
    return {
        "what": one.what,
        "request": {"method": "POST", "url": one.url, "headers": dict(one.sent), "body": one.body.decode()},
        "status": one.status,
        "headers": dict(one.answered),
        "body": _text(one.answer),
        "seconds": round(one.seconds, 3),
        "verdict": one.verdict or "ok",
    }


def _print(one: "Exchange") -> None:
    from connectors.dead_letters import printable

    print(f"── {one.what}\n> POST {one.url}")
    for name, value in one.sent.items():
        print(f"> {name}: {value}")
    print(f">\n> {one.body.decode()}")
    if one.status is not None:
        print(f"< {one.status} in {one.seconds:.3f} s")
        for name, value in one.answered.items():
            print(printable(f"< {name}: {value}"))
        print(printable(f"< {_text(one.answer)}"))
    print(f"= {one.verdict or 'ok'}\n")


def _text(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}... ({len(body)} bytes)"


def _verdict(secrets: int, well: bool, reopen: bool) -> str:
    signed = "with its secret" if secrets == 1 else f"with its {secrets} secrets, newest first"
    if not well:
        return f"It was signed {signed}. The callback is not ready."
    return f"It was signed {signed}. The callback is ready{'; notify asks it anew and goes on' if reopen else ''}."
