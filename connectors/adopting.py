"""Another log under the workers' log's name: where its effects begin, and what SQL must expect, say and ask again.

Restored, mirrored or made anew, it has the same facts at other offsets and may lack its last ones. Nothing here writes
to the workers' changelog: `adopt` is given the record that does, and writes it last. Until then no worker starts, so
whatever dies in between, all of it is done again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

import msgspec
from sqlalchemy import Connection

from connectors import dispatch, intake, poll, translate
from connectors.archive import Gap
from connectors.asking import Question
from connectors.broker import Message, Producer, Reader, topic_id
from connectors.broker.groups import forget_commits, members
from connectors.carriers import carriers
from connectors.facts import unpacked
from connectors.notify import main as notify
from connectors.notify.results import RESULTS_QUEUE
from connectors.receipts import keeper
from connectors.store import Store, callbacks, gate_seen, mending
from connectors.store.gate_seen import Came
from connectors.store.queue import Owed, OwedState, Queue
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import aware, clock
from schemas.postal import Request
from schemas.topics import CHANGELOG, WORKER

READERS = (f"hoso-{dispatch.NAME}", f"hoso-{translate.NAME}", f"hoso-{poll.NAME}")
"""The groups beside the workers' that read the log."""
GROUPS = (WORKER, *READERS, intake.GROUP, notify.GROUP, keeper.GROUP)
USUAL = timedelta(hours=24)
"""How long before its end a log's effects begin unless somebody says otherwise: longer than any reader was behind."""
OVERLAP_SECONDS = 600.0
"""So much (driven) before the first event that is missing its source is asked to begin again: doors are not in step."""
BEFORE = 0.1
"""The log is read so much earlier than its effects begin, a share of that stretch: SQL's times are a little later."""
AGENCIES = "/agencies/"
Mark = Callable[[str, int], tuple[bytes, bytes]]
"""(log id, fence) -> the changelog record that gives a partition to a log."""


class Occupied(Exception):
    """Somebody is still in a group that must be empty; says who."""


class _Head(msgspec.Struct):
    """What a fact says of itself."""

    source: str
    id: str
    recordedtime: datetime | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class NewLog:
    """The log as it is: its id, the end of each partition, and the offset from which its facts have effects."""

    id: str
    ends: Mapping[int, int]
    fences: Mapping[int, int]
    since: datetime
    """From when on (by the records' time) facts have effects."""
    last: datetime | None
    """When its last record was written."""


@dataclass(slots=True)
class Mended:
    """What SQL expects again, learned, says again and asks again."""

    expected: dict[str, int] = field(default_factory=dict)
    """Events that are expected again, by source: `GET /v1/events/last` is before them until they are there."""
    missing: int = 0
    """Of them, those that are not on the log."""
    learned: int = 0
    """Events of the log that the gate did not remember."""
    said_again: dict[str, int] = field(default_factory=dict)
    """Answers and words that their queue puts on their topic once more."""
    put_aside: int = 0
    """Orders not yet answered whose cause is not on the log: they wait until it is."""
    asked: int = 0
    """Items that carriers are asked about as soon as their leg is known again."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The last stretch of the log: every source and id on it, the agencies' events, and from when on it is complete."""

    held: frozenset[str]
    agencies: tuple[Came, ...]
    since: float
    """Driven unix seconds; what came in later and is not held is not on the log."""


def look(bootstrap: str, since: datetime | None = None) -> NewLog:
    """The log as it is, with the fence at `since` or a day before its end.

    Raises Gap where its beginning was deleted, and TryLater.
    """
    with Reader(bootstrap, LOG) as reader:
        bounds = reader.bounds()
        if lost := [f"{partition} at offset {first}" for partition, (first, _) in bounds.items() if first > 0]:
            raise Gap(
                f"{LOG} has lost its beginning, partition {lost[0]} begins: half a log would be folded. "
                "`hoso archive restore` puts the whole one onto a cluster that has nothing yet"
            )
        ends = {partition: end for partition, (_, end) in bounds.items()}
        last = max((one.timestamp_ms for one in _last_records(bootstrap, ends)), default=0)
        begins = since or aware(last / 1000) - USUAL
        fences = reader.first_since(_ms(begins))
    return NewLog(topic_id(bootstrap, LOG), ends, fences, begins, aware(last / 1000) if last else None)


