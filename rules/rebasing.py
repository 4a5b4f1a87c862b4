"""A newer version of the reference data: which dossiers it moves, and the fact that moves one."""

from datetime import date, datetime
from functools import lru_cache

from rules.deadlines.calendar import LAST_DAY
from rules.deadlines.calendar_change import Change
from rules.dossier import OPEN, Dossier
from rules.kept import Kept
from rules.reference import Edition
from rules.time import TIMERS
from schemas.deadline import ReferenceChanged
from schemas.event import derived_id
from schemas.instant import date_of

DAYS_SAID = 5
"""How many days a reason names; more are counted."""


def rebased(
    kept: Kept, was: Edition, newest: Edition, published_at: datetime, now: datetime
) -> ReferenceChanged | None:
    """The fact that moves a dossier from the version it rests on to the newest; None where there is no need.

    An open dossier moves when the calendars differ on any day from its start on, also beyond its due date: what is
    asked of it later counts on those days too. Its term and supplement rule stay those it started under. A parked one
    waits until somebody has looked. `published_at` is when the newest came: said twice, it is the same fact.
    """
    dossier = kept.dossier
    days = () if dossier is None or kept.parked else _days(dossier, was, newest)
    if dossier is None or not days:
        return None
    more = f"; {len(days) - DAYS_SAID} more" if len(days) > DAYS_SAID else ""
    reason = f"calendar {newest.calendar.version}: {'; '.join(days[:DAYS_SAID])}{more}"
    return ReferenceChanged(
        id=moving_id(dossier.code, was.version, newest.version, published_at),
        source=TIMERS,
        subject=dossier.code,
        time=published_at,
        recordedtime=now,
        refversion=newest.version,
        data=ReferenceChanged.Data.model_validate({"from": was.version, "to": newest.version, "reason": reason}),
    )


def moving_id(code: str, was: str, to: str, published_at: datetime) -> str:
    """The id of the fact that moves this dossier from one version to another: it can be worked out, and known again."""
    return derived_id(code, "reference", was, to, published_at.isoformat())


def _days(dossier: Dossier, was: Edition, newest: Edition) -> tuple[str, ...]:
    """The days, from its start on, of which the calendars say different things, and the years only one has settled."""
    clock = dossier.clock
    if clock.state not in OPEN or clock.started_at is None:
        return ()
    return _said(Change.between(was, newest), date_of(clock.started_at))


@lru_cache(maxsize=4096)
def _said(change: Change, first: date) -> tuple[str, ...]:
    days = tuple(f"{one.day} {one.will}, was {one.was}" for one in change.days_within(first, LAST_DAY))
    return days + tuple(f"{year} settled or provisional anew" for year in change.years_within(first, LAST_DAY))
