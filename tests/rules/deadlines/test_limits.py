"""The other clocks: what sets them, what meets them, when they are missed, and that a miss is said once."""

from datetime import datetime

import pytest

from rules.dossier import Dossier
from rules.reference import reference_of
from rules.time import due
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import (
    REFERENCE,
    VERSION,
    a_bundle,
    a_fact,
    a_move,
    a_postal_fact,
    fold,
    notices,
    of,
    received,
    result_ready,
)

ELSEWHERE = {"competent_agency": "H29.99"}
LONG_AFTER = datetime(2026, 12, 31, tzinfo=VIETNAM)
MONDAY = "2026-11-02"
PROCEDURES = [
    {
        "code": "1.004873",
        "name": "Xác nhận mẫu",
        "level": "ward",
        "amount": 3,
        "unit": "working_days",
        "supplement_days": 5,
    }
]
WITH_SUPPLEMENT_DAYS = reference_of(a_bundle(procedures=PROCEDURES))


def submitted(time: str, **data: str) -> Event:
    """An application by the portal."""
    stated = {"procedure_code": "1.004873", "channel": "ONLINE", "receiving_agency": "H29.12"} | data
    return a_fact("submitted", time, **stated)


def asked(time: str, stage: str = "APPRAISAL") -> Event:
    """Papers are asked for."""
    return a_fact("supplement_requested", time, stage=stage, documents=["a paper"], reason="x")


def missed(*events: Event) -> list[tuple[str, str | None, str, str]]:
    """Every limit that nothing met: which, about what, its last day, when it is missed. No look ahead, no silence."""
    dossier, _ = fold(events, reference=WITH_SUPPLEMENT_DAYS)
    return [
        (limit.limit, limit.about or None, limit.limit_on.isoformat(), f"{limit.at:%m-%d %H:%M}")
        for limit in dossier.limits
        if limit.limit not in ("apology", "silence")
    ]


# ---------------------------------------------------------------- reception


def test_an_online_dossier_is_received_within_one_working_day() -> None:
    assert missed(submitted("2026-11-06 16:00")) == [("reception", None, "2026-11-09", "11-10 00:00")]


def test_what_comes_to_the_counter_has_no_clock_of_reception() -> None:
    assert missed(submitted(f"{MONDAY} 09:00", channel="COUNTER")) == []


@pytest.mark.parametrize(
    "answer",
    [
        received("2026-11-03 23:59"),
        a_fact("reception_refused", "2026-11-03 17:00", reason="x"),
        asked("2026-11-03 09:00", "COUNTER"),
    ],
    ids=["received", "refused", "asked to supplement"],
)
def test_it_is_met_by_an_answer_on_its_last_day(answer: Event) -> None:
    assert "reception" not in [row[0] for row in missed(submitted(f"{MONDAY} 09:00"), answer)]


def test_an_answer_a_day_late_meets_it_no_more() -> None:
    assert [row[0] for row in missed(submitted(f"{MONDAY} 09:00"), received("2026-11-04 07:30"))] == ["reception"]


# ---------------------------------------------------------------- transfer


@pytest.mark.parametrize(
    ("at", "by"),
    [
        (f"{MONDAY} 08:00:00", "2026-11-02"),
        (f"{MONDAY} 15:00:00", "2026-11-02"),
        (f"{MONDAY} 15:00:01", "2026-11-03"),
        ("2026-11-06 16:00:00", "2026-11-09"),
        ("2026-11-07 09:00:00", "2026-11-09"),
    ],
    ids=["in the morning", "at three", "after three", "on Friday after three", "on a Saturday"],
)
def test_a_dossier_goes_on_by_the_day_that_three_oclock_decides(at: str, by: str) -> None:
    assert [row[:3] for row in missed(received(at, **ELSEWHERE))] == [("transfer", "H29.99", by)]


def test_where_one_agency_receives_and_decides_nothing_is_transferred() -> None:
    assert missed(received(f"{MONDAY} 09:00")) == []
    assert missed(received(f"{MONDAY} 09:00", competent_agency="000.00.12.H29")) == []


@pytest.mark.parametrize(
    "ends",
    [
        a_fact("forwarded", f"{MONDAY} 17:00", to_agency="H29.99"),
        a_fact("withdrawn", f"{MONDAY} 16:00", reason="x"),
    ],
    ids=["forwarded", "withdrawn"],
)
def test_a_transfer_is_met_on_the_day_and_owed_no_more_by_one_withdrawn(ends: Event) -> None:
    assert missed(received(f"{MONDAY} 09:00", **ELSEWHERE), ends) == []


# ---------------------------------------------------------------- supplement


