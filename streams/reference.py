"""The reference data as the workers see it: every version that was ever published, before the first fact is folded."""

import threading
from datetime import datetime

import structlog

from rules.reference import Reference, UnknownVersion
from schemas.reference import REFERENCE, Bundle, ReferencePublished
from schemas.upcasting import may_write
from streams.following import Gone, follow

log = structlog.get_logger()

WAIT_SECONDS = 20.0
"""How long a fact waits for the version it names: the gate had it, so it is on its way."""


class Library:
    """Reads the topic `reference` from its start and goes on reading in a thread of its own."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._bundles: dict[str, Bundle] = {}
        self._newest: str | None = None
        self._published: dict[str, datetime] = {}
        self._changed = threading.Condition()
        self.reference = Reference(self._find)

    @property
    def newest(self) -> str:
        """The version in force. Raises UnknownVersion while there is none."""
        if self._newest is None:
            raise UnknownVersion("no reference data is published: `hoso reference apply`")
        return self._newest

    def older(self, version: str | None) -> bool:
        """Whether this is a version that another has replaced; not, if it has not come here yet."""
        return version is not None and version != self._newest and version in self._bundles

    @property
    def newest_since(self) -> datetime:
        """When the version in force was published."""
        return self._published[self.newest]

    def start(self, gone: Gone) -> None:
        """Read to the end as it is now, then follow. Waits until there is at least one version.

        `gone` is called where that can go on no longer: without it each fact of a later version would wait in vain.
        """
        follow(self._bootstrap, REFERENCE, self._take, gone, enough=lambda: self._newest is not None)

    def _take(self, raw: bytes) -> None:
        event = ReferencePublished.decode(raw)
        bundle = event.data
        with self._changed:
            self._bundles[bundle.version] = bundle
            self._published[bundle.version] = event.time
            self._newest = bundle.version
            may_write(bundle.finalised)
            self._changed.notify_all()
        log.info("reference.loaded", version=bundle.version)

    def _find(self, version: str) -> Bundle:
        with self._changed:
            if not self._changed.wait_for(lambda: version in self._bundles, WAIT_SECONDS):
                raise UnknownVersion(version)
            return self._bundles[version]
