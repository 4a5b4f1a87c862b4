"""The fleet: which processes run, of which release, and whether every one of them reads what a release would write."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from hoso.processes import PROCESSES
from hoso.supervised import Spec
from schemas.release import HEADER, Running, reaches, running

TIMEOUT_SECONDS = 2.0
ADDRESSES = "fleet.json"
"""The file in the home where a supervisor leaves its processes' operators' ports."""
GROUPS = tuple(f"hoso-{process.name}" for process in PROCESSES if process.exists())
"""Each process's group on Kafka, where it has one: the edge has none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operators' port, and who answered there."""

    address: str
    who: Running | None
    why: str = ""
    """Why nobody is known to run there."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Who was asked, and who takes part on Kafka: names, by group."""

    asked: Sequence[Asked]
    members: dict[str, list[str]] = field(default_factory=dict)

    def older_than(self, release: str) -> list[str]:
        """Those of an older release, a line each: they would not read what it writes."""
        return [
            f"{one.who.name} at {one.address} runs {one.who.release}"
            for one in self.asked
            if one.who and not reaches(one.who.release, release)
        ]

    def unseen(self) -> list[str]:
        """Whose release is not known, a line each."""
        answered = {(one.who.kind, one.who.name) for one in self.asked if one.who}
        lines = [f"{one.address}: {one.why}" for one in self.asked if one.who is None]
        lines += [
            f"{name} reads as {group} and was not asked"
            for group, names in sorted(self.members.items())
            for name in names
            if (group.removeprefix("hoso-"), name) not in answered
        ]
        kinds = {kind for kind, _ in answered} | {group.removeprefix("hoso-") for group in self.members}
        return lines + [f"no {one.name} is known" for one in PROCESSES if one.exists() and one.name not in kinds]


def look(addresses: Iterable[str], members: dict[str, list[str]]) -> Fleet:
    """Ask everybody at these operators' ports which release they run."""
    return Fleet([ask(address) for address in addresses], members)


def ask(address: str) -> Asked:
    """Who answers at `host:port`, or at any URL there."""
    place = urlsplit(address if "//" in address else f"//{address}")
    named = f"{place.hostname}:{place.port}"
    connection = HTTPConnection(place.hostname or "", place.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        who = running(connection.getresponse().getheader(HEADER, ""))
    except (OSError, HTTPException) as error:
        return Asked(named, None, f"does not answer ({type(error).__name__})")
    finally:
        connection.close()
    return Asked(named, who, "" if who else "does not say which release it runs: it is older, or not ours")


def remember(home: Path, specs: Iterable[Spec]) -> None:
    """Leave word in the home of where the processes under a supervisor can be asked."""
    ours = {process.name for process in PROCESSES}
    ports = {
        spec.name: urlsplit(spec.ready).netloc for spec in specs if spec.name in ours and isinstance(spec.ready, str)
    }
    (home / ADDRESSES).write_text(json.dumps(ports, indent=1) + "\n")


def remembered(home: Path) -> list[str]:
    """Where the processes of the supervisor of this home can be asked; nothing where none has run."""
    file = home / ADDRESSES
    return list(json.loads(file.read_text()).values()) if file.exists() else []
