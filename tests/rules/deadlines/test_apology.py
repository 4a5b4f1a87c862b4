"""A letter of apology is owed ahead of lateness: two looks at each due date, and not a word of what will make it."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.deadlines.form04 import MORE_TIME, STATES
from rules.deadlines.limits import Limit
from rules.dossier import Dossier
from rules.kept import Kept
from rules.rebasing import rebased
from rules.reference import Edition, reference_of
from rules.time import TIMERS, due
from schemas.clock import ClockState
from schemas.deadline import RungReached
from schemas.event import Event
from tests.builders import (
    CODE,
    VERSION,
    a_bundle,
    a_fact,
    an_agency,
    fold,
    notices,
    of,
    received,
    result_ready,
)
from tests.rules.deadlines.living import Told, all_said, at, lived

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"
LATER = "2026-11-30 00:00"
# Received on Monday with three working days, due on Thursday; the answer it waits for is due in the week after.
RECEIVED = received(f"{MONDAY} 09:00")
QUESTION = a_fact(
    "consultation_requested", f"{MONDAY} 15:00", consultation_id="c1", agency="H29.99", limit_on="2026-11-10"
)
LATE = (RECEIVED, QUESTION)


def looks(*events: Event, **fields: Any) -> list[tuple[str, str, str]]:
    """The looks ahead of the date in force: how many days, of which date, when."""
    dossier, _ = fold(events, reference=reference_of(a_bundle(**fields)))
    return looks_of(dossier)


def looks_of(dossier: Dossier) -> list[tuple[str, str, str]]:
    ahead = [limit for limit in dossier.limits if limit.limit is Limit.APOLOGY]
    return [(one.about, one.limit_on.isoformat(), f"{one.at:%m-%d %H:%M}") for one in ahead]


def owed(told: Told) -> list[tuple[str, str, str]]:
    """What was said of letters owed: when, how many days ahead, and the letter's last day."""
    facts = of(all_said(told), "deadline.apology_owed")
    return [(f"{one.time:%m-%d %H:%M}", one.data.about, one.data.limit_on.isoformat()) for one in facts]


def a_letter(time: str, **data: str) -> Event:
    return a_fact("apology_issued", time, reason="x", signed_by="Trưởng phòng", channel="LETTER", **data)


def extended(time: str, to: str) -> Event:
    return a_fact("extended", time, new_due_on=to, reason="x", basis="61/2018/NĐ-CP art. 19(9)")


# ---------------------------------------------------------------- when it is asked


def test_it_is_asked_two_working_days_before_and_one_when_the_office_opens() -> None:
    assert looks(RECEIVED) == [("2", THURSDAY, "11-03 07:30"), ("1", THURSDAY, "11-04 07:30")]


def test_days_off_lie_between_and_the_agencys_own_hours_count() -> None:
    agencies = [an_agency("H29.12", hours=[["08:00", "12:00"]]), an_agency("H29.99")]

    assert looks(received("2026-11-05 09:00"), agencies=agencies) == [
        ("2", "2026-11-10", "11-06 08:00"),
        ("1", "2026-11-10", "11-09 08:00"),
    ]


@pytest.mark.parametrize(
    ("fields", "events"),
    [
        ({"procedure_code": "1.001193"}, []),
        ({"procedure_code": "1.003003"}, []),
        ({}, [result_ready(f"{MONDAY} 16:00")]),
        ({}, [a_fact("withdrawn", f"{MONDAY} 16:00", reason="x")]),
        (
            {},
            [a_fact("supplement_requested", f"{MONDAY} 16:00", stage="APPRAISAL", documents=["x"], reason="x")],
        ),
    ],
    ids=["on the same day", "no term", "done", "withdrawn", "suspended"],
)
def test_where_there_is_no_due_date_ahead_nobody_looks(fields: dict[str, str], events: list[Event]) -> None:
    assert looks(received(f"{MONDAY} 09:00", **fields), *events) == []


def test_a_look_before_the_count_began_is_none() -> None:
    terms = [
        {"code": f"1.00000{days}", "name": "x", "level": "ward", "amount": days, "unit": "working_days"}
        for days in (1, 2)
    ]

    found = [looks(received(f"{MONDAY} 09:00", procedure_code=one["code"]), procedures=terms) for one in terms]

    assert found == [[], [("1", WEDNESDAY, "11-03 07:30")]]


