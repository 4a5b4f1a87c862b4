"""The metrics of this process, made from their rows in `schemas.telemetry`: without a row nothing is counted."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from schemas.telemetry import NAMES, Kind, Name


@cache
def _row(name: str, kind: Kind) -> Name:
    return next(row for row in NAMES if row.name == name and row.kind is kind)


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
    return Histogram(row.name, row.says, row.labels)
