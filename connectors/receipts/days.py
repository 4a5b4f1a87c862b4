"""The end of a day: its receipts under one root, signed, chained to the days before, on receipts.roots.

The root and what its topic is told of it are one row, written once; whoever publishes it again publishes the same
bytes. So a process may be killed at any step, and several may close days at once.
"""

from datetime import date, datetime, time, timedelta

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from connectors.broker import Producer
from connectors.receipts.signing import signed
from connectors.store import Store, receipts
from connectors.store.receipts import Closed
from rules.receipts.tree import GENESIS, chained, root_of
from schemas.event import derived_id, type_name
from schemas.instant import VIETNAM, clock, date_of, now
from schemas.receipts import ROOT_FORM, ROOTS, DayClosed
from schemas.release import RELEASE

log = structlog.get_logger()
SOURCE = "/hoso/notify"


class Days:
    """Closes days that are over and publishes their roots. Called often; it looks at SQL once a day."""

    def __init__(self, store: Store, producer: Producer, key: Ed25519PrivateKey) -> None:
        self._store, self._producer, self._key = store, producer, key
        self._look_at, self._to_publish = 0.0, True

    def turn(self) -> None:
        """Close what is over, and say what may not be said yet. Raises TryLater; then it goes on where it was."""
        today = date_of(now())
        if clock().seconds() >= self._look_at:
            self._close_before(today)
            self._look_at, self._to_publish = midnight_after(today).timestamp(), True
        if self._to_publish:
            self._publish()
            self._to_publish = False

    def _close_before(self, today: date) -> None:
        with self._store.read() as connection:
            if not receipts.open_days(connection, today):
                return
        with self._store.begin() as transaction:
            receipts.alone(transaction)
            for day in receipts.open_days(transaction, today):
                self._close(transaction, day)

    def _close(self, connection: Connection, day: date) -> None:
        leaves = [leaf for _, leaf in receipts.leaves(connection, day)]
        last = receipts.last_closed(connection)
        event = day_closed(day, leaves, last.chain if last else GENESIS, self._key)
        receipts.close(connection, Closed(day, event.data.chain, event.encode()))
        log.info("receipts.closed", day=day.isoformat(), receipts=event.data.count, root=event.data.root)

    def _publish(self) -> None:
        with self._store.read() as connection:
            told = receipts.unpublished(connection)
        if not told:
            return
        for one in told:
            self._producer.publish_to(ROOTS, one.day.isoformat().encode(), one.body)
        with self._store.begin() as transaction:
            receipts.published(transaction, [one.day for one in told])


def midnight_after(day: date) -> datetime:
    """When a day is over in Viet Nam."""
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM)


def day_closed(day: date, leaves: list[bytes], previous: str, key: Ed25519PrivateKey) -> DayClosed:
    """The event that closes a day: the same for the same leaves in the same order, byte for byte."""
    root = root_of(leaves).hex()
    unsigned = {
        "form": ROOT_FORM,
        "day": day.isoformat(),
        "count": len(leaves),
        "root": root,
        "previous": previous,
        "chain": chained(previous, day, len(leaves), root),
    }
    return DayClosed(
        id=derived_id(f"{ROOTS} {day.isoformat()}", type_name("receipts", "day_closed")),
        source=SOURCE,
        subject=day.isoformat(),
        time=midnight_after(day),
        codeversion=RELEASE,
        data=DayClosed.Data.model_validate(signed(unsigned, key)),
    )
