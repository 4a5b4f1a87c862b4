"""How one key is stored: the watermark, the next due time, then the state, so that re-arming a timer decodes nothing.

The watermark is the offset + 1 of the last record folded into the state. Watermarks compare as bytes.
"""

from struct import Struct

MARK = Struct(">Q")
HEADER = Struct(">Qd")
NO_TIMER = 0.0
CLOSED = float("-inf")
"""Stands where the due time would: the key is finished and is deleted once this state is committed."""

LOG_ID = b"\x00log"
"""The changelog key of the id of the log that the watermarks of a partition belong to; no dossier has it.

Its watermark is 0, or that of an adoption: fence + 1, and all that stands before it belongs to another log.
"""


def pack(watermark: int, next_due: float | None, state: bytes) -> bytes:
    """The stored form of a state."""
    return HEADER.pack(watermark, next_due or NO_TIMER) + state


def adoption(log_id: bytes, fence: int) -> tuple[bytes, bytes]:
    """The changelog record that gives a partition to this log: to be folded from its start, silent below the fence."""
    return LOG_ID, pack(fence + 1, None, log_id)


def state_of(stored: bytes) -> bytes:
    """The state alone."""
    return stored[HEADER.size :]


def watermark_of(stored: bytes) -> int:
    """Offset + 1 of the last record in this state."""
    (watermark,) = MARK.unpack_from(stored)
    return int(watermark)


def due_of(stored: bytes) -> float | None:
    """When this key's next timer is due; None for none."""
    due: float = HEADER.unpack_from(stored)[1]
    return due if due > NO_TIMER else None


def is_closed(stored: bytes) -> bool:
    """This key is finished."""
    return bool(HEADER.unpack_from(stored)[1] == CLOSED)


def moved(stored: bytes, watermark: int) -> bytes:
    """The same state and timer under a later watermark."""
    return MARK.pack(watermark) + stored[MARK.size :]
