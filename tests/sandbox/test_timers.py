"""The timers' thread: in order, on the driven clock, through failures and changes of speed."""

import threading

from sandbox.timers import Timers
from tests.sandbox.stage import MONDAY, a_clock


def test_jobs_run_in_the_order_of_their_times_whatever_the_order_of_asking() -> None:
    timers, seen, done = Timers(a_clock(MONDAY, 3600)), list[str](), threading.Event()
    now = MONDAY.timestamp()
    timers.at(now + 240, done.set)
    timers.at(now + 120, lambda: seen.append("second"))
    timers.at(now + 60, lambda: seen.append("first"))

    timers.start()

    assert done.wait(60)
    timers.stop()
    assert seen == ["first", "second"]


def test_a_job_that_fails_does_not_end_the_others() -> None:
    timers, seen, done = Timers(a_clock(MONDAY, 3600)), list[int](), threading.Event()
    timers.at(MONDAY.timestamp(), lambda: seen.remove(0))
    timers.at(MONDAY.timestamp() + 1, done.set)

    timers.start()

    assert done.wait(60)
    timers.stop()


def test_a_clock_that_speeds_up_is_noticed_while_waiting() -> None:
    clock = a_clock(MONDAY, 1)
    timers, done = Timers(clock), threading.Event()
    timers.at(MONDAY.timestamp() + 3600, done.set)
    timers.start()

    clock.segments = a_clock(MONDAY, 36_000).segments

    assert done.wait(60)
    timers.stop()


def test_a_real_span_does_not_depend_on_the_driven_clock() -> None:
    timers, done = Timers(a_clock(MONDAY, 0.001)), threading.Event()
    timers.later(0.01, done.set)

    timers.start()

    assert done.wait(60)
    timers.stop()
