"""The reference data on its topic: published from files, one bundle a version, and known to every process that runs."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from connectors.broker import FOLLOWERS_FETCH_MS, Message, Producer, Reader, read_all
from connectors.process import beside
from connectors.reference_files import FLEET, WrongReference, read_dir, versioned
from connectors.verdicts import Refused, TryLater
from rules.reference import Edition, Reference, UnknownVersion
from schemas.event import derived_id
from schemas.instant import now
from schemas.reference import REFERENCE, Bundle, ReferencePublished
from schemas.release import reaches
from schemas.upcasting import may_write

__all__ = [
    "FLEET",
    "Published",
    "References",
    "WrongReference",
    "in_force",
    "publish",
    "published",
    "read_dir",
    "versioned",
]

log = structlog.get_logger()
MOST_BYTES = 1_000_000
"""A bundle's largest size: more than another event's, since a city's wards are in it."""
WAIT_SECONDS = 20.0
"""How long a look-up waits for a version: whoever names it had it, so it is on its way."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version of the reference data, and when it came into force."""

    at: datetime
    bundle: Bundle


def published(records: Iterable[Message]) -> list[Published]:
    """What stands on the topic of the reference data, in its order."""
    events = (ReferencePublished.decode(record.value) for record in records if record.value)
    return [Published(event.time, event.data) for event in events]


def publish(bootstrap: str, bundle: Bundle, *, finalises: bool = False) -> bool:
    """Put this version in force; False if it is already. An earlier version is put back in force by saying it again.

    WrongReference if it lets processes write what a newer release brought and nobody looked at the fleet: `finalises`.
    """
    newest = _newest(bootstrap)
    if newest and newest.data.version == bundle.version:
        return False
    if newest and not finalises and not reaches(newest.data.finalised, bundle.finalised):
        way = f"`hoso fleet finalise {bundle.finalised}` once every process runs it"
        raise WrongReference([f"{FLEET}: finalised: {newest.data.finalised} is in force: {way}"])
    event = ReferencePublished(
        id=derived_id(bundle.version, "in_force", newest.id if newest else ""),
        source="/hoso/reference",
        subject=bundle.version,
        time=now(),
        data=bundle,
    )
    raw = event.encode()
    if len(raw) > MOST_BYTES:
        raise Refused(f"the bundle has {len(raw)} bytes, the most is {MOST_BYTES}", code="too_large")
    with Producer(bootstrap, "hoso-reference") as producer:
        producer.publish_to(REFERENCE, event.subject.encode(), raw)
    return True


def in_force(bootstrap: str) -> Bundle | None:
    """The version in force; None while nothing is published. Raises TryLater while the broker is away."""
    newest = _newest(bootstrap)
    return newest.data if newest else None


def _newest(bootstrap: str) -> ReferencePublished | None:
    records = read_all(bootstrap, REFERENCE)
    return ReferencePublished.decode(records[-1].value or b"") if records else None


class References:
    """Every version ever published. Reads the topic to its end, then follows it in a thread until closed."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._bundles: dict[str, Bundle] = {}
        self._published: tuple[Published, ...] = ()
        self._newest: str | None = None
        self._edition: Edition | None = None
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.reference = Reference(self.get)
        """The same as the rules take it: prepared editions, by version."""

    def start(self, stop: threading.Event | None = None) -> bool:
        """Wait until a version is known, and for the broker if it is away; False if told to stop before.

        An error that is no verdict ends the process, also later.
        """
        stop = stop or self._stop
        self._thread = beside("reference", self._follow)
        self._thread.start()
        with self._changed:
            while self._newest is None and not stop.is_set():
                self._changed.wait(0.5)
        return self._newest is not None

    def newest(self) -> Bundle:
        """The version in force. Raises UnknownVersion while there is none."""
        with self._changed:
            if self._newest is None:
                raise UnknownVersion("no reference data is published: `hoso reference apply`")
            return self._bundles[self._newest]

    def history(self) -> tuple[Published, ...]:
        """Every version in the order in which it came into force, the one in force last."""
        return self._published

    def get(self, version: str) -> Bundle:
        """The version of this name, which may still be on its way. Raises UnknownVersion."""
        with self._changed:
            if not self._changed.wait_for(lambda: version in self._bundles, WAIT_SECONDS):
                raise UnknownVersion(version)
            return self._bundles[version]

    def edition(self) -> Edition:
        """The version in force, prepared for questions."""
        bundle = self.newest()
        if self._edition is None or self._edition.version != bundle.version:
            self._edition = Edition(bundle)
        return self._edition

    def close(self) -> None:
        """Follow no longer."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=3)

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                with Reader(self._bootstrap, REFERENCE, fetch_ms=FOLLOWERS_FETCH_MS) as reader:
                    self._take(list(reader.to_end()), afresh=True)
                    while not self._stop.is_set():
                        self._take(reader.poll(1000))
            except TryLater as later:
                log.warning("broker.away", topic=REFERENCE, why=later.why)
                self._stop.wait(1)

    def _take(self, messages: Sequence[Message], *, afresh: bool = False) -> None:
        news = published(messages)
        if not news:
            return
        bundles = [one.bundle for one in news]
        with self._changed:
            self._published = (*(() if afresh else self._published), *news)
            self._bundles |= {bundle.version: bundle for bundle in bundles}
            self._newest = bundles[-1].version
            may_write(bundles[-1].finalised)
            self._changed.notify_all()
        log.info("reference.loaded", version=self._newest, known=len(self._bundles))