def test_nobody_looks_at_a_dossier_that_was_withdrawn_before_its_clock_began() -> None:
    submitted = a_fact("submitted", f"{MONDAY} 08:00", procedure_code="1.004873", channel="ONLINE",
                       receiving_agency="H29.12")  # fmt: skip
    dossier, _ = fold([submitted, a_fact("withdrawn", f"{MONDAY} 08:30", reason="x"), RECEIVED])

    assert (dossier.status, dossier.clock.state) == ("WITHDRAWN", ClockState.RUNNING)
    assert looks_of(dossier) == []


def test_a_look_that_lay_before_its_date_was_set_is_taken_in_silence() -> None:
    tardy = [one.model_copy(update={"recordedtime": at(f"{TUESDAY} 08:00")}) for one in LATE]
    dossier, _ = fold(tardy)

    _, told = lived(tardy, LATER)

    assert len(looks_of(dossier)) == 2
    assert [row[1] for row in owed(told)] == ["1"]


# ---------------------------------------------------------------- what is said


def test_what_will_make_it_is_looked_at_and_nothing_is_said() -> None:
    dossier, told = lived([RECEIVED], f"{WEDNESDAY} 12:00")

    fired = [fact.type for fact, _ in told if fact.source == TIMERS]
    assert fired == ["vn.hoso.clock.rung_reached.v1", "vn.hoso.clock.limit_reached.v1"], "near_due looks ahead as well"
    assert len(looks_of(dossier)) == 2
    assert owed(told) == []
    assert notices(all_said(told)) == ["deadline_set", "near_due"]
    assert not any("apology" in key for key in dossier.announced)


def test_what_will_not_make_it_is_said_on_both_days_with_the_letters_last_day_and_the_holder() -> None:
    _, told = lived(LATE, f"{WEDNESDAY} 12:00")

    assert owed(told) == [("11-03 07:30", "2", WEDNESDAY), ("11-04 07:30", "1", WEDNESDAY)]
    assert {fact.data.holder for fact in of(all_said(told), "deadline.apology_owed")} == {"H29.12"}
    assert notices(all_said(told)).count("apology_owed") == 2


def test_the_forecast_is_asked_anew_on_each_of_the_days() -> None:
    answer = a_fact("consultation_answered", f"{TUESDAY} 16:00", by="H29.99", consultation_id="c1", agency="H29.99")

    _, told = lived([*LATE, answer], LATER)

    assert [row[1] for row in owed(told)] == ["2"]


def test_a_letter_that_was_issued_is_asked_for_no_more() -> None:
    dossier, told = lived([*LATE, a_letter(f"{TUESDAY} 10:00")], LATER)

    assert [row[1] for row in owed(told)] == ["2"]
    assert looks_of(dossier) == []


def test_a_letter_taken_back_is_owed_again() -> None:
    letter = a_letter(f"{TUESDAY} 10:00")
    back = a_fact("corrected", f"{TUESDAY} 11:00", retracts={"id": letter.id}, reason="x")

    _, told = lived([*LATE, letter, back], LATER)

    assert [row[1] for row in owed(told)] == ["2", "1"]


def test_a_result_ends_it() -> None:
    _, told = lived([*LATE, result_ready(f"{TUESDAY} 16:00")], LATER)

    assert [row[1] for row in owed(told)] == ["2"]


def test_two_looks_that_come_late_together_say_it_once_by_the_day_they_come() -> None:
    dossier, _ = fold(LATE)

    _, said = fold(due(dossier, VERSION, at(f"{THURSDAY} 10:00")), dossier)

    [fact] = of(said, "deadline.apology_owed")
    assert (fact.data.about, fact.data.limit_on) == ("1", date(2026, 11, 4))
    [notice] = of(said, "notice.apology_owed")
    assert notice.data.payload["forecast"]["working_days_left"] == 0


def test_the_history_in_force_when_it_fires_decides_not_that_of_the_dossiers_own_version() -> None:
    slow = {"procedure": "1.004873", "cases": 100, "days": [9] * 13}
    both = reference_of(a_bundle(), a_bundle("test-2", forecast={"history": [slow]}))

    _, silent = lived([RECEIVED], f"{WEDNESDAY} 12:00", both, VERSION)
    dossier, told = lived([RECEIVED], f"{WEDNESDAY} 12:00", both, "test-2")

    assert owed(silent) == []
    assert [row[1] for row in owed(told)] == ["2", "1"]
    assert dossier.refversion == VERSION


def test_an_agency_in_the_shadow_is_told_nothing_and_it_is_said_all_the_same() -> None:
    shadow = reference_of(a_bundle(agencies=[an_agency("H29.12", stage="shadow"), an_agency("H29.99")]))

    _, told = lived(LATE, f"{WEDNESDAY} 12:00", shadow)

    assert len(owed(told)) == 2
    assert notices(all_said(told)) == []


