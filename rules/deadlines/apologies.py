"""Letters of apology: owed, drafted, signed, sent, too late, or needless after all.

A dossier as its log gives it, and what was said of it meanwhile, in; a line for every letter out. docs/forecast.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from rules.deadlines.limits import announces, is_letter_for
from rules.deadlines.state import is_past
from rules.dossier import Dossier
from rules.facts import Derived
from rules.life import LifeFact, effective
from rules.reference import Edition
from schemas.clock import ClockState, Outcome
from schemas.event import type_name
from schemas.instant import VIETNAM, date_of
from schemas.notice import NoticeKind

PROJECTED, SUSPENDED = type_name("deadline", "projected"), type_name("deadline", "suspended")
OWED, DRAFTED = type_name("deadline", "apology_owed"), type_name("notice", NoticeKind.APOLOGY_OWED)


class Needless(StrEnum):
    """Why a letter that was owed is owed no more, although none was sent."""

    IN_TIME = "in time after all"
    MOVED = "the due date moved"
    ENDED = "ended without a result"


class DateSet(Struct, frozen=True, gc=False):
    """From an instant on this due date was in force; none while the clock stood."""

    at: datetime
    due_on: date | None


class Said(Struct, frozen=True, gc=False):
    """When it was said first that a letter is owed, and when an agency first got a draft."""

    limit_on: date
    owed_at: datetime
    drafted_at: datetime | None = None


@dataclass(slots=True)
class Account:
    """What was said of one dossier's dates and letters, in the log's order."""

    dates: list[DateSet] = field(default_factory=list)
    owed: dict[date, Said] = field(default_factory=dict)
    """By the due date that was in force then."""

    def hear(self, said: Iterable[Derived]) -> None:
        """What one more fact of its log set in motion."""
        for fact in said:
            match fact.type:
                case t if t == PROJECTED:
                    self.dates.append(DateSet(fact.time, fact.content["due_on"]))
                case t if t == SUSPENDED:
                    self.dates.append(DateSet(fact.time, None))
                case t if t == OWED and (due_on := self.dates[-1].due_on):
                    self.owed.setdefault(due_on, Said(fact.content["limit_on"], fact.time))
                case t if t == DRAFTED and (due_on := self.dates[-1].due_on):
                    self._drafted(due_on, fact.time)

    def _drafted(self, due_on: date, at: datetime) -> None:
        said = self.owed[due_on]
        if said.drafted_at is None:
            self.owed[due_on] = Said(said.limit_on, said.owed_at, at)

    def in_force(self, at: datetime) -> list[date]:
        """The due dates that were set before this instant, the latest first, each once."""
        before = [one.due_on for one in reversed(self.dates) if one.at < at and one.due_on is not None]
        return list(dict.fromkeys(before))

    def moved_at(self, due_on: date) -> datetime | None:
        """When this due date was in force no more."""
        last = max(number for number, one in enumerate(self.dates) if one.due_on == due_on)
        return self.dates[last + 1].at if last + 1 < len(self.dates) else None


class Entry(Struct, frozen=True, gc=False):
    """One letter: owed for a due date, or sent though nobody asked for it. `agency` is the one that decides.

    `limit_on` is the last day by the decree, `due_on` that by the city's by-law. One fact states that a letter was
    signed and sent. Instants are in +07:00.
    """

    dossier: str
    agency: str
    due_on: date
    limit_on: date
    owed_at: datetime | None = None
    drafted_at: datetime | None = None
    signed_by: str | None = None
    channel: str | None = None
    sent_at: datetime | None = None
    needless: Needless | None = None
    needless_at: datetime | None = None

    @property
    def is_outstanding(self) -> bool:
        """Whether it is owed still."""
        return self.sent_at is None and self.needless is None

    @property
    def late_by_decree(self) -> bool:
        """Whether it was sent less than one working day before the due date (Decree 61/2018 art. 19(9))."""
        return self.sent_at is not None and date_of(self.sent_at) > self.limit_on

    @property
    def late_by_city(self) -> bool:
        """Whether it was sent after the due date (Decision 5157/QĐ-UBND)."""
        return self.sent_at is not None and date_of(self.sent_at) > self.due_on


class Reckoned(Struct, frozen=True, gc=False):
    """A dossier's letters, the due date that it has missed, if it has, and whether a letter was sent for that."""

    agency: str
    entries: tuple[Entry, ...] = ()
    late_for: date | None = None
    has_letter: bool = False


def reckoned(dossier: Dossier, account: Account, own: Edition, newest: Edition, now: datetime) -> Reckoned:
    """A dossier's lines; `own` is the version that its date rests on, `newest` knows what agencies are called today."""
    view = dossier.view()
    agency = newest.resolve(view.competent or view.receiving or "")
    letters = _letters(dossier, account, own)
    entries = [
        _entry(dossier, agency, due_on, account, letters.get(due_on), own)
        for due_on in sorted({*account.owed, *letters})
    ]
    late_for = _late_for(dossier, now)
    return Reckoned(agency, tuple(entries), late_for, late_for is not None and _has_letter(dossier, late_for, own))


def _letters(dossier: Dossier, account: Account, own: Edition) -> dict[date, LifeFact]:
    """The first letter for each due date: that in force when it was issued, unless it announces just that one."""
    found: dict[date, LifeFact] = {}
    for fact in effective(dossier.life, dossier.retracted):
        if fact.kind != "apology_issued":
            continue
        in_force = account.in_force(fact.at)
        due_on = next((day for day in in_force if not announces(fact, day, own.calendar)), None)
        if due_on is not None:
            found.setdefault(due_on, fact)
    return found


def _entry(
    dossier: Dossier, agency: str, due_on: date, account: Account, letter: LifeFact | None, own: Edition
) -> Entry:
    said = account.owed.get(due_on)
    why, at = (None, None) if letter else _needless(dossier, due_on, account)
    return Entry(
        dossier=dossier.code,
        agency=agency,
        due_on=due_on,
        limit_on=said.limit_on if said else own.calendar.before(due_on, 1),
        owed_at=said.owed_at if said else None,
        drafted_at=said.drafted_at if said else None,
        signed_by=letter.data.get("signed_by") if letter else None,
        channel=letter.data.get("channel") if letter else None,
        sent_at=letter.at.astimezone(VIETNAM) if letter else None,
        needless=why,
        needless_at=at.astimezone(VIETNAM) if at else None,
    )


def _needless(dossier: Dossier, due_on: date, account: Account) -> tuple[Needless | None, datetime | None]:
    """Why no letter is owed for this date any more, and since when; neither while one is."""
    clock = dossier.clock
    if clock.due_on != due_on:
        return Needless.MOVED, account.moved_at(due_on)
    if clock.state is not ClockState.STOPPED or clock.outcome is Outcome.LATE:
        return None, None
    return (Needless.IN_TIME if clock.outcome else Needless.ENDED), clock.stopped_at


def _late_for(dossier: Dossier, now: datetime) -> date | None:
    """The due date that was missed: by a result that came after it, or as of now."""
    clock = dossier.clock
    open_and_late = clock.state is ClockState.RUNNING and is_past(clock, now.astimezone(VIETNAM))
    return clock.due_on if clock.outcome is Outcome.LATE or open_and_late else None


def _has_letter(dossier: Dossier, due_on: date, own: Edition) -> bool:
    """Whether one was sent for the date in force, by the same rule that asks for it."""
    life = effective(dossier.life, dossier.retracted)
    return any(
        is_letter_for(due_on, fact, dossier.clock, life, own.calendar) for fact in life if fact.kind == "apology_issued"
    )
