"""The time: whether it is real or driven, and whether the database server lives in the same."""

import time
from collections.abc import Iterator

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place, is_there
from connectors.doctor.words import Said, decimal
from connectors.store import standing
from connectors.verdicts import TryLater
from schemas.instant import REAL, clock

AREA = "clock"
APART_SECONDS, FAR_APART_SECONDS = 2.0, 30.0
IS_REAL = Said("giờ của hệ thống là giờ thật: {says}", "the time is real: {says}")
IS_DRIVEN = Said(
    "giờ của hệ thống được điều khiển, nhanh gấp {speed} lần: {says}",
    "the time is driven, {speed} times as fast: {says}",
)
REHEARSALS = Said(
    "chỉ để diễn tập: ngày hẹn với người dân là ngày thật", "for rehearsals only: promises to citizens are real"
)
NOT_SEEN = Said("không xem được đồng hồ của máy chủ cơ sở dữ liệu", "the database server's clock cannot be seen")
AGREES = Said("đồng hồ của máy chủ cơ sở dữ liệu khớp với máy này", "the database server's clock agrees with ours")
APART = Said(
    "đồng hồ của máy chủ cơ sở dữ liệu và của máy này lệch nhau {seconds} giây",
    "the database server's clock and ours are {seconds} s apart",
)
NO_TIME_SERVER = Said(
    "một trong hai máy không theo máy chủ giờ", "one of the two machines does not follow a time server"
)


def findings(place: Place) -> Iterator[Finding]:
    """Raises WrongClock where HOSO_CLOCK cannot be read."""
    yield _ours()
    if place.store.on_postgres and is_there(place.store):
        yield _database(place)


def _ours() -> Finding:
    driven, now = clock(), clock().now()
    says = Said(f"{now:%H:%M:%S %d/%m/%Y} giờ Việt Nam", f"{now:%Y-%m-%d %H:%M:%S} in Viet Nam")
    if driven.file is None and driven.segments == (REAL,):
        return Finding(AREA, Severity.OK, IS_REAL.of(says=says))
    what = IS_DRIVEN.of(speed=decimal(f"{driven.speed:g}"), says=says)
    return Finding(AREA, Severity.NOTE, what, "unset HOSO_CLOCK", REHEARSALS)


def _database(place: Place) -> Finding:
    try:
        with place.store.read() as connection:
            asked_at = time.time()
            theirs = standing.clock_of(connection) or asked_at
            apart = abs(theirs - (asked_at + time.time()) / 2)
    except TryLater as later:
        return Finding(AREA, Severity.WARNING, NOT_SEEN, "hoso doctor", later.why)
    if apart < APART_SECONDS:
        return Finding(AREA, Severity.OK, AGREES)
    severity = Severity.BAD if apart >= FAR_APART_SECONDS else Severity.WARNING
    what = APART.of(seconds=f"{apart:.0f}")
    return Finding(AREA, severity, what, "timedatectl", NO_TIME_SERVER)
