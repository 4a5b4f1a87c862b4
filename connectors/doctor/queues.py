"""What partners are owed: lanes that are late, words that were given up, answers that are not on their topic yet."""

import time
from collections.abc import Iterator, Sequence

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import many, span
from connectors.store import callbacks, standing
from connectors.store.queue import Queue
from connectors.store.standing import Standing, Waits
from schemas.instant import clock

AREA = "queues"
KEEPERS = {"dispatch": "dispatch", "poll": "poll"}
"""Which process works on a queue; on the others it is notify."""
LATE_SECONDS, VERY_LATE_SECONDS = 60.0, 900.0
"""From when on (real time) what is due is late, and too late."""
DAY_SECONDS = 86_400.0


def findings(place: Place) -> Iterator[Finding]:
    """Every lane that is late or gave something up; one line if none is. Raises TryLater."""
    with place.store.read() as connection:
        lanes, unsaid = standing.lanes(connection), standing.unsaid(connection)
        unmatched = standing.unmatched(connection)
    found = [
        *(one for lane in lanes if (one := _late(place, lane))),
        *(one for lane in lanes if (one := _tried(place, lane))),
        *_given_up(lanes),
        *_unsaid(place, unsaid),
        *_unmatched(unmatched),
    ]
    yield from found
    if not any(one.severity > Severity.NOTE for one in found):
        owed, held = sum(one.owed for one in lanes), sum(one.held for one in lanes)
        things = many(owed, "thing is", "things are")
        what = f"{things} owed in {many(len(lanes), 'lane')}, {held} of them held; none is late"
        yield Finding(AREA, Severity.OK, what)


def is_broken(lane: Standing) -> bool:
    """Whether something waits in it because its partner does not answer."""
    if lane.owed == lane.held or not lane.breaker.opens_at:
        return False
    # Past that instant its holder probes; without one nobody does, and it is late.
    return lane.breaker.opens_at > clock().seconds() or lane.leased_until > time.time()


def keeper_of(queue: str) -> str:
    """The process that works on a queue."""
    return KEEPERS.get(queue, "notify")


def _late(place: Place, lane: Standing) -> Finding | None:
    """A broken lane waits for its partner and not for us: it is a finding of its own."""
    if lane.owed == lane.held or is_broken(lane):
        return None
    due_at = Queue(place.store, lane.queue).next_at(lane.lane)
    late = clock().seconds() - due_at if due_at is not None else 0.0
    if clock().real_seconds(late) < LATE_SECONDS:
        return None
    severity = Severity.BAD if clock().real_seconds(late) >= VERY_LATE_SECONDS else Severity.WARNING
    what = f"{lane.queue} to {lane.lane}: {many(lane.owed, 'thing')} owed, the first is {span(late)} late"
    keeper = keeper_of(lane.queue)
    if lane.leased_until > time.time():
        return Finding(AREA, severity, what, place.log_of(keeper), _why(place, lane))
    if lane.queue == callbacks.QUEUE and place.runs(keeper):
        # A lane of notify is taken only once its endpoint has proven itself.
        detail = "its callback is not in use: `hoso agency list` says why"
        return Finding(AREA, severity, what, f"hoso agency test {lane.lane}", detail)
    return Finding(AREA, severity, f"{what}, and nobody works on it", f"hoso {keeper}", _why(place, lane))


def _why(place: Place, lane: Standing) -> str:
    with place.store.read() as connection:
        return standing.why_owed(connection, lane.queue, lane.lane) or ""


def _tried(place: Place, lane: Standing) -> Finding | None:
    """What waits for its next try is not late, and worth a look."""
    if not lane.tried or is_broken(lane):
        return None
    tried = many(lane.tried, "thing was", "things were")
    what = f"{lane.queue} to {lane.lane}: {tried} tried in vain and will be again"
    notices = f"hoso notices list --agency {lane.lane} --state owed"
    helps = notices if lane.queue == callbacks.QUEUE else "hoso carrier list"
    return Finding(AREA, Severity.NOTE, what, helps, _why(place, lane))


def _given_up(lanes: Sequence[Standing]) -> Iterator[Finding]:
    for lane in lanes:
        if lane.queue != callbacks.QUEUE or not lane.gave_up + lane.aside:
            continue
        words = many(lane.gave_up + lane.aside, "word")
        what = f"{lane.lane} did not take {words}: {lane.gave_up} given up, {lane.aside} aside"
        detail = f"hoso notices replay --agency {lane.lane} owes them again, once the agency is well"
        yield Finding(AREA, Severity.WARNING, what, f"hoso notices list --agency {lane.lane}", detail)


def _unsaid(place: Place, unsaid: dict[str, Waits]) -> Iterator[Finding]:
    for queue, waits in unsaid.items():
        age = clock().seconds() - waits.since
        if clock().real_seconds(age) >= LATE_SECONDS:
            answers = many(waits.count, "answer is", "answers are")
            what = f"{queue}: {answers} not on the topic yet, the first for {span(age)}"
            keeper = keeper_of(queue)
            helps = f"hoso {keeper}" if place.runs(keeper) is False else place.log_of(keeper)
            yield Finding(AREA, Severity.BAD, what, helps)


def _unmatched(unmatched: dict[str, Waits]) -> Iterator[Finding]:
    for carrier, waits in unmatched.items():
        if (age := clock().seconds() - waits.since) >= DAY_SECONDS:
            updates = many(waits.count, "update belongs", "updates belong")
            what = f"{carrier}: {updates} to no leg we know, the first for {span(age)}"
            yield Finding(AREA, Severity.NOTE, what, f"hoso reconcile {carrier} STATEMENT.csv")