def test_papers_are_awaited_so_many_calendar_days_rolled_forward() -> None:
    rows = missed(received(f"{MONDAY} 09:00"), asked("2026-11-03 09:00"))

    assert rows == [("supplement", "1", "2026-11-09", "11-10 00:00")]


def test_without_supplement_days_nobody_counts() -> None:
    dossier, _ = fold([received(f"{MONDAY} 09:00"), asked("2026-11-03 09:00")])

    assert dossier.limits == ()


def test_each_round_has_its_own_limit_from_its_first_request() -> None:
    given = [
        received(f"{MONDAY} 09:00"),
        asked("2026-11-03 09:00"),
        asked("2026-11-04 09:00"),
        a_fact("supplement_received", "2026-11-05 09:00", complete=False),
        a_fact("supplement_received", "2026-11-06 09:00", complete=True),
        asked("2026-11-10 09:00"),
    ]

    assert missed(*given[:4]) == [("supplement", "1", "2026-11-09", "11-10 00:00")]
    assert missed(*given[:5]) == []
    assert missed(*given) == [("supplement", "2", "2026-11-16", "11-17 00:00")]


def test_an_expired_supplement_moves_no_date() -> None:
    before, _ = fold([received(f"{MONDAY} 09:00"), asked("2026-11-03 09:00")], reference=WITH_SUPPLEMENT_DAYS)
    after, said = fold(due(before, VERSION, LONG_AFTER), before, WITH_SUPPLEMENT_DAYS)

    assert after.clock == before.clock
    assert [fact.data.about for fact in of(said, "deadline.supplement_expired")] == ["1"]
    assert notices(said) == ["supplement_expired"]


# ---------------------------------------------------------------- consultation, steps


def test_a_consulted_agency_answers_by_the_day_stated() -> None:
    question = a_fact(
        "consultation_requested", "2026-11-03 09:00", consultation_id="c1", agency="H29.99", limit_on="2026-11-05"
    )
    other = a_fact("consultation_answered", "2026-11-05 17:00", by="H29.99", consultation_id="c2", agency="H29.99")
    answer = a_fact("consultation_answered", "2026-11-05 17:00", by="H29.99", consultation_id="c1", agency="H29.99")

    assert missed(received(f"{MONDAY} 09:00"), question, other) == [("consultation", "c1", "2026-11-05", "11-06 00:00")]
    assert missed(received(f"{MONDAY} 09:00"), question, other, answer) == []


def test_a_step_is_done_by_the_day_named_last() -> None:
    steps = [{"step": "s1", "agency": "H29.99", "due_on": "2026-11-04"}, {"step": "s2", "agency": "H29.12"}]
    sent = a_fact("forwarded", f"{MONDAY} 10:00", to_agency="H29.99", steps=steps)
    later = a_fact(
        "assigned",
        "2026-11-03 09:00",
        by="H29.99",
        agency="H29.99",
        officer_ref="x",
        step="s1",
        step_due_on="2026-11-06",
    )
    done = a_fact("step_completed", "2026-11-06 09:00", by="H29.99", step="s1", agency="H29.99")
    given = [received(f"{MONDAY} 09:00", **ELSEWHERE), sent]

    assert [row[:3] for row in missed(*given)] == [("step", "s1 H29.99", "2026-11-04")]
    assert [row[:3] for row in missed(*given, later)] == [("step", "s1 H29.99", "2026-11-06")]
    assert missed(*given, later, done) == []


# ---------------------------------------------------------------- said once


def missed_transfer() -> tuple[Dossier, list[Event]]:
    dossier, _ = fold([received(f"{MONDAY} 09:00", **ELSEWHERE)])
    return dossier, fired_of(dossier)


def fired_of(dossier: Dossier) -> list[Event]:
    """What the timers say of its limits long after, but for the looks ahead."""
    fired = [fact for fact in due(dossier, VERSION, LONG_AFTER) if "limit_reached" in fact.type]
    return [fact for fact in fired if fact.data.limit != "apology"]


def test_a_miss_is_said_once_however_often_it_fires_with_who_answers_for_it() -> None:
    dossier, fired = missed_transfer()

    after, said = fold([*fired, *fired], dossier)
    _, again = fold([received(f"{MONDAY} 09:00", **ELSEWHERE)], after)

    [fact] = of(said, "deadline.transfer_missed")
    assert (fact.data.holder, fact.data.about, fact.time) == ("H29.12", "H29.99", datetime(2026, 11, 3, tzinfo=VIETNAM))
    assert notices(said, "H29.12") == notices(said, "H29.99") == ["transfer_missed"]
    assert of(again, "deadline.transfer_missed") == []


