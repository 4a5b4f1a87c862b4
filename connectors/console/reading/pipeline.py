"""The machinery as its page shows it: topics, readers and their lag, what is owed, breakers, the read model's place."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from operator import attrgetter

from sqlalchemy import Connection, select

from connectors.broker.ends import ends
from connectors.broker.lag import Lag, lags
from connectors.doctor.queues import is_broken
from connectors.monitors.readers import GROUPS
from connectors.project import sets
from connectors.project.heard import TOPICS as PROJECTED
from connectors.store import Store
from connectors.store.overdue import Since, since
from connectors.store.standing import Standing, has_tables, lanes, why_owed
from schemas.instant import clock
from schemas.reference import Agency
from schemas.topics import TOPICS, agency_topic, results_topic

SHARED = frozenset(one.name for one in TOPICS if not one.per_agency)
LONGEST_SPAN_SECONDS = 120.0
"""Between two looks (real time): over a longer span a rate says little of now."""
SHORTEST_SPAN_SECONDS = 1.0
"""Over a shorter one it says as little."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A group on a topic: how many records wait, for how long (driven seconds) the first, and in which partition."""

    group: str
    topic: str
    records: int
    seconds: float
    partition: int


@dataclass(frozen=True, slots=True)
class Grows:
    """A topic: how many records were ever written to it, and how many a second (real time) between two looks.

    The rate is None where there was no other look, one too long ago, or the topic was made anew meanwhile.
    """

    topic: str
    records: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Growth:
    """The topics, and how long (real seconds) the span was over which their rates are counted; None without one."""

    topics: tuple[Grows, ...]
    span_seconds: float | None


@dataclass(frozen=True, slots=True)
class Owes:
    """A lane that owes something or stands otherwise than usual.

    Seconds are driven: how long the oldest has been owed, how late the first is that could have gone, and when a broken
    lane is tried again. `level` is the breaker's: 0 it flows, 1 it starts slowly, 2 it is broken.
    """

    stands: Standing
    oldest_seconds: float | None
    late_seconds: float | None
    level: int
    again_seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Projected:
    """How many records of a topic the read model has not taken in yet."""

    topic: str
    records: int


class Rates:
    """Where topics ended at the last look; one thread looks at a time."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._before: tuple[float, Mapping[tuple[str, int], int]] | None = None

    def look(self, topics: Collection[str]) -> Growth:
        """How these topics grow; one that is not there is left out. Raises TryLater."""
        found, at = ends(self._bootstrap, topics), time.monotonic()
        growth = grown(self._before, (at, found))
        if self._before is None or at - self._before[0] >= SHORTEST_SPAN_SECONDS:
            self._before = (at, found)
        return growth


def grown(
    before: tuple[float, Mapping[tuple[str, int], int]] | None, after: tuple[float, Mapping[tuple[str, int], int]]
) -> Growth:
    """What two looks at the ends of topics say, each with its moment (real seconds)."""
    at, found = after
    span = at - before[0] if before is not None else 0.0
    if before is None or not SHORTEST_SPAN_SECONDS <= span <= LONGEST_SPAN_SECONDS:
        return Growth(tuple(Grows(topic, sum(now.values()), None) for topic, now in _by_topic(found)), None)
    known = dict(_by_topic(before[1]))
    rows = (Grows(topic, sum(now.values()), _rate(known.get(topic), now, span)) for topic, now in _by_topic(found))
    return Growth(tuple(rows), span)


def topics_of(agencies: Sequence[Agency]) -> list[str]:
    """The topics of the plan, those of these agencies too."""
    theirs = [agency_topic(one.code) for one in agencies]
    return [*sorted(SHARED), *theirs, *(results_topic(one.code) for one in agencies if one.results_topic)]


def behind(bootstrap: str) -> list[Behind]:
    """Every group on every topic, the latest first. Raises TryLater."""
    groups: dict[tuple[str, str], list[Lag]] = {}
    for one in lags(bootstrap, GROUPS):
        groups.setdefault((one.group, one.topic), []).append(one)
    rows = (_behind(*name, of) for name, of in groups.items())
    return sorted(rows, key=lambda one: (-one.seconds, -one.records, one.group, one.topic))


def owed(store: Store) -> list[Owes]:
    """Every lane that owes something, gave something up or is broken; the longest owed first. Raises TryLater."""
    moment = clock().seconds()
    with store.read() as connection:
        if not has_tables(connection):
            return []
        waits = {(one.queue, one.lane): one for one in since(connection, moment)}
        rows = [
            _owes(one, waits.get((one.queue, one.lane)), moment, _why(connection, one))
            for one in lanes(connection)
            if one.owed or one.gave_up or one.aside or one.breaker.level
        ]
    return sorted(rows, key=lambda one: (-one.level, -(one.oldest_seconds or 0.0), one.stands.queue, one.stands.lane))


def projected(bootstrap: str, read_store: Store) -> list[Projected]:
    """How far the read model is behind each of its topics. Raises TryLater."""
    with sets.looking(read_store) as (connection, tables):
        told = {(row.topic, row.partition): row.next for row in connection.execute(select(tables.projected))}
    left: dict[str, int] = {}
    for (topic, partition), end in ends(bootstrap, PROJECTED).items():
        left[topic] = left.get(topic, 0) + max(0, end - told.get((topic, partition), 0))
    return [Projected(topic, records) for topic, records in sorted(left.items())]


def _by_topic(found: Mapping[tuple[str, int], int]) -> list[tuple[str, dict[int, int]]]:
    """The shared topics by name, then agencies' own, the fullest first: there may be hundreds."""
    topics: dict[str, dict[int, int]] = {}
    for (topic, partition), end in sorted(found.items()):
        topics.setdefault(topic, {})[partition] = end
    return sorted(topics.items(), key=lambda one: -sum(one[1].values()) if one[0] not in SHARED else -inf)


def _rate(before: Mapping[int, int] | None, now: Mapping[int, int], span: float) -> float | None:
    """None where a partition is new or shorter than it was: that is another topic."""
    if before is None or before.keys() != now.keys() or any(now[one] < before[one] for one in now):
        return None
    return (sum(now.values()) - sum(before.values())) / span


def _behind(group: str, topic: str, of: Sequence[Lag]) -> Behind:
    worst = max(of, key=attrgetter("seconds", "records"))
    return Behind(group, topic, sum(one.records for one in of), worst.seconds, worst.partition)


def _why(connection: Connection, one: Standing) -> str:
    """Why something is still owed that was tried."""
    is_tried = one.tried or one.breaker.level
    return (why_owed(connection, one.queue, one.lane) or "") if is_tried else ""


def _owes(stands: Standing, waits: Since | None, moment: float, why: str) -> Owes:
    oldest, due = (waits.owed_at, waits.due_at) if waits else (None, None)
    level = 2 if is_broken(stands) else min(stands.breaker.level, 1)
    return Owes(
        stands,
        max(0.0, moment - oldest) if oldest is not None else None,
        max(0.0, moment - due) if due is not None else None,
        level,
        max(0.0, stands.breaker.opens_at - moment),
        why,
    )
