"""Dead letters as their pages show them: where, when, why and what became of them; never their bytes, nor the values
that a reason quotes, for both may hold a citizen's details.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.broker.ends import ends
from connectors.dead_letters import DeadLetter, State, read
from schemas.ops import DEAD_LETTERS


@dataclass(frozen=True, slots=True)
class Put:
    """When somebody put its bytes back, who and why, and where they stand."""

    at: datetime
    by: str
    why: str
    stands_at: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter without its bytes. `died_before` is how often these bytes had been put back before they died."""

    id: str
    ids: frozenset[str]
    topic: str
    place: str
    written: datetime
    reason: str
    state: State
    died_before: int
    put: Put | None
    came_back_as: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """The letters of one topic and kind of reason: how many in each state, and when the newest was written."""

    topic: str
    reason: str
    states: Mapping[State, int]
    newest: datetime


class Letters:
    """Reads the topic again only once it has grown, so a page that is opened often asks only for its end.

    A letter that the topic keeps no longer is shown until another comes.
    """

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._reading = threading.Lock()
        self._ends: object = None
        self._letters: Sequence[Letter] = ()

    def all(self) -> Sequence[Letter]:
        """Every letter, by topic and place. Raises TryLater."""
        found = ends(self._bootstrap, [DEAD_LETTERS])
        with self._reading:
            if self._ends != found:
                self._letters = tuple(map(letter_of, read(self._bootstrap)))
                self._ends = found
            return self._letters


def letter_of(one: DeadLetter) -> Letter:
    """What is shown of a letter."""
    data, put = one.kept.data, one.redriven
    return Letter(
        id=one.id,
        ids=one.ids,
        topic=data.topic,
        place=data.place,
        written=one.kept.time,
        reason=one.kind,
        state=one.state,
        died_before=one.times,
        put=Put(put.time, put.data.by, put.data.why, put.data.place) if put else None,
        came_back_as=one.came_back_as,
    )


def groups(letters: Iterable[Letter]) -> list[Group]:
    """The letters by topic and reason; those of which most wait first, then the newest."""
    found: dict[tuple[str, str], list[Letter]] = {}
    for one in letters:
        found.setdefault((one.topic, one.reason), []).append(one)
    rows = [
        Group(topic, reason, Counter(one.state for one in of), max(one.written for one in of))
        for (topic, reason), of in found.items()
    ]
    return sorted(rows, key=lambda one: (-one.states[State.WAITING], -one.newest.timestamp(), one.topic, one.reason))


def of_group(letters: Iterable[Letter], topic: str, reason: str) -> list[Letter]:
    """The letters of one group, the newest first."""
    found = (one for one in letters if (one.topic, one.reason) == (topic, reason))
    return sorted(found, key=lambda one: one.written, reverse=True)
