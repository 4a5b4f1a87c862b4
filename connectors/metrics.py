"""The doors' metrics, and what several of them count alike."""

from datetime import datetime

from schemas.instant import now
from schemas.metrics import counter, gauge, histogram

__all__ = ["counter", "effect", "gauge", "histogram"]


def effect(what: str, partner: str, recorded: datetime) -> None:
    """An event that came in then has had its effect now, in driven time."""
    histogram("hoso_effect_seconds").labels(what, partner).observe(max(0.0, (now() - recorded).total_seconds()))
