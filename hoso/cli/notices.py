"""`hoso notices ...`: what agencies are told by callback and did not take; look at it, say it again."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoso.cli.agency import opened
from schemas.instant import VIETNAM, aware

if TYPE_CHECKING:
    from connectors.store.callbacks import Asked, Kept
    from connectors.store.queue import OwedState

notices = typer.Typer()

SHORT, SHOWN = 8, 50
FAILED, EVERYTHING = "failed", "all"

Agency = Annotated[str | None, typer.Option(help="Only this agency's.")]
Dossier = Annotated[str | None, typer.Option(help="Only those about this dossier.")]
Since = Annotated[
    str | None, typer.Option(help="Only what was owed from then on: 2026-11-20 or 2026-11-20T08:00, Viet Nam's time.")
]
Until = Annotated[str | None, typer.Option(help="Only what was owed before then; a date counts whole.")]
Failure = Annotated[str | None, typer.Option(help="Only those whose last failure holds this text: 'status 500'.")]
State = Annotated[
    str, typer.Option(help="failed (gave_up and aside), gave_up, aside, owed, in_flight, done, or all of them.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@notices.command("list")
def show_all(
    agency: Agency = None,
    dossier: Dossier = None,
    since: Since = None,
    until: Until = None,
    failure: Failure = None,
    state: State = FAILED,
    as_json: AsJson = False,
) -> None:
    """List callbacks that were not taken: given up after all their tries, or standing aside for those behind them.

    A `digest` stands for all that one change of the reference data brought an agency: `digest of 300`.

    \b
    hoso notices list
    hoso notices list --agency H29.12 --since 2026-11-20 --failure "status 500"
    hoso notices list --dossier H29.12-261102-0001 --state all
    """
    rows = _found(_asked(_states(state), agency, dossier, since, until, failure))
    if as_json:
        print(json.dumps([_row(one) for one in rows], ensure_ascii=False, indent=2))
        return
    for one in rows[:SHOWN]:
        print(_line(one))
    if len(rows) > SHOWN:
        print(f"and {len(rows) - SHOWN} more: --json shows them all")
    counts = Counter(one.state.value for one in rows)
    print(", ".join(f"{count} {name}" for name, count in counts.items()) if rows else "none")


@notices.command()
def show(
    notice: Annotated[str, typer.Argument(help="Its id, the webhook-id of its calls, or the beginning of one.")],
    as_json: AsJson = False,
) -> None:
    """Show one callback: how it stands, why it was not taken, and the word itself; what is sealed stays sealed.

    \b
    hoso notices show 6d0f3a52
    """
    from connectors.notify.replaying import word_of

    one = _one(notice)
    word = word_of(one)
    said = json.loads(word.encode()) if word is not None else None
    if as_json:
        print(json.dumps(_row(one) | {"event": said}, ensure_ascii=False, indent=2))
        return
    for name, value in _row(one).items():
        if value is not None:
            print(f"{name.replace('_', ' ')}: {value}")
    print(json.dumps(said, ensure_ascii=False, indent=2) if said else "this release does not read it")


@notices.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="NOTICE...", help="Ids, or beginnings of ids.")] = None,
    agency: Agency = None,
    dossier: Dossier = None,
    since: Since = None,
    until: Until = None,
    failure: Failure = None,
    state: State = FAILED,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which would be owed again; write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Owe callbacks again that gave up or stand aside, with all their tries, in their order within each dossier.

    Each keeps its id, so an agency that took one after all knows it again. notify takes them up within seconds; a hold
    keeps them. The exit status is 1 if anything that was named could not be owed again.

    \b
    hoso notices replay --agency H29.12 --since 2026-11-20 --until 2026-11-21 --dry-run
    hoso notices replay --dossier H29.12-261102-0001
    hoso notices replay --failure "status 500"
    hoso notices replay 6d0f3a52
    """
    from connectors.notify.replaying import ENDED, may_go
    from connectors.notify.replaying import replay as owe_again

    given = (agency, dossier, since, until, failure)
    if not ids and not any(given):
        raise typer.BadParameter("say which: ids, --agency, --dossier, --since, --until or --failure")
    states = _states(state)
    if not set(states) <= set(ENDED):
        raise typer.BadParameter("only what gave up or stands aside can be owed again")
    rows = [_one(name) for name in ids] if ids else _found(_asked(states, *given))
    rows = list({one.id: one for one in rows}.values())
    going = [one for one in rows if may_go(one)]
    if going and not dry_run:
        with opened() as (_, store):
            owe_again(store, going)
    if as_json:
        document = [_row(one) | {"replayed": one in going, "why_not": _why_not(one)} for one in rows]
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for one in rows:
            print(_line(one) if one in going else f"{_line(one)}  not replayed: {_why_not(one)}")
        print(f"{len(going)} {'would be' if dry_run else 'are'} owed again")
    if len(going) < len(rows):
        raise typer.Exit(1)


