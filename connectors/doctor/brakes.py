"""The holds that are set; first those that a lane set itself, for it asks and nobody has answered."""

import shlex
from collections.abc import Iterator

from connectors.dead_letters import printable
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, span
from connectors.holds import standing
from schemas.instant import now
from schemas.ops import HoldSet, Scope

AREA = "holds"
LONG_SECONDS = 86_400.0
"""A hold that old (driven time) may have been forgotten."""
NOTHING_HELD = Said("không có gì bị giữ", "nothing is held")
HELD = Said("đang giữ: {hold}", "held: {hold}")
ASKS = Said("một làn tự giữ và hỏi: {hold}", "a lane holds itself and asks: {hold}")
HOLD = Said("{scope}, do {by} đặt: “{why}” (đã {age})", "{scope}, by {by}: {why} (for {age})")


def findings(place: Place) -> Iterator[Finding]:
    """Every hold; one line if none is set. Raises TryLater."""
    holds = standing(place.bootstrap).on()
    yield from map(_hold, holds)
    if not holds:
        yield Finding(AREA, Severity.OK, NOTHING_HELD)


def _hold(hold: HoldSet) -> Finding:
    age = (now() - hold.time).total_seconds()
    helps, said = release_of(hold.data.scope), hold.data
    says = HOLD.of(scope=said.scope.text, by=printable(said.by), why=printable(said.why), age=span(max(0.0, age)))
    if said.asks:
        return Finding(AREA, Severity.BAD, ASKS.of(hold=says), helps)
    return Finding(AREA, Severity.WARNING if age >= LONG_SECONDS else Severity.NOTE, HELD.of(hold=says), helps)


def release_of(scope: Scope) -> str:
    """The command that lifts a hold of this scope."""
    named = {"carrier": scope.carrier, "agency": scope.agency, "procedure": scope.procedure}
    options = [f"--{name} {shlex.quote(value)}" for name, value in named.items() if value is not None]
    return " ".join(["hoso hold release", scope.what.value, *options, '--why "..."'])
