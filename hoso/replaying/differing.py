"""What two sides said, paired by id as it comes; what stays over is what would have been different."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from schemas.state import DossierStateChanged
from schemas.topics import TOPICS

assert TOPICS, "the catalogue of types is filled by reading schemas.topics"

STATE_TYPE = DossierStateChanged.model_fields["type"].default
COUNTS = "sequence"
"""Counts sayings: one notice more moves it in all that follow, which is no difference of theirs."""

Fact = dict[str, Any]


class What(Enum):
    """How a fact differs."""

    OTHERWISE = "otherwise"
    NO_LONGER = "no longer said"
    NEW = "newly said"


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact of a dossier: what is said of it as it was, and what would have been said; None where nothing."""

    dossier: str
    type: str
    was: Fact | None
    would_be: Fact | None

    @property
    def what(self) -> What:
        """How it differs."""
        if self.was is None:
            return What.NEW
        return What.NO_LONGER if self.would_be is None else What.OTHERWISE

    @property
    def kind(self) -> str:
        """The type in short: `notice.near_due`."""
        return self.type.removeprefix("vn.hoso.").removesuffix(".v1")


class Pairing:
    """Takes the facts of both sides, from two threads; holds only what the other side has not said likewise.

    Of public states only each dossier's last counts.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alone: tuple[dict[str, Fact], dict[str, Fact]] = ({}, {})
        self._states: tuple[dict[str, Fact], dict[str, Fact]] = ({}, {})
        self.said: tuple[Counter[str], Counter[str]] = (Counter(), Counter())

    def take(self, side: int, raw: bytes) -> None:
        """A fact of side 0, as it was, or of side 1, as it would be."""
        fact = json.loads(raw)
        with self._lock:
            self.said[side][fact["type"]] += 1
            if fact["type"] == STATE_TYPE:
                self._states[side][fact["subject"]] = fact
                return
            ref = f"{fact['subject']} {fact['type']} {fact['id']}"
            other = self._alone[1 - side].get(ref)
            if other is not None and plain(other) == plain(fact):
                del self._alone[1 - side][ref]
            else:
                self._alone[side][ref] = fact

    def differences(self) -> list[Difference]:
        """What is left over, by dossier. A fact that fell away and one of its kind that is new are one that differs."""
        was, would = (defaultdict[tuple[str, ...], list[Fact]](list) for _ in range(2))
        for facts, groups in zip(self._alone, (was, would), strict=True):
            for fact in facts.values():
                groups[_group(fact)].append(fact)
        found = [one for group in sorted(was.keys() | would.keys()) for one in _paired(was[group], would[group])]
        for code in sorted(self._states[0].keys() | self._states[1].keys()):
            before, after = self._states[0].get(code), self._states[1].get(code)
            if before is None or after is None or plain(before) != plain(after):
                found.append(Difference(code, STATE_TYPE, before, after))
        return sorted(found, key=lambda one: (one.dossier, one.type))


def counts(differences: list[Difference]) -> dict[str, dict[str, int]]:
    """How many of each kind differ, and how."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one in differences:
        found[one.kind][one.what.value] += 1
    return {kind: dict(found[kind]) for kind in sorted(found)}


def changed(one: Difference) -> list[tuple[str, str, str]]:
    """Name by name what differs between both contents, as JSON; `-` where there is none."""
    was, would = ((fact or {}).get("data", {}) for fact in (one.was, one.would_be))
    names = sorted((was.keys() | would.keys()) - {COUNTS})
    return [(name, _text(was, name), _text(would, name)) for name in names if was.get(name) != would.get(name)]


def plain(fact: Fact) -> Fact:
    """What is compared: without the release that says it, and without what only counts sayings."""
    data = {name: value for name, value in fact["data"].items() if name != COUNTS}
    if fact["type"] == STATE_TYPE:
        return data
    return {name: value for name, value in fact.items() if name != "codeversion"} | {"data": data}


def _group(fact: Fact) -> tuple[str, ...]:
    data = fact["data"]
    return (fact["subject"], fact["type"], str(data.get("agency", "")), str(data.get("leg", "")))


def _paired(was: list[Fact], would: list[Fact]) -> Iterator[Difference]:
    """Those under one id first, then the others in the order of time."""
    ids = {fact["id"]: fact for fact in would}
    same = [(fact, ids[fact["id"]]) for fact in was if fact["id"] in ids]
    for before, after in same:
        yield Difference(before["subject"], before["type"], before, after)
    known = {before["id"] for before, _ in same}
    left, right = (sorted((f for f in facts if f["id"] not in known), key=_time) for facts in (was, would))
    for number in range(max(len(left), len(right))):
        first, second = (facts[number] if number < len(facts) else None for facts in (left, right))
        one = first or second
        if one is not None:
            yield Difference(one["subject"], one["type"], first, second)


def _text(data: Fact, name: str) -> str:
    return json.dumps(data[name], ensure_ascii=False) if name in data else "-"


def _time(fact: Fact) -> str:
    return str(fact["time"])
