"""How a worker ends: the reasons, the exit codes, and the one function that ends it at once.

    0   stopped: drained and committed
    70  crashed: nothing was committed that was not acknowledged; start it again
    75  stuck: a stop did not finish in time; start it again

Kafka keeps everything a worker needs, so ending is safe at any moment and always better than going on in doubt.
`app.crash()` is never used: during a rebalance it waits for something that waits for it.
"""

import logging
import os
import sys
import traceback
from typing import NoReturn

import structlog

STOPPED = 0
CRASHED = 70
STUCK = 75

log = structlog.get_logger(__name__)


class Ending(Exception):
    """A reason to end the process."""


class Hole(Ending):
    """Records between the last Unit and this one are missing: lost in a rebalance, or deleted by retention."""


class StateGone(Ending):
    """Offsets are committed for a partition whose changelog is empty: `hoso adopt-log` has it folded from the start."""


class BeginningGone(Ending):
    """The log has lost records that no state holds: what is left of it is not the whole."""


class OtherLog(Ending):
    """The input topic is not the one the stored watermarks belong to: re-created, restored or mirrored."""


class ForeignWriter(Ending):
    """Somebody else wrote to a changelog partition that this worker owns: one of the two is a zombie."""


class WrongLayout(Ending):
    """A topic is missing, or has another number of partitions than the engine was told."""


class Stalled(Ending):
    """There is lag and no commit, or a recovery does not move: the worker lives and does nothing."""


class Undrained(Ending):
    """A revoke or a stop waited too long for acknowledgements."""


class TooLarge(Exception):
    """A state or an output is over `max_record_bytes`; nothing of this step has been sent."""


class Unfit(Exception):
    """A record that cannot belong to any key: no key, no value, or a key the engine keeps for itself."""


def end(why: BaseException, code: int = CRASHED) -> NoReturn:
    """End the process now, with the reason in the log."""
    # As text: a traceback that shows locals would show what citizens wrote.
    log.critical("engine.ended", code=code, why=repr(why), trace="".join(traceback.format_exception(why)))
    leave(code)


def leave(code: int) -> NoReturn:
    """End the process now, without a word."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
