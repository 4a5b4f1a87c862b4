"""`dead.letters` as an operator sees it: each record once, why nobody read it, and what became of putting it back."""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from connectors.broker import Headers, Message, Reader
from connectors.seal import CannotOpen
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.ops import DEAD_LETTERS, REDRIVEN, REDRIVEN_TIMES, DeadLetterKept, DeadLetterRedriven

VALIDATION = re.compile(r"\d+ validation errors? for (\S+)")
FAULT = re.compile(r"\[type=(\w+)")
NUMBER = re.compile(r"(?<![\w.-])(?:0x[0-9a-fA-F]+|\d+)(?![\w.-])")
INDEX = re.compile(r"\.\d+\b")
SHORTEST_NAME, LONGEST_KIND = 6, 160


Opens = Callable[[DeadLetterKept], DeadLetterKept]
"""What opens a sealed letter; raises CannotOpen."""


class NoSuchLetter(ValueError):
    """No dead letter, or more than one, bears this name."""


class State(StrEnum):
    """What became of a dead letter."""

    WAITING = "waiting"
    REDRIVEN = "redriven"
    CAME_BACK = "came back"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was put aside, once, however many readers said so; `ids` are all the ids they gave it.

    `times` is how often its bytes had been put back before they died here. `came_back_as` is the letter they became
    when they died again. Of a sealed letter that was opened, `kept` is plain and `as_sealed` what its topic holds;
    of one that was not, `shut` says why, and there are no bytes.
    """

    kept: DeadLetterKept
    ids: frozenset[str]
    times: int = 0
    redriven: DeadLetterRedriven | None = None
    came_back_as: str | None = None
    as_sealed: DeadLetterKept | None = None
    shut: str | None = None

    @property
    def id(self) -> str:
        """The id it was first given."""
        return self.kept.id

    @property
    def raw(self) -> bytes:
        """The bytes."""
        return base64.b64decode(self.kept.data.bytes)

    @property
    def headers(self) -> Headers:
        """The record's headers, as far as they were kept."""
        return _headers(self.kept)

    @property
    def kind(self) -> str:
        """The reason without the values that it quotes: the same whether or not it was opened."""
        return kind_of((self.as_sealed or self.kept).data.reason)

    @property
    def state(self) -> State:
        """What became of it."""
        if self.came_back_as is not None:
            return State.CAME_BACK
        return State.REDRIVEN if self.redriven is not None else State.WAITING


def read(bootstrap: str, opens: Opens | None = None) -> list[DeadLetter]:
    """Every dead letter that is kept, by topic and place, opened with `opens`. Raises TryLater without a broker."""
    with Reader(bootstrap, DEAD_LETTERS) as reader:
        return [opened(one, opens) for one in letters_of(facts(reader.to_end()))]


def opened(letter: DeadLetter, opens: Opens | None) -> DeadLetter:
    """The letter with what stood in its box, or with why that stays shut. Raises TryLater."""
    if letter.kept.data.sealed is None:
        return letter
    if opens is None:
        return replace(letter, shut="its box stays shut: the openers' key is not here")
    try:
        return replace(letter, kept=opens(letter.kept), as_sealed=letter.kept)
    except CannotOpen as error:
        return replace(letter, shut=str(error))


def facts(records: Iterable[Message]) -> Iterator[Event]:
    """What records of `dead.letters` say, as far as this release reads them."""
    for record in records:
        try:
            yield Event.decode(record.value or b"")
        except (NotAnEvent, UnknownType):
            # A newer release's word, or none at all: no letter that this one knows hangs on it.
            continue


