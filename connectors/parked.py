"""Parked dossiers by what the workers said last, and an operator's word that ends it: a retry, or a skip."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.broker import Message, Reader, partition_of, read_key
from connectors.history import last_states
from connectors.operators import word_of
from schemas.instant import REAL, clock
from schemas.ops import EventSkipped, Retried
from schemas.state import STATE, DossierStateChanged

SLACK_SECONDS = 300.0
"""So much earlier than it should stand (real time) a state is looked for: machines' clocks differ."""
PATIENCE_SECONDS = 5.0
"""How long (real time) states are looked for."""


class NotParked(LookupError):
    """The dossier is not parked, or there is none of this code; with the next step."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked dossier: the fact that failed (source and id), why, since when, and how many facts wait with it."""

    dossier: str
    what: str
    why: str
    since: datetime
    facts: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A state to be found on its topic: the dossier's so-and-so-manieth, after a fact that was taken in at a moment.

    `since` is in driven unix seconds.
    """

    dossier: str
    sequence: int
    since: float


def parked(states: Mapping[str, DossierStateChanged.Data]) -> list[Parked]:
    """Those of these public states, by dossier, that say so."""
    found = (_parked(code, data) for code, data in sorted(states.items()))
    return [one for one in found if one is not None]


def standing(bootstrap: str) -> list[Parked]:
    """Every parked dossier there is, by code. Reads the whole topic of states. Raises TryLater."""
    return parked(last_states(bootstrap))


def standing_one(bootstrap: str, code: str) -> Parked:
    """The parked dossier of this code, by its last public state. Reads one partition. Raises NotParked, TryLater."""
    said = [record.value for record in read_key(bootstrap, STATE, code.encode()) if record.value is not None]
    if not said:
        raise NotParked(f"no worker knows a dossier {code}: is the code whole, as on the slip?")
    one = _parked(code, DossierStateChanged.decode(said[-1]).data)
    if one is None:
        raise NotParked(f"{code} is not parked: `hoso parked list` shows what is")
    return one


def found(bootstrap: str, wanted: Iterable[Wanted]) -> dict[str, Parked | None]:
    """These dossiers' states, looked for where they should stand on their topic; None where it is not parked any more.

    One that is not found in time is left out. Raises TryLater.
    """
    left = {one.dossier: one for one in wanted}
    states: dict[str, DossierStateChanged.Data] = {}
    if not left:
        return {}
    until = time.monotonic() + PATIENCE_SECONDS
    with Reader(bootstrap, STATE, starts=_starts(bootstrap, left.values())) as reader:
        for record in reader.to_end():
            if (state := _state(record, left)) is not None:
                states[state.subject] = state.data
                if state.data.sequence >= left[state.subject].sequence:
                    del left[state.subject]
            if not left or time.monotonic() > until:
                break
    return {code: _parked(code, data) for code, data in states.items() if code not in left}


def retried(code: str, by: str, refversion: str, why: str) -> Retried:
    """The operator's word that what waits is folded again, in order: what failed is mended."""
    return word_of(by, Retried, code, refversion, what=code, why=why)


def skipped(one: Parked, by: str, refversion: str, why: str) -> EventSkipped:
    """The operator's word that a parked dossier goes on without the fact that failed."""
    return word_of(by, EventSkipped, one.dossier, refversion, what=one.what, why=why)


def _parked(code: str, data: DossierStateChanged.Data) -> Parked | None:
    said = data.parked
    return Parked(code, said.what, said.why, said.since, said.facts) if said is not None else None


def _starts(bootstrap: str, wanted: Iterable[Wanted]) -> dict[int, int]:
    """From where on each partition is read: the oldest of the states that are looked for there."""
    with Reader(bootstrap, STATE) as reader:
        count = len(reader.bounds())
        since: dict[int, float] = {}
        for one in wanted:
            partition = partition_of(one.dossier.encode(), count)
            since[partition] = min(since.get(partition, one.since), one.since)
        return {partition: reader.first_since(_written_ms(at))[partition] for partition, at in since.items()}


def _written_ms(since: float) -> int:
    """The earliest time that a record said then may bear, in unix milliseconds: those who write have the real time."""
    is_real = clock().file is None and clock().segments == (REAL,)
    # A driven clock is a rehearsal's, and so short that its topics are read whole.
    return max(0, round((since - SLACK_SECONDS) * 1000)) if is_real else 0


def _state(record: Message, wanted: Mapping[str, Wanted]) -> DossierStateChanged | None:
    if record.key is None or record.value is None or record.key.decode(errors="replace") not in wanted:
        return None
    return DossierStateChanged.decode(record.value)
