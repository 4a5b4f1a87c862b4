"""Doubles of an OpenTelemetry collector: one in memory, and one on a loopback port that reads OTLP over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from schemas import tracing
from schemas.tracing import Said
from tests.listening import Heard, Listener
from tests.listening import Said as Answer

WAIT_SECONDS = 60


class Kept:
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        self.said: list[Said] = []

    def take(self, said: Said) -> None:
        """One span."""
        self.said.append(said)

    def close(self) -> None:
        """Nothing is left."""

    def named(self, name: str) -> list[Said]:
        """The spans of this name."""
        return [one for one in self.said if one.row.name == name]


@contextmanager
def told() -> Iterator[Kept]:
    """A collector in memory that hears of every span in the length of a block."""
    kept = Kept()
    tracing.tell(kept)
    try:
        yield kept
    finally:
        tracing.tell(None)


@dataclass(frozen=True)
class Span:
    """A span as it came over the wire; ids in hex, no parent is ''."""

    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    began_ns: int
    ended_ns: int
    tells: dict[str, Any]
    error: str


class Collector(Listener):
    """Takes what is posted to /v1/traces; `answers` is the status it gives."""

    def __init__(self) -> None:
        super().__init__(self._take)
        self.answers, self.bodies = 200, list[bytes]()
        self._spans: list[Span] = []
        self._grown = threading.Condition()

    @property
    def url(self) -> str:
        """What HOSO_TRACES_URL says."""
        return self.address

    def spans(self) -> list[Span]:
        """What came, in the order in which it came."""
        with self._grown:
            return list(self._spans)

    def wait(self, what: str, *wanted: str, trace: str | None = None) -> list[Span]:
        """The spans (of a trace) once those of every wanted name are among them."""

        def found() -> list[Span]:
            return [one for one in self._spans if trace in (None, one.trace)]

        with self._grown:
            came = self._grown.wait_for(lambda: set(wanted) <= {one.name for one in found()}, WAIT_SECONDS)
            assert came, f"not within {WAIT_SECONDS} s: {what}; there is {[one.name for one in found()]}"
            return found()

    def _take(self, heard: Heard) -> Answer:
        with self._grown:
            if heard.path != "/v1/traces":
                return Answer(404)
            if self.answers == 200:
                self.bodies.append(heard.body)
                self._spans += _read(heard.body)
                self._grown.notify_all()
            return Answer(self.answers)


def _read(body: bytes) -> Iterator[Span]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = {one.key: one.value.string_value for one in resource.resource.attributes}
        for one in (span for scope in resource.scope_spans for span in scope.spans):
            tells = {said.key: said.value.string_value or said.value.int_value for said in one.attributes}
            ids = one.trace_id.hex(), one.span_id.hex(), one.parent_span_id.hex()
            times = one.start_time_unix_nano, one.end_time_unix_nano
            yield Span(about["service.name"], one.name, one.kind, *ids, *times, tells, one.status.message)
