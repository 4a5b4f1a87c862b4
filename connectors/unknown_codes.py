"""Carriers' codes that no table holds, as the log tells of them: how often, since when, and what became of each.

A movement does not say which list its code belongs to; the webhook it came in does, as long as that is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from connectors.broker import Message, Reader
from connectors.codes import Said
from connectors.codes import read as read_codes
from connectors.sieve import Progress, nobody, sifted, since
from schemas.carrier_codes import CodeApplied, CodeMapped
from schemas.dossier import LOG
from schemas.postal import WEBHOOKS, ItemMoved, ParcelStatus

UNKNOWN = ParcelStatus.UNKNOWN.value.encode()


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code, in one list of a carrier: how many updates carried it, and the mapping in force if there is one."""

    carrier: str
    api_version: str | None
    code: str
    times: int
    first: datetime
    last: datetime
    mapping: CodeMapped | None = None
    applied: CodeApplied | None = None


class _About(msgspec.Struct):
    api_version: str | None = None


class _Head(msgspec.Struct):
    data: _About


def unknown_codes(
    bootstrap: str, carrier: str | None = None, span: timedelta | None = None, progress: Progress = nobody
) -> list[UnknownCode]:
    """Every unknown code, or those of one carrier, that the log of the last while tells of, the most frequent first.

    Raises TryLater.
    """
    moves = [
        move
        for move in sifted(since(bootstrap, LOG, span), [ItemMoved], progress, UNKNOWN)
        if isinstance(move, ItemMoved) and _is_unknown(move) and carrier in (None, move.data.carrier)
    ]
    said = read_codes(bootstrap)
    if not moves:
        return []
    with Reader(bootstrap, WEBHOOKS) as reader:
        lists = lists_of(reader.to_end(), {move.data.evidence for move in moves})
    return counted(moves, lists, said)


def counted(moves: Iterable[ItemMoved], lists: Mapping[str, str | None], said: Said) -> list[UnknownCode]:
    """These movements by carrier, list and code; a repetition counts once. `lists` are those of webhooks, by digest."""
    groups: dict[tuple[str, str | None, str], dict[str, ItemMoved]] = {}
    for move in moves:
        key = (move.data.carrier, lists.get(move.data.evidence), move.data.carrier_code)
        groups.setdefault(key, {}).setdefault(move.ref, move)
    rows = []
    for key, updates in groups.items():
        seen, mapping = [one.recorded for one in updates.values()], said.of(*key)
        applied = said.applied.get(mapping.id) if mapping else None
        rows.append(UnknownCode(*key, len(updates), min(seen), max(seen), mapping, applied))
    return sorted(rows, key=lambda row: (-row.times, row.carrier, row.code, row.api_version or ""))


def lists_of(records: Iterable[Message], digests: set[str]) -> dict[str, str | None]:
    """Under which api version these webhooks came, by the digest that is their key."""
    decode, wanted = msgspec.json.Decoder(_Head).decode, {one.encode(): one for one in digests}
    found: dict[str, str | None] = {}
    for record in records:
        if (digest := wanted.get(record.key or b"")) is not None:
            try:
                found[digest] = decode(record.value or b"").data.api_version
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
    return found


def _is_unknown(move: ItemMoved) -> bool:
    return move.data.status is ParcelStatus.UNKNOWN