# ---------------------------------------------------------------- once for each date


def test_an_extension_has_looks_of_its_own_and_its_letter_is_not_the_new_dates() -> None:
    letter, extension = (
        a_letter(f"{TUESDAY} 10:00", new_due_on="2026-11-12"),
        extended(f"{TUESDAY} 10:05", "2026-11-12"),
    )
    other_order = (a_letter(f"{TUESDAY} 10:10", new_due_on="2026-11-12"), extension)
    expected = [("2", "2026-11-12", "11-10 07:30"), ("1", "2026-11-12", "11-11 07:30")]

    assert looks(*LATE, letter, extension) == looks(*LATE, *other_order) == expected
    assert looks(*LATE, letter, extension, a_letter("2026-11-10 09:00")) == []


def test_a_date_that_moves_is_looked_at_anew_and_each_date_once() -> None:
    asked = a_fact("supplement_requested", f"{TUESDAY} 09:00", stage="APPRAISAL", documents=["x"], reason="x")
    complete = a_fact("supplement_received", f"{WEDNESDAY} 09:00", complete=True)

    _, told = lived([*LATE, asked, complete], LATER, times=3)

    assert owed(told) == [
        ("11-03 07:30", "2", "2026-11-04"),
        ("11-05 07:30", "2", "2026-11-06"),
        ("11-06 07:30", "1", "2026-11-06"),
    ]


def closed(version: str, *days: str) -> Any:
    calendar = a_bundle().calendar.model_dump(mode="json") | {"version": version}
    calendar["closed"] = sorted([*calendar["closed"], *({"day": day, "basis": "x"} for day in days)], key=str)
    return a_bundle(version, calendar=calendar)


def test_two_dates_with_one_last_day_between_them_are_two_and_each_is_said() -> None:
    # With Thursday closed it is due on Friday, and the letter's last day stays Wednesday.
    was, will = a_bundle(), closed("test-2", THURSDAY)
    both = reference_of(was, will)
    dossier, told = lived(LATE, f"{TUESDAY} 07:31", both)
    move = rebased(Kept(dossier), Edition(was), Edition(will), at(f"{TUESDAY} 07:32"), at(f"{TUESDAY} 07:32"))
    assert move is not None

    moved, said = fold([move], dossier, both)
    _, fired = fold(due(moved, "test-2", at(f"{WEDNESDAY} 07:30")), moved, both)

    assert owed(told) == [("11-03 07:30", "2", WEDNESDAY)]
    assert of(said, "deadline.projected")[0].data.due_on == date(2026, 11, 6)
    assert [(one.data.about, one.data.limit_on) for one in of(fired, "deadline.apology_owed")] == [
        ("1", date(2026, 11, 4))
    ]
    assert (
        len({fact.id for fact in [*of(all_said(told), "deadline.apology_owed"), *of(fired, "deadline.apology_owed")]})
        == 2
    )


DAYS = [f"2026-11-{day:02d}" for day in (2, 3, 4, 5, 6, 9, 10, 11, 12)]
TIMES = st.builds("{} {:02d}:{:02d}".format, st.sampled_from(DAYS), st.integers(7, 17), st.integers(0, 59))
HAPPENINGS = st.one_of(
    TIMES.map(lambda time: a_fact("supplement_requested", time, stage="APPRAISAL", documents=["x"], reason="x")),
    TIMES.map(lambda time: a_fact("supplement_received", time, complete=True)),
    st.builds(extended, TIMES, st.sampled_from(DAYS)),
    TIMES.map(a_letter),
    st.builds(lambda time, to: a_letter(time, new_due_on=to), TIMES, st.sampled_from(DAYS)),
    TIMES.map(lambda time: a_fact("assigned", time, agency="H29.12", officer_ref="x")),
    TIMES.map(result_ready),
)


@given(st.lists(HAPPENINGS, max_size=6), st.integers(1, 3), st.timedeltas(timedelta(), timedelta(days=2)))
@settings(max_examples=150)
def test_whatever_happens_each_look_at_a_date_in_force_says_it_at_most_once(
    happenings: list[Event], times: int, late: timedelta
) -> None:
    happenings = [one.model_copy(update={"recordedtime": one.time + late}) for one in happenings]

    _, told = lived([*LATE, *happenings], LATER, times=times)

    said: list[tuple[date, str]] = []
    in_force: date | None = None
    for fact, facts in told:
        for one in facts:
            if one.type == "vn.hoso.deadline.projected.v1":
                in_force = one.data.due_on
            if one.type == "vn.hoso.deadline.apology_owed.v1":
                # A rung of the same instant looks ahead as well.
                looked_at = fact.data.due_on if isinstance(fact, RungReached) else fact.data.limit_on
                assert looked_at == in_force
                assert fact.time < at(f"{in_force} 00:00")
                said.append((looked_at, one.data.about))
    assert len(said) == len(set(said))
    assert notices(all_said(told)).count("apology_owed") == len(said)


