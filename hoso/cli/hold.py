"""`hoso hold ...`: the brakes. Effects stop, the log goes on; what is held stays owed and goes once it is released."""

import getpass
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from hoso.cli.cluster import bootstrap_of
from schemas.ops import Brake, HoldLifted, HoldSet, Scope

if TYPE_CHECKING:
    from rules.holds import Brakes
    from schemas.reference import Bundle

hold = typer.Typer()

MOST_NAME = 100
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
    bootstrap = bootstrap_of()
    given, on = _scope(what, carrier, agency, procedure), _standing(bootstrap)
    scope = given if given.text in _scopes(on) else _known(given, bootstrap)
    if scope.text not in _scopes(on):
        _stop("\n".join([f"{given.text} is not held", *(f"held: {sentence}" for sentence in _sentences(on))]))
    _say(HoldLifted, scope, why, by, bootstrap)
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
    bootstrap = bootstrap_of()
    scope = _known(_scope(what, carrier, agency, procedure), bootstrap)
    before = _scopes(_standing(bootstrap)).get(scope.text)
    _say(HoldSet, scope, why, by, bootstrap)
    if before is not None:
        print(f"{scope.text} was held already, by {before.data.by}; your word stands now")
    print(f"{scope.text} is held: {STOPS[what]}")


def _scope(what: Brake, carrier: str | None, agency: str | None, procedure: str | None) -> Scope:
    from pydantic import ValidationError

    try:
        return Scope(what=what, carrier=carrier, agency=agency, procedure=procedure)
    except ValidationError as error:
        _stop("; ".join(f"--{fault['loc'][0]} {fault['input']}: that is no such code" for fault in error.errors()))


def _known(scope: Scope, bootstrap: str) -> Scope:
    """The scope with its agency by the code it goes by today. Ends the command where nobody knows what it names."""
    from connectors.carriers import carriers
    from rules.reference import Edition

    if scope.carrier is not None and scope.carrier not in carriers():
        _stop(f"there is no carrier {scope.carrier}: there are {', '.join(sorted(carriers()))}")
    if scope.agency is None and scope.procedure is None:
        return scope
    edition = Edition(_bundle(bootstrap))
    if scope.procedure is not None and edition.procedure(scope.procedure) is None:
        _stop(f"the reference data in force knows no procedure {scope.procedure}")
    if scope.agency is None:
        return scope
    agency = edition.agency(scope.agency)
    if agency is None:
        _stop(f"the reference data in force knows no agency {scope.agency}")
    return scope.model_copy(update={"agency": agency.code})


def _bundle(bootstrap: str) -> "Bundle":
    from connectors.reference import in_force
    from connectors.verdicts import TryLater

    try:
        found = in_force(bootstrap)
    except TryLater as error:
        _stop(str(error))
    if found is None:
        _stop("no reference data is published: `hoso reference apply`")
    return found


def _standing(bootstrap: str) -> "Brakes":
    from connectors.holds import standing
    from connectors.verdicts import TryLater

    try:
        return standing(bootstrap)
    except TryLater as error:
        _stop(str(error))


def _scopes(brakes: "Brakes") -> dict[str, HoldSet]:
    return {one.data.scope.text: one for one in brakes.on()}


def _sentences(brakes: "Brakes") -> list[str]:
    """A line for each hold that is set."""
    from rules.holds import sentence

    asks = {True: "  (a lane asks)", False: ""}
    return [f"{one.time:%Y-%m-%d %H:%M}  {sentence(one)}{asks[one.data.asks]}" for one in brakes.on()]


def _say(kind: Any, scope: Scope, why: str, by: str | None, bootstrap: str) -> None:
    """An operator's word, on the holds' topic."""
    from connectors.broker import Producer
    from connectors.operators import word_of
    from connectors.verdicts import TryLater

    name = (by or getpass.getuser()).strip()
    if not why.strip() or not 0 < len(name) <= MOST_NAME:
        _stop("say --why in a few words, and --by whom")
    event = word_of(name, kind, scope.text, scope=scope, why=why.strip())
    try:
        with Producer(bootstrap, "hoso-hold") as producer:
            producer.publish([event])
    except TryLater as error:
        _stop(str(error))


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
