"""What the clock says beside the date: what set it, since when it stands, what is provisional, what broke a rule."""

from datetime import UTC, date

import msgspec
import pytest

from rules.deadlines.clock import Clock
from schemas.clock import ClockFact, ClockKind, ClockState, Outcome, Reason, SupplementPolicy, Term, Unit, Violation
from tests.rules.deadlines.builders import a_clock, asked, at, completed, extended, received, signed, stopped

HOURS = Term(2, Unit.WORKING_HOURS)
CALENDAR_DAYS = Term(10, Unit.CALENDAR_DAYS)
PAUSE = SupplementPolicy.PAUSE_RESUME
KEEP = SupplementPolicy.KEEP_RUNNING


def test_a_procedure_without_a_term_has_no_clock_and_says_so() -> None:
    clock = a_clock(received("2025-03-03 09:00"), stopped("2025-03-04 09:00"), term=None)

    assert not clock.has_term
    assert clock.state is ClockState.NOT_STARTED
    assert clock.due_on is None


def test_a_start_names_its_fact_and_article() -> None:
    by_hand, by_post = a_clock(received("2025-03-03 09:00")), a_clock(signed("2025-03-03 09:00"))

    assert (by_hand.reason, by_hand.moved_by) == (Reason.STARTED, "received")
    assert by_hand.basis == "61/2018/NĐ-CP art. 17(1)"
    assert by_post.basis == "45/2016/QĐ-TTg art. 7(4)"


def test_instants_are_told_in_the_zone_whatever_the_sender_wrote() -> None:
    clock = a_clock(ClockFact(ClockKind.RECEIVED, at("2025-03-03 09:00").astimezone(UTC)))

    assert clock.started_at is not None
    assert clock.started_at.isoformat() == "2025-03-03T09:00:00+07:00"


def test_a_restart_a_resumption_and_an_extension_name_their_fact_and_article() -> None:
    facts = (received("2025-03-03 09:00"), asked("2025-03-04 09:00"), completed("2025-03-05 09:00"))

    restarted, resumed = a_clock(*facts), a_clock(*facts, policy=PAUSE)
    moved = a_clock(*facts, extended("2025-03-06 09:00", to="2025-03-20"))

    assert (restarted.reason, restarted.basis) == (Reason.RESTARTED, "61/2018/NĐ-CP art. 19(4)")
    assert (resumed.reason, resumed.basis) == (Reason.RESUMED, "sector law")
    assert (moved.reason, moved.basis) == (Reason.EXTENDED, "61/2018/NĐ-CP art. 19(9)")
    assert [clock.moved_by for clock in (restarted, resumed, moved)] == ["completed", "completed", "extended"]
    assert restarted.started_at == at("2025-03-03 09:00")
    assert restarted.counted_from == at("2025-03-05 09:00")


def test_a_suspended_clock_has_no_date_and_says_since_when() -> None:
    clock = a_clock(received("2025-03-03 09:00"), asked("2025-03-04 09:00"), policy=PAUSE)

    assert clock.state is ClockState.SUSPENDED
    assert clock.suspended_since == clock.round_since == at("2025-03-04 09:00")
    assert (clock.due_on, clock.due_at, clock.nominal_on, clock.reason) == (None, None, None, None)
    assert clock.left == 4
    assert clock.moved_by == "asked"


def test_a_complete_supplement_ends_the_suspension_and_the_round() -> None:
    clock = a_clock(received("2025-03-03 09:00"), asked("2025-03-04 09:00"), completed("2025-03-05 09:00"))

    assert (clock.suspended_since, clock.round_open, clock.round_since, clock.left) == (None, False, None, None)
    assert clock.rounds_closed == 1


def test_a_round_is_open_while_the_clock_keeps_running() -> None:
    clock = a_clock(received("2025-03-03 09:00"), asked("2025-03-04 09:00"), policy=KEEP)

    assert clock.state is ClockState.RUNNING
    assert clock.round_open
    assert clock.due_on == date(2025, 3, 10)


def test_a_request_in_a_round_that_outlasts_the_due_date_is_no_violation() -> None:
    facts = (received("2025-03-03 09:00"), asked("2025-03-04 09:00"), asked("2025-03-12 09:00"))

    assert a_clock(*facts, policy=KEEP).codes == ()


def test_a_violation_names_the_fact_that_broke_the_rule() -> None:
    clock = a_clock(
        received("2025-03-03 09:00"),
        extended("2025-03-10 09:00", to="2025-03-20", id="too late"),
        asked("2025-03-10 10:00", id="also late"),
    )

    assert clock.violations == (
        (Violation.EXTENSION_LATE, "too late"),
        (Violation.SUPPLEMENT_REQUEST_LATE, "also late"),
    )
    assert clock.codes == (Violation.EXTENSION_LATE, Violation.SUPPLEMENT_REQUEST_LATE)


def test_a_fact_told_twice_keeps_the_smaller_id() -> None:
    told = (received("2025-03-03 09:00", id="b"), received("2025-03-03 09:00", id="a"))

    assert a_clock(*told).moved_by == "a"
    assert a_clock(*reversed(told)) == a_clock(*told)


def test_a_request_later_than_the_third_day_of_the_first_start_stays_late_after_a_restart() -> None:
    clock = a_clock(
        received("2025-03-03 09:00"),
        asked("2025-03-04 09:00"),
        completed("2025-03-06 09:00"),
        asked("2025-03-07 09:00"),
    )

    assert clock.codes == (Violation.SUPPLEMENT_REQUEST_LATE, Violation.SUPPLEMENT_REPEATED)


