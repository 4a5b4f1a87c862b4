"""How often a library's complaint is written."""

import logging

from streams.engine.logs import FewTimes


def a_record(message: str) -> logging.LogRecord:
    """One complaint."""
    return logging.LogRecord("aiokafka.conn", logging.ERROR, "", 0, message, (), None)


def test_the_same_complaint_is_written_a_few_times_a_window() -> None:
    few = FewTimes(times=2, window_seconds=60)

    written = [few.filter(a_record("no node")) for _ in range(5)]

    assert written == [True, True, False, False, False]
    assert few.filter(a_record("another"))


def test_the_next_window_says_how_many_were_kept_back() -> None:
    few = FewTimes(times=1, window_seconds=-1)
    few.seen["aiokafka.conn", "no node"] = (0.0, 4)

    assert few.filter(record := a_record("no node"))
    assert record.msg == "no node [3 more like this before]"
