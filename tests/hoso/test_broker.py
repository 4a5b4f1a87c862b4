"""The local Kafka: it starts, answers, stops, and keeps what it was told."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic
from kafka.errors import KafkaError
from typer.testing import CliRunner

from connectors.broker import Place, make_topics
from connectors.broker.cluster import look
from connectors.doctor import cluster
from hoso import broker, pipeline
from hoso.broker import Broker
from hoso.cli.broker import broker as command
from hoso.cli.topics import topics
from hoso.java import CannotStart
from hoso.ports import LOOPBACK, free_port
from hoso.settings import Settings
from tests.connectors.doctor.conftest import a_place, with_kafka

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


SAFE = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Three nodes with what `hoso up` makes on them. They start slowly, so the tests share them."""
    with broker.running(tmp_path_factory.mktemp("three"), nodes=3) as started:
        pipeline.prepare(started.bootstrap)
        yield started


def safety(bootstrap: str) -> dict[str, dict[str, str]]:
    """Of every topic what makes its copies worth something."""
    with KafkaAdminClient(bootstrap_servers=bootstrap.split(",")) as admin:
        names = [topic["name"] for topic in admin.describe_topics()]
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        found = admin.describe_configs(asked, config_filter="all")["topic"]
    return {name: {key: found[name][key]["value"] for key in SAFE} for name in names}


def set_up(bootstrap: str, topic: str, **settings: str) -> None:
    """Somebody's hand on a topic."""
    changed = {name.replace("_", "."): value for name, value in settings.items()}
    with KafkaAdminClient(bootstrap_servers=bootstrap.split(",")) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, changed)])


@pytest.mark.broker
def test_on_three_nodes_every_topic_has_three_copies_of_which_two_must_have_a_record(three: Broker) -> None:
    found = look(three.bootstrap)

    assert {"dossier.events", "reference", "hoso-worker-dossiers-changelog"} <= set(found.topics)
    assert set(found.copies.values()) == {3}
    assert {name: said for name, said in safety(three.bootstrap).items() if said != SAFE} == {}


@pytest.mark.broker
def test_what_somebody_changed_is_set_right_on_topics_that_exist(three: Broker) -> None:
    set_up(three.bootstrap, "reference", min_insync_replicas="1", unclean_leader_election_enable="true")
    assert safety(three.bootstrap)["reference"] != SAFE

    pipeline.prepare(three.bootstrap)

    assert safety(three.bootstrap)["reference"] == SAFE


@pytest.mark.broker
def test_topics_with_fewer_copies_than_asked_are_named_by_apply_and_by_the_doctor_and_stay_writable(
    three: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    letters, one = "ops.dead-letters.of-the-test", {"min.insync.replicas": "1"}
    monkeypatch.setenv("HOSO_KAFKA_BOOTSTRAP", three.bootstrap)
    make_topics(three.bootstrap, [Place(letters, 1, {})], replication=1)
    set_up(three.bootstrap, letters, min_insync_replicas="2")

    (short,) = make_topics(three.bootstrap, [Place(letters, 1, {})]).short
    with a_place(tmp_path, f"sqlite:///{tmp_path / 'hoso.db'}") as house:
        (well,) = cluster.findings(with_kafka(house, three.bootstrap))
    monkeypatch.setenv("HOSO_REPLICATION", "4")
    applied = CliRunner().invoke(topics, ["apply"])
    with a_place(tmp_path, f"sqlite:///{tmp_path / 'hoso.db'}") as house:
        (found,) = cluster.findings(with_kafka(house, three.bootstrap))

    assert (short.topic, short.copies, short.wanted) == (letters, 1, 3)
    assert safety(three.bootstrap)[letters] == SAFE | one
    assert applied.exit_code == 0
    assert "? dossier.events: 3 copies, not 4" in applied.stderr
    assert "docs/upgrading.md" in applied.stderr
    assert well.what.startswith("3 brokers at")
    assert "fewer copies than 4" in found.what
    assert "dossier.events has 3" in found.detail
    assert found.help_command.startswith("kafka-reassign-partitions.sh")


@pytest.mark.broker
def test_with_two_of_three_nodes_away_nobody_is_told_that_a_record_is_kept(three: Broker) -> None:
    with KafkaAdminClient(bootstrap_servers=three.bootstrap.split(",")) as admin:
        (log,) = admin.describe_topics(["dossier.events"])
    of_the_first = next(one["partition_index"] for one in log["partitions"] if one["leader_id"] == three.nodes[0].id)
    with KafkaProducer(
        bootstrap_servers=three.bootstrap.split(","), acks="all", request_timeout_ms=3000, delivery_timeout_ms=6000
    ) as producer:
        producer.send("dossier.events", b"{}", partition=of_the_first).get(timeout=10)

        for pid in three.pids[1:]:
            pid.end(0, signal.SIGKILL)

        with pytest.raises(KafkaError):
            producer.send("dossier.events", b"{}", partition=of_the_first).get(timeout=10)
    whole = broker.start(three.home, dies_with_us=True)
    assert brokers(whole.bootstrap) == 3


@pytest.mark.broker
def test_a_node_of_three_that_is_killed_comes_back_where_it_was_and_three_stay_three(three: Broker) -> None:
    home, before = three.home, broker.status(three.home)
    assert before is not None
    say(three.bootstrap, b"xin chao", copies=3)
    before.pids[1].end(0, signal.SIGKILL)
    found = broker.status(home)

    whole = broker.start(home, dies_with_us=True)

    assert found is not None and [node.id for node in found.missing()] == [2]
    assert (whole.nodes, whole.missing()) == (before.nodes, ())
    assert (whole.pids[0], whole.pids[2]) == (before.pids[0], before.pids[2])
    assert brokers(whole.nodes[1].address) == 3
    assert hear(whole.bootstrap) == b"xin chao"
    assert broker.stop(home)
    assert broker.status(home) is None
    assert not any(pid.is_alive() for pid in whole.pids)

    with broker.running(home) as again:
        assert (hear(again.bootstrap), brokers(again.bootstrap)) == (b"xin chao", 3)
    with pytest.raises(CannotStart, match="of 3 nodes"):
        broker.start(home, nodes=1)


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
