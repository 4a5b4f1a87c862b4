"""What a changed clock or a reached rung sets in motion: deadlines said, agencies told, violations named."""

from datetime import date, timedelta
from typing import Any

from rules.deadlines.apology import apology_reacts
from rules.deadlines.limits import Limit, LimitAt, limit_key
from rules.deadlines.rungs import missed_at
from rules.dossier import Dossier, fired_key, looks_at
from rules.facts import caused, here, present
from rules.notices import Telling
from rules.plain import plain
from rules.post.standard import ASKED_FIRST, expected
from rules.turn import Turn
from schemas.clock import ClockState, Outcome, Rung, Violation
from schemas.deadline import (
    ConsultationMissed,
    DeadlineFact,
    DueToday,
    Escalated,
    LimitReached,
    Missed,
    MissWithdrawn,
    NearDue,
    Projected,
    ReceptionMissed,
    ReferenceChanged,
    RungReached,
    SilenceDetected,
    StandardMissed,
    StepMissed,
    Stopped,
    StorageEnded,
    SupplementExpired,
    Suspended,
    TransferMissed,
    ViolationFound,
)
from schemas.event import Event
from schemas.instant import date_of
from schemas.notice import NoticeKind

RUNGS: dict[str, tuple[type[NearDue | DueToday | Missed | Escalated], NoticeKind]] = {
    Rung.NEAR_DUE: (NearDue, NoticeKind.NEAR_DUE),
    Rung.DUE_TODAY: (DueToday, NoticeKind.DUE_TODAY),
    Rung.MISSED: (Missed, NoticeKind.MISSED),
    Rung.ESCALATED: (Escalated, NoticeKind.ESCALATED),
}

LIMITS: dict[Limit, tuple[type[DeadlineFact], NoticeKind | None]] = {
    Limit.RECEPTION: (ReceptionMissed, NoticeKind.RECEPTION_MISSED),
    Limit.TRANSFER: (TransferMissed, NoticeKind.TRANSFER_MISSED),
    Limit.SUPPLEMENT: (SupplementExpired, NoticeKind.SUPPLEMENT_EXPIRED),
    Limit.CONSULTATION: (ConsultationMissed, None),
    Limit.STEP: (StepMissed, NoticeKind.STEP_MISSED),
    Limit.ATTEMPT: (StandardMissed, None),
    Limit.SILENCE: (SilenceDetected, NoticeKind.POSTAL_SILENCE),
    Limit.STORAGE: (StorageEnded, NoticeKind.STORAGE_ENDED),
}
"""What a missed limit is called, and the notice its agencies get; the contract has none for a consultation or a leg.

A look ahead is no miss: see `rules/deadlines/apology.py`.
"""
EXPECTED: dict[Limit, str | None] = {
    Limit.ATTEMPT: "DELIVERY_ATTEMPT",
    Limit.SILENCE: None,
    Limit.STORAGE: "RESULT_FETCHED",
}
"""What the limits of a leg wait for; None is what its state says is to be heard next."""


def clock_reacts(turn: Turn) -> None:
    """A date that is new, a clock that stands, violations that came to light: said, and told to the agencies."""
    was, after, event = turn.was, turn.after, turn.event
    if after.problem and after.problem != was.problem:
        turn.tellings.append(Telling(NoticeKind.CLOCK_FAILED, {"problem": after.problem}, {"why": after.problem}))
    if after.clock == was.clock:
        return
    if after.clock.state is not ClockState.STOPPED and (missed_on := _miss_is_over(was, after, event)):
        _withdrawn(turn, missed_on)
    match after.clock.state:
        case ClockState.RUNNING if after.clock.due_on and _date_is_new(was, after):
            _projected(turn)
        case ClockState.SUSPENDED if was.clock.state is not ClockState.SUSPENDED and after.clock.suspended_since:
            data = {
                "since": here(after.clock.suspended_since),
                "policy": turn.procedure.supplement_policy if turn.procedure else "",
            }
            turn.facts.append(caused(Suspended, event, data))
        case ClockState.STOPPED:
            _stopped(turn)
    for violation, ref in _new_violations(was, after):
        violated(turn, violation, ref)


def _date_is_new(was: Dossier, after: Dossier) -> bool:
    before, now = was.clock, after.clock
    return before.state is not ClockState.RUNNING or (before.due_on, before.due_at, before.provisional) != (
        now.due_on,
        now.due_at,
        now.provisional,
    )


def _projected(turn: Turn) -> None:
    after, event = turn.after, turn.event
    clock, previous = after.clock, turn.was.announced_on
    data = {
        "due_on": clock.due_on,
        "due_at": here(clock.due_at),
        "previous_due_on": previous,
        "reason": "REFERENCE_CHANGED" if isinstance(event, ReferenceChanged) else clock.reason,
        "basis": clock.basis,
        "provisional": clock.provisional,
        "refversion": after.refversion,
    }
    turn.facts.append(caused(Projected, event, data))
    payload = plain(data)
    if isinstance(event, ReferenceChanged):
        payload |= {"why": event.data.reason}
    if previous is None:
        payload |= {"tracking_code": after.tracking}
        values = {"due": clock.due_on, "tracking": after.tracking}
        turn.tellings.append(Telling(NoticeKind.DEADLINE_SET, payload, values))
    elif previous != clock.due_on:
        turn.tellings.append(Telling(NoticeKind.DEADLINE_MOVED, payload, {"due": clock.due_on, "previous": previous}))


