"""Carriers' codes that no table holds, as the log tells of them: how often, since when, and what became of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.archive import Archive
from connectors.carriers import carriers
from connectors.codes import Said, api_version_of, older_list
from connectors.codes import read as read_codes
from connectors.sieve import Progress, logged, nobody, sifted
from schemas.carrier_codes import CodeApplied, CodeMapped
from schemas.postal import ItemMoved, ParcelStatus

UNKNOWN = ParcelStatus.UNKNOWN.value.encode()
DOSSIERS = 3
"""So many of the dossiers that a code was about are named."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An update with such a code."""

    carrier: str
    code: str
    ref: str
    recorded_at: datetime
    dossier: str

    @property
    def api_version(self) -> str | None:
        """Which list of the carrier's the code belongs to, as webhooks name it."""
        found = carriers().get(self.carrier)
        return api_version_of(found, self.code) if found else None


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code, in one list of a carrier: how many updates carried it, the last dossiers that they were about, and the
    mapping in force if there is one.
    """

    carrier: str
    api_version: str | None
    code: str
    times: int
    first: datetime
    last: datetime
    dossiers: tuple[str, ...] = ()
    mapping: CodeMapped | None = None
    applied: CodeApplied | None = None

    @property
    def list(self) -> str | None:
        """The name of the list, told by the webhook or by the code; None for the newest."""
        found = carriers().get(self.carrier)
        return older_list(found, self.api_version, self.code) if found else None


def unknown_codes(
    bootstrap: str,
    carrier: str | None = None,
    span: timedelta | None = None,
    progress: Progress = nobody,
    archive: Archive | None = None,
) -> list[UnknownCode]:
    """Every unknown code, or those of one carrier, that the log of the last while tells of, the most frequent first.

    Raises what `logged` does.
    """
    seen = [
        seen_in(move)
        for move in sifted(logged(bootstrap, span, archive), [ItemMoved], progress, UNKNOWN)
        if isinstance(move, ItemMoved) and _is_unknown(move) and carrier in (None, move.data.carrier)
    ]
    return counted(seen, read_codes(bootstrap))


def seen_in(move: ItemMoved) -> Seen:
    """A movement with such a code, as it is counted."""
    return Seen(move.data.carrier, move.data.carrier_code, move.ref, move.recorded, move.subject)


def counted(seen: Iterable[Seen], said: Said) -> list[UnknownCode]:
    """These updates by carrier and code, the most frequent first; a repetition counts once."""
    groups: dict[tuple[str, str], dict[str, Seen]] = {}
    for one in seen:
        groups.setdefault((one.carrier, one.code), {}).setdefault(one.ref, one)
    rows = [_row(list(updates.values()), said) for updates in groups.values()]
    return sorted(rows, key=lambda row: (-row.times, row.carrier, row.code))


def _row(updates: list[Seen], said: Said) -> UnknownCode:
    in_order = sorted(updates, key=lambda one: (one.recorded_at, one.ref))
    first, last = in_order[0], in_order[-1]
    key = (last.carrier, last.api_version, last.code)
    dossiers = tuple(dict.fromkeys(one.dossier for one in reversed(in_order)))[:DOSSIERS]
    mapping = said.of(*key)
    applied = said.applied.get(mapping.id) if mapping else None
    return UnknownCode(*key, len(updates), first.recorded_at, last.recorded_at, dossiers, mapping, applied)


def _is_unknown(move: ItemMoved) -> bool:
    return move.data.status is ParcelStatus.UNKNOWN
