"""What time alone sets in motion: the facts of a dossier that are due at an instant, for the log, under derived ids."""

from datetime import datetime

from rules.deadlines.limits import LimitAt
from rules.deadlines.rungs import RungAt
from rules.dossier import STANDING, Dossier, looks_at
from schemas.deadline import LimitReached, RungReached
from schemas.event import Event, derived_id
from schemas.instant import date_of

TIMERS = "/hoso/timers"


def due(dossier: Dossier, refversion: str, now: datetime) -> list[Event]:
    """Every rung and limit whose time has come, nearest first.

    Nominal instants, so that firing twice says one thing. A look ahead of a rung's instant comes with that rung.
    """
    reached = [rung for rung in dossier.ladder if rung.at <= now and rung.key not in dossier.reached]
    looked = {look.key for rung in reached for look in looks_at(dossier.limits, rung.at, rung.due_on)}
    facts: list[Event] = [_rung(dossier, rung, refversion, now) for rung in reached]
    facts += [
        _limit(dossier.code, limit, refversion, now)
        for limit in dossier.limits
        if limit.at <= now and limit.key not in dossier.reached and limit.key not in looked
    ]
    facts += [
        limit_fact(dossier.code, STANDING, waiting.ref, waiting.until, refversion, now)
        for waiting in dossier.waiting
        if waiting.until <= now
    ]
    return sorted(facts, key=lambda fact: fact.time)


def _rung(dossier: Dossier, rung: RungAt, refversion: str, now: datetime) -> RungReached:
    return RungReached(
        id=derived_id(dossier.code, "rung", rung.key),
        source=TIMERS,
        subject=dossier.code,
        time=rung.at,
        recordedtime=now,
        refversion=refversion,
        data=RungReached.Data(rung=rung.rung, step=rung.step, due_on=rung.due_on),
    )


def _limit(code: str, limit: LimitAt, refversion: str, now: datetime) -> LimitReached:
    return LimitReached(
        id=derived_id(code, "limit", limit.key),
        source=TIMERS,
        subject=code,
        time=limit.at,
        recordedtime=now,
        refversion=refversion,
        data=LimitReached.Data(limit=limit.limit, about=limit.about or None, limit_on=limit.limit_on),
    )


def limit_fact(code: str, limit: str, about: str, at: datetime, refversion: str, now: datetime) -> LimitReached:
    """A limit's time came: of a fact without standing, of a parked dossier."""
    return LimitReached(
        id=derived_id(code, "limit", limit, about),
        source=TIMERS,
        subject=code,
        time=at,
        recordedtime=now,
        refversion=refversion,
        data=LimitReached.Data(limit=limit, about=about, limit_on=date_of(at)),
    )
