"""The brakes as they stand: what was said last of every scope, and which hold stops an effect.

Codes are compared by what they stand for: an agency under its old code, a procedure's local variant.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from rules.dossier import Dossier
from schemas.event import Event
from schemas.notice import Notice
from schemas.ops import Brake, HoldLifted, HoldSet, Scope
from schemas.postal import Request

Resolve = Callable[[str], str]
"""The code that an agency goes by today."""
NATIONAL = 8
"""So many characters of a procedure's code name it for the whole country; what follows is a province's variant."""


class Concern(NamedTuple):
    """Whom an effect concerns. What is not known of it is stopped by no hold that names such a thing."""

    carrier: str | None = None
    agency: str | None = None
    procedure: str | None = None


@dataclass(frozen=True, slots=True)
class Brakes:
    """What was said last of every scope. Immutable."""

    said: dict[str, HoldSet | HoldLifted] = field(default_factory=dict)

    def after(self, event: HoldSet | HoldLifted) -> "Brakes":
        """The brakes after one more word."""
        return Brakes(self.said | {event.data.scope.text: event})

    def on(self) -> list[HoldSet]:
        """The holds that are set, the oldest first."""
        return sorted((one for one in self.said.values() if isinstance(one, HoldSet)), key=lambda one: one.time)

    def over(self, what: Brake, concern: Concern, resolve: Resolve = str) -> HoldSet | None:
        """The hold that stops this effect; the oldest of several."""
        found = (one for one in self._covering(what, concern, resolve) if isinstance(one, HoldSet))
        return min(found, key=lambda one: one.time, default=None)

    def lifted_at(self, what: Brake, concern: Concern, resolve: Resolve = str) -> datetime | None:
        """When the last hold that had stopped this effect was lifted."""
        found = (one.time for one in self._covering(what, concern, resolve) if isinstance(one, HoldLifted))
        return max(found, default=None)

    def _covering(self, what: Brake, concern: Concern, resolve: Resolve) -> Iterator[HoldSet | HoldLifted]:
        return (one for one in self.said.values() if covers(one.data.scope, what, concern, resolve))


def order_concerns(request: Request) -> list[Concern]:
    """An order concerns its carrier, its procedure, and the agencies at its ends."""
    data = request.data
    ends = sorted({end for end in (data.sender_agency, data.receiver_agency) if end is not None})
    return [Concern(data.carrier, end, data.procedure_code) for end in ends or (None,)]


def word_concern(word: Event, agency: str) -> Concern:
    """A word concerns its agency and the procedure of its dossier; what the gate refused is about no dossier."""
    return Concern(agency=agency, procedure=word.data.procedure_code if isinstance(word, Notice) else None)


def timer_concerns(dossier: Dossier | None) -> list[Concern]:
    """A timer concerns the agencies that answer for its dossier, and its procedure."""
    if dossier is None:
        return [Concern()]
    view = dossier.view()
    return [Concern(agency=agency, procedure=view.procedure) for agency in (view.receiving, view.competent)]


def covers(scope: Scope, what: Brake, concern: Concern, resolve: Resolve = str) -> bool:
    """Whether an effect lies in a scope: in all that the scope names."""
    return (
        scope.what is what
        and scope.carrier in (None, concern.carrier)
        and (scope.agency is None or _same_agency(scope.agency, concern.agency, resolve))
        and (scope.procedure is None or _same_procedure(scope.procedure, concern.procedure))
    )


def sentence(hold: HoldSet) -> str:
    """A hold in one line: its scope, who set it, why."""
    return f"{hold.data.scope.text}, by {hold.data.by}: {hold.data.why}"


def _same_agency(named: str, agency: str | None, resolve: Resolve) -> bool:
    return agency is not None and resolve(named) == resolve(agency)


def _same_procedure(named: str, procedure: str | None) -> bool:
    """A variant is its procedure; a hold that names a variant stops that one only."""
    return procedure is not None and named in (procedure, procedure[:NATIONAL])
