"""A lane that gets no answers breaks, probes, and starts slowly."""

from functools import reduce

from connectors.store.breaker import Breaker, BreakerPolicy

POLICY = BreakerPolicy(failures=3, first_seconds=10, longest_seconds=40, full=8)


def failed(times: int, breaker: Breaker | None = None, now: float = 0.0) -> Breaker:
    return reduce(lambda so_far, _: so_far.failed(now, POLICY), range(times), breaker or Breaker())


def test_a_few_failures_break_nothing() -> None:
    assert failed(2).allows(0, 5) == 5


def test_enough_failures_in_a_row_break_the_lane_until_its_time() -> None:
    broken = failed(3)

    assert (broken.allows(9.9, 5), broken.allows(10, 5)) == (0, 1)


def test_what_was_under_way_when_it_broke_does_not_lengthen_the_pause() -> None:
    assert failed(6).opens_at == failed(3).opens_at


def test_a_probe_that_fails_doubles_the_pause_up_to_the_longest() -> None:
    probes = [10.0]
    breaker = failed(3)
    for _ in range(4):
        now = breaker.opens_at
        breaker = breaker.failed(now, POLICY)
        probes.append(breaker.opens_at - now)

    assert probes == [10, 20, 40, 40, 40]


def test_a_probe_that_is_answered_starts_slowly() -> None:
    breaker, allowed = failed(3), []
    for _ in range(4):
        breaker = breaker.answered(POLICY)
        allowed.append(breaker.allows(100, 20))

    assert allowed == [2, 4, 20, 20]


def test_an_answer_in_between_starts_the_count_anew() -> None:
    assert failed(2, failed(2).answered(POLICY)).allows(0, 5) == 5
