"""`hoso hold ...`: the brakes. Effects stop, the log goes on; what is held stays owed and goes once it is released."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from hoso.cli.cluster import bootstrap_of
from schemas.ops import Brake, HoldLifted, HoldSet

if TYPE_CHECKING:
    from rules.holds import Brakes
    from rules.reference import Edition

hold = typer.Typer()

STOPS = {
    Brake.POST: "orders stay owed; cancellations go, and a carrier is asked about what is in doubt",
    Brake.NOTICES: "words to agencies stay owed in their order: callbacks, results topics and the feed",
    Brake.TIMERS: "no reminder, no limit and no change of the calendar comes to the log; once released, within 30 s",
}

Why = Annotated[str, typer.Option(help="The reason; it stands on ops.holds beside your name.")]
By = Annotated[str | None, typer.Option(envvar="USER", help="Your name.")]
Carrier = Annotated[str | None, typer.Option(help="Only what this carrier would carry.")]
Agency = Annotated[str | None, typer.Option(help="Only what concerns this agency, by its code or an old one.")]
Procedure = Annotated[str | None, typer.Option(help="Only dossiers of this procedure, its local variants included.")]


@hold.command()
def post(why: Why, carrier: Carrier = None, agency: Agency = None, procedure: Procedure = None, by: By = None) -> None:
    """Hold orders: nothing new goes to a carrier. Cancellations go, and what is in doubt is still asked about.

    \b
    hoso hold post --why "the post office at Mẫu is flooded"
    hoso hold post --carrier myvnpost --why "its orders come out twice"
    hoso hold post --agency H29.12 --procedure 1.004873 --why "wrong fee on every result"
    """
    _set(Brake.POST, why, by, carrier, agency, procedure)


@hold.command()
def notices(why: Why, agency: Agency = None, procedure: Procedure = None, by: By = None) -> None:
    """Hold words to agencies: callbacks, results topics, and the feed from the first held word on.

    \b
    hoso hold notices --agency H29.12 --why "its officers are moving house"
    hoso hold notices --why "the sentence of near_due is wrong"
    """
    _set(Brake.NOTICES, why, by, None, agency, procedure)


@hold.command()
def timers(why: Why, agency: Agency = None, procedure: Procedure = None, by: By = None) -> None:
    """Hold what time alone sets in motion: reminders, misses, limits, and what another calendar moves.

    Dates are not held: they are computed from facts. Once released, all that fell due is said, at its own instants.

    \b
    hoso hold timers --why "the calendar of 2027 is wrong"
    hoso hold timers --procedure 1.004873 --why "its term is about to change"
    """
    _set(Brake.TIMERS, why, by, None, agency, procedure)


@hold.command()
def release(
    what: Annotated[Brake, typer.Argument(help="What was held.")],
    why: Why,
    carrier: Carrier = None,
    agency: Agency = None,
    procedure: Procedure = None,
    by: By = None,
) -> None:
    """Lift one hold, named as `hoso hold list` shows it: what it kept goes at once, unless another hold keeps it too.

    A lane that held itself and asks goes on by this too.

    \b
    hoso hold release post --why "the water is gone"
    hoso hold release post --carrier myvnpost --why "a campaign of the province: so many is right"
    """
    from connectors.braking import hold_on, known, lifted, scope_of

    bootstrap = bootstrap_of()
    on = _standing(bootstrap)
    with _refusals():
        given = scope_of(what, carrier, agency, procedure)
        scope = given if hold_on(on, given) else known(given, lambda: _edition(bootstrap))
        if hold_on(on, scope) is None:
            _stop("\n".join([f"{given.text} is not held", *(f"held: {sentence}" for sentence in _sentences(on))]))
        _say(lifted(scope, why, by or getpass.getuser()), bootstrap)
    print(f"{scope.text} is released")
    for line in _sentences(_standing(bootstrap)):
        print(f"still held: {line}")


@hold.command("list")
def show_all(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """List the holds that are set, the oldest first: since when, by whom, why, and which a lane set itself and asks.

    \b
    hoso hold list
    hoso hold list --json | jq '.[] | select(.asks)'
    """
    found = _standing(bootstrap_of())
    if as_json:
        rows = [
            {"scope": one.data.scope.text, **one.data.scope.model_dump(mode="json"), "since": one.time.isoformat()}
            | {"why": one.data.why, "by": one.data.by, "asks": one.data.asks}
            for one in found.on()
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    print("\n".join(_sentences(found)) or "nothing is held")


def _set(what: Brake, why: str, by: str | None, carrier: str | None, agency: str | None, procedure: str | None) -> None:
    """Put a hold on its topic. What nobody knows cannot be held: it would hold nothing."""
    from connectors.braking import held, hold_on, known, scope_of

    bootstrap = bootstrap_of()
    with _refusals():
        scope = known(scope_of(what, carrier, agency, procedure), lambda: _edition(bootstrap))
        before = hold_on(_standing(bootstrap), scope)
        _say(held(scope, why, by or getpass.getuser()), bootstrap)
    if before is not None:
        print(f"{scope.text} was held already, by {before.data.by}; your word stands now")
    print(f"{scope.text} is held: {STOPS[what]}")


@contextmanager
def _refusals() -> Iterator[None]:
    """What is refused ends the command with the sentence that says why."""
    from connectors.braking import CannotHold

    try:
        yield
    except CannotHold as error:
        _stop(str(error))


def _edition(bootstrap: str) -> "Edition":
    from connectors.reference import in_force
    from connectors.verdicts import TryLater
    from rules.reference import Edition

    try:
        found = in_force(bootstrap)
    except TryLater as error:
        _stop(str(error))
    if found is None:
        _stop("no reference data is published: `hoso reference apply`")
    return Edition(found)


def _standing(bootstrap: str) -> "Brakes":
    from connectors.holds import standing
    from connectors.verdicts import TryLater

    try:
        return standing(bootstrap)
    except TryLater as error:
        _stop(str(error))


def _sentences(brakes: "Brakes") -> list[str]:
    """A line for each hold that is set."""
    from rules.holds import sentence

    asks = {True: "  (a lane asks)", False: ""}
    return [f"{one.time:%Y-%m-%d %H:%M}  {sentence(one)}{asks[one.data.asks]}" for one in brakes.on()]


def _say(word: HoldSet | HoldLifted, bootstrap: str) -> None:
    """An operator's word, on the holds' topic."""
    from connectors.broker import Producer
    from connectors.verdicts import TryLater

    try:
        with Producer(bootstrap, "hoso-hold") as producer:
            producer.publish([word])
    except TryLater as error:
        _stop(str(error))


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
