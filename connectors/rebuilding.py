"""The log folded from its start by the same verbs, side effects fenced off, and compared with what the workers said."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.archive import Archive, Whole
from connectors.broker import Message, Reader
from connectors.history import stated
from rules.archiving import Stub
from rules.facts import Derived
from rules.kept import Kept
from rules.parking import advance, shown_of
from rules.reference import Reference, reference_of
from schemas.dossier import LOG
from schemas.event import NotAnEvent
from schemas.reference import REFERENCE, Bundle, ReferencePublished
from schemas.state import STATE, DossierStateChanged, ParkedShown

SAID_BY_COUNT = frozenset({"sequence"})
"""Of the public state, what counts sayings and not truths: a batch may skip intermediate ones."""
WAITS_BY_COUNT = {"facts"}
"""The same of the word that a dossier is parked: a fact without a readable envelope waits unsaid."""


@dataclass(frozen=True, slots=True)
class Refolded:
    """What is kept of every dossier, and of how many facts."""

    kept: Mapping[str, Kept]
    facts: int


def folded(log: Iterable[Message], reference: Reference, kept: dict[str, Kept]) -> Iterator[tuple[str, list[Derived]]]:
    """Fold records of the log into `kept`; for each fact its dossier and what it set in motion, said to nobody."""
    for code, event, raw, ref in stated(log):
        try:
            kept[code], facts = advance(kept.get(code, Kept()), event, raw, ref, reference)
        except NotAnEvent:
            # On an archived dossier: the workers put it with the dead letters.
            continue
        yield code, facts


def refold(
    bootstrap: str,
    progress: Callable[[int], None] = lambda _: None,
    archive: Archive | None = None,
    partitions: Collection[int] | None = None,
) -> Refolded:
    """Every dossier (of these partitions) by the log as it is now; with an archive, by archive and log as one.

    `progress` is told how many facts are folded. Raises Gap where records of the log are missing, BrokenArchive, and
    TryLater while the broker or the archive is away.
    """
    kept, facts = dict[str, Kept](), 0
    log = Whole(bootstrap, LOG, archive, partitions)
    for _ in folded(log.records(), reference_of(*bundles(bootstrap, archive)), kept):
        facts += 1
        progress(facts)
    return Refolded(kept, facts)


def bundles(bootstrap: str, archive: Archive | None = None) -> list[Bundle]:
    """Every version of the reference data that was ever published, the one in force last. Raises what `refold` does."""
    records = Whole(bootstrap, REFERENCE, archive).records()
    return [ReferencePublished.decode(record.value).data for record in records if record.value]


def last_states(bootstrap: str, partitions: Collection[int] | None = None) -> dict[str, DossierStateChanged.Data]:
    """What the workers said last of every dossier (of these partitions)."""
    latest = last_said(bootstrap, partitions)
    return {code: DossierStateChanged.decode(raw).data for code, raw in latest.items()}


def last_said(
    bootstrap: str, partitions: Collection[int] | None = None, progress: Callable[[int], None] = lambda _: None
) -> dict[str, bytes]:
    """The same as it stands on the topic; `progress` is told how many records are read."""
    latest: dict[str, bytes] = {}
    starts = None if partitions is None else dict.fromkeys(partitions, 0)
    with Reader(bootstrap, STATE, starts=starts) as reader:
        for count, record in enumerate(reader.to_end(), start=1):
            if record.value is not None:
                latest[(record.key or b"").decode()] = record.value
            progress(count)
    return latest


def compare(kept: Mapping[str, Kept], states: Mapping[str, DossierStateChanged.Data]) -> list[str]:
    """Every difference between the fold and what was said, a line each; none is the promise kept."""
    lines = [f"{code}: a state was said and the log has no such dossier" for code in sorted(set(states) - set(kept))]
    for code, one in sorted(kept.items()):
        if one.stub is not None:
            lines += _of_a_stub(code, one.stub, states.get(code))
        elif one.dossier is not None:
            lines += (f"{code}: {line}" for line in _compared(one, states.get(code)))
    return lines


def _compared(one: Kept, said: DossierStateChanged.Data | None) -> list[str]:
    if said is None:
        return ["the log has it, no state was said"]
    try:
        folded = DossierStateChanged.Data.model_validate(shown_of(one))
    except Exception as error:  # the rules draw it: one dossier, and the others are compared
        return [f"its state cannot be drawn from the log: {type(error).__name__}: {error}"]
    names = sorted(DossierStateChanged.Data.model_fields.keys() - SAID_BY_COUNT)
    pairs = [(name, getattr(said, name), getattr(folded, name)) for name in names]
    return [
        f"{name} was said as {was!r}, the log gives {gives!r}"
        for name, was, gives in pairs
        if _counted_out(was) != _counted_out(gives)
    ]


def _counted_out(value: Any) -> Any:
    """A part of the public state without what counts sayings."""
    return value.model_dump(exclude=WAITS_BY_COUNT) if isinstance(value, ParkedShown) else value


def _of_a_stub(code: str, stub: Stub, said: DossierStateChanged.Data | None) -> list[str]:
    """What of an archived dossier can still be compared."""
    if said is None:
        return [f"{code}: the log has it archived, no state was said"]
    if (said.status, said.archived_at) != (stub.status, stub.archived_at):
        return [
            f"{code}: it was said to be {said.status}, archived {said.archived_at}; the log gives {stub.status}, "
            f"archived {stub.archived_at}"
        ]
    return []
