"""The other clocks: reception, transfer, supplement, consultation, the steps of a linked procedure, the looks ahead.

Each starts with a fact, has a last day, and is met by another fact on that day or before. None moves the due date.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct

from rules.deadlines.calendar import FIRST_DAY, WorkingDays
from rules.deadlines.hours import Office
from rules.deadlines.state import Clock
from rules.life import LifeFact
from rules.reference import Edition
from schemas.clock import ClockState
from schemas.dossier import Channel
from schemas.instant import VIETNAM, date_of
from schemas.reference import Procedure

AFTERNOON = time(15, 0)
"""Received later than this, a dossier may be transferred on the next working day (Decree 61/2018 art. 18(2))."""
ENDS = frozenset({"reception_refused", "result_ready", "withdrawn", "processing_stopped"})
"""After these nobody waits for a transfer, papers, an answer or a step any more."""
OPENING = ("received", "submitted", "collection_registered", "adopted")
"""Facts that say whose the dossier is; of two that do, the kind named earlier here."""
LOOKS_AHEAD = (2, 1)
"""So many working days before a due date it is asked whether it will be kept (Decree 61/2018 art. 19(9))."""


class Limit(StrEnum):
    """Which clock."""

    RECEPTION = "reception"
    TRANSFER = "transfer"
    SUPPLEMENT = "supplement"
    CONSULTATION = "consultation"
    STEP = "step"
    ATTEMPT = "attempt"
    """The post's first attempt to deliver."""
    SILENCE = "silence"
    """When something of an item had to be heard, and its carrier was asked in vain."""
    STORAGE = "storage"
    """How long an agency keeps a result that the post brought back and nobody fetched."""
    APOLOGY = "apology"
    """A look ahead at the due date in force: whether a letter is owed, the forecast says then."""


class LimitAt(Struct, frozen=True, array_like=True, gc=False):
    """A limit that nothing has met in time: its last day, and the first instant at which it is missed (+07:00).

    `about` tells one from another of the same dossier: an agency, a round, a consultation, a step, a leg. `holder` is
    the agency that answers for it; none where the citizen or the post does. Of a look ahead `about` is how many
    working days, `limit_on` the due date it looks at, and `at` comes before it.
    """

    limit: Limit
    about: str
    limit_on: date
    at: datetime
    holder: str | None = None

    @property
    def key(self) -> str:
        """What makes it one."""
        return limit_key(self.limit, self.about, self.limit_on)


def limit_key(limit: str, about: str | None, limit_on: date) -> str:
    """What makes a limit or a rung one: which, about what (of a rung the step), by when."""
    return f"{limit_on.isoformat()}/{limit}/{about or ''}"


def limit_at(limit: Limit, about: str, limit_on: date, holder: str | None = None) -> LimitAt:
    """The limit with this last day: missed at 00:00 of the day after."""
    missed = datetime.combine(limit_on + timedelta(days=1), time(tzinfo=VIETNAM))
    return LimitAt(limit, about, limit_on, missed, holder)


def limits(life: Sequence[LifeFact], edition: Edition, procedure: Procedure | None) -> tuple[LimitAt, ...]:
    """Every limit that these facts, in order of time, set and no fact has met in time, the missed ones too.

    The days are the edition's; the procedure is the dossier's own, which may be of an earlier one.
    Raises ValueError where a day lies outside the calendar.
    """
    kinds = _by_kind(life)
    found = (
        *_reception(kinds, edition),
        *_transfer(kinds, edition),
        *_supplements(kinds, edition, procedure),
        *_consultations(kinds, edition),
        *_steps(kinds, edition),
    )
    return tuple(sorted(found, key=lambda one: (one.at, one.key)))


Kinds = dict[str, list[LifeFact]]


def _by_kind(life: Sequence[LifeFact]) -> Kinds:
    kinds: Kinds = {}
    for fact in life:
        kinds.setdefault(fact.kind, []).append(fact)
    return kinds


def _of(kinds: Kinds, *names: str) -> list[LifeFact]:
    return [fact for name in names for fact in kinds.get(name, ())]


def _first_data(opening: Iterable[LifeFact], name: str) -> Any:
    """What the dossier's opening facts say of this; the first that says anything."""
    return next((fact.data[name] for fact in opening if name in fact.data), None)


def _met(limit_on: date, facts: Iterable[LifeFact]) -> bool:
    return any(date_of(fact.at) <= limit_on for fact in facts)


def _ended(kinds: Kinds, limit_on: date) -> bool:
    return _met(limit_on, _of(kinds, *ENDS))


def _reception(kinds: Kinds, edition: Edition) -> Iterator[LimitAt]:
    """One working day after an online submission it is received, refused, or papers are asked for."""
    if "submitted" not in kinds:
        return
    first = kinds["submitted"][0]
    if first.data.get("channel") != Channel.ONLINE:
        return
    limit_on = edition.calendar.after(date_of(first.at), 1)
    answers = _of(kinds, "received", "supplement_requested", *ENDS)
    if not _met(limit_on, answers):
        yield limit_at(Limit.RECEPTION, "", limit_on, first.data.get("receiving_agency"))


def _transfer(kinds: Kinds, edition: Edition) -> Iterator[LimitAt]:
    """On the working day of its reception a dossier goes on to the agency that decides, if that is another."""
    if "received" not in kinds:
        return
    received, opening = kinds["received"][0], _of(kinds, *OPENING)
    competent, receiving = _first_data(opening, "competent_agency"), _first_data(opening, "receiving_agency")
    if competent is None or edition.same(competent, receiving):
        return
    limit_on = transfer_by(received.at, edition)
    if not _met(limit_on, _of(kinds, "forwarded", "rerouted")) and not _ended(kinds, limit_on):
        yield limit_at(Limit.TRANSFER, competent, limit_on, receiving)


