"""New versions of event types: what was written for ever is read today, and today's is said to yesterday's readers.

A type's version is the number at the end of its name. A new version is its class under the new name, a sample, and one
row of `NEW_VERSIONS`; the class of the old one goes, its sample stays. Whoever reads meets only the newest: `newest`
leads old bytes up, row by row. Whoever writes says the newest version that every process of the fleet can read: `said`
leads bytes down again until the release that brought the version is finalised (`hoso fleet finalise`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from schemas.release import FIRST_RELEASE, reaches

Plain = dict[str, Any]
"""An event's `data` as JSON has it."""
Turn = Callable[[Plain], Plain]


@dataclass(frozen=True, slots=True)
class NewVersion:
    """One step from a version of a type to its next, and the release that brought it.

    `up` and `down` turn one's data into the other's, are pure, and leave what they are given as it is. `down` may leave
    out what the old version has no word for; `down(up(x))` is x.
    """

    old: str
    new: str
    since: str
    up: Turn
    down: Turn


class NoNewer(ValueError):
    """No row leads from this type to one that is known, or the row that does cannot read this event."""


@dataclass(slots=True)
class Versions:
    """Every step there is, and how far this process may write. One for a process; tests make their own."""

    rows: Iterable[NewVersion] = ()
    finalised: str = FIRST_RELEASE
    """The newest release that every process of the fleet runs, as `reference` said last: see `may_write`."""
    up: dict[str, NewVersion] = field(init=False)
    down: dict[str, NewVersion] = field(init=False)

    def __post_init__(self) -> None:
        self.up = {row.old: row for row in self.rows}
        self.down = {row.new: row for row in self.rows}


NEW_VERSIONS: tuple[NewVersion, ...] = ()
"""Append only: a row is needed as long as one event of its old version exists, and the log is for ever."""
VERSIONS = Versions(NEW_VERSIONS)


def may_write(finalised: str) -> None:
    """The fleet is finalised at this release; from now on this process writes every version that it reads."""
    VERSIONS.finalised = finalised


def lifted(event: Plain) -> Plain:
    """An event of an old version as the newest, all else in it as it was; one in force as it is. Raises NoNewer."""
    row = VERSIONS.up.get(event["type"])
    try:
        while row is not None:
            event = event | {"type": row.new, "data": row.up(event["data"])}
            row = VERSIONS.up.get(row.new)
    except Exception as error:  # whatever a row stumbles over, what was written for ever is not to blame for it
        raise NoNewer(f"{event['type']} could not be read as a newer version: {error!r}") from error
    return event


def newest(name: str, raw: bytes) -> bytes:
    """The bytes of an event whose type is not in force, as those of the version that is. Raises NoNewer."""
    if name not in VERSIONS.up:
        raise NoNewer(f"no such type here: {name}")
    return msgspec.json.encode(lifted(msgspec.json.decode(raw, type=Plain)))


def said(name: str, raw: bytes) -> bytes:
    """An event's bytes as they may be written now: in the newest version that the whole fleet reads."""
    row = VERSIONS.down.get(name)
    if row is None or reaches(VERSIONS.finalised, row.since):
        return raw
    event = msgspec.json.decode(raw, type=Plain)
    while row is not None and not reaches(VERSIONS.finalised, row.since):
        event |= {"type": row.old, "data": row.down(event["data"])}
        row = VERSIONS.down.get(row.old)
    return msgspec.json.encode(event)


def first(name: str) -> str:
    """The name a type was born with: what ids are derived from, so that a new version gives no fact another id."""
    while (row := VERSIONS.down.get(name)) is not None:
        name = row.old
    return name


def ever(name: str) -> tuple[str, ...]:
    """All names under which a type stands on the log: its own, then its older ones."""
    row = VERSIONS.down.get(name)
    return (name, *ever(row.old)) if row is not None else (name,)


def lowered(event: Plain, name: str) -> Plain:
    """An event as this older version of its type says it; as it is, if that is no older one."""
    if name not in ever(event["type"]):
        return event
    while event["type"] != name:
        row = VERSIONS.down[event["type"]]
        event = event | {"type": row.old, "data": row.down(event["data"])}
    return event
