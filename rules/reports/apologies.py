"""Letters of apology owed against sent, from what was said of dates and letters: the register's figures."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct

from rules.deadlines.apologies import Account, DateSet, Entry, Needless, Reckoned, Said
from rules.deadlines.apology_figures import Register
from rules.deadlines.calendar import WorkingDays
from rules.deadlines.limits import announces
from rules.deadlines.state import Clock, is_past
from rules.life import LifeFact
from rules.reports.period import Period
from schemas.clock import ClockState, Outcome
from schemas.event import type_name
from schemas.instant import VIETNAM

LETTER = "apology_issued"


class OwedAt(Struct, frozen=True, gc=False):
    """When it was said that a letter is owed, its last day, and whether an agency got a draft with it."""

    at: datetime
    limit_on: date
    drafted: bool = False


class Owing(Struct, frozen=True, gc=False):
    """A dossier's dates and letters owed in the order in which they were said, and the letters its agency stated."""

    code: str
    agency: str
    said: tuple[DateSet | OwedAt, ...]
    letters: tuple[LifeFact, ...]
    clock: Clock


def apologies(dossiers: Iterable[Owing], period: Period, calendar: WorkingDays, now: datetime) -> Register:
    """The letters for due dates in the period, and how many late dossiers had one."""
    register = Register()
    for one in dossiers:
        entries = [entry for entry in _entries(one, calendar) if period.holds(entry.due_on)]
        late_for = _late_for(one.clock, now)
        late_for = late_for if period.holds(late_for) else None
        has_letter = any(entry.due_on == late_for and entry.sent_at is not None for entry in entries)
        register.add(Reckoned(one.agency, tuple(entries), late_for, has_letter))
    return register


def a_letter(at: datetime, ref: str, new_due_on: str | None, channel: str | None) -> LifeFact:
    """A letter that an agency stated."""
    said = {"new_due_on": new_due_on, "channel": channel}
    return LifeFact(LETTER, at, ref, {name: value for name, value in said.items() if value is not None})


def problems(register: Register) -> list[str]:
    """What does not add up: owed = sent - unasked + needless + outstanding, and no more letters than lateness."""
    found = []
    for agency, one in sorted(register.figures.items()):
        parts = one.sent - one.unasked + one.needless + one.outstanding
        if one.owed != parts:
            found.append(f"{agency}: owed = sent - unasked + needless + outstanding: {one.owed} is not {parts}")
    return found


def _entries(one: Owing, calendar: WorkingDays) -> list[Entry]:
    account = _account(one)
    letters = _letters(one.letters, account, calendar)
    return [_entry(one, day, account, letters.get(day), calendar) for day in sorted({*account.owed, *letters})]


def _account(one: Owing) -> Account:
    account = Account()
    for said in one.said:
        if isinstance(said, DateSet):
            account.dates.append(said)
            continue
        due_on = account.dates[-1].due_on if account.dates else None
        if due_on is not None:
            account.owed.setdefault(due_on, Said(said.limit_on, said.at, said.at if said.drafted else None))
    return account


def _letters(letters: Sequence[LifeFact], account: Account, calendar: WorkingDays) -> dict[date, LifeFact]:
    """The first letter for each due date: that in force when it was issued, unless it announces just that one."""
    found: dict[date, LifeFact] = {}
    for letter in sorted(letters, key=lambda one: (one.at, one.ref)):
        day = next((day for day in account.in_force(letter.at) if not announces(letter, day, calendar)), None)
        if day is not None:
            found.setdefault(day, letter)
    return found


def _entry(one: Owing, due_on: date, account: Account, letter: LifeFact | None, calendar: WorkingDays) -> Entry:
    said = account.owed.get(due_on)
    why, at = (None, None) if letter else _needless(one.clock, due_on, account)
    return Entry(
        dossier=one.code,
        agency=one.agency,
        due_on=due_on,
        limit_on=said.limit_on if said else calendar.before(due_on, 1),
        owed_at=said.owed_at if said else None,
        drafted_at=said.drafted_at if said else None,
        signed_by=type_name("dossier", LETTER) if letter else None,
        channel=letter.data.get("channel") if letter else None,
        sent_at=letter.at.astimezone(VIETNAM) if letter else None,
        needless=why,
        needless_at=at,
    )


def _needless(clock: Clock, due_on: date, account: Account) -> tuple[Needless | None, datetime | None]:
    """Why no letter is owed for this date any more, and since when; neither while one is."""
    if clock.due_on != due_on:
        return Needless.MOVED, account.moved_at(due_on)
    if clock.state is not ClockState.STOPPED or clock.outcome is Outcome.LATE:
        return None, None
    return (Needless.IN_TIME if clock.outcome else Needless.ENDED), clock.stopped_at


def _late_for(clock: Clock, now: datetime) -> date | None:
    """The due date that was missed: by a result that came after it, or as of now."""
    open_and_late = clock.state is ClockState.RUNNING and is_past(clock, now.astimezone(VIETNAM))
    return clock.due_on if clock.outcome is Outcome.LATE or open_and_late else None