def _stopped(turn: Turn) -> None:
    was, after, event = turn.was, turn.after, turn.event
    clock = after.clock
    if (was.clock.state, was.clock.outcome, was.clock.due_on) == (clock.state, clock.outcome, clock.due_on):
        return
    data = {"since": here(clock.stopped_at), "outcome": clock.outcome, "due_on": clock.due_on}
    turn.facts.append(caused(Stopped, event, data))
    said = _was_missed(was, after)
    if said and clock.outcome in (Outcome.EARLY, Outcome.ON_TIME) and clock.due_on:
        _withdrawn(turn, clock.due_on)
    if (said and clock.outcome is not Outcome.LATE) or (was.clock.outcome and was.clock.outcome != clock.outcome):
        violated(turn, Violation.STATED_AFTER_DUE, event.ref)


def _miss_is_over(was: Dossier, after: Dossier, event: Event) -> date | None:
    """The due date whose `missed` was announced, where a late fact or another calendar has moved it out of the past."""
    missed_on, clock = was.clock.due_on, after.clock
    if missed_on is None or clock.due_on == missed_on or _missed_key(missed_on) not in was.announced:
        return None
    ahead = clock.due_on is None or missed_at(clock.due_at if clock.by_minute else None, clock.due_on) > event.recorded
    return missed_on if ahead else None


def _withdrawn(turn: Turn, due_on: date) -> None:
    data = _rung_data(due_on, 0, turn.view.holder)
    turn.facts.append(caused(MissWithdrawn, turn.event, data))
    turn.tellings.append(Telling(NoticeKind.MISS_WITHDRAWN, plain(data), {"due": due_on}, to=_who_heard(turn)))


def _who_heard(turn: Turn) -> tuple[str, ...] | None:
    """Where nobody answers for the dossier any more, those who did; else None."""
    if turn.view.receiving or turn.view.competent:
        return None
    before = turn.was.view()
    return tuple(agency for agency in (before.receiving, before.competent) if agency)


def _missed_key(due_on: date) -> str:
    return limit_key(Rung.MISSED, "1", due_on)


def _was_missed(was: Dossier, after: Dossier) -> bool:
    """Whether `missed` was announced of the due date that the clock stopped against."""
    return after.clock.due_on is not None and _missed_key(after.clock.due_on) in was.announced


def _new_violations(was: Dossier, after: Dossier) -> list[tuple[Violation, str]]:
    return [found for found in after.clock.violations if found not in was.clock.violations]


def violated(turn: Turn, code: Violation, ref: str) -> None:
    """A rule was broken by the fact with this source and id: said, and told to the agencies."""
    turn.facts.append(caused(ViolationFound, turn.event, {"code": code, "fact": ref}, code, ref))
    turn.tellings.append(Telling(NoticeKind.VIOLATION, {"code": code, "fact": ref}, {"code": code}, (code, ref)))


def rung_reacts(turn: Turn) -> None:
    """A rung that this firing reached, and what the look ahead of its instant finds.

    One that was passed when its date was set is reached in silence.
    """
    was, after, event = turn.was, turn.after, turn.event
    if not isinstance(event, RungReached) or after.reached == was.reached:
        return
    kind, notice = RUNGS[event.data.rung]
    due_on, today = event.data.due_on, date_of(event.time)
    left = turn.edition.calendar.between(today, due_on) if today <= due_on else None
    late = (today - due_on).days if today > due_on else None
    data = _rung_data(due_on, event.data.step, turn.view.holder) | present(
        {"working_days_left": left, "days_late": late}
    )
    turn.facts.append(caused(kind, event, data, fired_key(event)))
    turn.tellings.append(Telling(notice, plain(data), {"due": due_on}, (fired_key(event),)))
    for look in looks_at(after.limits, event.time, due_on):
        if look.key not in was.reached:
            apology_reacts(turn, look)


def _rung_data(due_on: date, step: int, holder: str | None) -> dict[str, Any]:
    return present({"due_on": due_on, "step": step, "holder": holder})


def limit_reacts(turn: Turn) -> None:
    """A limit of another clock that this firing found missed, or a look ahead that it took."""
    was, after, event = turn.was, turn.after, turn.event
    if not isinstance(event, LimitReached) or after.reached == was.reached:
        return
    key = limit_key(event.data.limit, event.data.about, event.data.limit_on)
    limit = next(one for one in after.limits if one.key == key)
    if limit.limit is Limit.APOLOGY:
        apology_reacts(turn, limit)
        return
    kind, notice = LIMITS[limit.limit]
    data = _leg_data(after, limit) if limit.limit in EXPECTED else _limit_data(limit)
    turn.facts.append(caused(kind, event, data, key))
    if notice is not None:
        values = {"due": limit.limit_on, "leg": limit.about}
        turn.tellings.append(Telling(notice, plain(data), values, (key,), _who_hears(turn, limit)))


def _who_hears(turn: Turn, limit: LimitAt) -> tuple[str, ...] | None:
    """A step's holder hears of it besides those who answer for the dossier; of all else these alone."""
    if limit.limit is not Limit.STEP:
        return None
    everybody = (turn.view.receiving, turn.view.competent, limit.holder)
    return tuple(agency for agency in everybody if agency)


def _limit_data(limit: LimitAt) -> dict[str, Any]:
    return present({"limit_on": limit.limit_on, "holder": limit.holder, "about": limit.about or None})


def _leg_data(after: Dossier, limit: LimitAt) -> dict[str, Any]:
    leg = after.leg(limit.about)
    assert leg is not None  # a limit of a leg is computed from it
    silent = limit.limit is Limit.SILENCE
    what = EXPECTED[limit.limit] or expected(leg)
    by = here(limit.at - (ASKED_FIRST if silent else timedelta(seconds=1)))
    return present({"leg": leg.name, "carrier": leg.carrier, "expected": what, "by": by, "seen": leg.told.status})
