"""Spans: what a process does about one fact, told to a collector. Off by default: then nothing of it is imported.

A door says `with tracing.about("callback", word) as span` and hands on `span.traceparent`; what it may tell beside is
in its row. Nothing that names a dossier or a citizen is in any: a collector stands outside the trusted zone.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from importlib.util import find_spec
from types import TracebackType
from typing import Annotated, Protocol, Self

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas import trace
from schemas.event import Event

WORKERS = "/hoso/streams"
"""The source of what workers say."""
LIBRARY = "opentelemetry.exporter.otlp.proto.http.trace_exporter"


class Side(Enum):
    """Where a span stands to what is before and after it; the words are OpenTelemetry's."""

    SERVER = "SERVER"
    CLIENT = "CLIENT"
    PRODUCER = "PRODUCER"
    CONSUMER = "CONSUMER"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Row:
    """A span's name, its side, what it says, and what it may tell beside."""

    name: str
    side: Side
    says: str
    tells: frozenset[str]


def _row(name: str, side: Side, says: str, *tells: str) -> Row:
    return Row(name, side, says, frozenset(tells))


ROWS = {
    row.name: row
    for row in (
        _row("admit", Side.SERVER, "The gate takes a fact in, or not", "door", "agency", "type", "outcome"),
        _row("fold", Side.CONSUMER, "A worker folds a fact", "type"),
        _row("timer", Side.INTERNAL, "A fact that time alone sets in motion goes on the log", "type"),
        _row("order", Side.CLIENT, "A carrier is given an order or a wish to cancel", "carrier", "type", "attempt"),
        _row("webhook", Side.SERVER, "A carrier's bytes come in", "carrier", "outcome"),
        _row("ask", Side.CLIENT, "A carrier is asked where an item is", "carrier", "attempt"),
        _row("translate", Side.CONSUMER, "A carrier's bytes are read", "carrier", "outcome"),
        _row("callback", Side.CLIENT, "An agency is called", "agency", "type", "attempt", "status", "outcome"),
        _row("results", Side.PRODUCER, "A word goes to an agency's own topic", "agency", "type"),
    )
}


class TracingSettings(BaseSettings):
    """Settings of every process that tells of its spans."""

    model_config = SettingsConfigDict(env_prefix="HOSO_", env_ignore_empty=True, extra="ignore", frozen=True)

    traces_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+", max_length=500)] | None = None
    """The OpenTelemetry collector that spans go to, as http://host:4318 (OTLP over HTTP); none: none are told."""

    traces_share: Annotated[float, Field(ge=0, le=1)] = 1
    """Of which share of the traces that begin with us spans are told, 0 to 1; of another's, its own flag decides."""

    @field_validator("traces_url")
    @classmethod
    def _can_be_told(cls, value: str | None) -> str | None:
        if value is not None and not is_installed():
            raise ValueError("OpenTelemetry is not installed: pip install 'hoso[traces]', or leave this setting empty")
        return value


def is_installed() -> bool:
    """Whether the extra `traces` is."""
    try:
        return find_spec(LIBRARY) is not None
    except ModuleNotFoundError:
        return False


@dataclass(frozen=True, slots=True)
class Said:
    """A span that has ended; times in real unix nanoseconds, ids in hex, `error` the name of what broke it off."""

    row: Row
    trace: str
    span: str
    parent: str | None
    began_ns: int
    ended_ns: int
    tells: dict[str, str | int] = field(default_factory=dict)
    error: str | None = None


class Collector(Protocol):
    """Where spans go. It keeps nobody waiting, and lets fall what is too much for it. Threads share it."""

    def take(self, said: Said) -> None:
        """One span."""
        ...

    def close(self) -> None:
        """Send what is left, for a moment at most."""
        ...


class Span:
    """One thing done about a fact, from when it is made until it `ends`. This one is told to nobody."""

    __slots__ = ("traceparent",)

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent
        """What follows from it bears this."""

    def notes(self, **tells: str | int) -> None:
        """Tell this beside it; KeyError where its row has no such word."""

    def ends(self, error: BaseException | None = None) -> None:
        """It is over."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ends(error)


class _Told(Span):
    """One that a collector is told of."""

    __slots__ = ("_began_ns", "_collector", "_parent", "_row", "_tells")

    def __init__(self, collector: Collector, row: Row, traceparent: str, parent: str | None) -> None:
        super().__init__(traceparent)
        self._collector, self._row, self._parent = collector, row, parent
        self._began_ns, self._tells = time.time_ns(), dict[str, str | int]()

    def notes(self, **tells: str | int) -> None:
        if strange := tells.keys() - self._row.tells:
            raise KeyError(f"{self._row.name} does not tell {sorted(strange)}")
        self._tells |= tells

    def ends(self, error: BaseException | None = None) -> None:
        context, wrong = self.traceparent, type(error).__name__ if error is not None else None
        ids = trace.trace_in(context), trace.span_in(context)
        self._collector.take(Said(self._row, *ids, self._parent, self._began_ns, time.time_ns(), self._tells, wrong))


_collector: Collector | None = None
_share = 1.0


def start(process: str, instance: str, settings: TracingSettings, away: Callable[[str | None], None]) -> None:
    """Tell of this process's spans from now on, if the settings name a collector.

    `away` hears why the collector takes nothing, once, and None when it does again.
    """
    global _share
    _share = settings.traces_share
    if settings.traces_url is not None:
        # Here, so that whoever tells nothing imports nothing.
        from schemas.collector import OverHttp

        tell(OverHttp(settings.traces_url, process, instance, away))


def tell(collector: Collector | None) -> None:
    """Tell this one from now on; None: nobody."""
    global _collector
    _collector = collector


def stop() -> None:
    """Send what is left, and tell nothing more."""
    if (collector := _collector) is not None:
        tell(None)
        collector.close()


def is_on() -> bool:
    """Whether anybody is told."""
    return _collector is not None


def span(name: str, traceparent: str | None, *, id: str | None = None, parent: str | None = None) -> Span:
    """A span of the trace that `traceparent` stands for, beneath the span that it names, or `parent`.

    None begins a trace: then this is its first span. Where nobody is told, what follows bears `traceparent` as it came.
    """
    context = trace.begun(_share) if traceparent is None else traceparent
    if _collector is None or not trace.is_sampled(context):
        return Span(context)
    if traceparent is None:
        return _Told(_collector, ROWS[name], context, None)
    above = parent or trace.span_in(context)
    return _Told(_collector, ROWS[name], trace.within(context, id or trace.new_span()), above)


def about(name: str, fact: Event) -> Span:
    """A span of what is done about a fact, beneath what gave rise to it."""
    context = trace.known(fact.traceparent)
    return span(name, context, parent=parent_of(context, fact.source, fact.causationid))


def parent_of(traceparent: str | None, source: str, causationid: str | None) -> str | None:
    """The span in which a worker folded what caused this fact; None where `traceparent` itself names the span."""
    if traceparent is None or source != WORKERS or causationid is None:
        return None
    return trace.fold_of(traceparent, causationid)
