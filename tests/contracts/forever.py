"""What may never change, and its record: `python -m tests.contracts.forever` writes what this release adds.

A topic's partitions decide where a dossier's facts stand; an id decides what is a repetition. A release that changes
either has another log, and says everything anew. So the record only grows: nothing in it is altered.
"""

import ast
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors.broker import partition_of
from connectors.topics import wanted
from rules.kept import Kept
from rules.parking import advance
from schemas.event import IDS, derived_id
from schemas.topics import CHANGELOG, TOPICS, WORKER
from tests.builders import REFERENCE
from tests.streams.states import STORIES

ROOT = Path(__file__).parents[2]
RECORD = Path(__file__).with_name("forever.json")
ROOMS = ("schemas", "rules", "streams", "connectors", "hoso")
LOGS = (8, 24)
"""Partition counts of a log: one machine's, a city's."""
KEYS = ("H29.12-261102-0001", "H29.12-261102-0002", "H29.99-261102-0001", "000.00.12.H29-261102-0001")
CAUSE = "/agencies/H29.12 sample-01"


def partitions() -> dict[str, Any]:
    """Every topic's partitions, where the log has 8 and where it has 24, and what its key is."""
    keys = {row.name: row.key for row in TOPICS}
    found: dict[str, Any] = {}
    for log in LOGS:
        for place in wanted(["AGENCY"], ["AGENCY"], log):
            name = place.name.removesuffix(".AGENCY")
            row = found.setdefault(name, {"key": keys[name]})
            row[f"of a log of {log}"] = place.partitions
    return found


def places() -> dict[str, dict[str, int]]:
    """In which partition some dossiers stand: whoever writes, by whatever client, must find the same."""
    return {f"of a log of {log}": {key: partition_of(key.encode(), log) for key in KEYS} for log in LOGS}


def purposes() -> list[str]:
    """Every place that derives an id: by which way, for what purpose, and how many things it is about."""
    return sorted({row for room in ROOMS for path in (ROOT / room).rglob("*.py") for row in _calls(path)})


def _calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        given = {one.arg: one.value for one in node.keywords}
        match node.func.id:
            case "derived_id":
                yield f"derived_id {ast.unparse(node.args[1])} about {len(node.args) - 2}"
            case "caused":
                named = f" as {ast.unparse(given['type'])}" if "type" in given else ""
                parts = ["*" if isinstance(one, ast.Starred) else "1" for one in node.args[3:]]
                yield f"caused {ast.unparse(node.args[0])}{named} about {'+'.join(parts) or 0}"
            case "follow":
                about = ast.unparse(given["about"]) if "about" in given else "0"
                yield f"follow {ast.unparse(node.args[1])} about {about}"


def vectors() -> dict[str, str]:
    """The id that each purpose which is a word in the code gives."""
    words = {row.split("'")[1] for row in purposes() if row.startswith("derived_id '")}
    return {word: derived_id(CAUSE, word, "D1", 2) for word in sorted(words)}


def said() -> dict[str, str]:
    """The ids of all that the stories of `tests/streams/states.py` set in motion, by type and place."""
    found: dict[str, str] = {}
    for name, story in STORIES.items():
        kept, times = Kept(), Counter[str]()
        for event in story:
            kept, facts = advance(kept, event, event.encode(), event.ref, REFERENCE)
            for fact in facts:
                times[fact.type] += 1
                found[f"{name}: {fact.type} {times[fact.type]}"] = fact.id
    return found


def names() -> dict[str, str]:
    """What a worker's memory and place in the log go by, and the namespace of all ids."""
    return {"worker's group": WORKER, "changelog": CHANGELOG, "namespace of ids": str(IDS)}


def everything() -> dict[str, Any]:
    """All of it, as it is now."""
    return {
        "partitions": partitions(),
        "places": places(),
        "names": names(),
        "purposes": purposes(),
        "vectors": vectors(),
        "said": said(),
    }


def recorded() -> dict[str, Any]:
    """All of it, as it was recorded."""
    found: dict[str, Any] = json.loads(RECORD.read_text())
    return found


def grown(before: Any, now: Any) -> Any:
    """The record with what is new in it; what it has stays, whatever is so now."""
    if isinstance(before, dict):
        return before | {name: grown(before.get(name), one) if name in before else one for name, one in now.items()}
    if isinstance(before, list):
        return sorted({*before, *now})
    return before


def write() -> None:
    """Add to the record what it lacks."""
    now = everything()
    record = grown(recorded(), now) if RECORD.exists() else now
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    write()
    print(f"{RECORD.name} holds all that this release adds; commit it")
