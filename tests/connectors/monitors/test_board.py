"""What is shown is what was seen last, whole; and a look that fails blinds no other."""

import threading
import time
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from connectors.monitors.board import Board, Sample
from connectors.monitors.looking import Look, Looker
from connectors.verdicts import TryLater


def owed(lane: str, number: float) -> Sample:
    return Sample("hoso_owed", ("callbacks", lane), number)


def test_a_look_replaces_all_that_it_had_shown_and_nothing_of_another() -> None:
    board, registry = Board(), CollectorRegistry()
    registry.register(board)
    board.shows("queues", [owed("H29.12", 3), owed("H29.07", 1)])
    board.shows("holds", [Sample("hoso_holds", ("post", "no"), 1)])

    board.shows("queues", [owed("H29.12", 2)])

    assert registry.get_sample_value("hoso_owed", {"queue": "callbacks", "lane": "H29.12"}) == 2
    assert registry.get_sample_value("hoso_owed", {"queue": "callbacks", "lane": "H29.07"}) is None
    assert registry.get_sample_value("hoso_holds", {"what": "post", "asks": "no"}) == 1


def test_what_is_shown_bears_the_sentence_of_its_row_and_a_value_of_every_label() -> None:
    board, registry = Board(), CollectorRegistry()
    registry.register(board)
    board.shows("queues", [owed('H"29', 3)])

    text = generate_latest(registry).decode()
    assert "# HELP hoso_owed What is still owed, by queue and lane\n# TYPE hoso_owed gauge\n" in text
    assert 'hoso_owed{lane="H\\"29",queue="callbacks"} 3.0\n' in text or (
        'hoso_owed{queue="callbacks",lane="H\\"29"} 3.0\n' in text
    )
    board.shows("queues", [Sample("hoso_owed", ("callbacks",), 3)])
    with pytest.raises(AssertionError, match="labels"):
        generate_latest(registry)


def test_the_heartbeat_is_the_last_beat_and_a_look_that_never_came_is_as_old_as_the_monitor() -> None:
    board, registry = Board(), CollectorRegistry()
    registry.register(board)
    began = time.time()
    looker("queues", list, board)

    board.beats()

    beat = registry.get_sample_value("hoso_heartbeat_timestamp_seconds")
    looked = registry.get_sample_value("hoso_look_timestamp_seconds", {"look": "queues"})
    assert beat is not None and looked is not None
    assert began <= looked <= beat <= time.time()


def looker(name: str, look: Look, board: Board, stop: threading.Event | None = None) -> Looker:
    return Looker(name, look, 0.01, board, stop or threading.Event(), lambda error: None)


def test_what_was_seen_last_stands_while_it_cannot_be_looked_at() -> None:
    board, registry = Board(), CollectorRegistry()
    registry.register(board)
    answers: list[Sequence[Sample] | TryLater] = [[owed("H29.12", 3)], TryLater("the database is away")]

    def look() -> Sequence[Sample]:
        answer = answers.pop(0)
        if isinstance(answer, TryLater):
            raise answer
        return answer

    queues = looker("queues", look, board)
    queues.look()
    looked = registry.get_sample_value("hoso_look_timestamp_seconds", {"look": "queues"})
    queues.look()

    assert queues.has_looked
    assert registry.get_sample_value("hoso_owed", {"queue": "callbacks", "lane": "H29.12"}) == 3
    assert registry.get_sample_value("hoso_look_timestamp_seconds", {"look": "queues"}) == looked


def test_a_look_that_cannot_be_had_leaves_the_others_alone() -> None:
    board, stop, enough = Board(), threading.Event(), threading.Event()
    times = [0]

    def away() -> Sequence[Sample]:
        raise TryLater("no broker")

    def well() -> Sequence[Sample]:
        times[0] += 1
        if times[0] > 3:
            enough.set()
        return []

    lookers = [looker("readers", away, board, stop), looker("queues", well, board, stop)]
    for one in lookers:
        one.start()

    assert enough.wait(60)
    stop.set()
    for one in lookers:
        one.join(10)
    assert [one.has_looked for one in lookers] == [False, True]


def test_an_error_that_is_no_verdict_is_told_to_the_process() -> None:
    stop, told, errors = threading.Event(), threading.Event(), list[BaseException]()

    def wrong() -> Sequence[Sample]:
        raise ZeroDivisionError

    def broken(error: BaseException) -> None:
        errors.append(error)
        told.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", lambda _: None)
        one = Looker("queues", wrong, 0.01, Board(), stop, broken)
        one.start()
        assert told.wait(60)
        one.join(10)

    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_a_look_at_a_large_database_rests_so_many_times_as_long_as_it_took() -> None:
    """Told by the pauses it asks for: the stop's wait is what it rests on."""
    board, rests, spent = Board(), list[float](), 0.05

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout or 0.0)
            self.set()
            return True

    def slow() -> Sequence[Sample]:
        until = time.monotonic() + spent
        while time.monotonic() < until:
            pass
        return []

    one = Looker("dossiers", slow, 0.001, board, Stop(), lambda error: None, rests=19.0)
    one.start()
    one.join(10)

    assert len(rests) == 1 and rests[0] >= 19 * spent
