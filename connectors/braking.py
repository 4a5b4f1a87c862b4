"""An operator's word on the brakes: what it names is checked against what is known, and made a fact of `ops.holds`."""

from collections.abc import Callable

from pydantic import ValidationError

from connectors.carriers import carriers
from connectors.operators import word_of
from rules.holds import Brakes
from rules.reference import Edition
from schemas.ops import Brake, HoldLifted, HoldSet, Scope

MOST_NAME = 100


class CannotHold(ValueError):
    """A word on the brakes that is refused; the text says why.

    `name` is the case, and `said` what was given: for a page that says it in its own words.
    """

    def __init__(self, name: str, text: str, said: str = "") -> None:
        super().__init__(text)
        self.name, self.said = name, said


def scope_of(what: Brake, carrier: str | None = None, agency: str | None = None, procedure: str | None = None) -> Scope:
    """How much is held. Raises CannotHold for what is no code."""
    try:
        return Scope(what=what, carrier=carrier, agency=agency, procedure=procedure)
    except ValidationError as error:
        faults = [(str(fault["loc"][0]), str(fault["input"])) for fault in error.errors()]
        text = "; ".join(f"--{name} {given}: that is no such code" for name, given in faults)
        raise CannotHold("no_code", text, ", ".join(given for _, given in faults)) from error


def known(scope: Scope, edition: Callable[[], Edition]) -> Scope:
    """The scope with its agency by the code it goes by today. Raises CannotHold where it would hold nothing.

    The reference data in force is asked for only if something of it is named.
    """
    if scope.carrier is not None and scope.what is not Brake.POST:
        raise CannotHold("only_post", "--carrier: only the post is held by carrier", scope.carrier)
    if scope.carrier is not None and scope.carrier not in carriers():
        there_are = ", ".join(sorted(carriers()))
        raise CannotHold("no_carrier", f"there is no carrier {scope.carrier}: there are {there_are}", scope.carrier)
    if scope.agency is None and scope.procedure is None:
        return scope
    in_force = edition()
    if scope.procedure is not None and in_force.procedure(scope.procedure) is None:
        text = f"the reference data in force knows no procedure {scope.procedure}"
        raise CannotHold("no_procedure", text, scope.procedure)
    if scope.agency is None:
        return scope
    agency = in_force.agency(scope.agency)
    if agency is None:
        raise CannotHold("no_agency", f"the reference data in force knows no agency {scope.agency}", scope.agency)
    return scope.model_copy(update={"agency": agency.code})


def hold_on(brakes: Brakes, scope: Scope) -> HoldSet | None:
    """The hold of just this scope, if it is set."""
    return next((one for one in brakes.on() if one.data.scope == scope), None)


def held(scope: Scope, why: str, by: str) -> HoldSet:
    """The word that effects of this scope stop. Raises CannotHold."""
    return word_of(_name(by), HoldSet, scope.text, scope=scope, why=_why(why))


def lifted(scope: Scope, why: str, by: str) -> HoldLifted:
    """The word that they go again. Raises CannotHold."""
    return word_of(_name(by), HoldLifted, scope.text, scope=scope, why=_why(why))


def _name(by: str) -> str:
    if not 0 < len(name := by.strip()) <= MOST_NAME:
        raise CannotHold("nobody", "say --why in a few words, and --by whom")
    return name


def _why(why: str) -> str:
    if not (said := why.strip()):
        raise CannotHold("no_why", "say --why in a few words, and --by whom")
    return said
