"""What another calendar makes of an open dossier: touched exactly if its date or its working is another, and why."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deadlines.calendar_change import Change
from rules.deadlines.clock import project
from rules.deadlines.explain import explain
from rules.deadlines.reprojection import Moved, reprojected
from rules.dossier import OPEN, Dossier, evolve
from rules.kept import Kept
from rules.life import LifeFact, inserted
from rules.rebasing import rebased
from rules.reference import Edition, Reference, reference_of, term_of
from schemas.clock import ClockFact, ClockKind, SupplementPolicy, Term, Unit
from schemas.dossier import Direction
from schemas.instant import VIETNAM
from schemas.reference import Bundle, Calendar
from tests.builders import a_bundle, an_agency, fold, received
from tests.rules.deadlines.builders import CASES_PATH, facts_of, rule_of, written

OFFICIAL = a_bundle("official").calendar
BEGIN = datetime(2026, 12, 14, tzinfo=VIETNAM)

instants = st.integers(0, 40 * 24 * 4).map(lambda quarters: BEGIN + timedelta(minutes=15 * quarters))
terms = st.builds(Term, st.integers(1, 25), st.sampled_from(Unit))
policies = st.sampled_from(SupplementPolicy)


def a_calendar(
    *, closed: Iterable[str] = (), worked: Iterable[str] = (), without: Iterable[str] = (), **fields: Any
) -> Calendar:
    """The official calendar with these days closed, worked, or as the week has them."""
    gone = {*closed, *worked, *without}
    rows: dict[str, list[dict[str, Any]]] = {
        table: [row.model_dump() for row in getattr(OFFICIAL, table) if row.day not in gone]
        for table in ("closed", "worked")
    }
    rows["closed"] += [{"day": day, "basis": "nghỉ mẫu", "document": "1/MAU"} for day in closed]
    rows["worked"] += [{"day": day, "basis": "làm bù mẫu", "document": "1/MAU"} for day in worked]
    return Calendar.model_validate(OFFICIAL.model_dump() | rows | fields)


def a_version(name: str, calendar: Calendar, *rules: tuple[Term, SupplementPolicy]) -> Bundle:
    """A version of the reference data with a procedure for each of these rules, or one of three working days."""
    rows = [
        {"code": procedure(number), "name": "x", "level": "ward", "amount": term.amount, "unit": term.unit}
        | {"supplement_policy": policy}
        for number, (term, policy) in enumerate(rules or [(Term(3, Unit.WORKING_DAYS), SupplementPolicy.RESTART)])
    ]
    return a_bundle(name, calendar=calendar, procedures=rows)


def procedure(number: int) -> str:
    return f"1.{number:06d}"


def a_dossier(history: Sequence[ClockFact], version: str, reference: Reference, number: int = 0) -> Dossier:
    """A dossier of the procedure with this number, with this history, as the fold would have it."""
    edition = reference.at(version)
    its = edition.procedure(procedure(number))
    assert its is not None
    clock = project(term_of(its), its.supplement_policy, history, edition.calendar)
    opened = LifeFact("submitted", BEGIN - timedelta(days=4000), "start", {"procedure_code": its.code})
    life: tuple[LifeFact, ...] = (opened,)
    for fact in history:
        life = inserted(life, a_life_fact(fact))
    return Dossier("D", life=life, refversion=version, started_under=version, clock=clock)


def a_life_fact(fact: ClockFact) -> LifeFact:
    kind, data = str(fact.kind), dict[str, Any]()
    match fact.kind:
        case ClockKind.HANDOVER_SIGNED:
            data = {"direction": Direction.POST_TO_AGENCY, "leg": "C1"}
        case ClockKind.SUPPLEMENT_REQUESTED:
            data = {"stage": "APPRAISAL"}
        case ClockKind.SUPPLEMENT_RECEIVED:
            data = {"complete": fact.complete}
        case ClockKind.EXTENDED:
            data = {"new_due_on": fact.new_due_on and fact.new_due_on.isoformat()}
        case ClockKind.RESULT_READY | ClockKind.RESOLUTION_REFUSED:
            kind, data = "result_ready", {"outcome": "REFUSED" if kind == ClockKind.RESOLUTION_REFUSED else "APPROVED"}
    return LifeFact(kind, fact.at, fact.id, data)


def between(
    was: Calendar, will: Calendar, history: Sequence[ClockFact], *rule: tuple[Term, SupplementPolicy]
) -> Moved | None:
    """What becomes of a dossier when one calendar replaces the other."""
    reference = reference_of(a_version("was", was, *rule), a_version("will", will, *rule))
    return reprojected(a_dossier(history, "was", reference), reference, reference.at("will"))


def received_at(when: str) -> list[ClockFact]:
    return [ClockFact(ClockKind.RECEIVED, datetime.fromisoformat(when).replace(tzinfo=VIETNAM), id="start")]


# The weeks around the New Year and the lunar one, and what may be announced of them.
DAYS = [BEGIN.date() + timedelta(days=days) for days in range(75)]
WEEKDAYS = [str(day) for day in DAYS if day.weekday() < 5]
WEEKENDS = [str(day) for day in DAYS if day.weekday() > 4]
HOLIDAYS = [row.day for row in OFFICIAL.closed if row.day >= "2026-12"][:12]
LATER_YEARS = tuple(year for year in OFFICIAL.provisional_years if year > 2027)
KINDS = [*ClockKind][:5] * 4 + [*ClockKind][5:] + [ClockKind.SUPPLEMENT_REQUESTED, ClockKind.EXTENDED] * 4


def any_calendar(random: Random) -> Calendar:
    """The official calendar as it might be announced, 2027 settled in it or not."""
    settled = random.random() < 0.3
    return a_calendar(
        closed=random.sample(WEEKDAYS, random.randrange(4)),
        worked=random.sample(WEEKENDS, random.randrange(3)),
        without=random.sample(HOLIDAYS, random.randrange(3)),
        last_year=2027 if settled else 2026,
        provisional_years=LATER_YEARS if settled else (2027, *LATER_YEARS),
    )


def any_history(random: Random) -> list[ClockFact]:
    """A reception and up to six facts around it, in no order."""

    def at() -> datetime:
        return BEGIN + timedelta(minutes=15 * random.randrange(40 * 24 * 4))

    return [
        ClockFact(ClockKind.RECEIVED, at(), id="start"),
        *(
            ClockFact(random.choice(KINDS), at(), random.random() < 0.7, random.choice(DAYS), random.choice("abcdef"))
            for _ in range(random.randrange(7))
        ),
    ]


def any_rule(random: Random) -> tuple[Term, SupplementPolicy]:
    return Term(random.randint(1, 25), random.choice([*Unit])), random.choice([*SupplementPolicy])


@pytest.mark.parametrize("seed", range(20))
def test_a_dossier_is_touched_exactly_if_its_date_its_being_provisional_or_its_working_is_another(seed: int) -> None:
    random, touched = Random(seed), 0
    rules = [any_rule(random) for _ in range(200)]
    reference = reference_of(*(a_version(name, any_calendar(random), *rules) for name in ("was", "will")))
    old, new = reference.at("was").calendar, Change.between(reference.at("was"), reference.at("will")).calendar
    for number, (term, policy) in enumerate(rules):
        history = any_history(random)
        dossier = a_dossier(history, "was", reference, number)
        before, after = (project(term, policy, history, days) for days in (old, new))
        lines = [explain(term, policy, history, days) for days in (old, new)]
        same = (before.state, before.due_at, before.provisional) == (after.state, after.due_at, after.provisional)

        found = reprojected(dossier, reference, reference.at("will"))

        untouched = dossier.clock.state not in OPEN or (same and lines[0] == lines[1])
        assert (found is None) is untouched, (term, policy, history)
        assert found is None or (found.previous, found.clock) == (before, after)
        assert found is None or found.days or found.years
        touched += found is not None
    assert touched


@settings(max_examples=60)
@given(
    st.lists(st.tuples(instants, terms, policies, st.integers(0, 1000), st.integers(1, 2000)), min_size=5, max_size=25),
    st.sampled_from([day for day in DAYS if day.weekday() < 5]),
    st.booleans(),
)
def test_one_more_closed_day_never_brings_a_date_forward(
    many: list[tuple[datetime, Term, SupplementPolicy, int, int]], day: date, with_round: bool
) -> None:
    rules = [(term, policy) for _, term, policy, *_ in many]
    reference = reference_of(
        a_version("was", OFFICIAL, *rules), a_version("will", a_calendar(closed=[day.isoformat()]), *rules)
    )
    for number, (start, _, _, ask_after, complete_after) in enumerate(many):
        asked = start + timedelta(minutes=15 * ask_after)
        supplement = [
            ClockFact(ClockKind.SUPPLEMENT_REQUESTED, asked, id="asked"),
            ClockFact(ClockKind.SUPPLEMENT_RECEIVED, asked + timedelta(minutes=15 * complete_after), True, id="came"),
        ]
        history = [ClockFact(ClockKind.RECEIVED, start, id="start"), *(supplement if with_round else [])]

        found = reprojected(a_dossier(history, "was", reference, number), reference, reference.at("will"))

        if found is not None:
            assert found.previous_due_on is not None and found.due_on is not None
            assert found.due_on >= found.previous_due_on
            assert found.previous.due_at is not None and found.clock.due_at is not None
            assert found.clock.due_at >= found.previous.due_at


def test_an_extension_given_on_a_day_that_is_closed_afterwards_was_given_too_late() -> None:
    start = received_at("2026-11-02 09:00")
    extended = ClockFact(
        ClockKind.EXTENDED, datetime(2026, 11, 9, 10, tzinfo=VIETNAM), new_due_on=date(2026, 11, 20), id="x"
    )
    rule = (Term(8, Unit.CALENDAR_DAYS), SupplementPolicy.RESTART)

    found = between(OFFICIAL, a_calendar(closed=["2026-11-09"]), [*start, extended], rule)

    # The rule itself: the last working day before Tuesday the 10th is now Friday, so the new date never was one.
    assert found is not None
    assert (found.previous_due_on, found.due_on) == (date(2026, 11, 20), date(2026, 11, 10))
    assert [one.day for one in found.days] == [date(2026, 11, 9)]


@pytest.mark.parametrize(
    ("case", "was", "previous", "why"),
    [
        # The swap of 2 January 2026 was announced on 25 December: until then the Friday was worked.
        ("swap-2026-2wd", {"without": ["2026-01-02", "2026-01-10"]}, "2026-01-05",
         ["2026-01-02 closed: swapped with 2026-01-10 (12729/VPCP-KGVX of 2025-12-25), was working day"]),
        ("swap-2026-saturday-worked", {"without": ["2026-01-02", "2026-01-10"]}, "2026-01-12",
         ["2026-01-10 worked: worked for 2026-01-02 (12729/VPCP-KGVX of 2025-12-25), was weekend"]),
        ("calendar-ends-on-2-january-2026", {"without": ["2026-01-02", "2026-01-10"]}, "2026-01-02",
         ["2026-01-02 closed: swapped with 2026-01-10 (12729/VPCP-KGVX of 2025-12-25), was working day"]),
        ("same-day-worked-saturday", {"without": ["2026-01-10"]}, "2026-01-12",
         ["2026-01-10 worked: worked for 2026-01-02 (12729/VPCP-KGVX of 2025-12-25), was weekend"]),
        ("makeup-saturday-2019-3wd", {"without": ["2019-04-29", "2019-05-04"]}, "2019-05-03",
         ["2019-04-29 closed: Day off (substituted from 05/04/2019), was working day",
          "2019-05-04 worked: make-up working day, was weekend"]),
        ("tet-2019-5wd", {"without": ["2019-02-08"]}, "2019-02-08",
         ["2019-02-08 closed: Fourth Day of Lunar New Year, was working day"]),
        ("beyond-the-table-2027", {"without": ["2027-01-01"]}, "2027-01-04",
         ["2027-01-01 closed: New Year's Day, was working day"]),
        ("hours-over-tet", {"without": ["2025-01-27"]}, "2025-01-27",
         ["2025-01-27 closed: 29 of Lunar New Year, was working day"]),
    ],
)  # fmt: skip
def test_a_worked_case_comes_to_its_date_from_the_calendar_before(
    case: str, was: dict[str, Any], previous: str, why: list[str]
) -> None:
    [told] = [one for one in written(CASES_PATH) if one["id"] == case]
    term, policy, _ = rule_of(told)

    found = between(a_calendar(**was), OFFICIAL, facts_of(told), (term, policy))

    assert found is not None
    assert (str(found.previous_due_on), str(found.due_on)) == (previous, told["expect"]["due_on"])
    assert found.why == f"calendar {OFFICIAL.version}: " + "; ".join(why)


def test_every_worked_case_stays_untouched_by_a_change_outside_its_working() -> None:
    far = a_calendar(closed=["2031-07-01"], worked=["2018-12-22"])
    touched = [
        case["id"]
        for case in written(CASES_PATH)
        if between(OFFICIAL, far, facts_of(case), rule_of(case)[:2]) is not None
    ]

    assert touched == []


def test_a_year_that_is_settled_as_it_was_foreseen_moves_no_date_and_makes_it_certain() -> None:
    settled = a_calendar(last_year=2027, provisional_years=tuple(y for y in OFFICIAL.provisional_years if y != 2027))

    found = between(OFFICIAL, settled, received_at("2026-12-31 09:00"))

    assert found is not None
    assert found.previous_due_on == found.due_on == date(2027, 1, 6)
    assert (found.previous.provisional, found.clock.provisional) == (True, False)
    assert found.why == f"calendar {OFFICIAL.version}: 2027 is settled"
    assert between(OFFICIAL, settled, received_at("2026-12-01 09:00")) is None


def test_a_date_that_stays_is_touched_if_other_days_were_counted() -> None:
    # A Friday given for the Saturday after it: the same Monday, by another way.
    swap = a_calendar(closed=["2026-11-13"], worked=["2026-11-14"])

    found = between(OFFICIAL, swap, received_at("2026-11-11 09:00"))

    assert found is not None
    assert found.previous_due_on == found.due_on == date(2026, 11, 16)
    assert [str(one.day) for one in found.days] == ["2026-11-13", "2026-11-14"]


def test_days_before_an_extended_date_that_was_left_again_are_still_said_in_the_working() -> None:
    history = [
        *received_at("2026-11-02 09:00"),
        ClockFact(ClockKind.EXTENDED, datetime(2026, 11, 3, 9, tzinfo=VIETNAM), new_due_on=date(2026, 12, 31), id="x"),
        ClockFact(ClockKind.SUPPLEMENT_REQUESTED, datetime(2026, 11, 5, 9, tzinfo=VIETNAM), id="asked"),
        ClockFact(ClockKind.SUPPLEMENT_RECEIVED, datetime(2026, 11, 9, 9, tzinfo=VIETNAM), True, id="came"),
    ]

    found = between(OFFICIAL, a_calendar(closed=["2026-12-10"]), history)

    # Working day 3 of 42 until the supplement was asked, and now of 41; due three days after it came, as before.
    assert found is not None
    assert found.previous_due_on == found.due_on == date(2026, 11, 12)
    assert [str(one.day) for one in found.days] == ["2026-12-10"]


def test_a_closed_day_inside_a_count_of_calendar_days_touches_nothing() -> None:
    rule = (Term(15, Unit.CALENDAR_DAYS), SupplementPolicy.RESTART)

    assert between(OFFICIAL, a_calendar(closed=["2026-11-04"]), received_at("2026-11-02 09:00"), rule) is None


def test_a_finished_dossier_keeps_its_date() -> None:
    history = [
        *received_at("2026-11-02 09:00"),
        ClockFact(ClockKind.RESULT_READY, datetime(2026, 11, 4, 9, tzinfo=VIETNAM), id="done"),
    ]

    assert between(OFFICIAL, a_calendar(closed=["2026-11-03"]), history) is None


def test_a_procedure_changed_meanwhile_changes_nothing_for_who_started_under_the_old_one() -> None:
    will = a_version("will", a_calendar(closed=["2026-11-03"]), (Term(30, Unit.WORKING_DAYS), SupplementPolicy.RESTART))
    reference = reference_of(a_version("was", OFFICIAL), will)
    dossier = a_dossier(received_at("2026-11-02 09:00"), "was", reference)

    found = reprojected(dossier, reference, reference.at("will"))

    assert found is not None
    assert (found.previous_due_on, found.due_on) == (date(2026, 11, 5), date(2026, 11, 6))


def test_hours_of_the_other_version_count_once_its_calendar_moves_the_dossier() -> None:
    shorter = [an_agency("H29.12", hours=[["07:30", "11:30"]])]
    was = a_bundle("was")
    moves, stays = (
        a_bundle("will", calendar=calendar, agencies=shorter)
        for calendar in (a_calendar(closed=["2027-06-01"]), OFFICIAL)
    )
    dossier, _ = fold(
        [received("2026-11-02 09:00")], reference=reference_of(was.model_copy(update={"version": "test-1"}))
    )
    reference = reference_of(was.model_copy(update={"version": "test-1"}), moves)

    found = reprojected(dossier, reference, reference.at("will"))

    assert found is not None
    assert found.clock.due_at == datetime(2026, 11, 5, 11, 30, tzinfo=VIETNAM)
    assert found.why.endswith("the office's hours differ")
    assert reprojected(dossier, reference, Edition(stays)) is None


def test_what_is_foreseen_is_what_the_fold_makes_of_the_change() -> None:
    random = Random(20261214)
    was, will = a_bundle(), a_bundle("will", calendar=a_calendar(closed=["2026-12-31", "2027-01-04"]))
    reference, seen = reference_of(was, will), 0
    for number in range(300):
        start = BEGIN + timedelta(hours=random.randrange(24 * 30))
        code = random.choice(["1.004873", "1.001193", "1.009994"])
        event = received(f"{start:%Y-%m-%d %H:%M}", procedure_code=code, id=f"r-{number}")
        dossier, _ = fold([event], reference=reference)
        change = rebased(Kept(dossier), reference.at(was.version), reference.at("will"), start, start)

        found = reprojected(dossier, reference, reference.at("will"))

        after = evolve(dossier, change, reference) if change else dossier
        assert after.clock == (found.clock if found else dossier.clock)
        seen += found is not None
    assert 20 < seen < 280


def test_no_day_after_a_due_date_has_part_in_it() -> None:
    change = Change.between(
        Edition(a_version("was", OFFICIAL)), Edition(a_version("w", a_calendar(closed=["2026-11-06"])))
    )

    assert not change.touches(date(2026, 11, 2), date(2026, 11, 5))
    assert change.touches(date(2026, 11, 2), date(2026, 11, 6))
    assert [one.day for one in change.days] == [date(2026, 11, 6)]