def test_a_firing_of_a_limit_that_was_met_meanwhile_is_void() -> None:
    dossier, fired = missed_transfer()

    met, _ = fold([a_fact("forwarded", f"{MONDAY} 17:00", to_agency="H29.99")], dossier)
    _, said = fold(fired, met)

    assert said == []


def test_a_limit_that_had_passed_when_its_fact_came_is_reached_in_silence() -> None:
    late = received(f"{MONDAY} 09:00", **ELSEWHERE)
    late = late.model_copy(update={"recordedtime": datetime(2026, 11, 3, 8, tzinfo=VIETNAM)})

    dossier, _ = fold([late])

    assert "transfer" in [limit.limit for limit in dossier.limits]
    assert fired_of(dossier) == []


def test_a_limit_that_passed_while_nobody_watched_is_late_and_is_said() -> None:
    dossier, _ = missed_transfer()
    tardy = a_fact("assigned", "2026-11-04 09:00", by="H29.99", agency="H29.99", officer_ref="x")

    after, _ = fold([tardy], dossier)

    assert "transfer" in [fact.data.limit for fact in fired_of(after)]


# ---------------------------------------------------------------- the post


def at_the_post(*moves: Event) -> list[Event]:
    """A result that the post took on Monday 9 November, in the agency's own province."""
    return [
        received(f"{MONDAY} 09:00", return_mode="POST"),
        result_ready("2026-11-05 09:00"),
        a_postal_fact("order_accepted", "2026-11-05 09:01", leg="D1", item_code="EA000000011VN", reference="x"),
        a_move("PICKED_UP", "2026-11-09 10:00"),
        *moves,
    ]


def test_the_first_attempt_comes_within_the_posts_standard() -> None:
    days = REFERENCE.at(VERSION).bundle.same_province_days

    assert days == 2
    assert missed(*at_the_post()) == [("attempt", "D1", "2026-11-11", "11-12 00:00")]
    assert missed(*at_the_post(a_move("DELIVERY_FAILED", "2026-11-11 18:00", reason="ABSENT"))) == []
    assert len(missed(*at_the_post(a_move("DELIVERED", "2026-11-12 08:00")))) == 1


def test_a_missed_standard_names_the_leg_and_what_was_seen() -> None:
    dossier, _ = fold(at_the_post(a_move("IN_TRANSIT", "2026-11-10 10:00")))
    _, said = fold(due(dossier, VERSION, LONG_AFTER), dossier)

    [fact] = of(said, "postal.standard_missed")
    assert fact.data.model_dump(mode="json") == {
        "leg": "D1",
        "carrier": "myvnpost",
        "expected": "DELIVERY_ATTEMPT",
        "by": "2026-11-11T23:59:59+07:00",
        "seen": "IN_TRANSIT",
    }


FAILED = ("2026-11-10 10:00", "2026-11-12 10:00")


@pytest.mark.parametrize(
    ("failed", "stated", "early"),
    [
        ((FAILED[0],), (), True),
        (FAILED, (), False),
        (("2026-11-10 10:00", "2026-11-11 10:00"), (), True),
        ((FAILED[0],), FAILED, False),
        (FAILED, (FAILED[0],), True),
        ((FAILED[0],), ("2026-11-10 10:00", "2026-11-20 10:00"), True),
    ],
    ids=["one attempt", "two", "two days running", "two stated", "one stated", "the second after it went back"],
)
def test_an_item_goes_back_after_two_invitations_two_working_days_apart(
    failed: tuple[str, ...], stated: tuple[str, ...], early: bool
) -> None:
    moves = [a_move("DELIVERY_FAILED", at, reason="ABSENT") for at in failed]
    moves += [
        a_postal_fact("invitation_made", at, leg="D1", n=n, at=f"{at.replace(' ', 'T')}:00+07:00", by="H29.12")
        for n, at in enumerate(stated, start=1)
    ]

    _, said = fold(
        at_the_post(*moves, a_move("RETURNING", "2026-11-16 10:00"), a_move("RETURNED_TO_SENDER", "2026-11-18 10:00"))
    )

    assert len(of(said, "postal.returned_too_early")) == early
    assert [fact.data.code for fact in of(said, "dossier.violation_found")] == ["RETURNED_TOO_EARLY"] * early


@pytest.mark.parametrize("reason", ["REFUSED", "MOVED", "ADDRESS_WRONG"])
def test_what_cannot_be_delivered_at_all_goes_back_at_once(reason: str) -> None:
    moves = [a_move("DELIVERY_FAILED", FAILED[0], reason=reason), a_move("RETURNING", "2026-11-11 10:00")]

    _, said = fold(at_the_post(*moves))

    assert of(said, "postal.returned_too_early") == []