def check_empty(bootstrap: str) -> None:
    """Raises Occupied while anybody is in a group of the pipeline, TryLater without a broker."""
    if there := members(bootstrap, GROUPS):
        who = "; ".join(f"{group}: {', '.join(names)}" for group, names in sorted(there.items()))
        raise Occupied(f"somebody still reads ({who}): stop the pipeline; a group forgets its dead in a minute")


def tail_of(bootstrap: str, log: NewLog) -> Tail:
    """Read the log's last stretch; all of it where no agency said anything in that."""
    first = _ms(log.since)
    before = first - round(max(0, _ms(log.last) - first) * BEFORE) - 1000 if log.last else first
    with Reader(bootstrap, LOG) as reader:
        starts = reader.first_since(before)
    tail = _read(bootstrap, starts, first)
    return tail if tail.since else _read(bootstrap, dict.fromkeys(log.ends, 0), 0)


def mend(store: Store, tail: Tail, *, overlap_seconds: float = OVERLAP_SECONDS, dry_run: bool = False) -> Mended:
    """Set SQL right, in one transaction; in a dry run all of it is undone. Doing it twice does no harm."""
    done = Mended()
    try:
        with store.begin() as connection:
            _gate(connection, tail, overlap_seconds, done)
            _answers(connection, store, tail, done)
            _orders(connection, tail, done)
            _questions(connection, store, tail, done)
            if dry_run:
                raise _Undone
    except _Undone:
        return done
    return done


def adopt(bootstrap: str, log: NewLog, mark: Mark) -> None:
    """Let the workers begin this log at its start, silent below the fences. SQL is mended by then."""
    for group in (WORKER, *READERS):
        forget_commits(bootstrap, group, LOG)
    with Producer(bootstrap, "hoso-adopt-log", timeout_seconds=30) as producer:
        producer.copy([_record(partition, *mark(log.id, fence)) for partition, fence in sorted(log.fences.items())])


def guard(bootstrap: str, partitions: Sequence[int], mark: Mark, said: str) -> None:
    """Give the workers' memory to a log of this name, so that they refuse the one that is there until it is adopted."""
    with Producer(bootstrap, "hoso-adopt-log", timeout_seconds=30) as producer:
        producer.copy([_record(partition, *mark(said, 0)) for partition in partitions])


class _Undone(Exception):
    """Ends a dry run's transaction."""


def _record(partition: int, key: bytes, value: bytes) -> Message:
    return Message(CHANGELOG, partition, 0, key, value)


def _ms(at: datetime) -> int:
    return max(0, round(at.timestamp() * 1000))


def _last_records(bootstrap: str, ends: Mapping[int, int]) -> list[Message]:
    starts = {partition: end - 1 for partition, end in ends.items() if end > 0}
    if not starts:
        return []
    with Reader(bootstrap, LOG, starts=starts) as reader:
        return list(reader.to_end())


def _read(bootstrap: str, starts: Mapping[int, int], first_ms: int) -> Tail:
    held, agencies, since = set[str](), list[Came](), float("inf")
    decode = msgspec.json.Decoder(_Head).decode
    with Reader(bootstrap, LOG, starts=starts) as reader:
        for record in reader.to_end():
            try:
                head = decode(record.value or b"")
            except msgspec.MsgspecError:
                # No event: the workers put it with the dead letters.
                continue
            held.add(f"{head.source} {head.id}")
            if head.recordedtime and head.digest and head.source.startswith(AGENCIES):
                at = head.recordedtime.timestamp()
                agencies.append(Came(head.source, head.id, head.digest, at))
                since = min(since, at) if record.timestamp_ms >= first_ms else since
    return Tail(frozenset(held), tuple(agencies), since if agencies and since < float("inf") else 0.0)


