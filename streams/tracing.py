"""A step that tells of each fact it folds: put around the fold where spans are told, so the engine knows none of it."""

import msgspec
import structlog

from schemas import trace, tracing
from streams.engine import Record, Step, Stepped

log = structlog.get_logger()


class _Envelope(msgspec.Struct):
    """What a span is made of."""

    type: str = ""
    source: str = ""
    id: str = ""
    causationid: str | None = None
    traceparent: str | None = None


_envelope = msgspec.json.Decoder(_Envelope).decode


def traced(step: Step) -> Step:
    """The same step, with a span for each fact whose trace is sampled."""

    def told(state: bytes | None, record: Record) -> Stepped:
        found = _of(record.value)
        context = trace.known(found.traceparent) if found else None
        if found is None or context is None:
            return step(state, record)
        ref = f"{found.source} {found.id}"
        above = tracing.parent_of(context, found.source, found.causationid)
        with tracing.span("fold", context, id=trace.fold_of(context, ref), parent=above) as span:
            span.notes(type=found.type)
            return step(state, record)

    return told


def _of(raw: bytes) -> _Envelope | None:
    """The envelope in these bytes; None of what the step will find to be no event."""
    try:
        return _envelope(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def away(why: str | None) -> None:
    """The log's word on a collector that takes nothing, and on one that does again."""
    if why is None:
        log.info("traces.back")
    else:
        log.warning("traces.away", why=why)
