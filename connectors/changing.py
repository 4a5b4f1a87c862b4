"""The keys other than the openers' changed for others, without a moment in which something does not open or verify.

Two ways. **In steps**, as the openers' pair (connectors/rotating.py), for evidence, feed and signing: *prepare* writes
the next key into the file, and whoever opens knows it; *switch* puts it first, where it writes; *finish* brings what
lies in SQL under it and takes the others out. **From a day on**, for digest and tracking: digests stand on the log and
codes on slips for ever, and who compares them holds no key, so a dossier keeps the key of its day
(connectors/dated_keys.py) and nothing is switched. Keys that were taken out lie in `<name>.retired.key`, which no
process reads.
"""

import secrets
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, Row

from connectors import key_files
from connectors.certificates import public_keys, public_pem
from connectors.day_keys import WEBHOOKS
from connectors.key_files import BYTES, Line
from connectors.rewrapping import Place, Wrapped, wrap_anew
from connectors.rotating import CannotRotate, Stage, refuse_late
from connectors.seal import LASTING, CannotOpen, Evidence, lasting_name, locked, unlocked
from connectors.secrets import DIGEST, EVIDENCE, FEED, SIGNING, SIGNING_BEFORE, TRACKING
from connectors.store import Store, tables
from schemas.sealed import Box

IN_STEPS = (EVIDENCE, FEED, SIGNING)
FROM_A_DAY = (DIGEST, TRACKING)
AHEAD = timedelta(days=2)
"""How far ahead the first day of a dated key lies if nobody names one: time to restart whoever uses it."""
BOXED = b'{"key_id"'


def retired(file: Path) -> Path:
    """Where the keys lie that were taken out of a file."""
    return file.with_name(f"{file.stem}.retired.key")


# ---------------------------------------------------------------- in steps


def stage(file: Path) -> Stage:
    """How far the change of a key in steps is. Raises NoSuchSecret."""
    lines = key_files.read(file)
    if any(one.next for one in lines):
        return Stage.PREPARED
    return Stage.SETTLED if len(lines) == 1 else Stage.SWITCHED


def prepare(file: Path) -> None:
    """Make the next key, which is read and writes nothing. Raises CannotRotate where the last is not finished."""
    match stage(file):
        case Stage.SWITCHED:
            raise CannotRotate(f"the last rotation is not finished: `hoso keys rotate {file.stem} --finish`")
        case Stage.SETTLED:
            key_files.write(file, (*key_files.read(file), Line(secrets.token_bytes(BYTES), next=True)))


def switch(file: Path) -> None:
    """The next key writes from now on; all still read. Raises CannotRotate where there is none."""
    match stage(file):
        case Stage.SETTLED:
            raise CannotRotate(f"there is no next key: `hoso keys rotate {file.stem}` makes it")
        case Stage.PREPARED:
            lines = key_files.read(file)
            first = [one.plain() for one in lines if one.next]
            key_files.write(file, (*first, *(one for one in lines if not one.next)))


def _only_first(file: Path) -> None:
    """Take out every key but the first. They are on disk elsewhere before they are gone here."""
    first, *others = key_files.read(file)
    _retire(file, others)
    key_files.write(file, (first.plain(),))


def _retire(file: Path, lines: list[Line]) -> None:
    kept = key_files.read(retired(file)) if retired(file).exists() else ()
    there = {one.key for one in kept}
    fresh = tuple(one.plain() for one in lines if one.key not in there)
    if fresh:
        key_files.write(retired(file), (*fresh, *kept))


def _switched(file: Path) -> tuple[bytes, ...]:
    """The keys of a file that was switched, the new one first. Raises CannotRotate where it was not."""
    if stage(file) is not Stage.SWITCHED:
        name = file.stem
        raise CannotRotate(f"nothing was switched: `hoso keys rotate {name}`, then `--switch`, come first")
    return tuple(one.key for one in key_files.read(file))


def finish_evidence(folder: Path, store: Store, progress: Callable[[int], None] = lambda _count: None) -> Wrapped:
    """Wrap the keys of days anew, and what waits in a box of an older release, then take the keys before out.

    Raises CannotRotate where nothing was switched, or somebody made a day's key under the one before meanwhile;
    TryLater.
    """
    file = folder / EVIDENCE
    keys = _switched(file)
    days, waits = tables.DAY_KEYS.c, tables.UNMATCHED.c
    of_days, of_boxes = (lambda row: _day_anew(keys, row)), _boxes_anew(keys, waits["update"])
    places = (
        Place(tables.DAY_KEYS, days.id, days.wrapped, days.at, of_days, days.purpose == WEBHOOKS),
        Place(tables.UNMATCHED, waits.id, waits["update"], waits.at, of_boxes),
    )
    return _finished(file, wrap_anew(store, places, progress), "edge, poll and translate")