def letters_of(said: Iterable[Event]) -> list[DeadLetter]:
    """The letters that the facts of `dead.letters` tell of, by topic and place."""
    kept: dict[str, DeadLetterKept] = {}
    place_of: dict[str, str] = {}
    stands: dict[str, DeadLetterRedriven] = {}
    for fact in said:
        match fact:
            case DeadLetterKept():
                kept.setdefault(fact.data.place, fact)
                place_of[fact.id] = fact.data.place
            case DeadLetterRedriven():
                stands[fact.data.place] = fact
    redriven = {place_of.get(fact.data.letter, ""): fact for fact in stands.values()}
    came_back = {
        place_of.get(origin, ""): letter.id
        for place, letter in kept.items()
        if (origin := _origin(letter, stands.get(place))) is not None
    }
    ids: dict[str, set[str]] = {}
    for id, place in place_of.items():
        ids.setdefault(place, set()).add(id)
    found = [
        DeadLetter(
            letter, frozenset(ids[place]), _times(letter, stands.get(place)), redriven.get(place), came_back.get(place)
        )
        for place, letter in kept.items()
    ]
    return sorted(found, key=lambda one: (one.kept.data.topic, one.kept.data.partition, one.kept.data.offset))


def grouped(letters: Iterable[DeadLetter]) -> dict[tuple[str, str], list[DeadLetter]]:
    """The letters by topic and kind of reason."""
    groups: dict[tuple[str, str], list[DeadLetter]] = {}
    for letter in letters:
        groups.setdefault((letter.kept.data.topic, letter.kind), []).append(letter)
    return groups


def narrowed(letters: Iterable[DeadLetter], topic: str | None = None, reason: str | None = None) -> list[DeadLetter]:
    """Those of a topic, those whose kind of reason holds this text."""
    return [
        letter
        for letter in letters
        if (topic is None or letter.kept.data.topic == topic)
        and (reason is None or reason.casefold() in letter.kind.casefold())
    ]


def redrivable(letters: Iterable[DeadLetter], *, once_more: bool = False) -> list[DeadLetter]:
    """Those that wait; with `once_more` also those that were put back and stand there."""
    wanted = {State.WAITING, State.REDRIVEN} if once_more else {State.WAITING}
    return [one for one in letters if one.state in wanted]


def named(letters: Sequence[DeadLetter], name: str) -> DeadLetter:
    """The letter with this id, an id that begins so, or this place (topic/partition/offset). Raises NoSuchLetter."""
    found = [one for one in letters if name == one.kept.data.place or name in one.ids]
    if not found and len(name) >= SHORTEST_NAME:
        found = [one for one in letters if any(id.startswith(name) for id in one.ids)]
    if len(found) != 1:
        what = "no dead letter is" if not found else f"{len(found)} dead letters are"
        raise NoSuchLetter(f"{what} named {name}: `hoso dead-letters list` shows their ids and places")
    return found[0]


def kind_of(reason: str) -> str:
    """A reason in a form that many letters share: its first line, fields and faults, without values and numbers."""
    first, *rest = reason.splitlines() or [""]
    if found := VALIDATION.fullmatch(first):
        faults = [
            f"{INDEX.sub('.…', where)} {fault[1]}"
            for where, line in pairwise(rest)
            if not where.startswith(" ") and line.startswith("  ") and (fault := FAULT.search(line))
        ]
        first = f"{found[1]}: {', '.join(faults)}"
    return printable(NUMBER.sub("…", first))[:LONGEST_KIND]


def printable(text: str) -> str:
    """Text of unknown origin as a terminal may be shown it: what commands it is left out."""
    return "".join(one if one.isprintable() or one in "\n\t" else "…" for one in text)


def _origin(letter: DeadLetterKept, put: DeadLetterRedriven | None) -> str | None:
    """The letter whose bytes these are, put back: by the fact, or by the header where the fact was never written."""
    if put is not None:
        return put.data.letter
    return next((value.decode(errors="replace") for name, value in _headers(letter) if name == REDRIVEN), None)


def _times(letter: DeadLetterKept, put: DeadLetterRedriven | None) -> int:
    if put is not None:
        return put.data.times
    said = next((value for name, value in _headers(letter) if name == REDRIVEN_TIMES), b"")
    return int(said) if said.isdigit() and len(said) < 4 else 0


def _headers(letter: DeadLetterKept) -> Headers:
    return [(name, base64.b64decode(value)) for name, value in letter.data.headers or ()]
