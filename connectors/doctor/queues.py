"""What partners are owed: lanes that are late, words that were given up, answers that are not on their topic yet;
and item codes that run out.
"""

import time
from collections.abc import Iterator, Sequence

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, many, span
from connectors.store import callbacks, item_codes, standing
from connectors.store.queue import Queue
from connectors.store.standing import Standing, Waits
from schemas.instant import clock

AREA = "queues"
KEEPERS = {"dispatch": "dispatch", "poll": "poll"}
"""Which process works on a queue; on the others it is notify."""
LATE_SECONDS, VERY_LATE_SECONDS = 60.0, 900.0
"""From when on (real time) what is due is late, and too late."""
DAY_SECONDS = 86_400.0
NONE_LATE = Said(
    "còn nợ {things} trong {lanes}, {held} việc bị giữ; không có việc nào trễ",
    "{things} owed in {lanes}, {held} of them held; none is late",
)
LATE = Said(
    "{queue} đến {lane}: còn nợ {things}, việc đầu tiên trễ {late}",
    "{queue} to {lane}: {things} owed, the first is {late} late",
)
NOBODY_WORKS = Said("{what}, và không ai làm", "{what}, and nobody works on it")
NOT_IN_USE = Said(
    "địa chỉ gọi lại chưa dùng được: `hoso agency list` nói vì sao",
    "its callback is not in use: `hoso agency list` says why",
)
TRIED = Said(
    "{queue} đến {lane}: {things} đã thử không được, sẽ thử lại",
    "{queue} to {lane}: {things} tried in vain and will be again",
)
NOT_TAKEN = Said(
    "{agency} không nhận {words}: {gave_up} đã thôi gửi, {aside} để riêng",
    "{agency} did not take {words}: {gave_up} given up, {aside} aside",
)
OWED_AGAIN = Said(
    "hoso notices replay --agency {agency} cho gửi lại, khi cơ quan đã ổn",
    "hoso notices replay --agency {agency} owes them again, once the agency is well",
)
UNSAID = Said(
    "{queue}: {answers} chưa có trên topic, trả lời đầu tiên đã {age}",
    "{queue}: {answers} not on the topic yet, the first for {age}",
)
UNMATCHED = Said(
    "{carrier}: {updates} không thuộc chặng nào đã biết, tin đầu tiên đã {age}",
    "{carrier}: {updates} to no leg we know, the first for {age}",
)
CODES_LEFT = Said("{carrier}: còn {codes}", "{carrier}: {codes} left")
ORDERS_WAIT = Said("đơn gửi phải chờ; không bị từ chối", "its orders wait; they are not refused")


def findings(place: Place) -> Iterator[Finding]:
    """Every lane that is late or gave something up; one line if none is. Raises TryLater."""
    with place.store.read() as connection:
        lanes, unsaid = standing.lanes(connection), standing.unsaid(connection)
        unmatched, pools = standing.unmatched(connection), item_codes.pools(connection)
    found = [
        *(one for lane in lanes if (one := _late(place, lane))),
        *(one for lane in lanes if (one := _tried(place, lane))),
        *_given_up(lanes),
        *_unsaid(place, unsaid),
        *_unmatched(unmatched),
        *_pools(pools),
    ]
    yield from found
    if not any(one.severity > Severity.NOTE for one in found):
        owed, held = sum(one.owed for one in lanes), sum(one.held for one in lanes)
        things = many(owed, "thing is", "things are", vi="việc")
        what = NONE_LATE.of(things=things, lanes=many(len(lanes), "lane", vi="làn"), held=held)
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
    things = many(lane.owed, "thing", vi="việc")
    what = LATE.of(queue=lane.queue, lane=lane.lane, things=things, late=span(late))
    keeper = keeper_of(lane.queue)
    if lane.leased_until > time.time():
        return Finding(AREA, severity, what, place.log_of(keeper), _why(place, lane))
    if lane.queue == callbacks.QUEUE and place.runs(keeper):
        # A lane of notify is taken only once its endpoint has proven itself.
        return Finding(AREA, severity, what, f"hoso agency test {lane.lane}", NOT_IN_USE)
    return Finding(AREA, severity, NOBODY_WORKS.of(what=what), f"hoso {keeper}", _why(place, lane))


def _why(place: Place, lane: Standing) -> str:
    with place.store.read() as connection:
        return standing.why_owed(connection, lane.queue, lane.lane) or ""


def _tried(place: Place, lane: Standing) -> Finding | None:
    """What waits for its next try is not late, and worth a look."""
    if not lane.tried or is_broken(lane):
        return None
    things = many(lane.tried, "thing was", "things were", vi="việc")
    what = TRIED.of(queue=lane.queue, lane=lane.lane, things=things)
    notices = f"hoso notices list --agency {lane.lane} --state owed"
    helps = notices if lane.queue == callbacks.QUEUE else "hoso carrier list"
    return Finding(AREA, Severity.NOTE, what, helps, _why(place, lane))


def _given_up(lanes: Sequence[Standing]) -> Iterator[Finding]:
    for lane in lanes:
        if lane.queue != callbacks.QUEUE or not lane.gave_up + lane.aside:
            continue
        words = many(lane.gave_up + lane.aside, "word", vi="thông báo")
        what = NOT_TAKEN.of(agency=lane.lane, words=words, gave_up=lane.gave_up, aside=lane.aside)
        detail = OWED_AGAIN.of(agency=lane.lane)
        yield Finding(AREA, Severity.WARNING, what, f"hoso notices list --agency {lane.lane}", detail)


def _unsaid(place: Place, unsaid: dict[str, Waits]) -> Iterator[Finding]:
    for queue, waits in unsaid.items():
        age = clock().seconds() - waits.since
        if clock().real_seconds(age) >= LATE_SECONDS:
            answers = many(waits.count, "answer is", "answers are", vi="trả lời")
            what = UNSAID.of(queue=queue, answers=answers, age=span(age))
            keeper = keeper_of(queue)
            helps = f"hoso {keeper}" if place.runs(keeper) is False else place.log_of(keeper)
            yield Finding(AREA, Severity.BAD, what, helps)


def _unmatched(unmatched: dict[str, Waits]) -> Iterator[Finding]:
    for carrier, waits in unmatched.items():
        if (age := clock().seconds() - waits.since) >= DAY_SECONDS:
            updates = many(waits.count, "update belongs", "updates belong", vi="tin")
            what = UNMATCHED.of(carrier=carrier, updates=updates, age=span(age))
            yield Finding(AREA, Severity.NOTE, what, f"hoso reconcile {carrier} STATEMENT.csv")


def _pools(pools: Sequence[item_codes.Pool]) -> Iterator[Finding]:
    for pool in pools:
        if pool.is_low:
            severity = Severity.WARNING if pool.free else Severity.BAD
            codes = many(pool.free, "item code is", "item codes are", vi="mã bưu gửi")
            what = CODES_LEFT.of(carrier=pool.carrier, codes=codes)
            detail = "" if pool.free else ORDERS_WAIT
            yield Finding(AREA, severity, what, f"hoso carrier pool {pool.carrier} add FILE", detail)