def _gate(connection: Connection, tail: Tail, overlap_seconds: float, done: Mended) -> None:
    """Of each source, expect again from a while before its first missing event on: all before that is on the log.

    Not forgotten: an agency whose doors retried may be let in before it asks, and `last` must not name what came then.
    """
    seen, held = dict[str, list[Came]](), dict[str, list[Came]]()
    for one in gate_seen.since(connection, tail.since):
        seen.setdefault(one.source, []).append(one)
    for one in tail.agencies:
        held.setdefault(one.source, []).append(one)
    for source in sorted(seen.keys() | held.keys()):
        missing = [one.at for one in seen.get(source, ()) if f"{source} {one.id}" not in tail.held]
        newest = max(one.at for one in chain(seen.get(source, ()), held.get(source, ())))
        cut = min([newest, *missing]) - overlap_seconds
        known = {one.id for one in seen.get(source, ())}
        fresh = [one for one in held.get(source, ()) if one.id not in known]
        gate_seen.learn(connection, fresh)
        if expected := gate_seen.expect_again(connection, source, cut):
            done.expected[source] = expected
        done.missing += len(missing)
        done.learned += len(fresh)


def _answers(connection: Connection, store: Store, tail: Tail, done: Mended) -> None:
    """What carriers answered and is not on the log; receipts and results of that time, whose topics may be new.

    An answer whose request is lost as well waits for it: dispatch says it when an agency's fact brings it back.
    """
    found = mending.answered(connection, dispatch.NAME, tail.since)
    lost = [one for one in found if any(fact.ref not in tail.held for fact in unpacked(one.answer))]
    due = [one.id for one in lost if one.created_at < tail.since or Event.decode(one.body).causationid in tail.held]
    mending.unsay(connection, dispatch.NAME, due)
    mending.unsay(connection, dispatch.NAME, [one.id for one in lost if one.id not in set(due)], when_asked=True)
    receipts = [one.id for one in mending.answered(connection, callbacks.QUEUE, tail.since)]
    mending.unsay(connection, callbacks.QUEUE, receipts)
    results = [row.id for row in mending.ended(connection, RESULTS_QUEUE, tail.since)]
    Queue(store, RESULTS_QUEUE).again(connection, results, clock().seconds(), ended=[OwedState.DONE])
    done.said_again = {dispatch.NAME: len(due), callbacks.QUEUE: len(receipts), RESULTS_QUEUE: len(results)}


def _orders(connection: Connection, tail: Tail, done: Mended) -> None:
    """What a carrier is still owed because of a fact that is lost waits until that fact, and so the request, comes."""
    waiting = mending.waiting(connection, dispatch.NAME, tail.since)
    orphans = [one.id for one in waiting if Event.decode(one.body).causationid not in tail.held]
    mending.put_aside(connection, dispatch.NAME, orphans)
    done.put_aside = len(orphans)


def _questions(connection: Connection, store: Store, tail: Tail, done: Mended) -> None:
    """A question about every item that was ordered lately, or that something is expected of: its moves may be lost.

    It is put aside until poll hears that the leg is there: before that nobody would know whose moves they are.
    """
    now = clock().seconds()
    asked = {
        question.reference: question
        for question in chain(
            (_ordered(row.body) for row in mending.ended(connection, dispatch.NAME, tail.since)),
            map(Question.model_validate_json, mending.expected(connection, poll.NAME, tail.since)),
        )
        if question is not None and question.carrier in carriers() and carriers()[question.carrier].asks
    }
    rows = []
    for reference, question in sorted(asked.items()):
        body = question.model_copy(update={"once": True, "status": None, "at": None}).model_dump_json().encode()
        name = poll.anew(reference)
        rows.append(Owed(name, question.carrier, name, 0, body, next_at=now, state=OwedState.ASIDE))
    mending.drop(connection, poll.NAME, [row.id for row in rows])
    for start in range(0, len(rows), 100):
        done.asked += Queue(store, poll.NAME).put(connection, rows[start : start + 100])


def _ordered(raw: bytes) -> Question | None:
    """The question about what was ordered; None for a wish to cancel."""
    request = Event.decode(raw)
    if not isinstance(request, Request):
        return None
    data = request.data
    return Question(dossier=request.subject, leg=data.leg, carrier=data.carrier, reference=data.reference)