@given(st.lists(HAPPENINGS, max_size=6))
@settings(max_examples=100)
def test_what_waits_for_nothing_and_has_no_history_is_never_said_to_come_late(happenings: list[Event]) -> None:
    dossier, told = lived([RECEIVED, *happenings], LATER)

    assert owed(told) == []
    assert dossier.problem is None


@given(st.permutations([*LATE, a_letter(f"{TUESDAY} 10:00", new_due_on="2026-11-12"),
                        extended(f"{TUESDAY} 10:05", "2026-11-12"), a_letter("2026-11-10 09:00")]))  # fmt: skip
@settings(max_examples=60)
def test_facts_in_any_order_leave_the_same_looks(order: list[Event]) -> None:
    dossier, _ = fold(order)

    assert dossier.clock.state is ClockState.RUNNING
    assert looks_of(dossier) == []


# ---------------------------------------------------------------- the draft


def test_the_notice_carries_a_draft_of_form_04_with_all_but_the_name_in_both_languages() -> None:
    _, told = lived(LATE, f"{TUESDAY} 12:00")

    [notice] = of(all_said(told), "notice.apology_owed")
    assert notice.data.text.vi == (
        f"Hồ sơ {CODE} có thể không kịp hẹn trả ngày 05/11/2026: "
        "cần gửi thư xin lỗi, hẹn lại chậm nhất ngày 04/11/2026."
    )
    payload = notice.data.payload
    assert {name: payload[name] for name in ("limit_on", "due_on", "about", "holder", "may_extend")} == {
        "limit_on": WEDNESDAY,
        "due_on": THURSDAY,
        "about": "2",
        "holder": "H29.12",
        "may_extend": True,
    }
    assert payload["forecast"] == {
        "will_make_it": False,
        "working_days_left": 2,
        "working_days_needed": 6,
        "new_due_on": "2026-11-11",
        "stage": "IN_PROCESS",
        "rests_on": "default",
        "cases": 0,
        "waits_for": [{"what": "CONSULTATION", "about": "c1", "agency": "H29.99", "until": "2026-11-10"}],
    }
    assert payload["draft"] == {
        "form": "04",
        "vi": {
            "dossier_type": "Xác nhận mẫu",
            "receipt_number": CODE,
            "state": "Đang xử lý",
            "reason": "Hồ sơ đang chờ ý kiến của cơ quan được lấy ý kiến (Cơ quan mẫu H29.99)",
            "new_date": "11/11/2026",
            "apology": f"Hồ sơ {CODE} có hẹn trả kết quả ngày 05/11/2026. Chúng tôi chưa thể trả kết quả đúng hẹn, "
            "thành thật xin lỗi Ông/Bà và xin hẹn trả kết quả vào ngày 11/11/2026.",
        },
        "en": {
            "dossier_type": "Xác nhận mẫu",
            "receipt_number": CODE,
            "state": "In process",
            "reason": "The answer of an agency that was consulted is awaited (Sample agency H29.99)",
            "new_date": "11/11/2026",
            "apology": f"The result of dossier {CODE} was promised for 05/11/2026. We cannot keep this date, apologise "
            "to you sincerely, and will have the result on 11/11/2026.",
        },
    }


def test_a_dossier_that_waits_for_nothing_needs_more_time() -> None:
    slow = a_bundle(forecast={"default_days": 9})

    _, told = lived([RECEIVED], f"{TUESDAY} 12:00", reference_of(slow))

    [notice] = of(all_said(told), "notice.apology_owed")
    assert [notice.data.payload["draft"][of]["reason"] for of in ("vi", "en")] == list(MORE_TIME)


def test_an_appointment_that_was_moved_once_cannot_be_moved_again_and_the_draft_says_so() -> None:
    _, told = lived([*LATE, extended(f"{TUESDAY} 10:00", "2026-11-10")], "2026-11-06 12:00")

    assert [notice.data.payload["may_extend"] for notice in of(all_said(told), "notice.apology_owed")] == [True, False]


def test_every_state_in_which_a_clock_runs_has_its_words() -> None:
    assert all(vi and en for vi, en in STATES.values())
    assert {status.value for status in STATES} >= {"RECEIVED", "IN_PROCESS", "AWAITING_SUPPLEMENT", "AWAITING_PAYMENT"}
