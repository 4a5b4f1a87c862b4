"""What we lean on inside Faust and aiokafka: a new version that lacks it fails here and not in the night."""

import importlib.metadata
import inspect
from pathlib import Path

import aiokafka
import faust
import pytest
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport import consumer
from faust.transport.drivers import aiokafka as driver

from streams.engine import Engine, Stepped, build_app


def test_faust_is_the_version_that_was_read() -> None:
    assert importlib.metadata.version("faust-streaming") == "0.15.3"


@pytest.mark.parametrize(
    "name",
    [
        "_wait_next_records",
        "_filter_tps_with_pending_acks",
        "_new_offset",
        "_commit",
        "_is_changelog_tp",
        "wait_empty",
        "perform_seek",
        "on_partitions_revoked",
        "commit_and_end_transactions",
        "seek_wait",
        "highwaters",
        "earliest_offsets",
    ],
)
def test_the_consumer_has_what_we_override_or_call(name: str) -> None:
    assert callable(getattr(driver.Consumer, name))


@pytest.mark.parametrize("name", ["_fetch_records", "_seek_wait"])
def test_every_seek_and_fetch_of_the_thread_passes_where_we_keep_the_chain(name: str) -> None:
    thread = driver.AIOKafkaConsumerThread

    assert f"self.{name}" in inspect.getsource(thread.seek_wait) + inspect.getsource(thread.getmany)
    assert "consumer.seek" not in inspect.getsource(thread.getmany)


@pytest.mark.parametrize("name", ["_read_offset", "_buffered_partitions", "_committed_offset", "flow_active"])
def test_the_consumer_keeps_its_books_under_these_names(name: str) -> None:
    assert f"self.{name}" in inspect.getsource(consumer.Consumer)


def test_a_commit_takes_its_offsets_from_new_offset_alone() -> None:
    source = inspect.getsource(consumer.Consumer._filter_committable_offsets)

    assert "self._new_offset(tp)" in source


def test_the_consumer_thread_makes_the_consumer_whose_fetch_settings_we_change() -> None:
    assert "fetch_max_wait_ms=1500" in inspect.getsource(driver.AIOKafkaConsumerThread._create_worker_consumer)
    for name in ("_fetch_max_wait_ms", "_fetch_min_bytes"):
        assert f"self.{name}" in inspect.getsource(aiokafka.AIOKafkaConsumer)


def test_the_producer_takes_idempotence_from_settings_extra() -> None:
    assert "_settings_extra()" in inspect.getsource(driver.Producer._new_producer)
    assert callable(driver.Producer._ensure_producer)


@pytest.mark.parametrize("name", ["_set_recovery_ended", "need_recovery", "flush_buffers", "signal_recovery_end"])
def test_the_recovery_has_what_ends_it_by_position(name: str) -> None:
    assert hasattr(Recovery, name)


def test_the_recovery_keeps_its_offsets_under_these_names() -> None:
    assert {"active_highwaters", "active_offsets"} <= Recovery.__annotations__.keys()


def test_the_app_lets_us_set_both_transports() -> None:
    assert vars(App)["transport"].fset is not None
    assert vars(App)["producer_transport"].fset is not None


def test_every_setting_we_rely_on_is_set(tmp_path: Path) -> None:
    app = build_app("guard", "127.0.0.1:1,127.0.0.1:2", instance_id="w0", data_dir=tmp_path / "a" / "b", partitions=3)
    conf = app.conf

    assert [str(url) for url in conf.broker] == ["kafka://127.0.0.1:1", "kafka://127.0.0.1:2"]
    assert conf.web_enabled is False
    assert conf.topic_allow_declare is False
    assert conf.topic_disable_leader is True
    assert conf.table_standby_replicas == 0
    assert conf.consumer_group_instance_id == "w0"
    assert conf.consumer_auto_offset_reset == "earliest"
    assert conf.broker_session_timeout <= conf.broker_request_timeout
    assert conf.consumer_metadata_max_age_ms == 10_000
    assert conf.stream_wait_empty is True


def test_the_engines_producer_is_idempotent_and_waits_for_every_replica(tmp_path: Path) -> None:
    app = build_app("guard", "127.0.0.1:1", instance_id=None, data_dir=tmp_path, partitions=3)
    Engine(app, input_topic="in", table="state", partitions=3, step=lambda state, record: Stepped(b""))

    extra = app.producer._settings_extra()  # type: ignore[attr-defined]  # ours

    assert extra == {"acks": "all", "enable_idempotence": True}


def test_faust_is_imported_without_opentracing() -> None:
    # Versions before 0.15.3 fail at every rebalance without it; ours runs without.
    assert faust.__version__ == "0.15.3"
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("opentracing")
