"""Every topic that is kept for ever, archived: once, or side by side until told to stop."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from connectors.archive.archive import Archive
from connectors.archive.writing import Limits, Tell, Writer
from connectors.verdicts import TryLater
from schemas.topics import TOPICS, Keep

KEPT_FOR_EVER = tuple(row.name for row in TOPICS if row.keep is Keep.FOR_EVER)
"""The log, and what is needed to fold it again: the reference data. And the roots of receipts."""
AGAIN_SECONDS = 5.0


def archive_now(bootstrap: str, archive: Archive, limits: Limits, tell: Tell) -> int:
    """Archive all there is now; how many records that were. Raises what Writer raises."""
    return sum(Writer(bootstrap, topic, archive, limits, tell).catch_up() for topic in KEPT_FOR_EVER)


def archive_on(
    bootstrap: str, archive: Archive, limits: Limits, tell: Tell, stop: threading.Event, waits: Callable[[str], None]
) -> None:
    """Archive what is there and what comes until told to stop; `waits` is told why nothing goes on. BrokenArchive ends
    it for all topics.
    """
    with ThreadPoolExecutor(len(KEPT_FOR_EVER), "archive") as threads:
        going = [
            threads.submit(_archive, Writer(bootstrap, topic, archive, limits, tell), stop, waits)
            for topic in KEPT_FOR_EVER
        ]
        try:
            done, _ = wait(going, return_when=FIRST_EXCEPTION)
        finally:
            stop.set()
        for one in done:
            one.result()


def _archive(writer: Writer, stop: threading.Event, waits: Callable[[str], None]) -> None:
    while not stop.is_set():
        try:
            writer.follow(stop)
        except TryLater as error:
            waits(str(error))
            stop.wait(AGAIN_SECONDS)
