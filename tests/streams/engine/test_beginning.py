"""A log that has lost its beginning: who remembers that goes on, who does not refuses to call the rest the whole."""

import pytest
from kafka import TopicPartition

from streams.engine import CRASHED, STOPPED
from tests.streams.engine.rig import Rig
from tests.streams.engine.test_adoption import _forget_commits as forget_commits
from tests.streams.engine.test_adoption import adopt

KEYS = 20


@pytest.fixture(autouse=True)
def _one_slot(rig: Rig) -> None:
    """Each worker is the one before, started again: nobody waits for a session to end."""
    rig.settings["instance"] = "w0"


def say(rig: Rig, first: int, count: int) -> None:
    for number in range(first, first + count):
        rig.say(f"k{number % KEYS}", n=number)
    rig.producer.flush()


def folded(rig: Rig, count: int) -> None:
    say(rig, 0, count)
    worker = rig.worker()
    worker.until(lambda at: at["events"] == count)
    assert worker.stop() == STOPPED


def behead(rig: Rig, left: int = 0) -> None:
    """Delete all but the last few records of every partition."""
    rig.admin.delete_records({TopicPartition(rig.name, number): end - left for number, end in rig.ends().items()})


def refusal(rig: Rig) -> str:
    worker = rig.worker()
    assert worker.ended() == CRASHED
    return worker.words


def test_who_remembers_nothing_does_not_fold_a_log_without_its_beginning(rig: Rig) -> None:
    say(rig, 0, 100)
    behead(rig, left=3)

    words = refusal(rig)

    assert "BeginningGone" in words and "hoso archive restore" in words
    assert rig.states() == {}


def test_whoever_holds_the_states_of_what_was_deleted_goes_on_even_where_no_offset_is_committed(rig: Rig) -> None:
    folded(rig, 100)
    forget_commits(rig)
    behead(rig, left=3)

    worker = rig.worker()
    say(rig, 100, 40)
    rig.wait_until_folded()

    assert worker.stop() == STOPPED
    rig.assert_all_right()


def test_what_was_deleted_and_is_in_no_state_is_missed_and_adopting_the_rest_does_not_bring_it_back(rig: Rig) -> None:
    folded(rig, 100)
    forget_commits(rig)
    say(rig, 100, 100)
    behead(rig)
    assert "BeginningGone" in refusal(rig)

    adopt(rig, rig.ends())

    assert "BeginningGone" in refusal(rig)
