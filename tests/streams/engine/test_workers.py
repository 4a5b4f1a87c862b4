"""How a worker starts, stops, refuses; on the real broker."""

import json
import zlib

from kafka import KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from streams.engine import CRASHED, STOPPED
from streams.engine.stored import pack
from tests.streams.engine.rig import Rig, listening_ports, talking
from tests.waiting import until


def test_a_stop_in_the_middle_drains_commits_and_leaves_nothing_unfinished(rig: Rig) -> None:
    worker = rig.worker().until_ready()
    with talking(rig, keys=50, every_seconds=0.01, burst=30):
        worker.until(lambda at: at["events"] > 1000)
        code = worker.stop()

    # Whatever is in the changelog is committed: the next worker meets nothing it has seen.
    successor = rig.worker().until_ready()
    rig.wait_until_folded()
    assert code == STOPPED
    assert successor.at["skipped"] == 0
    rig.assert_all_right()


def test_a_stopped_worker_has_no_lag(rig: Rig) -> None:
    for number in range(2000):
        rig.say(f"k{number % 50}", n=number)
    rig.producer.flush()
    worker = rig.worker()
    worker.until(lambda at: at["events"] == 2000)

    code = worker.stop()

    assert code == STOPPED
    assert rig.committed() == rig.ends()


def test_a_repeated_event_at_or_below_the_watermark_is_skipped(rig: Rig) -> None:
    for number in range(500):
        rig.say(f"k{number % 20}", n=number)
    first = rig.worker()
    first.until(lambda at: at["events"] == 500)
    first.stop()
    back = {TopicPartition(rig.name, number): OffsetAndMetadata(0, "", -1) for number in range(rig.partitions)}
    rig.admin.alter_group_offsets(rig.name, back)

    second = rig.worker()
    at = second.until(lambda at: at["skipped"] == 500)

    assert (at["events"], at["outputs"], at["changes"]) == (0, 0, 0)
    second.stop()
    rig.assert_all_right()


def test_no_port_is_opened(rig: Rig) -> None:
    worker = rig.worker().until_ready()

    assert listening_ports(worker.process.pid) == set()


def test_a_log_made_again_under_the_same_name_is_refused(rig: Rig) -> None:
    rig.say("k1", n=1)
    rig.producer.flush()
    worker = rig.worker()
    worker.until(lambda at: at["commits"] > 0)
    worker.stop()
    rig.remake(rig.name)

    other = rig.worker()

    assert other.ended() == CRASHED
    assert "OtherLog" in other.words
    assert "adopt-log" in other.words


def test_a_log_made_again_under_a_running_worker_ends_it(rig: Rig) -> None:
    worker = rig.worker(engine={"log_id_seconds": 0.3}).until_ready()

    rig.remake(rig.name)

    assert worker.ended() == CRASHED


def test_committed_offsets_without_a_changelog_are_refused(rig: Rig) -> None:
    rig.say("k1", n=1)
    rig.producer.flush()
    worker = rig.worker()
    worker.until(lambda at: at["commits"] > 0)
    worker.stop()
    rig.remake(rig.changelog)

    other = rig.worker()

    assert other.ended() == CRASHED
    assert "StateGone" in other.words


def test_states_that_name_no_log_are_refused(rig: Rig) -> None:
    rig.say("k1", n=1)
    rig.producer.flush()
    worker = rig.worker(log_id=False)
    worker.until(lambda at: at["commits"] > 0)
    worker.stop()

    other = rig.worker()

    assert other.ended() == CRASHED
    assert "no log it names" in other.words


def test_another_number_of_partitions_is_refused(rig: Rig) -> None:
    worker = rig.worker(partitions=3)

    assert worker.ended() == CRASHED
    assert "WrongLayout" in worker.words


def test_no_broker_is_an_exit_and_not_a_wait(rig: Rig) -> None:
    worker = rig.worker(bootstrap="127.0.0.1:1")

    assert worker.ended() == CRASHED


