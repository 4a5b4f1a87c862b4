"""The one place the time comes from: real unless driven, driven alike for everybody, never without a zone."""

import os
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schemas.instant import VIETNAM, Clock, Segment, WrongClock, aware, clock_from, date_of, parse_segment

MONDAY = datetime(2026, 11, 16, 7, 30, tzinfo=VIETNAM)


def a_line(speed: float = 60.0, anchor: float = 1000.0) -> str:
    return f"start={MONDAY.isoformat()},speed={speed},anchor={anchor}"


def test_without_a_setting_the_time_is_the_real_one() -> None:
    assert abs(clock_from(None).seconds() - time.time()) < 1
    assert clock_from("").speed == 1.0


def test_a_driven_clock_shows_its_start_at_its_anchor_and_runs_as_fast_as_it_says() -> None:
    segment = parse_segment(a_line(speed=60))

    assert segment.at(1000.0) == MONDAY.timestamp()
    assert segment.at(1001.0) == MONDAY.timestamp() + 60


def test_two_processes_with_one_setting_live_the_same_time() -> None:
    setting = a_line(speed=3600, anchor=time.time())
    one, other = clock_from(setting), clock_from(setting)

    assert abs(one.seconds() - other.seconds()) < 3600


def test_a_clock_by_file_follows_whoever_writes_it_without_a_jump(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    first = Segment(MONDAY.timestamp(), 10.0, 1000.0)
    second = Segment(first.at(1100.0), 1000.0, 1100.0)
    file.write_text(first.line() + "\n" + second.line() + "\n")

    clock = clock_from(f"file={file}")

    assert clock.segment(1099.0) == first
    assert clock.segment(1100.0).at(1100.0) == first.at(1100.0)
    assert clock.segment(1101.0) == second


def test_whoever_asks_while_another_still_reads_the_file_reads_it_too(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("start=2026-11-02T08:00:00+07:00,speed=60,anchor=1000\n")
    clock = Clock(file=file)
    file.write_text(
        "start=2026-11-02T08:00:00+07:00,speed=60,anchor=1000\nstart=2026-11-03T08:00:00+07:00,speed=1,anchor=1001\n"
    )
    clock._looked_at, read, meanwhile = 0.0, clock._read, list[str]()

    def slowly(status: os.stat_result) -> None:
        clock._read = read  # type: ignore[method-assign]  # the other thread's own look
        meanwhile.append(f"{clock.now():%d}")
        read(status)

    clock._read = slowly  # type: ignore[method-assign]
    clock.seconds()

    assert meanwhile == [f"{aware(clock.seconds()):%d}"]
    assert clock.speed == 1


def test_a_line_that_is_half_written_is_not_read_yet(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    first = Segment(MONDAY.timestamp(), 10.0, 1000.0)
    file.write_text(first.line() + "\n" + first.line()[:20])

    assert Clock(file=file).segments == (first,)


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ("speed=2,anchor=1", "start"),
        ("start=2026-11-16T07:30:00,speed=2,anchor=1", "zone"),
        ("start=2026-11-16T07:30:00+07:00,speed=0,anchor=1", "speed"),
        ("start=yesterday,speed=1,anchor=1", "HOSO_CLOCK"),
        ("file=/nowhere/clock", "not there"),
    ],
)
def test_a_wrong_setting_says_which_part_is_wrong(setting: str, part: str) -> None:
    with pytest.raises(WrongClock, match=part):
        clock_from(setting)


def test_the_date_of_an_instant_is_its_date_in_viet_nam() -> None:
    assert date_of(datetime(2026, 11, 16, 18, 0, tzinfo=UTC)) == date(2026, 11, 17)
