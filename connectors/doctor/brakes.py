"""The holds that are set; first those that a lane set itself, for it asks and nobody has answered."""

import shlex
from collections.abc import Iterator

from connectors.dead_letters import printable
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import span
from connectors.holds import standing
from rules.holds import sentence
from schemas.instant import now
from schemas.ops import HoldSet, Scope

AREA = "holds"
LONG_SECONDS = 86_400.0
"""A hold that old (driven time) may have been forgotten."""


def findings(place: Place) -> Iterator[Finding]:
    """Every hold; one line if none is set. Raises TryLater."""
    holds = standing(place.bootstrap).on()
    yield from map(_hold, holds)
    if not holds:
        yield Finding(AREA, Severity.OK, "nothing is held")


def _hold(hold: HoldSet) -> Finding:
    age = (now() - hold.time).total_seconds()
    says = printable(f"{sentence(hold)} (for {span(max(0.0, age))})")
    helps = release_of(hold.data.scope)
    if hold.data.asks:
        return Finding(AREA, Severity.BAD, f"a lane holds itself and asks: {says}", helps)
    return Finding(AREA, Severity.WARNING if age >= LONG_SECONDS else Severity.NOTE, f"held: {says}", helps)


def release_of(scope: Scope) -> str:
    """The command that lifts a hold of this scope."""
    named = {"carrier": scope.carrier, "agency": scope.agency, "procedure": scope.procedure}
    options = [f"--{name} {shlex.quote(value)}" for name, value in named.items() if value is not None]
    return " ".join(["hoso hold release", scope.what.value, *options, '--why "..."'])
