"""A pure fold of the log, laid beside what the workers said while they were being killed: nothing missing, no more.

The whole log is folded by the rules in the order of its partitions. Each fact that follows from it must be on its topic
under its id with that content, and no other; the last public state of each dossier is the one the fold ends with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.broker import Message
from connectors.history import stated
from rules.kept import Kept
from rules.parking import told
from rules.reference import Reference
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent
from schemas.notice import NOTICES
from schemas.postal import REQUESTS
from schemas.state import STATE, DossierStateChanged

SAID_ON = (DEADLINES, REQUESTS, NOTICES)
"""What only workers write; of `dossier.state` only the last of a dossier counts."""


@dataclass(slots=True)
class Fold:
    """What the rules make of a log."""

    kept: dict[str, Kept] = field(default_factory=dict)
    states: dict[str, DossierStateChanged] = field(default_factory=dict)
    said: dict[str, dict[str, Event]] = field(default_factory=lambda: {topic: {} for topic in SAID_ON})


def fold(log: Sequence[Message], reference: Reference) -> Fold:
    """Every dossier, fact by fact."""
    result = Fold()
    for code, event, raw, ref in stated(log):
        try:
            result.kept[code], outputs = told(result.kept.get(code, Kept()), event, raw, ref, reference)
        except NotAnEvent:
            continue
        for fact in (Event.decode(output) for _, output in outputs):
            if isinstance(fact, DossierStateChanged):
                result.states[code] = fact
            elif type(fact).topic in result.said:
                result.said[type(fact).topic].setdefault(fact.ref, fact)
    return result


def differences(topics: Mapping[str, Sequence[Message]], reference: Reference) -> list[str]:
    """Every difference, a line each; none is the promise kept."""
    again = fold(topics.get(LOG, ()), reference)
    lines = _states(again, topics.get(STATE, ()))
    for topic, expected in again.said.items():
        found: dict[str, Event] = {}
        for record in topics.get(topic, ()):
            event = Event.decode(record.value or b"")
            if event.ref in found and _plain(found[event.ref]) != _plain(event):
                lines.append(f"{topic}: {event.subject} {event.type} {event.id} was said with two contents")
            found[event.ref] = event
        lines += [f"{topic}: never said: {_name(expected[ref])}" for ref in expected.keys() - found.keys()]
        lines += [f"{topic}: said, and the log gives no such: {_name(found[ref])}" for ref in found.keys() - expected]
        for ref in expected.keys() & found.keys():
            if _plain(expected[ref]) != _plain(found[ref]):
                lines.append(f"{topic}: other content than the log gives: {_name(found[ref])}")
    return sorted(lines)


def _states(again: Fold, records: Sequence[Message]) -> list[str]:
    last: dict[str, DossierStateChanged] = {}
    for record in records:
        if record.value is not None:
            event = DossierStateChanged.decode(record.value)
            last[event.subject] = event
    lines = [f"{code}: a state was said and the log gives none" for code in last.keys() - again.states.keys()]
    lines += [f"{code}: the log gives a state and none was said" for code in again.states.keys() - last.keys()]
    for code in again.states.keys() & last.keys():
        said, gives = last[code].data, again.states[code].data
        lines += [
            f"{code}: {name} was said as {getattr(said, name)!r}, the log gives {getattr(gives, name)!r}"
            for name in DossierStateChanged.Data.model_fields
            if getattr(said, name) != getattr(gives, name)
        ]
    return lines


def _plain(event: Event) -> Event:
    """Without the version of the code that said it."""
    return event.model_copy(update={"codeversion": None})


def _name(event: Event) -> str:
    return f"{event.subject} {event.type} {event.id} because of {event.causationid}"
