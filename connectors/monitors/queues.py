"""What the doors owe their partners, as SQL has it: how much and since when, how each lane stands, and the item codes
that are left.
"""

from collections.abc import Iterator

from connectors.monitors.board import Sample
from connectors.store import Store, item_codes
from connectors.store.overdue import since
from connectors.store.standing import Standing, has_tables, lanes
from schemas.instant import clock


class Queues:
    """The look at the queues."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def look(self) -> list[Sample]:
        """Every lane, and every pool of item codes. Nothing while nobody has made the tables. Raises TryLater."""
        now = clock().seconds()
        with self._store.read() as connection:
            if not has_tables(connection):
                return []
            stand, waits = lanes(connection), since(connection, now)
            pools = item_codes.pools(connection)
        found = {(one.queue, one.lane): one for one in waits}
        samples: list[Sample] = []
        for one in stand:
            samples += _depths(one)
            waiting = found.get((one.queue, one.lane))
            ages = (waiting.owed_at, waiting.due_at) if waiting else (None, None)
            for name, at in zip(("hoso_owed_oldest_seconds", "hoso_owed_overdue_seconds"), ages, strict=True):
                samples.append(Sample(name, (one.queue, one.lane), max(0.0, now - at) if at is not None else 0.0))
        for pool in pools:
            samples += _codes(pool)
        return samples


def _depths(one: Standing) -> Iterator[Sample]:
    lane = (one.queue, one.lane)
    yield Sample("hoso_owed", lane, one.owed)
    yield Sample("hoso_held", lane, one.held)
    yield Sample("hoso_in_doubt", lane, one.in_doubt)
    yield Sample("hoso_not_taken", (*lane, "gave_up"), one.gave_up)
    yield Sample("hoso_not_taken", (*lane, "aside"), one.aside)
    yield Sample("hoso_breaker", lane, one.breaker.level)


def _codes(pool: item_codes.Pool) -> Iterator[Sample]:
    for state, count in (("free", pool.free), ("bound", pool.bound), ("spent", pool.spent)):
        yield Sample("hoso_item_codes", (pool.carrier, state), count)
