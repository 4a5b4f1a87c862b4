"""A dossier lived through: its facts in the order of time, and between them every rung and limit at its own instant."""

from collections.abc import Callable, Iterable
from datetime import datetime

from rules.dossier import Dossier, evolve
from rules.facts import Derived
from rules.reactions import react
from rules.reference import Reference
from rules.time import due
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import REFERENCE, VERSION, as_read

Told = list[tuple[Event, list[Event]]]
"""Each fact of a log, and what it set in motion."""


def at(text: str) -> datetime:
    """An instant in Viet Nam: `2026-11-02 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def lived(
    events: Iterable[Event],
    until: str,
    reference: Reference = REFERENCE,
    version: str = VERSION,
    times: int = 1,
    hear: Callable[[list[Derived]], None] = lambda _: None,
) -> tuple[Dossier, Told]:
    """The dossier at this instant, and all that was told on the way, which `hear` gets; each timer fires so often."""
    dossier: Dossier | None = None
    told: Told = []
    ahead = sorted(events, key=lambda event: event.recorded)
    end = at(until)
    while True:
        nearest = dossier.next_due() if dossier else None
        when = min(ahead[0].recorded if ahead else end, end)
        if dossier is not None and nearest is not None and nearest <= when:
            facts = due(dossier, version, nearest) * times
        elif ahead and ahead[0].recorded <= end:
            facts = [ahead.pop(0)]
        else:
            assert dossier is not None
            return dossier, told
        for fact in facts:
            dossier, said = react(dossier, evolve(dossier, fact, reference), fact, reference)
            hear(said)
            told.append((fact, [as_read(one) for one in said]))


def all_said(told: Told) -> list[Event]:
    """Everything that was set in motion, in order."""
    return [fact for _, said in told for fact in said]
