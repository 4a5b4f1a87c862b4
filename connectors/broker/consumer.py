"""Records in, as one of a group: the offset is ours to say, after the effect."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import CommitFailedError, FencedInstanceIdError, KafkaError
from kafka.structs import MemberState, OffsetAndMetadata

from connectors.broker.record import Message, answering, message_of
from connectors.broker.selecting import Selector
from connectors.verdicts import TryLater
from schemas.login import LoginSettings

SESSION_SECONDS = 45.0
"""For how long a group keeps the place of a process that says nothing."""
HEARTBEAT_MS = 3000
FETCH_MS = 500
"""The broker answers as soon as there is a record and otherwise holds the question so long: quick, quiet at rest."""
NEW_TOPIC_SECONDS = 10
"""How soon a consumer by pattern finds a topic that is new."""
MOST_FENCED = 5
"""So often in a row a member may be fenced before it must be that two processes bear one name."""
STILL_SECONDS = 10.0
"""After so long without a record the consumer looks whether there is one; at one place twice, it is renewed."""
LOOK_SECONDS = 60.0
"""How often it looks while records come: one partition may stand among others."""
LOOK_POLLS = 100
"""So many polls lie between two such looks, or more: by then all that the library had fetched was handed out."""
MOST_FAILED_LOOKS = 2
"""So many looks in a row may get no answer before the consumer is renewed."""
PUT_OFF_SECONDS = 60.0
"""After so long without a commit that is taken the consumer is renewed; what was not committed comes again."""

log = structlog.get_logger()


class Consumer:
    """Reads topics as one of a group and says itself how far it came. One thread uses it.

    Each record comes at least once, in order within its partition; after a crash or a rebalance those not committed
    come again. `commit` covers exactly what `poll` handed out.
    It keeps its place for `session_seconds` while it restarts under its name.
    """

    def __init__(
        self,
        topics: Sequence[str] | str,
        group: str,
        instance_id: str,
        bootstrap: str,
        *,
        session_seconds: float = SESSION_SECONDS,
        most_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        """`topics` is a list of names, or a pattern."""
        self._session_ms = round(session_seconds * 1000)
        self._topics, self._group, self._instance, self._bootstrap = topics, group, instance_id, bootstrap
        self._most_bytes = most_bytes
        self._consumer: Any = None
        self._handed: dict[Any, int] = {}
        self._reached: dict[Any, int] = {}
        self._held: list[Message] = []
        self._looked_at = time.monotonic()
        self._silent_at: float | None = self._looked_at
        self._polls = self._failed_looks = 0
        self._stood_at: dict[Any, int] = {}
        self._fenced, self._unsettled = 0, False
        self._put_off_at: float | None = None

    @property
    def name(self) -> str:
        """What it reads and as whom, for the log."""
        return f"{self._group}/{self._instance}"

    def poll(self, max_records: int = 500, timeout_ms: int = 1000) -> list[Message]:
        """The next records, as soon as there are some; none after `timeout_ms`.

        A library that brings nothing although there is more is replaced, and what was not committed comes again
        (kafka-python 3.0.12 was found asking for nothing for ever after a node of three froze).
        """
        if self._held:
            found, self._held = self._held[:max_records], self._held[max_records:]
        else:
            with answering("no records"), self._fenced_no_more():
                # Before the fetch: where no answer comes to the one, nothing is lost of the other.
                if self._is_to_look():
                    self._look()
                found = self._fetch(max_records, timeout_ms)
                self._polls += 1
                if found:
                    self._silent_at, self._fenced = None, 0
                elif self._silent_at is None:
                    self._silent_at = time.monotonic()
        for message in found:
            place = TopicPartition(message.topic, message.partition)
            self._handed[place] = self._reached[place] = message.offset + 1
        return found

    def commit(self) -> None:
        """All that was handed out is done. A group that moved on meanwhile gives it to somebody again: no error.

        TryLater again and again for a minute: it comes in anew, and what was not committed comes again.
        """
        if not self._handed:
            self._put_off_at = None
            return
        mine = self._connected().assignment()
        offsets = {place: OffsetAndMetadata(offset, "", -1) for place, offset in self._handed.items() if place in mine}
        try:
            if offsets:
                with answering("not committed"):
                    self._connected().commit(offsets, timeout_ms=10_000)
        except TryLater as error:
            if isinstance(error.__cause__, FencedInstanceIdError):
                raise RuntimeError(f"another process calls itself {self._instance}: set HOSO_INSTANCE") from error
            if not isinstance(error.__cause__, CommitFailedError):
                self._put_off(error)
                raise
        self._handed.clear()
        self._put_off_at = None

    def keep_place(self) -> None:
        """Stay in the group while the work waits. What comes meanwhile is kept for the next `poll`."""
        consumer = self._connected()
        with answering("no broker"):
            waiting = consumer.assignment()
            consumer.pause(*waiting)
            try:
                found = self._fetch(500, 0)
            finally:
                consumer.resume(*(waiting & consumer.assignment()))
            self._held += [message for message in found if message not in self._held]

    def seek(self, topic: str, partition: int, offset: int) -> None:
        """Read on from here; the partition must be assigned."""
        self._connected().seek(TopicPartition(topic, partition), offset)

    def assigned(self) -> list[tuple[str, int]]:
        """Which partitions are ours at this moment."""
        return sorted((place.topic, place.partition) for place in self._connected().assignment())

    def lag(self) -> Mapping[str, int]:
        """How many records of each topic wait for us, in partitions we have read, as far as the last fetch knows."""
        found: dict[str, int] = {}
        for place in self._consumer.assignment() if self._consumer is not None else ():
            highest, reached = self._consumer.highwater(place), self._reached.get(place)
            if highest is not None and reached is not None:
                found[place.topic] = found.get(place.topic, 0) + max(0, highest - reached)
        return found

    def close(self) -> None:
        """End without committing; the place stays ours for a restart."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=3000)
            self._consumer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fetch(self, most: int, timeout_ms: int) -> list[Message]:
        """What comes. A place that went to another meanwhile is forgotten: where it comes back, others were there."""
        batches = self._connected().poll(timeout_ms=timeout_ms, max_records=most)
        mine = self._connected().assignment()
        self._handed = {place: offset for place, offset in self._handed.items() if place in mine}
        self._stood_at = {place: at for place, at in self._stood_at.items() if place in mine}
        self._held = [one for one in self._held if TopicPartition(one.topic, one.partition) in mine]
        return [message_of(record) for records in batches.values() for record in records]

    @contextmanager
    def _fenced_no_more(self) -> Iterator[None]:
        """Come in anew where the group knows another under our name: a broker that froze answers one that is gone.

        Raises RuntimeError where that happens again and again without a record between: then there are two of us.
        """
        try:
            yield
        except FencedInstanceIdError as error:
            self._fenced += 1
            if self._fenced > MOST_FENCED:
                raise RuntimeError(f"another process calls itself {self._instance}: set HOSO_INSTANCE") from error
            log.error("consumer.renewed", consumer=self.name, why="the group knows another under its name")
            self._renew()
            raise

    def _is_to_look(self) -> bool:
        now = time.monotonic()
        if self._silent_at is not None and now - max(self._silent_at, self._looked_at) > STILL_SECONDS:
            return True
        return now - self._looked_at > LOOK_SECONDS and self._polls >= LOOK_POLLS

    def _look(self) -> None:
        """Where it stands, and where the log ends. Twice at one place before the end is too long, and so is twice
        without a place in the group, or twice without an answer.
        """
        self._looked_at, self._polls = time.monotonic(), 0
        was, self._unsettled = self._unsettled, self._connected().group_metadata().state is not MemberState.STABLE
        if was and self._unsettled:
            log.error("consumer.renewed", consumer=self.name, why="it has no place in its group")
            self._renew()
            return
        before, self._stood_at = self._stood_at, {}
        behind = self._behind()
        if any(before.get(place) == at for place, (at, _) in behind.items()):
            log.error("consumer.renewed", consumer=self.name, behind=sum(end - at for at, end in behind.values()))
            self._renew()
            return
        self._stood_at = {place: at for place, (at, _) in behind.items()}

    def _behind(self) -> dict[Any, tuple[int, int]]:
        """Where it stands before the end, and where the end is."""
        consumer, places = self._connected(), self._connected().assignment()
        try:
            ends = consumer.end_offsets(list(places), timeout_ms=5_000) if places else {}
            stands = {place: consumer.position(place, timeout_ms=5_000) for place in places}
            behind = {place: (at, ends[place]) for place, at in stands.items() if at is not None and at < ends[place]}
        except (KafkaError, OSError, KeyError) as error:
            self._failed_looks += 1
            if self._failed_looks >= MOST_FAILED_LOOKS:
                log.error("consumer.renewed", consumer=self.name, why=f"no answer: {type(error).__name__}")
                self._renew()
            raise
        self._failed_looks = 0
        return behind

    def _put_off(self, why: TryLater) -> None:
        """A commit was not taken; after a minute of them another consumer takes over."""
        self._put_off_at = self._put_off_at or time.monotonic()
        if time.monotonic() - self._put_off_at > PUT_OFF_SECONDS:
            log.error("consumer.renewed", consumer=self.name, why=why.why)
            self._renew()

    def _renew(self) -> None:
        stale, self._consumer = self._consumer, None
        self._put_off_at = None
        self._handed, self._reached, self._held, self._stood_at, self._unsettled = {}, {}, [], {}, False
        self._failed_looks = 0
        with suppress(KafkaError):
            stale.close(autocommit=False, timeout_ms=1000)

    def _connected(self) -> Any:
        if self._consumer is None:
            with answering("no broker"):
                self._consumer = KafkaConsumer(**self._settings())
            match self._topics:
                case str() as pattern:
                    self._consumer.subscribe(pattern=pattern)
                case names:
                    self._consumer.subscribe(topics=list(names))
        return self._consumer

    def _settings(self) -> dict[str, Any]:
        return reading(self._bootstrap, self._most_bytes) | {
            "client_id": self._instance,
            "group_id": self._group,
            "group_instance_id": re.sub(r"[^A-Za-z0-9._-]", "_", self._instance),
            "partition_assignment_strategy": (CooperativeStickyAssignor,),
            "session_timeout_ms": self._session_ms,
            "heartbeat_interval_ms": min(HEARTBEAT_MS, self._session_ms // 3),
            "max_poll_interval_ms": 600_000,
            "metadata_max_age_ms": NEW_TOPIC_SECONDS * 1000 if isinstance(self._topics, str) else 60_000,
        }


def reading(bootstrap: str, most_bytes: int = 4 * 1024 * 1024) -> dict[str, Any]:
    return {
        "bootstrap_servers": bootstrap.split(","),
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "fetch_max_wait_ms": FETCH_MS,
        "fetch_min_bytes": 1,
        "fetch_max_bytes": most_bytes,
        "max_partition_fetch_bytes": min(most_bytes, 1_100_000),
        "bootstrap_timeout_ms": 10_000,
        "reconnect_backoff_max_ms": 1000,
        "allow_auto_create_topics": False,
        "metrics_enabled": False,
        "selector": Selector,
        **LoginSettings().client(),
    }
