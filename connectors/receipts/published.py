"""The roots of closed days as they stand on receipts.roots."""

from typing import Any

from connectors.broker import read_all
from schemas.receipts import ROOTS, DayClosed


def roots_on_topic(bootstrap: str) -> list[dict[str, Any]]:
    """Every closed day's root once, in the order of the topic. Raises TryLater while the broker is away."""
    events = (DayClosed.decode(one.value) for one in read_all(bootstrap, ROOTS) if one.value is not None)
    return list({event.id: event.data.model_dump(mode="json") for event in events}.values())
