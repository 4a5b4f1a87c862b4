"""How late each group is on each topic, in seconds, and which partitions stand still."""

import threading
from collections.abc import Iterator, Sequence

from connectors.broker.lag import Lag, lags
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place, patiently
from connectors.doctor.words import Said, many, named, span
from schemas.instant import clock

AREA = "lag"
LATE_SECONDS, VERY_LATE_SECONDS = 60.0, 900.0
"""From when on (real time) a group is late, and too late."""
STILL_SECONDS = 30.0
"""How old (real time) the first record must be that a partition stands still at."""
PAUSE_SECONDS = 3.0
"""Between two looks (real time) at what is late: a reader commits more often than that."""
NOBODY_LATE = Said(
    "không ai trễ: {records}, bản ghi đầu tiên đã {age}", "nobody is late: {records}, the first for {age}"
)
LATE = Said("{group} trễ {late} trên {topic}: còn {records}", "{group} is {late} late on {topic}: {records} to read")
NOBODY_READS = Said("{what}, và không ai đọc", "{what}, and nobody reads")
STANDS_STILL = Said("{what}; phân vùng {names} đứng yên", "{what}; partition {names} stands still")
STAND_STILL = Said("{what}; các phân vùng {names} đứng yên", "{what}; partitions {names} stand still")
WORST = Said(
    "trễ nhất ở phân vùng {partition}, tại offset {offset}", "worst in partition {partition}, at offset {offset}"
)
SHARES = Said("{detail}; một tiến trình thứ hai sẽ chia việc", "{detail}; a second process shares the work")


def findings(place: Place, pause_seconds: float = PAUSE_SECONDS) -> Iterator[Finding]:
    """Every group and topic that is late; one line if none is. Raises TryLater."""
    found = patiently(lambda: lags(place.bootstrap, place.groups))
    old = [one for one in found if one.records and _real(one) >= STILL_SECONDS]
    still = _still(place, old, pause_seconds) if old else set()
    late = [one for topic in _by_topic(found) if (one := _judged(place, topic, still))]
    yield from late
    if not late:
        longest = max((one.seconds for one in found), default=0.0)
        waiting = sum(one.records for one in found)
        records = many(waiting, "record waits", "records wait", vi="bản ghi đang chờ")
        what = NOBODY_LATE.of(records=records, age=span(longest))
        yield Finding(AREA, Severity.OK, what)


def _real(one: Lag) -> float:
    """On a driven clock every moment is long: late is what is late for the machine."""
    return clock().real_seconds(one.seconds)


def _still(place: Place, old: Sequence[Lag], pause_seconds: float) -> set[Lag]:
    """Those that nobody has come any further in since."""
    threading.Event().wait(pause_seconds)
    after = {_name(one): one.committed for one in lags(place.bootstrap, sorted({one.group for one in old}))}
    return {one for one in old if after.get(_name(one)) == one.committed}


def _name(one: Lag) -> tuple[str, str, int]:
    return one.group, one.topic, one.partition


def _by_topic(found: Sequence[Lag]) -> list[list[Lag]]:
    groups: dict[tuple[str, str], list[Lag]] = {}
    for one in found:
        if one.records:
            groups.setdefault((one.group, one.topic), []).append(one)
    return list(groups.values())


def _judged(place: Place, topic: Sequence[Lag], still: set[Lag]) -> Finding | None:
    worst = max(topic, key=lambda one: one.seconds)
    stuck = sorted(one.partition for one in topic if one in still)
    late = _real(worst)
    if not stuck and late < LATE_SECONDS:
        return None
    kind = worst.group.removeprefix("hoso-")
    records = many(sum(one.records for one in topic), "record", vi="bản ghi phải đọc")
    what = LATE.of(group=worst.group, late=span(worst.seconds), topic=worst.topic, records=records)
    detail = WORST.of(partition=worst.partition, offset=worst.committed)
    if place.runs(kind) is False:
        return Finding(AREA, Severity.BAD, NOBODY_READS.of(what=what), f"hoso {kind}", detail)
    if stuck:
        names = named([str(one) for one in stuck])
        what = STANDS_STILL.of(what=what, names=names) if len(stuck) == 1 else STAND_STILL.of(what=what, names=names)
        return Finding(AREA, Severity.BAD, what, place.log_of(kind), detail)
    severity = Severity.BAD if late >= VERY_LATE_SECONDS else Severity.WARNING
    helps = f"HOSO_INSTANCE={kind}-1 hoso {kind}"
    return Finding(AREA, severity, what, helps, SHARES.of(detail=detail))
