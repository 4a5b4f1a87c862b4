"""The fleet: which processes run, of which release, and whether every one of them reads what a release would write."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from connectors.doctor.asking import ADDRESSES, Asked, ask, places
from hoso.processes import PROCESSES
from hoso.supervised import Spec
from schemas.release import reaches

__all__ = ["GROUPS", "Asked", "Fleet", "ask", "look", "remember", "remembered"]

GROUPS = tuple(f"hoso-{process.name}" for process in PROCESSES if process.exists())
"""Each process's group on Kafka, where it has one: the edge has none."""


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


def remember(home: Path, specs: Iterable[Spec]) -> None:
    """Leave word in the home of where the processes under a supervisor can be asked."""
    ours = {process.name for process in PROCESSES}
    ports = {
        spec.name: urlsplit(spec.ready).netloc for spec in specs if spec.name in ours and isinstance(spec.ready, str)
    }
    (home / ADDRESSES).write_text(json.dumps(ports, indent=1) + "\n")


def remembered(home: Path) -> list[str]:
    """Where the processes of the supervisor of this home can be asked; nothing where none has run."""
    return list(places(home).values())
