"""What agencies are let in by and told with: keys, callback secrets, callbacks that have proven themselves."""

from collections.abc import Iterator

from connectors.agencies import Good, good_of
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, many, named, span
from connectors.store import endpoints
from connectors.store.endpoints import Endpoint
from schemas.instant import clock
from schemas.reference import Agency, Stage

AREA = "agencies"
OLD_KEY_SECONDS = 365 * 86_400.0
"""A key that old (driven time) is worth another one."""
ROTATION_SECONDS = 14 * 86_400.0
"""A rotation that nobody ended for so long was forgotten."""
ENDS_SECONDS = 7 * 86_400.0
WELL = Said("{agencies} có khóa và địa chỉ gọi lại tốt", "{agencies} with good keys and callbacks")
WITHOUT_KEY = Said("{agencies} khóa để vào cổng HTTP: {names}", "{agencies} no key for the HTTP door: {names}")
NOT_NEEDED = Said("nơi chỉ gửi qua topic thì không cần khóa", "none is needed by topic alone")
OLD_KEY = Said("{agency}: khóa {key} đã dùng {age}", "{agency}: the key {key} is {age} old")
THEN_REVOKE = Said("rồi chạy hoso agency key {agency} --revoke {key}", "then hoso agency key {agency} --revoke {key}")
NO_SECRET = Said(
    "{agency} có địa chỉ gọi lại mà không có khóa bí mật: không ký được gì",
    "{agency} has a callback and no secret: nothing can be signed",
)
SECRET_ENDS = Said(
    "{agency}: khóa bí mật cuối cùng của địa chỉ gọi lại còn hiệu lực {left}",
    "{agency}: its last callback secret ends in {left}",
)
TWO_SECRETS = Said(
    "{agency}: {count} khóa bí mật cùng ký lời gọi lại, khóa mới nhất đã {age}",
    "{agency}: {count} callback secrets sign, the newest for {age}",
)
NO_CALLBACKS = Said("{agency} không muốn nhận lời gọi lại nữa", "{agency} wants no callbacks any more")
UNPROVEN = Said(
    "{agency}: địa chỉ gọi lại chưa trả lời câu hỏi xác minh: chưa gửi gì đến đó",
    "{agency}: its callback has not answered its challenge: nothing is sent there",
)
NOBODY_ASKED = Said("chưa ai hỏi địa chỉ này", "nobody has asked it yet")


def findings(place: Place) -> Iterator[Finding]:
    """Every agency of the reference data in force that lacks something. Raises TryLater."""
    agencies, good = place.bundle.agencies if place.bundle else (), good_of(place.store)
    found = [one for agency in agencies for one in _of(agency, good.get(agency.code, Good()), place)]
    without_key = [one.code for one in agencies if not good.get(one.code, Good()).keys]
    yield from found
    if without_key:
        without = many(len(without_key), "agency has", "agencies have", vi="cơ quan chưa có")
        what = WITHOUT_KEY.of(agencies=without, names=named(without_key))
        yield Finding(AREA, Severity.NOTE, what, f"hoso agency key {without_key[0]}", NOT_NEEDED)
    if not found and not without_key:
        count = many(len(agencies), "agency", "agencies", vi="cơ quan")
        yield Finding(AREA, Severity.OK, WELL.of(agencies=count))


def _of(agency: Agency, good: Good, place: Place) -> Iterator[Finding]:
    yield from _old_keys(agency, good)
    if agency.callback is None or agency.stage is Stage.SHADOW:
        return
    yield from _secrets(agency, good)
    with place.store.read() as connection:
        yield from _endpoint(endpoints.find(connection, agency.code, agency.callback.url))


def _old_keys(agency: Agency, good: Good) -> Iterator[Finding]:
    now = clock().seconds()
    for key in good.keys:
        if now - key.at >= OLD_KEY_SECONDS:
            what = OLD_KEY.of(agency=agency.code, key=key.name, age=span(now - key.at))
            then = THEN_REVOKE.of(agency=agency.code, key=key.name)
            yield Finding(AREA, Severity.NOTE, what, f"hoso agency key {agency.code}", then)


def _secrets(agency: Agency, good: Good) -> Iterator[Finding]:
    """Without a secret no callback can be signed; with two a rotation is under way."""
    now, code = clock().seconds(), agency.code
    if not good.secrets:
        yield Finding(AREA, Severity.BAD, NO_SECRET.of(agency=code), f"hoso agency secret {code}")
        return
    newest = good.secrets[-1]
    if newest.until is not None and newest.until - now < ENDS_SECONDS:
        what = SECRET_ENDS.of(agency=code, left=span(newest.until - now))
        yield Finding(AREA, Severity.WARNING, what, f"hoso agency secret {code}")
    if len(good.secrets) > 1 and now - newest.at >= ROTATION_SECONDS:
        what = TWO_SECRETS.of(agency=code, count=len(good.secrets), age=span(now - newest.at))
        yield Finding(AREA, Severity.NOTE, what, f"hoso agency rotate {code} --finish")


def _endpoint(one: Endpoint) -> Iterator[Finding]:
    helps = f"hoso agency test {one.agency}"
    if one.disabled:
        what = NO_CALLBACKS.of(agency=one.agency)
        yield Finding(AREA, Severity.WARNING, what, f"{helps} --reopen", one.why or "")
    elif not one.verified:
        what = UNPROVEN.of(agency=one.agency)
        yield Finding(AREA, Severity.WARNING, what, helps, one.why or NOBODY_ASKED)
