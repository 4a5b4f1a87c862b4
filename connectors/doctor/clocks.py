"""The time: whether it is real or driven, and whether the database server lives in the same."""

import time
from collections.abc import Iterator

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place, is_there
from connectors.store import standing
from connectors.verdicts import TryLater
from schemas.instant import REAL, clock

AREA = "clock"
APART_SECONDS, FAR_APART_SECONDS = 2.0, 30.0


def findings(place: Place) -> Iterator[Finding]:
    """Raises WrongClock where HOSO_CLOCK cannot be read."""
    yield _ours()
    if place.store.on_postgres and is_there(place.store):
        yield _database(place)


def _ours() -> Finding:
    driven, now = clock(), clock().now()
    says = f"{now:%Y-%m-%d %H:%M:%S} in Viet Nam"
    if driven.file is None and driven.segments == (REAL,):
        return Finding(AREA, Severity.OK, f"the time is real: {says}")
    what = f"the time is driven, {driven.speed:g} times as fast: {says}"
    return Finding(AREA, Severity.NOTE, what, "unset HOSO_CLOCK", "for rehearsals only: promises to citizens are real")


def _database(place: Place) -> Finding:
    try:
        with place.store.read() as connection:
            asked_at = time.time()
            theirs = standing.clock_of(connection) or asked_at
            apart = abs(theirs - (asked_at + time.time()) / 2)
    except TryLater as later:
        what = "the database server's clock cannot be seen"
        return Finding(AREA, Severity.WARNING, what, "hoso doctor", later.why)
    if apart < APART_SECONDS:
        return Finding(AREA, Severity.OK, "the database server's clock agrees with ours")
    severity = Severity.BAD if apart >= FAR_APART_SECONDS else Severity.WARNING
    what = f"the database server's clock and ours are {apart:.0f} s apart"
    return Finding(AREA, severity, what, "timedatectl", "one of the two machines does not follow a time server")
