"""The log folded and compared a partition at a time, by as many processes as asked for: a dossier is in one only."""

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from connectors.archive import open_archive
from connectors.broker import Reader
from connectors.rebuilding import compare, last_states, refold
from schemas.dossier import LOG

EVERY = 1_000
"""How many facts a process folds before it says how far it is."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What came of one partition; the time of the processor is that of folding, in seconds."""

    partition: int
    facts: int
    dossiers: int
    cpu_seconds: float
    differences: tuple[str, ...]


class Portions:
    """The whole log, partition by partition: memory holds as many partitions as there are processes."""

    def __init__(self, bootstrap: str, archive_url: str | None, processes: int) -> None:
        """Raises TryLater while the broker is away."""
        self._bootstrap, self._url, self._processes = bootstrap, archive_url, processes
        with Reader(bootstrap, LOG) as reader:
            self.partitions = sorted(reader.bounds())
        context = multiprocessing.get_context("spawn")
        self._folded: Any = context.Value("q", 0)
        self._pool = ProcessPoolExecutor(min(processes, len(self.partitions)), context, _begin, (self._folded,))

    @property
    def facts(self) -> int:
        """How many facts are folded so far, about."""
        return int(self._folded.value)

    def done(self) -> Iterator[Portion]:
        """Each partition as it is done. Raises what `refold` raises."""
        with self._pool as pool:
            going = [pool.submit(portion, self._bootstrap, self._url, number) for number in self.partitions]
            try:
                yield from (one.result() for one in as_completed(going))
            finally:
                _leave(going)


def portion(bootstrap: str, archive_url: str | None, partition: int) -> Portion:
    """Fold one partition and compare it with what was said of its dossiers. Raises what `refold` raises."""
    archive = open_archive(archive_url) if archive_url else None
    # States first: what is folded after they were read is on its way to them.
    states = last_states(bootstrap, [partition])
    began = time.process_time()
    folded = refold(bootstrap, _count, archive, [partition])
    spent = time.process_time() - began
    return Portion(partition, folded.facts, len(folded.kept), spent, tuple(compare(folded.kept, states)))


_counter: Any = None


def _begin(counter: Any) -> None:
    """A process of the pool begins: all of them count into one number."""
    global _counter
    _counter = counter


def _count(facts: int) -> None:
    if _counter is not None and facts % EVERY == 0:
        with _counter.get_lock():
            _counter.value += EVERY


def _leave(going: list[Future[Portion]]) -> None:
    for one in going:
        one.cancel()
