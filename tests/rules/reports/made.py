"""Cases for reports, with defaults, and any set of them for laws."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from rules.deadlines.clock import Rule, project
from rules.deadlines.hours import Office
from rules.reports.period import Period
from rules.reports.position import Adoption, Case, Stated
from schemas.clock import OFFICE_HOURS, ClockFact, ClockKind, SupplementPolicy, Term, Unit
from schemas.dossier import Channel
from schemas.instant import VIETNAM
from tests.rules.deadlines.builders import CALENDAR

BEGIN = datetime(2025, 4, 14, tzinfo=VIETNAM)
RULE = Rule(Term(3, Unit.WORKING_DAYS), SupplementPolicy.RESTART, Office.of(CALENDAR, OFFICE_HOURS))
A_SECOND = timedelta(seconds=1)


def november() -> Period:
    """The month that the case tables are about."""
    return Period(date(2026, 11, 1), date(2026, 11, 30))


def stated(fact: ClockFact, recorded: datetime | None = None, **more: Any) -> Stated:
    """A fact taken in a second after it happened, unless said otherwise."""
    return Stated(fact, recorded or fact.at + A_SECOND, **more)


def a_case(*facts: ClockFact | Stated, rule: Rule | None = RULE, **fields: Any) -> Case:
    """A dossier of a ward, received at the counter, with the clock that the workers would have."""
    all_of_them = tuple(one if isinstance(one, Stated) else stated(one) for one in facts)
    standing = [one.fact for one in all_of_them if one.retracted_at is None]
    term, policy = (rule.term, rule.policy) if rule else (None, SupplementPolicy.RESTART)
    made: dict[str, Any] = {
        "code": "H29.12-261102-0001",
        "agency": "H29.12",
        "procedure": "1.004873",
        "level": "ward",
        "sector": "Hộ tịch",
        "channel": Channel.COUNTER,
        "facts": all_of_them,
        "clock": project(term, policy, standing, CALENDAR),
        "rule": rule,
    }
    return Case(**(made | fields))


instants = st.integers(0, 40 * 24 * 4).map(lambda quarters: BEGIN + timedelta(minutes=15 * quarters))
clock_facts = st.builds(
    ClockFact,
    kind=st.sampled_from(ClockKind),
    at=instants,
    complete=st.booleans(),
    new_due_on=st.integers(0, 60).map(lambda days: BEGIN.date() + timedelta(days=days)),
    id=st.sampled_from("abcdefgh"),
)


@st.composite
def stated_facts(draw: st.DrawFn) -> Stated:
    """Any fact, taken in at any time after it happened, taken back or not."""
    fact = draw(clock_facts)
    recorded = fact.at + timedelta(hours=draw(st.integers(0, 400)))
    back = draw(st.none() | st.integers(0, 400))
    retracted = None if back is None else recorded + timedelta(hours=back)
    refuses = fact.kind is ClockKind.PROCESSING_STOPPED and draw(st.booleans())
    return Stated(fact, recorded, retracted, refuses)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any dossier."""
    facts = draw(st.lists(stated_facts(), max_size=6))
    rule = draw(st.none() | st.builds(Rule, terms, st.sampled_from(SupplementPolicy), st.just(RULE.office)))
    adopted = draw(st.none() | st.builds(Adoption, instants, instants, st.none() | instants.map(datetime.date)))
    agency, channel = draw(st.sampled_from(["H29.12", "H29.99"])), draw(st.sampled_from(Channel))
    return a_case(*facts, rule=rule, adopted=adopted, agency=agency, channel=channel)


terms = st.builds(Term, st.integers(1, 20), st.sampled_from(Unit))
towns = st.lists(cases(), max_size=6)
days = st.integers(0, 41).map(lambda number: BEGIN.date() + timedelta(days=number))
periods = st.tuples(days, days).map(lambda pair: Period(min(pair), max(pair)))


def of_one_agency(town: Iterable[Case], agency: str) -> list[Case]:
    """Those that this agency decides."""
    return [one for one in town if one.agency == agency]
