"""The log folded from its start by the same verbs, side effects fenced off, and compared with what the workers said."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from connectors.broker import Message, Reader
from connectors.history import published
from rules.parking import Kept, advance
from rules.reference import Reference
from rules.shown import shown
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType, ref_in
from schemas.state import STATE, DossierStateChanged

SAID_BY_COUNT = frozenset({"sequence", "parked"})
"""Of the public state, what counts sayings and not truths: a batch may skip intermediate ones."""


@dataclass(frozen=True, slots=True)
class Refolded:
    """What is kept of every dossier, and of how many facts."""

    kept: Mapping[str, Kept]
    facts: int


def folded(log: Iterable[Message], reference: Reference, kept: dict[str, Kept]) -> Iterator[tuple[str, list[Event]]]:
    """Fold records of the log into `kept`; for each fact its dossier and what it set in motion, said to nobody."""
    for record in log:
        code, raw = (record.key or b"").decode(errors="replace"), record.value or b""
        try:
            event: Event | None = Event.decode(raw)
            ref = event.ref if event else ""
        except UnknownType:
            event, ref = None, ref_in(raw)
        except NotAnEvent:
            # The workers put it with the dead letters.
            continue
        kept[code], facts = advance(kept.get(code, Kept()), event, raw, ref, reference)
        yield code, facts


def refold(bootstrap: str, progress: Callable[[int], None] = lambda _: None) -> Refolded:
    """Every dossier by the log as it is now. Raises TryLater while the broker is away."""
    kept, facts = dict[str, Kept](), 0
    with Reader(bootstrap, LOG) as reader:
        for _ in folded(reader.to_end(), published(bootstrap), kept):
            facts += 1
            progress(facts)
    return Refolded(kept, facts)


def last_states(bootstrap: str) -> dict[str, DossierStateChanged.Data]:
    """What the workers said last of every dossier."""
    latest: dict[str, DossierStateChanged.Data] = {}
    with Reader(bootstrap, STATE) as reader:
        for record in reader.to_end():
            if record.value is not None:
                event = DossierStateChanged.decode(record.value)
                latest[event.subject] = event.data
    return latest


def compare(kept: Mapping[str, Kept], states: Mapping[str, DossierStateChanged.Data]) -> list[str]:
    """Every difference between the fold and what was said, a line each; none is the promise kept."""
    lines = [f"{code}: a state was said and the log has no such dossier" for code in sorted(set(states) - set(kept))]
    for code, one in sorted(kept.items()):
        if one.dossier is None:
            continue
        said, folded = states.get(code), shown(one.dossier, one.dossier.view())
        if said is None:
            lines.append(f"{code}: the log has it, no state was said")
            continue
        for name in sorted(DossierStateChanged.Data.model_fields.keys() - SAID_BY_COUNT):
            if getattr(said, name) != getattr(folded, name):
                lines.append(
                    f"{code}: {name} was said as {getattr(said, name)!r}, the log gives {getattr(folded, name)!r}"
                )
    return lines