def test_a_crash_inside_faust_is_an_exit_and_not_a_hang(rig: Rig) -> None:
    rig.say("k1", n=1)
    rig.producer.flush()

    worker = rig.worker(sabotage=True)

    assert worker.ended() == CRASHED
    assert rig.committed() == {}


def test_a_failing_step_without_a_poison_callback_ends_before_anything_is_sent(rig: Rig) -> None:
    rig.say("k1", n=1, boom="no")
    rig.producer.flush()

    worker = rig.worker()

    assert worker.ended() == CRASHED
    assert "ValueError" in worker.words
    assert rig.read(f"{rig.name}-out") == []
    assert rig.committed() == {}


def test_a_failing_or_oversized_step_goes_where_the_poison_callback_says(rig: Rig) -> None:
    rig.say("k1", n=1)
    rig.say("k1", n=2, boom="no")
    rig.say("k1", n=3, blow=900_000)
    rig.say("k1", n=4)
    rig.producer.send(rig.name, key=None, value=b"{}", partition=0)
    rig.producer.flush()

    worker = rig.worker(poison=True)
    worker.until(lambda at: at["events"] == 5)
    worker.stop()

    letters = sorted(record.value.decode().split()[1] for record in rig.read(f"{rig.name}-letters"))
    assert letters == ["TooLarge", "Unfit", "ValueError"]
    assert rig.states()["k1"]["count"] == 2
    assert rig.committed().keys() >= {0}


def test_a_finished_key_is_deleted_once_committed_and_begins_anew(rig: Rig) -> None:
    rig.say("k1", n=1)
    rig.say("k1", n=2, close=True)
    rig.say("k2", n=1)
    rig.producer.flush()
    worker = rig.worker()
    worker.until(lambda at: at["closed"] == 1)
    worker.stop()
    values = [record.value for record in rig.read(rig.changelog) if record.key == b"k1"]

    again = rig.worker()
    rig.say("k1", n=3)
    rig.producer.flush()
    again.until(lambda at: at["events"] == 1)

    assert values[-1] is None
    assert again.at["skipped"] == 0
    assert again.stop() == STOPPED
    assert {key: state["count"] for key, state in rig.states().items()} == {"k1": 1, "k2": 1}


def test_a_recovery_ends_although_no_record_stands_at_the_end_of_the_changelog(rig: Rig) -> None:
    rig.say("k1", n=1)
    rig.producer.flush()
    worker = rig.worker()
    worker.until(lambda at: at["commits"] > 0)
    worker.stop()
    _end_with_a_marker(rig)

    again = rig.worker().until_ready()
    rig.say("k1", n=2)
    rig.producer.flush()
    again.until(lambda at: at["events"] == 1)

    assert again.stop() == STOPPED
    rig.sent["extra"] = [{"n": 1}]
    assert rig.states()["k1"]["count"] == 2


def _end_with_a_marker(rig: Rig) -> None:
    state = json.dumps({"count": 1, "chain": zlib.crc32(b"1"), "due": None, "fired": 0}).encode()
    producer = KafkaProducer(bootstrap_servers=rig.bootstrap, transactional_id=rig.name)
    producer.init_transactions()
    producer.begin_transaction()
    for number in range(rig.partitions):
        producer.send(rig.changelog, key=b"extra", value=pack(1, None, state), partition=number)
    producer.commit_transaction()
    producer.close()


def test_workers_beyond_the_partitions_are_ready_and_idle(rig: Rig) -> None:
    rig.admin.create_topics({f"{rig.name}x": {"num_partitions": 1, "replication_factor": 1}})
    workers = [rig.worker(topic=f"{rig.name}x", id=f"{rig.name}x", partitions=1) for _ in range(3)]

    for worker in workers:
        worker.until(lambda at: bool(at["ready"]))

    until(lambda: [number for worker in workers for number in worker.at["owned"]] == [0], what="one owner")
