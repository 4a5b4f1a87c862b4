"""A log is adopted: folded from its start by a worker that remembers another one, silent below a fence."""

import random

import pytest
from kafka import TopicPartition

from streams.engine import CRASHED, STOPPED, adoption
from tests.streams.engine.rig import Rig
from tests.waiting import until

KEYS = 20


@pytest.fixture(autouse=True)
def _one_slot(rig: Rig) -> None:
    """Each worker is the one before, started again: nobody waits for a session to end."""
    rig.settings["instance"] = "w0"


def refolded(rig: Rig, count: int, **more: float) -> None:
    """A log with so many events, folded and committed; then the same events on another log of the same name."""
    _say(rig, count, **more)
    worker = rig.worker()
    worker.until(lambda at: at["events"] == count)
    assert worker.stop() == STOPPED
    rig.sent.clear()
    rig.remake(rig.name)
    _say(rig, count, **more)


def _say(rig: Rig, count: int, **more: float) -> None:
    for number in range(count):
        rig.say(f"k{number % KEYS}", n=number, **more)
    rig.producer.flush()


def adopt(rig: Rig, fences: dict[int, int]) -> None:
    """What `hoso adopt-log` writes last."""
    log_id = str(rig.admin.describe_topics([rig.name])[0]["topic_id"]).encode()
    for number in range(rig.partitions):
        key, value = adoption(log_id, fences[number])
        rig.producer.send(rig.changelog, key=key, value=value, partition=number)
    rig.producer.flush()


def outputs(rig: Rig) -> int:
    return len(rig.read(f"{rig.name}-out"))


def test_another_log_is_refused_by_name_of_the_command_until_it_is_adopted(rig: Rig) -> None:
    refolded(rig, 200)
    refusing = rig.worker()
    assert refusing.ended() == CRASHED
    assert "hoso adopt-log" in refusing.words

    adopt(rig, rig.ends())
    worker = rig.worker()
    worker.until(lambda at: at["events"] == 200)

    assert worker.stop() == STOPPED
    rig.assert_all_right()


def test_below_the_fence_states_change_and_nothing_is_said_above_it_all_is(rig: Rig) -> None:
    refolded(rig, 200)
    before = outputs(rig)
    fences = {number: end // 2 for number, end in rig.ends().items()}
    above = sum(end - fences[number] for number, end in rig.ends().items())
    adopt(rig, fences)

    worker = rig.worker()
    worker.until(lambda at: at["events"] == 200)
    _say(rig, 40)
    worker.until(lambda at: at["events"] == 240)

    assert worker.stop() == STOPPED
    assert outputs(rig) == before + above + 40
    assert {key: state["count"] for key, state in rig.states().items()} == {f"k{n}": 12 for n in range(KEYS)}


def test_topics_that_are_no_effects_are_said_again_below_the_fence(rig: Rig) -> None:
    refolded(rig, 200)
    before = outputs(rig)
    adopt(rig, rig.ends())

    worker = rig.worker(engine={"effects": ["another topic"]})
    worker.until(lambda at: at["events"] == 200)

    assert worker.stop() == STOPPED
    assert outputs(rig) == before + 200


def test_a_worker_killed_while_it_folds_an_adopted_log_comes_back_to_the_same_fence(rig: Rig) -> None:
    count, chance = 2000, random.Random(5)
    refolded(rig, count, slow=0.001)
    before = outputs(rig)
    adopt(rig, rig.ends())

    for _ in range(3):
        worker = rig.worker(app={"max_poll_records": 50})
        worker.until(lambda at: at["changes"] > 20 + chance.randrange(60))
        worker.kill()
        assert worker.at["events"] < count
    last = rig.worker()
    rig.wait_until_folded()

    assert last.stop() == STOPPED
    assert outputs(rig) == before
    rig.assert_all_right()


def test_what_was_remembered_of_the_log_before_is_gone(rig: Rig) -> None:
    _say(rig, 100)
    worker = rig.worker()
    worker.until(lambda at: at["events"] == 100)
    worker.stop()
    rig.sent.clear()
    rig.remake(rig.name)
    rig.say("k0", n=1)
    rig.producer.flush()
    adopt(rig, rig.ends())

    worker = rig.worker(engine={"log_id_seconds": 0.5})
    worker.until(lambda at: at["events"] == 1)
    worker.stop()
    again = rig.worker()
    rig.say("k1", n=5)
    rig.producer.flush()
    again.until(lambda at: at["events"] == 1)

    assert again.stop() == STOPPED
    states = rig.states()
    assert (states["k0"]["count"], states["k1"]["count"]) == (1, 1)


def test_an_empty_changelog_beside_committed_offsets_is_mended_by_adopting_the_same_log(rig: Rig) -> None:
    _say(rig, 100)
    worker = rig.worker()
    worker.until(lambda at: at["events"] == 100)
    worker.stop()
    rig.remake(rig.changelog)
    assert "adopt-log" in _last_words(rig)

    _forget_commits(rig)
    adopt(rig, rig.ends())
    worker = rig.worker()
    worker.until(lambda at: at["events"] == 100)

    assert worker.stop() == STOPPED
    rig.assert_all_right()


def _last_words(rig: Rig) -> str:
    refusing = rig.worker()
    assert refusing.ended() == CRASHED
    return refusing.words


def _forget_commits(rig: Rig) -> None:
    """As soon as the group has forgotten the dead."""
    places = [TopicPartition(rig.name, number) for number in range(rig.partitions)]

    def gone() -> bool:
        rig.admin.delete_group_offsets(rig.name, places)
        return rig.committed() == {}

    until(gone, what="no offset is committed")
