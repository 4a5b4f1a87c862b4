"""A dossier's state as bytes and back: what a worker keeps in memory and in the changelog."""

import msgspec

from rules.dossier import Dossier

encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Dossier).decode


def decode(state: bytes) -> Dossier:
    """The dossier of these bytes."""
    return _decode(state)
