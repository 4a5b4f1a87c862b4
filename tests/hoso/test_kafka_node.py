"""A node of the local Kafka: its cluster's name is one that Kafka's own tools take."""

import uuid

import pytest

from hoso.kafka_node import new_cluster


def test_a_clusters_name_never_begins_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    # These bytes are written "-..."; the storage tool answered "argument --cluster-id/-t: expected one argument".
    made = iter([uuid.UUID(bytes=b"\xf8" + bytes(15)), uuid.UUID(bytes=b"\x01" + bytes(15))])
    monkeypatch.setattr(uuid, "uuid4", lambda: next(made))

    assert new_cluster() == "AQAAAAAAAAAAAAAAAAAAAA"
