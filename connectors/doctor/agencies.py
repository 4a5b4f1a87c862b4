"""What agencies are let in by and told with: keys, callback secrets, callbacks that have proven themselves."""

from collections.abc import Iterator

from connectors.agencies import Good, good_of
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import many, named, span
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


def findings(place: Place) -> Iterator[Finding]:
    """Every agency of the reference data in force that lacks something. Raises TryLater."""
    agencies, good = place.bundle.agencies if place.bundle else (), good_of(place.store)
    found = [one for agency in agencies for one in _of(agency, good.get(agency.code, Good()), place)]
    without_key = [one.code for one in agencies if not good.get(one.code, Good()).keys]
    yield from found
    if without_key:
        what = f"{many(len(without_key), 'agency has', 'agencies have')} no key for the HTTP door: {named(without_key)}"
        yield Finding(AREA, Severity.NOTE, what, f"hoso agency key {without_key[0]}", "none is needed by topic alone")
    if not found and not without_key:
        yield Finding(AREA, Severity.OK, f"{many(len(agencies), 'agency', 'agencies')} with good keys and callbacks")


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
            what = f"{agency.code}: the key {key.name} is {span(now - key.at)} old"
            helps = f"hoso agency key {agency.code}"
            yield Finding(AREA, Severity.NOTE, what, helps, f"then hoso agency key {agency.code} --revoke {key.name}")


def _secrets(agency: Agency, good: Good) -> Iterator[Finding]:
    """Without a secret no callback can be signed; with two a rotation is under way."""
    now, code = clock().seconds(), agency.code
    if not good.secrets:
        what = f"{code} has a callback and no secret: nothing can be signed"
        yield Finding(AREA, Severity.BAD, what, f"hoso agency secret {code}")
        return
    newest = good.secrets[-1]
    if newest.until is not None and newest.until - now < ENDS_SECONDS:
        what = f"{code}: its last callback secret ends in {span(newest.until - now)}"
        yield Finding(AREA, Severity.WARNING, what, f"hoso agency secret {code}")
    if len(good.secrets) > 1 and now - newest.at >= ROTATION_SECONDS:
        what = f"{code}: {len(good.secrets)} callback secrets sign, the newest for {span(now - newest.at)}"
        yield Finding(AREA, Severity.NOTE, what, f"hoso agency rotate {code} --finish")


def _endpoint(one: Endpoint) -> Iterator[Finding]:
    helps = f"hoso agency test {one.agency}"
    if one.disabled:
        what = f"{one.agency} wants no callbacks any more"
        yield Finding(AREA, Severity.WARNING, what, f"{helps} --reopen", one.why or "")
    elif not one.verified:
        what = f"{one.agency}: its callback has not answered its challenge: nothing is sent there"
        yield Finding(AREA, Severity.WARNING, what, helps, one.why or "nobody has asked it yet")
