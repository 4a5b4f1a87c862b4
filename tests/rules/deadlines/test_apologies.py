"""The register of letters of apology: what became of each that was owed, and the figures that reports ask for."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deadlines.apologies import Account, Entry, Needless, Reckoned, reckoned
from rules.deadlines.apology_figures import Figures, Register
from rules.reference import Reference, reference_of
from schemas.event import Event
from tests.builders import CODE, REFERENCE, VERSION, a_bundle, a_fact, an_agency, received, result_ready
from tests.rules.deadlines.living import at, lived
from tests.rules.deadlines.test_apology import (
    HAPPENINGS,
    LATE,
    MONDAY,
    QUESTION,
    RECEIVED,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    a_letter,
    extended,
)

FRIDAY = "2026-11-06"
LONG_AFTER = "2026-12-31 12:00"


def reckoning(*events: Event, now: str = LONG_AFTER, reference: Reference = REFERENCE) -> Reckoned:
    """What the register has of a dossier that was lived through with these facts, as of an instant."""
    account = Account()
    dossier, _ = lived(events, now, reference, hear=account.hear)
    edition = reference.at(VERSION)
    return reckoned(dossier, account, edition, edition, at(now))


def the_letter(*events: Event, now: str = LONG_AFTER) -> Entry:
    [entry] = reckoning(*events, now=now).entries
    return entry


# ---------------------------------------------------------------- what becomes of a letter


def test_a_letter_that_is_owed_is_drafted_and_outstanding() -> None:
    entry = the_letter(*LATE, now=f"{TUESDAY} 12:00")

    assert (entry.dossier, entry.agency, entry.due_on, entry.limit_on) == (
        CODE,
        "H29.12",
        date(2026, 11, 5),
        date(2026, 11, 4),
    )
    assert (entry.owed_at, entry.drafted_at) == (at(f"{TUESDAY} 07:30"), at(f"{TUESDAY} 07:30"))
    assert entry.is_outstanding


@pytest.mark.parametrize(
    ("issued", "by_decree", "by_city"),
    [
        (f"{WEDNESDAY} 23:59", False, False),
        (f"{THURSDAY} 00:00", True, False),
        (f"{THURSDAY} 23:59", True, False),
        (f"{FRIDAY} 00:00", True, True),
    ],
)
def test_a_letter_is_late_by_the_decree_on_the_due_date_and_by_the_city_after_it(
    issued: str, by_decree: bool, by_city: bool
) -> None:
    entry = the_letter(*LATE, a_letter(issued))

    assert (entry.sent_at, entry.signed_by, entry.channel) == (at(issued), "Trưởng phòng", "LETTER")
    assert (entry.late_by_decree, entry.late_by_city) == (by_decree, by_city)
    assert not entry.is_outstanding


ASKED = a_fact("supplement_requested", f"{WEDNESDAY} 09:00", stage="APPRAISAL", documents=["x"], reason="x")
COMPLETE = a_fact("supplement_received", f"{THURSDAY} 09:00", complete=True)


@pytest.mark.parametrize(
    ("events", "why", "since"),
    [
        ([result_ready(f"{THURSDAY} 16:00")], Needless.IN_TIME, f"{THURSDAY} 16:00"),
        ([extended(f"{WEDNESDAY} 09:00", "2026-11-20")], Needless.MOVED, f"{WEDNESDAY} 09:00"),
        ([ASKED], Needless.MOVED, f"{WEDNESDAY} 09:00"),
        ([ASKED, COMPLETE], Needless.MOVED, f"{WEDNESDAY} 09:00"),
        ([a_fact("withdrawn", f"{WEDNESDAY} 09:00", reason="x")], Needless.ENDED, f"{WEDNESDAY} 09:00"),
    ],
    ids=["in time after all", "extended", "suspended", "restarted", "withdrawn"],
)
def test_a_letter_is_needless_when_the_date_is_kept_after_all_or_in_force_no_more(
    events: list[Event], why: Needless, since: str
) -> None:
    entry = reckoning(*LATE, *events).entries[0]

    assert (entry.due_on, entry.needless, entry.needless_at) == (date(2026, 11, 5), why, at(since))
    assert not entry.is_outstanding


def test_a_result_that_came_late_without_a_letter_leaves_it_outstanding() -> None:
    entry = the_letter(*LATE, result_ready(f"{FRIDAY} 09:00"))

    assert entry.is_outstanding


def test_a_letter_with_its_new_appointment_is_the_old_dates_and_the_new_date_has_its_own() -> None:
    answer = a_fact("consultation_requested", f"{MONDAY} 15:01", consultation_id="c2", agency="H29.99",
                    limit_on="2026-11-30")  # fmt: skip
    moved = extended(f"{TUESDAY} 10:00", "2026-11-12")
    letter = a_letter(f"{TUESDAY} 10:05", new_due_on="2026-11-12")

    first, second = reckoning(*LATE, answer, moved, letter, now="2026-11-12 12:00").entries

    assert (first.due_on, first.sent_at) == (date(2026, 11, 5), at(f"{TUESDAY} 10:05"))
    assert (second.due_on, second.is_outstanding) == (date(2026, 11, 12), True)


@pytest.mark.parametrize("named", ["1999-01-01", "2026-11-05", "2150-01-01"])
def test_a_letter_that_names_an_odd_date_is_for_the_one_in_force_and_troubles_nobody(named: str) -> None:
    dossier, _ = lived([*LATE, a_letter(f"{WEDNESDAY} 10:00", new_due_on=named)], f"{THURSDAY} 12:00")
    found = reckoning(*LATE, a_letter(f"{WEDNESDAY} 10:00", new_due_on=named))

    assert dossier.problem is None
    assert [one.due_on for one in found.entries if one.sent_at] == [date(2026, 11, 5)] * (named != THURSDAY)


def test_a_letter_nobody_asked_for_stands_in_the_register_too() -> None:
    entry = the_letter(RECEIVED, a_letter(f"{WEDNESDAY} 10:00"))

    assert (entry.owed_at, entry.drafted_at, entry.sent_at) == (None, None, at(f"{WEDNESDAY} 10:00"))
    assert entry.limit_on == date(2026, 11, 4)


def test_a_letter_taken_back_was_not_sent() -> None:
    letter = a_letter(f"{WEDNESDAY} 10:00")
    back = a_fact("corrected", f"{WEDNESDAY} 11:00", retracts={"id": letter.id}, reason="x")

    assert the_letter(*LATE, letter, back).is_outstanding


def test_what_makes_it_has_no_line() -> None:
    assert reckoning(RECEIVED, result_ready(f"{THURSDAY} 09:00")).entries == ()


def test_the_competent_agency_owes_it_under_its_code_of_today() -> None:
    bundle = a_bundle(agencies=[an_agency("H29.12"), an_agency("H29.99", aliases=["H29.98"])])

    found = reckoning(
        received(f"{MONDAY} 09:00", competent_agency="H29.98"), QUESTION, reference=reference_of(bundle)
    )  # fmt: skip

    assert (found.agency, found.entries[0].agency) == ("H29.99", "H29.99")


# ---------------------------------------------------------------- late dossiers


@pytest.mark.parametrize(
    ("events", "late_for", "has_letter"),
    [
        ([], THURSDAY, False),
        ([result_ready(f"{THURSDAY} 09:00")], None, False),
        ([result_ready(f"{FRIDAY} 09:00")], THURSDAY, False),
        ([result_ready(f"{FRIDAY} 09:00"), a_letter("2026-11-09 09:00")], THURSDAY, True),
        ([a_letter(f"{WEDNESDAY} 09:00")], THURSDAY, True),
        # The letter was for Thursday, and Friday was missed as well.
        ([a_letter(f"{TUESDAY} 09:00"), extended(f"{TUESDAY} 09:05", FRIDAY)], FRIDAY, False),
    ],
    ids=["open", "in time", "late", "late, a letter later", "open, with a letter", "the second date missed"],
)
def test_a_late_dossier_is_covered_by_a_letter_for_the_date_it_missed(
    events: list[Event], late_for: str | None, has_letter: bool
) -> None:
    found = reckoning(RECEIVED, *events)

    assert found.late_for == (date.fromisoformat(late_for) if late_for else None)
    assert found.has_letter is has_letter


# ---------------------------------------------------------------- figures


SENT = (*LATE, a_letter(f"{WEDNESDAY} 09:00"))
TARDY = (*LATE, a_letter(f"{THURSDAY} 09:00"), result_ready(f"{FRIDAY} 09:00"))
NEEDLESS = (*LATE, result_ready(f"{WEDNESDAY} 09:00"))
UNASKED = (RECEIVED, a_letter(f"{FRIDAY} 09:00"))


def a_register(*histories: tuple[Event, ...], agency: str | None = None, month: str | None = None) -> Register:
    register = Register(agency, month)
    for history in histories:
        register.add(reckoning(*history))
    return register


def test_the_figures_are_counted_by_agency_against_both_rules() -> None:
    register = a_register(SENT, TARDY, NEEDLESS, UNASKED, LATE, (RECEIVED, result_ready(f"{FRIDAY} 10:00")))

    assert register.figures == {"H29.12": register.total()}
    assert register.total().document() == {
        "owed": 4,
        "drafted": 4,
        "signed": 3,
        "sent": 3,
        "unasked": 1,
        "late_by_decree": 2,
        "late_by_city": 1,
        "needless": 1,
        "outstanding": 1,
        "late_dossiers": 5,
        "late_with_letter": 3,
        "coverage": 0.6,
        "in_time_by_decree": 0.3333,
        "in_time_by_city": 0.6667,
    }


def test_without_letters_there_is_no_share() -> None:
    assert set(Figures().shares.values()) == {None}


@pytest.mark.parametrize(
    ("agency", "month", "lines"), [("H29.12", None, 1), ("H29.99", None, 0), (None, "2026-11", 1), (None, "2026-12", 0)]
)
def test_a_register_of_one_agency_or_one_month_has_only_its_letters_and_late_dossiers(
    agency: str | None, month: str | None, lines: int
) -> None:
    register = a_register(LATE, agency=agency, month=month)

    assert len(register.in_order()) == lines == register.total().owed == register.total().late_dossiers


@given(st.lists(HAPPENINGS, max_size=6))
@settings(max_examples=100)
def test_every_letter_that_was_owed_is_sent_needless_or_outstanding(happenings: list[Event]) -> None:
    total = a_register((*LATE, *happenings)).total()

    assert total.owed == total.sent - total.unasked + total.needless + total.outstanding
    assert total.drafted == total.owed
    assert total.late_by_city <= total.late_by_decree <= total.sent
    assert total.late_with_letter <= total.late_dossiers <= 1
