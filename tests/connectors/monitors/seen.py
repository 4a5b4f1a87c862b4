"""What a look saw, as a test asks for it."""

from collections.abc import Iterable

from connectors.monitors.board import Sample


def value(samples: Iterable[Sample], name: str, *labels: str) -> float | None:
    """The value of one sample; None where it is not shown."""
    found = [one.value for one in samples if one.name == name and one.labels == labels]
    assert len(found) < 2, f"{name}{labels} is shown twice"
    return found[0] if found else None


def shown(samples: Iterable[Sample], name: str) -> dict[tuple[str, ...], float]:
    """All samples of one metric."""
    return {one.labels: one.value for one in samples if one.name == name}