def test_the_first_failing_check_of_an_extension_names_it() -> None:
    used = (received("2025-03-03 09:00"), extended("2025-03-04 09:00", to="2025-03-14"))

    suspended = a_clock(*used, asked("2025-03-05 09:00"), extended("2025-03-06 09:00", to="2025-03-01", id="2"))

    assert suspended.codes == (Violation.EXTENSION_REPEATED,)


def test_an_invalid_extension_leaves_the_right_to_extend() -> None:
    clock = a_clock(
        received("2025-03-03 09:00"),
        extended("2025-03-04 09:00", to="2025-03-10"),
        extended("2025-03-05 09:00", to="2025-03-11"),
    )

    assert clock.codes == (Violation.EXTENSION_NOT_LATER,)
    assert clock.due_on == date(2025, 3, 11)


@pytest.mark.parametrize(
    ("stop", "outcome"),
    [
        (stopped("2025-03-07 23:59"), Outcome.EARLY),
        (stopped("2025-03-10 23:59"), Outcome.ON_TIME),
        (stopped("2025-03-11 00:00"), Outcome.LATE),
        (stopped("2025-03-11 00:00", ClockKind.WITHDRAWN), None),
        (stopped("2025-03-11 00:00", ClockKind.PROCESSING_STOPPED), None),
    ],
)
def test_a_stop_keeps_the_date_in_force_and_its_outcome(stop: ClockFact, outcome: Outcome | None) -> None:
    clock = a_clock(received("2025-03-03 09:00"), stop)

    assert clock.state is ClockState.STOPPED
    assert clock.stopped_at == stop.at
    assert clock.due_on == date(2025, 3, 10)
    assert clock.outcome is outcome


@pytest.mark.parametrize(
    ("when", "outcome"),
    [
        ("2025-03-03 10:00:59", Outcome.ON_TIME),
        ("2025-03-03 10:01", Outcome.LATE),
        ("2025-03-03 09:00", Outcome.ON_TIME),
    ],
)
def test_a_term_in_hours_is_judged_by_the_minute_and_early_only_by_the_date(when: str, outcome: Outcome) -> None:
    assert a_clock(received("2025-03-03 08:00"), stopped(when), term=HOURS).outcome is outcome


def test_hours_with_nothing_left_are_due_at_the_end_of_the_day() -> None:
    clock = a_clock(
        received("2025-03-03 08:00"),
        asked("2025-03-03 10:00"),
        completed("2025-03-08 20:00"),
        term=HOURS,
        policy=PAUSE,
    )

    assert clock.due_at == at("2025-03-10 17:00")
    assert clock.rolled


def test_a_stopped_clock_hears_nothing_more() -> None:
    clock = a_clock(
        received("2025-03-03 09:00"),
        stopped("2025-03-04 09:00", ClockKind.WITHDRAWN),
        asked("2025-03-20 09:00"),
        extended("2025-03-20 09:00", to="2025-03-25"),
        stopped("2025-03-21 09:00"),
    )

    assert clock.codes == ()
    assert clock.outcome is None
    assert clock.stopped_at == at("2025-03-04 09:00")


@pytest.mark.parametrize("kind", [ClockKind.RESULT_READY, ClockKind.SUPPLEMENT_REQUESTED])
def test_a_fact_older_than_the_first_start_touches_nothing(kind: ClockKind) -> None:
    older = ClockFact(kind, at("2025-03-02 09:00"))

    assert a_clock(older, received("2025-03-03 09:00")) == a_clock(received("2025-03-03 09:00"))


def test_minutes_signed_at_the_instant_of_the_stop_still_start_the_clock() -> None:
    stop = stopped("2025-03-04 09:00", ClockKind.WITHDRAWN)
    clock = a_clock(received("2025-03-03 09:00"), stop, signed("2025-03-04 09:00"))

    assert clock.started_at == at("2025-03-04 09:00")
    assert clock.state is ClockState.STOPPED


@pytest.mark.parametrize(
    ("facts", "term", "provisional"),
    [
        ((received("2026-12-23 09:00"),), Term(5, Unit.WORKING_DAYS), False),
        ((received("2026-12-24 09:00"),), Term(5, Unit.WORKING_DAYS), False),
        ((received("2026-12-25 09:00"),), Term(5, Unit.WORKING_DAYS), True),
        # Only the day it falls on decides, not the days of 2018 that it steps over.
        ((received("2018-12-28 09:00"),), CALENDAR_DAYS, False),
        ((received("2018-12-28 09:00"),), Term(5, Unit.WORKING_DAYS), True),
        ((received("2026-12-25 09:00"),), CALENDAR_DAYS, True),
        ((received("2026-12-01 09:00"), extended("2026-12-02 09:00", to="2027-02-01")), CALENDAR_DAYS, True),
    ],
)
def test_a_date_that_rests_on_an_unsettled_year_is_provisional(
    facts: tuple[ClockFact, ...], term: Term, provisional: bool
) -> None:
    assert a_clock(*facts, term=term).provisional is provisional


def test_what_was_provisional_before_a_pause_stays_so_after_it() -> None:
    facts = (received("2018-12-27 09:00"), asked("2019-01-02 09:00"), completed("2019-01-10 09:00"))

    assert a_clock(*facts, policy=PAUSE).provisional
    assert not a_clock(*facts).provisional


def test_a_clock_is_bytes_and_back() -> None:
    clock = a_clock(received("2025-03-03 09:00"), asked("2025-03-10 10:00", id="x"), policy=PAUSE)

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(clock), type=Clock) == clock
    assert msgspec.json.decode(msgspec.json.encode(clock), type=Clock) == clock


def test_an_extension_beyond_the_calendar_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        a_clock(received("2025-03-03 09:00"), extended("2025-03-04 09:00", to="2150-01-01"))
