"""The local Kafka: it starts, answers, stops, and keeps what it was told."""

import json
import signal
import socket
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from typer.testing import CliRunner

from hoso import broker
from hoso.cli.broker import broker as command
from hoso.java import CannotStart
from hoso.ports import LOOPBACK, free_port
from hoso.settings import Settings

TOPIC = "kept"


def brokers(bootstrap: str) -> int:
    with KafkaAdminClient(bootstrap_servers=bootstrap.split(",")) as admin:
        return len(admin.describe_cluster()["brokers"])


def say(bootstrap: str, words: bytes, copies: int = 1) -> None:
    with KafkaAdminClient(bootstrap_servers=bootstrap.split(",")) as admin:
        admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=copies)])
    with KafkaProducer(bootstrap_servers=bootstrap.split(","), acks="all") as producer:
        producer.send(TOPIC, words).get(timeout=10)


def hear(bootstrap: str) -> bytes:
    with KafkaConsumer(bootstrap_servers=bootstrap.split(","), enable_auto_commit=False) as consumer:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        (record,) = consumer.poll(timeout_ms=10_000)[partition]
        return bytes(record.value)


def test_the_session_s_broker_answers(kafka: str) -> None:
    assert brokers(kafka) == 1


@pytest.mark.broker
def test_a_broker_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    with broker.running(tmp_path, free_port()) as first:
        say(first.bootstrap, b"xin chao")

    with broker.running(tmp_path, free_port()) as second:
        heard = hear(second.bootstrap)

    assert heard == b"xin chao"
    assert broker.status(tmp_path) is None


@pytest.mark.broker
def test_a_second_start_returns_the_broker_that_runs(tmp_path: Path) -> None:
    with broker.running(tmp_path, free_port()) as first:
        again = broker.start(tmp_path)

        assert again == first
        with pytest.raises(CannotStart, match="runs already"):
            broker.start(tmp_path, free_port())


@pytest.mark.broker
def test_a_node_of_three_that_is_killed_comes_back_where_it_was_and_three_stay_three(tmp_path: Path) -> None:
    with broker.running(tmp_path, nodes=3) as three:
        say(three.bootstrap, b"xin chao", copies=3)
        three.pids[1].end(0, signal.SIGKILL)
        found = broker.status(tmp_path)

        whole = broker.start(tmp_path, dies_with_us=True)

        assert found is not None and [node.id for node in found.missing()] == [2]
        assert (whole.nodes, whole.missing()) == (three.nodes, ())
        assert (whole.pids[0], whole.pids[2]) == (three.pids[0], three.pids[2])
        assert brokers(whole.nodes[1].address) == 3
        assert hear(whole.bootstrap) == b"xin chao"
    assert broker.status(tmp_path) is None
    assert not any(pid.is_alive() for pid in whole.pids)

    with broker.running(tmp_path) as again:
        assert (hear(again.bootstrap), brokers(again.bootstrap)) == (b"xin chao", 3)
    with pytest.raises(CannotStart, match="of 3 nodes"):
        broker.start(tmp_path, nodes=1)


@pytest.mark.broker
def test_a_taken_port_is_left_to_who_has_it(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as somebody:
        usual = somebody.getsockname()[1]
        settings = Settings(home=tmp_path, kafka_port=usual)

        started = broker.start(settings=settings, dies_with_us=True)
        listed = brokers(started.bootstrap)
        broker.stop(tmp_path)

    assert started.port != usual
    assert listed == 1


@pytest.mark.broker
def test_a_port_lost_while_starting_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((LOOPBACK, 0)) as somebody:
        taken, given = somebody.getsockname()[1], list[int]()

        def first_the_taken_one(_usual: int | None = None) -> int:
            given.append(free_port() if given else taken)
            return given[-1]

        monkeypatch.setattr(broker, "free_port", first_the_taken_one)

        started = broker.start(tmp_path, dies_with_us=True)
        broker.stop(tmp_path)

    assert given[0] == taken
    assert started.port == given[2]


def test_a_given_port_is_taken_or_refused(tmp_path: Path) -> None:
    with (
        socket.create_server((LOOPBACK, 0)) as somebody,
        pytest.raises(CannotStart, match="is taken"),
    ):
        broker.start(tmp_path, somebody.getsockname()[1])


def test_missing_jars_are_a_sentence_that_says_the_command(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, kafka_jars=tmp_path / "none")

    with pytest.raises(CannotStart, match="`make kafka` fetches them"):
        broker.start(settings=settings)


def test_a_stale_state_file_is_no_broker(tmp_path: Path) -> None:
    file = tmp_path / "kafka" / "broker.json"
    file.parent.mkdir()
    node = {"id": 1, "port": 9092, "controller_port": 9093}
    # This very process has the pid, but not the time of birth.
    file.write_text(json.dumps({"nodes": [node], "pids": [{"number": 1, "born": 1}], "ready": True}))

    assert broker.status(tmp_path) is None
    assert broker.stop(tmp_path) is False


def test_status_answers_in_json_and_by_its_exit_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))

    result = CliRunner().invoke(command, ["status", "--json"])

    assert json.loads(result.stdout) == {"running": False}
    assert result.exit_code == 3
