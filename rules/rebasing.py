"""A newer version of the reference data: which dossiers it moves, and the fact that moves one."""

from datetime import datetime

from rules.deadlines.calendar import LAST_DAY
from rules.deadlines.calendar_change import Change
from rules.dossier import OPEN, Dossier
from rules.parking import Kept
from rules.reference import Edition
from rules.time import TIMERS
from schemas.deadline import ReferenceChanged
from schemas.event import derived_id
from schemas.instant import date_of


def rebased(
    kept: Kept, was: Edition, newest: Edition, published_at: datetime, now: datetime
) -> ReferenceChanged | None:
    """The fact that moves a dossier from the version it rests on to the newest; None where there is no need.

    An open dossier moves when the calendars differ on any day from its start on, also beyond its due date: what is
    asked of it later counts on those days too. Its term and supplement rule stay those it started under. A parked one
    waits until somebody has looked. `published_at` is when the newest came: said twice, it is the same fact.
    """
    dossier = kept.dossier
    if dossier is None or kept.parked or not _touched(dossier, was, newest):
        return None
    reason = f"calendar {was.calendar.version} is replaced by {newest.calendar.version}"
    return ReferenceChanged(
        id=derived_id(dossier.code, "reference", was.version, newest.version, published_at.isoformat()),
        source=TIMERS,
        subject=dossier.code,
        time=published_at,
        recordedtime=now,
        refversion=newest.version,
        data=ReferenceChanged.Data.model_validate({"from": was.version, "to": newest.version, "reason": reason}),
    )


def _touched(dossier: Dossier, was: Edition, newest: Edition) -> bool:
    clock = dossier.clock
    if clock.state not in OPEN or clock.started_at is None:
        return False
    return Change.between(was, newest).touches(date_of(clock.started_at), LAST_DAY)
