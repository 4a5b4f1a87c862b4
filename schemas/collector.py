"""The one door to OpenTelemetry: spans in, OTLP over HTTP out by a thread of its own. Imported where tracing is on."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from schemas.release import RELEASE
from schemas.tracing import Said, Side

PATH = "/v1/traces"
TIMEOUT_SECONDS = 5.0
"""How long (real time) one batch may take, its retries included."""
PAUSE_MS = 1000
"""How long spans gather before they are sent: what a crash loses at most."""
CLOSE_SECONDS = 3.0
"""How long a process that ends waits for its collector."""
KINDS: Final = {side: SpanKind[side.value] for side in Side}
SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
FINE: Final = Status(StatusCode.UNSET)


class OverHttp:
    """A collector somewhere else. What it does not take in time is lost: traces are a help, no record."""

    def __init__(self, url: str, process: str, instance: str, away: Callable[[str | None], None]) -> None:
        # It would speak of each failed try, in a form of its own; `away` says it once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        exporter = OTLPSpanExporter(endpoint=url.rstrip("/").removesuffix(PATH) + PATH, timeout=TIMEOUT_SECONDS)
        self._processor = BatchSpanProcessor(_Watched(exporter, away), schedule_delay_millis=PAUSE_MS)
        self._resource = Resource.create(
            {
                "service.namespace": "hoso",
                "service.name": process,
                "service.instance.id": instance,
                "service.version": RELEASE,
            }
        )

    def take(self, said: Said) -> None:
        """One span: into memory, or nowhere if that is full."""
        trace, parent = int(said.trace, 16), said.parent
        self._processor.on_end(
            ReadableSpan(
                said.row.name,
                SpanContext(trace, int(said.span, 16), is_remote=False, trace_flags=SAMPLED),
                SpanContext(trace, int(parent, 16), is_remote=True, trace_flags=SAMPLED) if parent else None,
                self._resource,
                {f"hoso.{name}": value for name, value in said.tells.items()},
                kind=KINDS[said.row.side],
                status=Status(StatusCode.ERROR, said.error) if said.error else FINE,
                start_time=said.began_ns,
                end_time=said.ended_ns,
            )
        )

    def close(self) -> None:
        """Send what is left. A collector that does not answer keeps nobody."""
        closing = threading.Thread(target=self._processor.shutdown, name="traces", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


class _Watched(SpanExporter):
    """Sends batches, and says when they begin to be lost and when they no longer are."""

    def __init__(self, exporter: SpanExporter, away: Callable[[str | None], None]) -> None:
        self._exporter, self._away, self._lost = exporter, away, False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """One batch."""
        result = self._exporter.export(spans)
        lost = result is not SpanExportResult.SUCCESS
        if lost is not self._lost:
            self._lost = lost
            self._away("the collector takes no spans: they are lost meanwhile" if lost else None)
        return result

    def shutdown(self) -> None:
        """Nothing more comes."""
        self._exporter.shutdown()