def finish_feed(folder: Path, store: Store, progress: Callable[[int], None] = lambda _count: None) -> Wrapped:
    """Lock the feed's rows anew, then take the keys before out. Raises as `finish_evidence` does."""
    file = folder / FEED
    keys, rows = _switched(file), tables.FEED.c
    place = Place(tables.FEED, rows.cursor, rows.body, rows.at, _boxes_anew(keys, rows.body))
    return _finished(file, wrap_anew(store, (place,), progress), "notify")


def _finished(file: Path, done: Wrapped, who: str) -> Wrapped:
    refuse_late(done, who)
    _only_first(file)
    return done


def _day_anew(keys: tuple[bytes, ...], row: Row[Any]) -> bytes | None:
    """A day's key under the first of these."""
    id, was = str(row.id), bytes(row.wrapped)
    for key in keys:
        try:
            secret = unlocked(AESGCM(key), was, id)
        except (InvalidTag, ValueError):
            continue
        return None if key is keys[0] else locked(AESGCM(keys[0]), secret, id)
    raise CannotOpen(f"the key {id} is wrapped under none of the keys here")


def _boxes_anew(keys: tuple[bytes, ...], column: Column[Any]) -> Callable[[Row[Any]], bytes | None]:
    """What gives a row's box under the first of these; a row in the open, or under a day's key, stays as it is."""
    evidence, newest = Evidence(keys), lasting_name(keys[0])

    def anew(row: Row[Any]) -> bytes | None:
        body = bytes(row._mapping[column])
        if not body.startswith(BOXED):
            return None
        box = Box.model_validate_json(body)
        if box.key_id == newest or not box.key_id.startswith(LASTING):
            return None
        return evidence.seal(evidence.open(box)).model_dump_json().encode()

    return anew


def finish_signing(folder: Path) -> None:
    """Take the keys before out; their public halves stay, for what they signed. Raises CannotRotate."""
    file, pem = folder / SIGNING, folder / SIGNING_BEFORE
    _, *before = _switched(file)
    kept = pem.read_bytes() if pem.exists() else b""
    ended = [Ed25519PrivateKey.from_private_bytes(one).public_key() for one in before]
    fresh = [one for one in ended if not kept or one not in public_keys(kept)]
    key_files.replaced(pem, "".join(map(public_pem, fresh)).encode() + kept)
    _only_first(file)


# ---------------------------------------------------------------- from a day on


def coming(file: Path, today: date) -> date | None:
    """The first day of a key that is not used yet; None where there is none. Raises NoSuchSecret."""
    first = key_files.read(file)[0].from_on
    return first if first is not None and first > today else None


def add_dated(file: Path, from_on: date | None, today: date) -> date:
    """Make a key for the dossiers of this day (Viet Nam) and later; its first day. Once more changes nothing.

    Raises CannotRotate where the day is not ahead, or another was said already.
    """
    if (said := coming(file, today)) is not None:
        if from_on not in (None, said):
            raise CannotRotate(f"the next key is for the dossiers of {said} and later already; that cannot be moved")
        return said
    day = from_on or today + AHEAD
    if day <= today:
        raise CannotRotate(f"dossiers of {day} have a key already: name a day after {today}")
    key_files.write(file, (Line(secrets.token_bytes(BYTES), from_on=day), *key_files.read(file)))
    return day


def first_day(file: Path) -> date | None:
    """The first day of the newest key; None where there is one key for all days. Raises NoSuchSecret."""
    return key_files.read(file)[0].from_on


def finish_dated(file: Path, today: date) -> None:
    """Take every key but the newest out, which is for all days then. Raises CannotRotate where that is not used yet."""
    if (day := coming(file, today)) is not None:
        raise CannotRotate(f"the next key is for the dossiers of {day} and later: finish then, not before")
    if len(key_files.read(file)) == 1:
        raise CannotRotate(f"there is one key, for all dossiers: `hoso keys rotate {file.stem}` makes another")
    _only_first(file)
