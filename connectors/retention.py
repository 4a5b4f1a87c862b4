"""How long what is kept, enforced: every process sweeps what it writes itself, a small batch at a time.

docs/privacy.md has the list. Topics have their own policies (schemas/topics.py); this is about SQL and keys of days.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from connectors.day_keys import WEBHOOKS
from connectors.letter_boxes import LETTERS
from connectors.metrics import counter
from connectors.settings import Settings
from connectors.store import Store, day_keys, retention
from connectors.store.shredding import overwrites, settle
from schemas.instant import clock, date_of, now

log = structlog.get_logger()
MOST = 500
"""Rows that one transaction removes at most."""
AGAIN_SECONDS = 1.0
"""How soon (real) it goes on where a batch was full."""
DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A class of data, for how many days (driven) it is kept, and what removes a batch of what is older."""

    data: str
    days: int
    remove: Callable[[Connection, float, int], int]


class Sweep:
    """Removes what is past its time, now and then; `look` is called as often as its process likes."""

    def __init__(self, store: Store, seconds: float, *kept: Kept) -> None:
        self._store, self._seconds, self._kept = store, seconds, kept
        self._look_at = 0.0
        for one in kept:
            counter("hoso_retention_removed_total").labels(one.data)

    def look(self) -> None:
        """Remove a batch of each class, if it is time to. Raises TryLater."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + self._seconds
        if MOST in [self._swept(one) for one in self._kept]:
            self._look_at = time.monotonic() + min(AGAIN_SECONDS, self._seconds)

    def _swept(self, one: Kept) -> int:
        before = clock().seconds() - one.days * DAY_SECONDS
        # Which rows go is the same however often it is asked: nothing is lost with the machine's power.
        with self._store.begin(lasting=False) as connection:
            removed = one.remove(connection, before, MOST)
        if removed:
            counter("hoso_retention_removed_total").labels(one.data).inc(removed)
            log.info("retention.swept", data=one.data, rows=removed, older_than_days=one.days)
        return removed


class DaysSweep:
    """Destroys keys of days past their time, now and then."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._seconds = store, settings.retention_seconds
        self._days = {WEBHOOKS: settings.keep_webhooks_days, LETTERS: settings.keep_letters_days}
        self._look_at = 0.0

    def look(self) -> None:
        """Destroy the keys of days before the first that is still kept, if it is time to. Raises TryLater."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + self._seconds
        with self._store.begin() as connection:
            overwrites(connection)
            gone = {purpose: self._destroyed(connection, purpose, days) for purpose, days in self._days.items()}
        for purpose, count in gone.items():
            if count:
                counter("hoso_day_keys_total").labels(purpose, "destroyed").inc(count)
                log.info("day_keys.destroyed", purpose=purpose, keys=count, older_than_days=self._days[purpose])
        if any(gone.values()):
            settle(self._store, "day_keys", is_small=True)

    def _destroyed(self, connection: Connection, purpose: str, days: int) -> int:
        return day_keys.destroy(connection, purpose, (date_of(now()) - timedelta(days=days)).isoformat())


def ended(queue: str, settings: Settings) -> Kept:
    """What a queue has brought to a good end."""
    return Kept(
        f"owed_{queue}",
        settings.keep_done_days,
        lambda connection, before, most: retention.done(connection, queue, before, most),
    )


def fed(settings: Settings) -> Kept:
    """The feed."""
    return Kept("feed", settings.keep_feed_days, retention.feed)


def digested(settings: Settings) -> Kept:
    """Which notices a digest told: as long as a queue keeps what ended well."""
    return Kept("gathered", settings.keep_done_days, retention.gathered)


def seen(settings: Settings) -> Kept:
    """What the gate remembers to answer a conflict at once."""
    return Kept("gate_seen", settings.keep_seen_days, retention.seen)


def unmatched(settings: Settings) -> Kept:
    """Carriers' updates that wait for a receipt."""
    return Kept("unmatched", settings.keep_unmatched_days, retention.unmatched)
