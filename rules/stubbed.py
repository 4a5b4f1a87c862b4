"""What a fact comes to where a stub is left of its dossier: refused, opened again by its own log, or forgotten."""

from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from rules.archiving import Stub, refused, seen_in
from rules.dossier import evolve
from rules.facts import Derived, caused
from rules.kept import Kept
from rules.reference import Reference
from rules.shown import shown
from schemas.deadline import Archived, ArchiveStage
from schemas.dossier import DossierFact
from schemas.event import Event, NotAnEvent
from schemas.ops import Reopened
from schemas.state import DossierStateChanged

Folded = Callable[[Sequence[bytes]], Kept]
"""What is kept after these facts; raises ValueError where one is no event."""


def of_a_stub(
    kept: Kept, stub: Stub, event: Event | None, reference: Reference, folded: Folded
) -> tuple[Kept, list[Derived]]:
    """What is kept, and said, after one more fact. Raises NotAnEvent where a rule fails: there is nothing to park."""
    try:
        return _too_late(kept, stub, event, reference, folded)
    except Exception as error:
        raise NotAnEvent(f"archived, and not refused: {type(error).__name__}: {error}") from error


def _too_late(
    kept: Kept, stub: Stub, event: Event | None, reference: Reference, folded: Folded
) -> tuple[Kept, list[Derived]]:
    match event:
        case Archived() if event.data.stage is ArchiveStage.FORGOTTEN and event.time == stub.forgotten_at:
            return Kept(), []
        case Reopened():
            return _reopened(kept, stub, event, reference, folded)
        case DossierFact():
            stub, notices = refused(stub, event, reference)
            return replace(kept, stub=stub), notices
    return kept, []


def _reopened(
    kept: Kept, stub: Stub, event: Reopened, reference: Reference, folded: Folded
) -> tuple[Kept, list[Derived]]:
    """What was kept before, by folding its log again; nothing where that is not all of it."""
    try:
        again = folded(event.data.facts())
    except ValueError:
        return kept, []
    if again.dossier is None or again.parked or seen_in(again.dossier) != stub.seen:
        return kept, []
    counted = replace(again.dossier, numbers=stub.numbers, sequence=stub.sequence + 1)
    dossier = evolve(counted, event, reference)
    return Kept(dossier), [caused(DossierStateChanged, event, partial(shown, dossier, dossier.view()), "reopened")]
