"""The guard against a bad release: it ends the worker when most of a partition's facts go wrong, and remembers it."""

from collections import defaultdict, deque
from pathlib import Path

import msgspec
from msgspec import Struct

from schemas.metrics import gauge
from schemas.release import RELEASE

TRIPPED = gauge("hoso_worker_guard_tripped")


class TooMuchParked(Exception):
    """A large share of a partition's recent facts cannot be folded: the release is bad, not the facts."""


class Remembered(Struct, frozen=True):
    """What a worker saw of each partition's last facts when it ended: whether each went wrong. Of one release."""

    release: str
    recent: dict[int, list[bool]]


class Guard:
    """Counts, partition by partition, how many of the last facts parked a dossier or were no events.

    Before it ends a worker it leaves its counts in `folder`; there the same release goes on with them after a restart,
    so that no more of the topic is drained: the next fact that goes wrong ends it at once. Enough that go well make a
    partition begin anew, and so does another release. Without a folder nothing outlasts the process.
    """

    RECENT, ENOUGH, MOST_SHARE = 200, 50, 0.5
    FILE = "guard.json"

    def __init__(self, folder: Path | None = None, release: str = RELEASE) -> None:
        self._file = folder / self.FILE if folder is not None else None
        self._release = release
        self._recent: defaultdict[int, deque[bool]] = defaultdict(lambda: deque(maxlen=self.RECENT))
        self._owned: set[int] = set()
        for partition, recent in self._recalled().items():
            self._recent[partition].extend(recent)
        self._tripped = {partition for partition in self._recent if self._is_too_much(partition)}
        self._show()

    def own(self, partition: int) -> None:
        """This partition is ours from here."""
        self._owned.add(partition)
        self._show()

    def leave(self, partition: int) -> None:
        """This partition is another worker's from here."""
        self._owned.discard(partition)
        self._show()

    def saw(self, partition: int, went_wrong: bool) -> None:
        """One more fact. Raises TooMuchParked, which ends the worker before it commits this one."""
        recent = self._recent[partition]
        recent.append(went_wrong)
        if not went_wrong:
            if partition in self._tripped and not self._is_too_much(partition):
                self._begin_anew(partition)
        elif self._is_too_much(partition):
            why = f"{sum(recent)} of the last {len(recent)} facts of partition {partition} parked"
            raise TooMuchParked(why + self._remembering())

    def _is_too_much(self, partition: int) -> bool:
        recent = self._recent[partition]
        return len(recent) >= self.ENOUGH and sum(recent) > len(recent) * self.MOST_SHARE

    def _begin_anew(self, partition: int) -> None:
        self._recent[partition].clear()
        self._tripped.discard(partition)
        self._show()
        if not self._tripped and self._file is not None:
            self._file.unlink(missing_ok=True)

    def _recalled(self) -> dict[int, list[bool]]:
        if self._file is None or not self._file.exists():
            return {}
        try:
            found = msgspec.json.decode(self._file.read_bytes(), type=Remembered)
        except msgspec.DecodeError:
            # A disk that was full: whoever counts from nothing ends at the fiftieth.
            return {}
        return found.recent if found.release == self._release else {}

    def _remembering(self) -> str:
        """Leave the counts for the next start; what hindered it, if anything did."""
        if self._file is None:
            return ""
        left = Remembered(self._release, {partition: list(recent) for partition, recent in self._recent.items()})
        new = self._file.with_suffix(".new")
        try:
            new.write_bytes(msgspec.json.encode(left))
            new.replace(self._file)
        except OSError as error:
            return f"; not remembered: {error}"
        return ""

    def _show(self) -> None:
        TRIPPED.set(bool(self._tripped & self._owned))
