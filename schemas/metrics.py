"""The metrics of this process, made from their rows in `schemas.telemetry`: without a row nothing is counted.

Each is made once a process, whichever room asks first.
"""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from schemas.telemetry import BY_NAME, Kind, Name


def _row(name: str, kind: Kind) -> Name:
    row = BY_NAME[name]
    if row.kind is not kind:
        raise KeyError(f"{name} is a {row.kind.value} and no {kind.value}")
    return row


@cache
def counter(name: str) -> Counter:
    """The counter of this name."""
    row = _row(name, Kind.COUNTER)
    return Counter(row.name, row.says, row.labels)


@cache
def gauge(name: str) -> Gauge:
    """The gauge of this name."""
    row = _row(name, Kind.GAUGE)
    return Gauge(row.name, row.says, row.labels)


@cache
def histogram(name: str) -> Histogram:
    """The histogram of this name."""
    row = _row(name, Kind.HISTOGRAM)
    return Histogram(row.name, row.says, row.labels, buckets=row.buckets or Histogram.DEFAULT_BUCKETS)
