"""Dead letters put back where they came from: what this release makes of them, then the bytes, then the fact."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from connectors.broker import STRUCTURED, Producer
from connectors.carriers import carriers
from connectors.dead_letters import DeadLetter, State, kind_of, printable
from connectors.gate import wire
from connectors.operators import source_of
from connectors.seal import CannotOpen, Erased, Evidence
from connectors.verdicts import TryLater, Unreadable
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType, derived_id
from schemas.instant import now
from schemas.ops import MOST_KEY, REDRIVEN, REDRIVEN_TIMES, DeadLetterRedriven
from schemas.postal import WebhookReceived
from schemas.topics import agency_topic, types_by_topic

MOST_TIMES = 2
"""So often the same bytes are put back; then somebody has to say that he means it."""
AGENCIES = agency_topic("")
LONGEST_NAME = 120


class Case(StrEnum):
    """Why a letter is not put back: for a page that says it in its own words."""

    SHUT = "shut"
    CUT = "cut"
    KEY = "key"
    CAME_BACK = "came_back"
    STANDS = "stands"
    TIMES = "times"
    MISPLACED = "misplaced"
    UNREAD = "unread"
    AWAY = "away"


Refusal = tuple[Case, str]
"""The case, and a sentence."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Whether the readers of its topic, at this release, read a letter's bytes, and what becomes of them."""

    reads: bool
    says: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A letter that an operator chose: what would become of it, and why it is not put back, if it is not."""

    letter: DeadLetter
    reading: Reading
    refused: str | None = None
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a planned letter: the place at which its bytes stand now, or why they were not put back."""

    planned: Planned
    stands_at: str | None = None
    refused: str | None = None
    case: Case | None = None


def plan(
    letters: Iterable[DeadLetter], evidence: Evidence | None = None, *, unread: bool = False, once_more: bool = False
) -> list[Planned]:
    """What a redrive of these letters does, letter by letter; nothing is written.

    `unread` lets bytes pass that this release does not read, `once_more` what was put back before.
    """
    planned = []
    for letter in letters:
        found = reading(letter, evidence)
        refused = _inexact(letter) or _looping(letter, once_more) or _misplaced(letter)
        if refused is None and not found.reads and not unread:
            refused = Case.UNREAD, f"{found.says}; --unread puts it back all the same"
        case, says = refused or (None, None)
        planned.append(Planned(letter, found, says, case))
    return planned


def put_back(producer: Producer, planned: Sequence[Planned], why: str, by: str) -> Iterator[Done]:
    """Put back what is not refused, and tell of each as it is done; a topic that takes nothing holds up no other."""
    away = dict[str, str]()
    for one in planned:
        topic, stands_at = one.letter.kept.data.topic, None
        if one.refused is None and topic not in away:
            try:
                stands_at = redrive(producer, one.letter, why, by).data.place
            except TryLater as error:
                away[topic] = f"{topic} takes nothing now ({error}): call it again"
        if stands_at is not None:
            yield Done(one, stands_at)
        else:
            yield Done(one, None, one.refused or away[topic], one.case or Case.AWAY)


def reading(letter: DeadLetter, evidence: Evidence | None = None) -> Reading:
    """What this release makes of a letter's bytes. With `evidence` a carrier's box is opened and its words are read."""
    if letter.shut is not None:
        return Reading(False, letter.shut)
    try:
        if letter.kept.data.topic.startswith(AGENCIES):
            said = wire.from_message(letter.raw, letter.headers)
            return Reading(True, f"the gate judges it: {_clipped(said.get('type'))} {_clipped(said.get('id'))}")
        event = Event.decode(letter.raw)
        return Reading(True, _heard(event, evidence) if isinstance(event, WebhookReceived) else _folded(letter, event))
    except UnknownType as error:
        follows = "it would park its dossier" if letter.kept.data.topic == LOG else "it would come back"
        return Reading(False, f"{follows}: {kind_of(str(error))}")
    except Erased as error:
        return Reading(False, f"it would say nothing: {error}")
    except (NotAnEvent, Unreadable, CannotOpen) as error:
        return Reading(False, f"it would come back: {kind_of(str(error))}")