# ---------------------------------------------------------------- what is asked


def _asked(
    states: "Sequence[OwedState]",
    agency: str | None,
    dossier: str | None,
    since: str | None,
    until: str | None,
    failure: str | None,
) -> "Asked":
    from connectors.store.callbacks import Asked

    begins = _moment(since) if since else None
    ends = _moment(until, whole_day=True) if until else None
    return Asked(states, agency, dossier, begins, ends, failure)


def _states(text: str) -> "tuple[OwedState, ...]":
    from connectors.notify.replaying import ENDED
    from connectors.store.queue import OwedState

    if text == FAILED:
        return ENDED
    if text == EVERYTHING:
        return tuple(OwedState)
    try:
        return (OwedState(text.upper().replace("-", "_")),)
    except ValueError as error:
        names = ", ".join(one.value.lower() for one in OwedState)
        raise typer.BadParameter(f"--state is {FAILED}, {EVERYTHING} or one of {names}") from error


def _moment(text: str, *, whole_day: bool = False) -> float:
    """Driven seconds; without a zone Viet Nam's. A date is its beginning, or its end."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no date or time: 2026-11-20 or 2026-11-20T08:00") from error
    at = found if found.tzinfo is not None else found.replace(tzinfo=VIETNAM)
    if whole_day and "T" not in text and " " not in text and at.time() == time():
        at += timedelta(days=1)
    return at.timestamp()


def _found(asked: "Asked") -> "list[Kept]":
    from connectors.notify.replaying import found

    with opened() as (_, store):
        return found(store, asked)


def _one(id: str) -> "Kept":
    """The callback of this id, or the only one whose id begins so; else a sentence and status 1."""
    from connectors.store.callbacks import Asked
    from connectors.store.queue import OwedState

    rows = _found(Asked(tuple(OwedState), id=id))
    exact = [one for one in rows if one.id == id] or rows
    if len(exact) != 1:
        says = "no callback has this id" if not exact else f"{len(exact)} callbacks' ids begin so"
        print(f"{id}: {says}", file=sys.stderr)
        raise typer.Exit(1)
    return exact[0]


# ---------------------------------------------------------------- what is told


def _why_not(one: "Kept") -> str | None:
    from connectors.notify.replaying import ENDED, may_go

    if may_go(one):
        return None
    if one.state not in ENDED:
        return f"it is {one.state.value.lower().replace('_', ' ')}"
    return "its receipt is not on agency.receipts yet: call it again once notify runs"


def _row(one: "Kept") -> dict[str, Any]:
    from connectors.notify.replaying import counts_of, dossier_of, kind_of

    waits = one.state.value in ("OWED", "IN_FLIGHT")
    return {
        "id": one.id,
        "agency": one.agency,
        "kind": kind_of(one),
        "dossier": dossier_of(one),
        "notices": counts_of(one),
        "sequence": one.order_no or None,
        "state": one.state.value,
        "attempts": one.attempts,
        "owed_at": aware(one.created_at).isoformat(),
        "ended_at": aware(one.done_at).isoformat() if one.done_at is not None else None,
        "next_attempt_at": aware(one.next_at).isoformat() if waits and one.next_at else None,
        "last_failure": one.last_error,
    }


def _line(one: "Kept") -> str:
    from connectors.dead_letters import printable
    from connectors.notify.replaying import counts_of, dossier_of, kind_of

    state = one.state.value.lower().replace("_", " ")
    failed = f": {one.last_error}" if one.last_error else ""
    counts = counts_of(one)
    about = f"{dossier_of(one) or '-'} {kind_of(one)}" + (f" of {counts}" if counts is not None else "")
    return printable(
        f"{one.id[:SHORT]}  {one.agency}  {about}  owed {aware(one.created_at):%Y-%m-%d %H:%M}  {state}{failed}"
    )
