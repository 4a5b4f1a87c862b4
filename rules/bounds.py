"""How much a dossier may come to: its facts, the bytes of its state and of what waits; decided as it is folded."""

import msgspec

from rules.dossier import Dossier
from schemas.deadline import Archived, LimitReached, RungReached
from schemas.event import Event
from schemas.ops import EventSkipped, Retried

MOST_FACTS = 2_000
MOST_STATE_BYTES = 256 * 1024
MOST_KEPT_BYTES = 790_000
"""Of a parked dossier with all that waits: what the engine's record holds beside key, header and an alarm's trace."""
UNREFUSED = (RungReached, LimitReached, Archived, Retried, EventSkipped)
"""What time alone says, and the words that end a parking: refused, they would only come again."""

encode = msgspec.msgpack.Encoder().encode
"""What is kept, as the bytes in which it is stored."""

OF_A_BYTE, OF_A_LIMIT, OF_A_FACT = 8, 512, 8_192
"""How many bytes a state grows at most for each byte of a fact, each limit in force, each fact: all three generous.

What a carrier says stands in a leg five times at most; a limit that passes leaves its name.
"""


def growth(after: Dossier, raw: bytes) -> int:
    """No fewer bytes than its state has grown by with this fact."""
    return OF_A_BYTE * len(raw) + OF_A_LIMIT * len(after.limits) + OF_A_FACT


def beyond(event: Event, before: Dossier | None, after: Dossier, state_bytes: int) -> str:
    """Why the dossier may not take this fact in, in plain words; nothing where it may, or nobody may refuse it."""
    if isinstance(event, UNREFUSED):
        return ""
    folded = len(before.seen) if before is not None else 0
    if len(after.seen) > max(folded, MOST_FACTS):
        return f"it has {MOST_FACTS:,} facts, and no dossier may have more"
    if state_bytes > MOST_STATE_BYTES:
        return f"its state would be larger than {MOST_STATE_BYTES // 1024} KiB"
    return ""
