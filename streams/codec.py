"""What a worker keeps of a dossier as bytes and back: in memory, and in the changelog."""

import msgspec

from rules.parking import Kept

encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode
NOTHING = Kept()


def decode(state: bytes | None) -> Kept:
    """What is kept in these bytes; nothing yet where there are none."""
    return NOTHING if state is None else _decode(state)