def transfer_by(received_at: datetime, edition: Edition) -> date:
    """The last day of the transfer: that of reception, or the next working day after 15:00:00 or a day off."""
    local = received_at.astimezone(VIETNAM)
    day = local.date()
    if edition.calendar.is_working(day) and local.time() <= AFTERNOON:
        return day
    return edition.calendar.after(day, 1)


def _supplements(kinds: Kinds, edition: Edition, procedure: Procedure | None) -> Iterator[LimitAt]:
    """So many calendar days after a round's first request, rolled forward, its papers are complete."""
    if procedure is None or procedure.supplement_days is None or "supplement_requested" not in kinds:
        return
    for number, (asked, complete) in enumerate(_rounds(kinds), start=1):
        limit_on = edition.calendar.roll(date_of(asked.at) + timedelta(days=procedure.supplement_days))
        if not _met(limit_on, complete) and not _ended(kinds, limit_on):
            yield limit_at(Limit.SUPPLEMENT, str(number), limit_on)


def _rounds(kinds: Kinds) -> list[tuple[LifeFact, list[LifeFact]]]:
    """Each round's first request and, if it came, the complete supplement that closed it."""
    asked = [(fact.at, 0, fact) for fact in _of(kinds, "supplement_requested")]
    complete = [(fact.at, 1, fact) for fact in _of(kinds, "supplement_received") if fact.data["complete"]]
    rounds: list[tuple[LifeFact, list[LifeFact]]] = []
    open_now = False
    for _, closes, fact in sorted([*asked, *complete], key=lambda one: one[:2]):
        if closes and open_now:
            rounds[-1][1].append(fact)
        elif not closes and not open_now:
            rounds.append((fact, []))
        open_now = not closes
    return rounds


def _consultations(kinds: Kinds, edition: Edition) -> Iterator[LimitAt]:
    """By the day that its request states, a consulted agency has answered."""
    for asked in _of(kinds, "consultation_requested"):
        id, limit_on = asked.data["consultation_id"], date.fromisoformat(asked.data["limit_on"])
        answers = (fact for fact in _of(kinds, "consultation_answered") if fact.data["consultation_id"] == id)
        if not _met(limit_on, answers) and not _ended(kinds, limit_on):
            yield limit_at(Limit.CONSULTATION, id, limit_on, asked.data["agency"])


def _steps(kinds: Kinds, edition: Edition) -> Iterator[LimitAt]:
    """By the day that was named for it, a step of a linked procedure is done."""
    for (step, agency), limit_on in _steps_due(kinds).items():
        done = (
            fact
            for fact in _of(kinds, "step_completed")
            if fact.data["step"] == step and edition.same(fact.data["agency"], agency)
        )
        if not _met(limit_on, done) and not _ended(kinds, limit_on):
            yield limit_at(Limit.STEP, f"{step} {agency}", limit_on, agency)


def _steps_due(kinds: Kinds) -> dict[tuple[str, str], date]:
    """Every step with a day of its own; of several days the one named last."""
    named = [
        (fact.at, row["step"], row["agency"], row.get("due_on"))
        for fact in _of(kinds, "forwarded")
        for row in fact.data.get("steps", ())
    ]
    named += [
        (fact.at, fact.data["step"], fact.data["agency"], fact.data.get("step_due_on"))
        for fact in _of(kinds, "assigned")
        if "step" in fact.data
    ]
    named.sort(key=lambda one: one[0])
    return {(step, agency): date.fromisoformat(due_on) for _, step, agency, due_on in named if due_on}


def looks_ahead(clock: Clock, life: Sequence[LifeFact], edition: Edition, agency: str | None) -> tuple[LimitAt, ...]:
    """When it is asked whether the due date in force will be kept: at its agency's opening, two days before and one.

    Every due date has its own. None while there is no date, none before the count began, and none once a letter of
    apology was issued for this date. Raises ValueError where a day lies outside the calendar.
    """
    due_on, began = clock.due_on, clock.counted_from
    if clock.state is not ClockState.RUNNING or due_on is None or began is None or due_on <= date_of(began):
        return ()
    letters = [fact for fact in life if fact.kind == "apology_issued"]
    if letters and any(is_letter_for(due_on, letter, clock, life, edition.calendar) for letter in letters):
        return ()
    office = Office.of(edition.calendar, edition.hours(agency))
    looks = ((days, office.opens_at(edition.calendar.before(due_on, days))) for days in LOOKS_AHEAD)
    return tuple(LimitAt(Limit.APOLOGY, str(days), due_on, at) for days, at in looks if at > began)


def is_letter_for(
    due_on: date, letter: LifeFact, clock: Clock, life: Sequence[LifeFact], calendar: WorkingDays
) -> bool:
    """Whether a letter of apology is for the due date in force: issued since that was set, and not to announce it.

    A letter and the extension that it announces may be stated in either order; both are about the date before.
    """
    set_at = next((fact.at for fact in life if fact.ref == clock.moved_by), clock.counted_from)
    if set_at is not None and letter.at <= set_at:
        return False
    return not announces(letter, due_on, calendar)


def announces(letter: LifeFact, due_on: date, calendar: WorkingDays) -> bool:
    """Whether a letter of apology names this due date as the new one, rolled as an extension is."""
    named = letter.data.get("new_due_on")
    day = date.fromisoformat(named) if named else None
    return day is not None and FIRST_DAY <= day <= due_on and calendar.roll(day) == due_on
