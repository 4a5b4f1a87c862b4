"""`hoso sandbox agency`: an agency's callback endpoint to look at, that fails when it is told to."""

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from socket import socket

    from sandbox.ear import Call
    from sandbox.signature import Verifier


def agency(
    secret: Annotated[
        str,
        typer.Option(
            envvar="HOSO_SECRET",
            help="What `hoso agency secret` gave; two with a blank between them while it is rotated.",
        ),
    ] = "",
    public_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Ask for a good v1a as well: our public key, as `hoso certificate key` prints it."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it listens; 0 takes a free one.")] = 8913,
    host: Annotated[str, typer.Option(help="At which address of this machine; it is not for the open net.")] = (
        "127.0.0.1"
    ),
    fail: Annotated[
        str | None,
        typer.Option(metavar="HOW", help="Answer notices badly: 400, 410, 429, 500, 503, hangup, or slow (12 s)."),
    ] = None,
    times: Annotated[
        int | None, typer.Option(min=1, help="With --fail: so many notices, then well; else all of them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line, with the whole notice.")] = False,
) -> None:
    """Be an agency's callback until SIGTERM or Ctrl-C: verify, answer the challenge, print a line a call.

    The address is http://HOST:PORT/callback. A challenge is always answered, and what is forged always refused: only
    notices fail. POST /fail?how=503&times=2 and POST /well on the same port change it while it runs; GET /calls counts.

    \b
    HOSO_SECRET=whsec_... hoso sandbox agency
    hoso sandbox agency --public-key hoso.pem --json | jq -r '.outcome + " " + .kind'
    hoso sandbox agency --fail 503 --times 2
    curl -s -X POST 'http://127.0.0.1:8913/fail?how=slow&times=1'
    """
    from sandbox.ear import Ear, Failing, callback_url, run

    if fail is not None and fail not in set(Failing):
        raise typer.BadParameter(f"--fail is one of {', '.join(Failing)}")
    if times is not None and fail is None:
        raise typer.BadParameter("--times goes with --fail")
    ear = Ear(verifier_of(secret, public_key), lambda call: print(_json(call) if as_json else _line(call), flush=True))
    if fail is not None:
        ear.fail(Failing(fail), times)
    listening = opened(host, port)
    print(f"listening on {callback_url(listening)}", file=sys.stderr, flush=True)
    # The server ends in order on these, and then raises them once more: by then they are no news.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    run(ear, listening)


def verifier_of(secret: str, public_key: Path | None) -> "Verifier":
    """What verifies with these; one sentence and status 1 where they are none."""
    from sandbox.signature import Verifier, public_key_of

    secrets = secret.split()
    if not secrets:
        _stop("there is nothing to verify with: `hoso agency secret CODE` makes a secret; give it as HOSO_SECRET")
    try:
        key = public_key_of(public_key.read_bytes()) if public_key is not None else None
    except (OSError, ValueError) as error:
        _stop(f"--public-key {public_key}: {error}; `hoso certificate key -o {public_key}` writes it")
    try:
        return Verifier(secrets, key)
    except ValueError as error:
        _stop(f"--secret is no callback secret ({error}): it is what `hoso agency secret CODE` printed, whsec_...")


def opened(host: str, port: int) -> "socket":
    """A socket that listens there; one sentence and status 1 where it cannot."""
    from socket import create_server

    try:
        return create_server((host, port))
    except OSError as error:
        _stop(f"{host}:{port} cannot be listened on ({error.strerror}): another --port, or end what has it")


def _json(call: "Call") -> str:
    return json.dumps(call.document(), ensure_ascii=False)


def _line(call: "Call") -> str:
    """A call in a line: when, what became of it, what was answered, of what it spoke."""
    from connectors.dead_letters import printable

    about = [call.kind, call.dossier, f"#{call.sequence}" if call.sequence is not None else ""]
    how = "+".join(call.signatures)
    told = " ".join(filter(None, [*about, how, f"({call.failing})" if call.failing else "", call.why or call.text]))
    status = call.status if call.status is not None else "---"
    return printable(f"{call.at:%H:%M:%S} {call.outcome:<10} {status} {told}").replace("\n", " ")


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