def redrive(producer: Producer, letter: DeadLetter, why: str, by: str) -> DeadLetterRedriven:
    """Put a letter's bytes back on its topic and partition, then say so. Both are durable when this returns.

    TryLater in between: the bytes may stand there although nothing says so. Their headers do, and twice is once.
    """
    data, times = letter.kept.data, letter.times + 1
    headers = [(name, value) for name, value in letter.headers or STRUCTURED if name not in (REDRIVEN, REDRIVEN_TIMES)]
    headers += [(REDRIVEN, letter.id.encode()), (REDRIVEN_TIMES, str(times).encode())]
    key = data.key.encode() if data.key is not None else None
    offset = producer.publish_at(data.topic, data.partition, key, letter.raw, headers)
    at = now()
    fact = DeadLetterRedriven(
        id=derived_id(letter.kept.ref, "redriven", data.partition, offset),
        source=source_of(by),
        subject=data.topic,
        time=at,
        recordedtime=at,
        causationid=letter.kept.ref,
        data=DeadLetterRedriven.Data(
            letter=letter.id,
            topic=data.topic,
            partition=data.partition,
            offset=offset,
            times=times,
            why=why,
            by=by,
        ),
    )
    producer.publish([fact])
    return fact


def _folded(letter: DeadLetter, event: Event) -> str:
    what = "folded" if letter.kept.data.topic == LOG else "read"
    return f"it is {what}: {_clipped(event.type)} of {_clipped(event.subject)}, {_clipped(event.ref)}"


def _heard(event: WebhookReceived, evidence: Evidence | None) -> str:
    """What translate makes of it. Raises Unreadable or CannotOpen as translate would meet them."""
    carrier = carriers().get(event.data.carrier)
    if carrier is None:
        raise Unreadable(f"there is no carrier {event.data.carrier}")
    if evidence is None:
        return f"it is a word of {carrier.name}; its box stays shut, there is no evidence key here"
    updates = carrier.updates(evidence.open(event.data.body), event.data.api_version)
    return f"it is translated: {len(updates)} updates of {carrier.name}"


def _inexact(letter: DeadLetter) -> Refusal | None:
    """Why the letter cannot be put back as it came."""
    data = letter.kept.data
    if letter.shut is not None:
        return Case.SHUT, letter.shut
    if data.cut_from is not None:
        return Case.CUT, f"it was cut from {data.cut_from} bytes: its sender must send it again"
    if data.key is not None and ("\ufffd" in data.key or len(data.key) >= MOST_KEY):
        return Case.KEY, "its key is no text, or too long, and was not kept whole: its sender must send it again"
    return None


def _looping(letter: DeadLetter, once_more: bool) -> Refusal | None:
    """Why the letter was put back often enough."""
    if letter.state is State.CAME_BACK:
        return Case.CAME_BACK, f"it came back as {letter.came_back_as}: that letter is the one to look at"
    if once_more:
        return None
    if letter.redriven is not None:
        put = letter.redriven
        where = f"at {put.data.place} since {put.time:%Y-%m-%d %H:%M} by {put.data.by}"
        return Case.STANDS, f"it stands {where} and has not come back; --once-more puts it back all the same"
    if letter.times >= MOST_TIMES:
        often = f"its bytes were put back {letter.times} times and came back each time"
        return Case.TIMES, f"{often}; --once-more puts them back again"
    return None


def _misplaced(letter: DeadLetter) -> Refusal | None:
    """Why these bytes have no business on their topic, whoever puts them there."""
    topic = letter.kept.data.topic
    try:
        event = Event.decode(letter.raw)
    except (NotAnEvent, UnknownType):
        return None
    belongs = types_by_topic().get(topic)
    if belongs is not None and type(event) not in belongs:
        return Case.MISPLACED, f"{event.type} does not belong on {topic}"
    if topic == LOG and letter.kept.data.key != event.subject:
        says = f"its key is {letter.kept.data.key} and it speaks of {event.subject}: it has no place on the log"
        return Case.MISPLACED, says
    return None


def _clipped(said: object) -> str:
    return printable(str(said))[:LONGEST_NAME]
