"""The city's plan: the same for the same seed, every kind present, nothing before its time."""

from collections import Counter
from datetime import date

import pytest

from sandbox.days import Days
from sandbox.kinds import KINDS
from sandbox.plan import Plan, Town, draw_up
from sandbox.procedures import PROCEDURES, due_on
from tests.sandbox.stage import CALENDAR, MONDAY

DAYS = Days.read(CALENDAR)
DOORS = {"H29.07": "http", "H29.12": "kafka", "H29.21": "http", "H29.64": "kafka"}


def a_plan(dossiers: int = 420, seed: int = 2026) -> Plan:
    return draw_up(seed, dossiers, Town(DOORS, "H29.99", MONDAY, 14, DAYS))


def test_a_plan_follows_from_its_seed() -> None:
    assert a_plan() == a_plan()
    assert a_plan() != a_plan(seed=1)


@pytest.mark.parametrize("dossiers", [26, 60, 420, 2000])
def test_every_kind_is_there_and_no_dossier_too_many(dossiers: int) -> None:
    plan = a_plan(dossiers)

    assert len(plan.lives) == dossiers
    assert set(plan.kinds()) == {kind.name for kind in KINDS}


def test_dossiers_begin_in_office_hours_of_working_days_and_leave_time_to_finish() -> None:
    plan = a_plan()

    begins = [life.begins_at for life in plan.lives]
    assert all(DAYS.works_on(at.date()) and 7 <= at.hour < 17 for at in begins)
    assert min(begins) >= MONDAY
    assert max(begins).date() < plan.working_days[-1]


def test_codes_are_given_once_and_carry_their_agency_and_day() -> None:
    plan = a_plan()

    assert max(Counter(life.code for life in plan.lives).values()) == 1
    assert all(life.code.startswith(f"{life.agency}-{life.begins_at:%y%m%d}-") for life in plan.lives)


def test_every_channel_return_and_door_is_used() -> None:
    plan = a_plan()

    assert {life.channel for life in plan.lives} == {"COUNTER", "ONLINE", "POSTAL"}
    assert {life.return_mode for life in plan.lives} == {"COUNTER", "POST", "ELECTRONIC"}
    assert {DOORS[life.agency] for life in plan.lives} == {"http", "kafka"}
    assert {life.competent for life in plan.lives} >= set(DOORS)


def test_no_envelope_may_come_back_when_too_few_days_are_left() -> None:
    late = [life for life in a_plan().lives if life.begins_at.date() > date(2026, 11, 2) and life.return_mode == "POST"]

    planned = {"absent_once", "undeliverable", "address_refused", "unanswered", "unheard"}
    phones = {life.contact["phone"] for life in late if life.kind not in planned}
    assert phones == {"0900000902", "0900000907"}


def test_every_slip_of_the_pen_is_planned() -> None:
    mishaps = Counter(one.kind for one in a_plan().mishaps)

    assert set(mishaps) == {"no_zone", "bad_fields", "conflict", "no_standing", "garbage", "not_yours"}


@pytest.mark.parametrize(
    ("code", "hour", "expected"),
    [
        ("1.001193", 9, date(2026, 11, 2)),
        ("1.001193", 16, date(2026, 11, 3)),
        ("1.004873", 9, date(2026, 11, 5)),
        ("1.004222", 9, date(2026, 11, 11)),
        ("2.000488", 9, date(2026, 11, 12)),
    ],
)
def test_due_dates_are_those_of_the_published_terms(code: str, hour: int, expected: date) -> None:
    assert due_on(PROCEDURES[code], MONDAY.replace(hour=hour), DAYS) == expected
