"""The Faust app with every setting the engine needs. docs/engine.md says why each is what it is."""

from pathlib import Path
from typing import Any

import faust

from streams.engine.producer import MAX_BATCH_BYTES


def build_app(
    id: str,
    bootstrap: str,
    *,
    instance_id: str | None,
    data_dir: Path | str,
    partitions: int,
    input_topic: str | None = None,
    declare_topics: bool = False,
    replication: int = 1,
    commit_seconds: float = 0.5,
    session_timeout_seconds: float = 10.0,
    heartbeat_seconds: float = 2.0,
    max_poll_records: int = 1_000,
    compression: str | None = "lz4",
    **settings: Any,
) -> faust.App:
    """A Faust app for one engine.

    `id` is the consumer group and the head of the changelog's name. `instance_id` is this worker's stable name (a
    supervisor's slot, a StatefulSet's ordinal): no other worker of the group may bear it. `declare_topics` creates
    the changelog with `replication`; leave it off where topics are made from a list. `settings` override Faust's.
    `input_topic` names the app's origin in logs only; the engine is told the topic itself.
    """
    data = Path(data_dir)
    data.mkdir(parents=True, exist_ok=True)
    static = {"consumer_group_instance_id": instance_id} if instance_id is not None else {}
    return faust.App(
        id,
        **{
            "broker": [f"kafka://{host.strip()}" for host in bootstrap.split(",")],
            "broker_client_id": f"{id}-{instance_id}" if instance_id else id,
            "datadir": data,
            "autodiscover": False,
            "key_serializer": "raw",
            "value_serializer": "raw",
            "topic_partitions": partitions,
            "topic_replication_factor": replication,
            "topic_allow_declare": declare_topics,
            "topic_disable_leader": True,
            "table_standby_replicas": 0,
            "store": "memory://",
            "stream_buffer_maxsize": 16,
            "stream_recovery_delay": 0.0,
            "stream_wait_empty": True,
            "broker_max_poll_records": max_poll_records,
            "broker_commit_interval": commit_seconds,
            "broker_session_timeout": session_timeout_seconds,
            "broker_heartbeat_interval": heartbeat_seconds,
            "broker_request_timeout": max(30.0, session_timeout_seconds),
            "consumer_auto_offset_reset": "earliest",
            "consumer_metadata_max_age_ms": 10_000,
            "producer_metadata_max_age_ms": 10_000,
            "producer_max_batch_size": MAX_BATCH_BYTES,
            "producer_compression_type": compression,
            "producer_linger": 0.0,
            "web_enabled": False,
            **static,
            **settings,
        },
    )
