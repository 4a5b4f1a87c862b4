"""Keeps Kafka's client libraries from flooding the log: warnings only, and each of them a few times a while."""

import logging
import time

QUIET = ("aiokafka", "faust", "mode", "kafka", "asyncio")


class FewTimes(logging.Filter):
    """Lets a message through a few times a window, then counts, and says how many it kept back."""

    def __init__(self, times: int = 5, window_seconds: float = 30.0) -> None:
        super().__init__()
        self.times = times
        self.window_seconds = window_seconds
        self.seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this record is written."""
        what, now = (record.name, str(record.msg)), time.monotonic()
        since, count = self.seen.get(what, (now, 0))
        if now - since > self.window_seconds:
            if count > self.times:
                record.msg = f"{record.msg} [{count - self.times} more like this before]"
            since, count = now, 0
        self.seen[what] = (since, count + 1)
        return count < self.times


def quieten(level: int = logging.WARNING) -> None:
    """Set level and filter on every logger of the libraries; a filter on a parent does not see its children's."""
    few = FewTimes()
    for name in [*QUIET, *(name for name in logging.root.manager.loggerDict if name.split(".")[0] in QUIET)]:
        logger = logging.getLogger(name)
        logger.setLevel(level)
        if not any(isinstance(known, FewTimes) for known in logger.filters):
            logger.addFilter(few)
