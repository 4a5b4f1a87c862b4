"""What a worker stored, any later worker reads; what it stores, the version before reads: a fleet changes one by one.

So a struct of the state only grows: at its end, with a default. Anything else is done in two releases: first all read
the new form, then it is written.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules.kept import Kept
from streams.codec import decode, encode
from streams.engine import Record
from streams.fold import Fold
from tests.builders import CODE, REFERENCE, a_fact
from tests.streams.record_states import line_of, recorded
from tests.streams.states import FOLDER, FORM, form, shapes

STATES = sorted(FOLDER.glob("*/*.state"))
RECORD = "then record it: python -m tests.streams.record_states"


def lost(before: Any, after: Any) -> bool:
    """Whether something the first says is not in the second; what grew at its end has lost nothing."""
    if isinstance(before, dict) and isinstance(after, dict):
        return any(name not in after or lost(one, after[name]) for name, one in before.items())
    if isinstance(before, list) and isinstance(after, list):
        short = len(before) - len(after)
        # Defaults at the end need not be stored.
        return any(map(lost, before, after)) or (short > 0 and any(before[-short:]))
    return bool(before != after)


def test_there_is_a_state_of_every_shape() -> None:
    assert {path.stem for path in STATES} >= {name for name, _ in shapes()}, RECORD


def test_no_recorded_state_is_ever_altered_or_deleted() -> None:
    assert set(recorded()) == {line_of(path) for path in STATES}, "put them back as they were"


@pytest.mark.parametrize("path", STATES, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_state_that_was_ever_stored_is_read_and_loses_nothing(path: Path) -> None:
    raw = path.read_bytes()

    kept = decode(raw)

    assert not lost(msgspec.msgpack.decode(raw), msgspec.msgpack.decode(encode(kept)))
    assert decode(encode(kept)) == kept


@pytest.mark.parametrize("path", STATES, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_a_dossier_of_a_release_before_goes_on_living(path: Path) -> None:
    raw = path.read_bytes()
    fact = a_fact("withdrawn", "2026-11-18 09:00", reason="x")

    stepped = Fold(REFERENCE).step(raw, Record(CODE.encode(), fact.encode(), 9, 0, 1_762_045_200_000))

    after = decode(stepped.state)
    was_parked = bool(decode(raw).parked)
    assert bool(after.parked) == was_parked
    assert after.parked or (fact.ref in known(after))


def known(kept: Kept) -> set[str]:
    if kept.dossier is None:
        return set()
    return {one.ref for one in kept.dossier.life} | {one.ref for one in kept.dossier.waiting}


def test_a_state_of_the_next_release_is_read_by_this_one_if_it_only_grew_at_its_end() -> None:
    for _, kept in shapes():
        grown = [*msgspec.msgpack.decode(encode(kept)), "more"]
        assert decode(msgspec.msgpack.encode(grown)) == kept


def broken(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Every change of the form that the version before, or a state stored before, would not survive."""
    lines = [f"{name} is gone" for name in before if name not in after]
    for name in before.keys() & after.keys():
        was, now = before[name], after[name]
        if "words" in was:
            lines += [f"{name}: the word {one} is gone" for one in was["words"] if one not in now["words"]]
            continue
        if was["array_like"] != now["array_like"]:
            lines.append(f"{name}: stored as another kind of thing")
        lines += _fields(name, was["fields"], now["fields"], was["array_like"])
    return lines


def _fields(name: str, was: list[str], now: list[str], in_order: bool) -> list[str]:
    """A field reads `name: type = default`; one without a default must be there."""
    kept = now[: len(was)] if in_order else [one for one in now if one in was]
    lines = [f"{name}: {one} is no longer so" for one in was if one not in kept]
    if in_order and not lines and kept != was:
        lines = [f"{name}: the order is another"]
    return lines + [f"{name}: {one} has no default" for one in now if one not in was and " = " not in one]


def test_the_form_of_a_state_only_grew_since_it_was_recorded() -> None:
    assert broken(json.loads(FORM.read_text()), form()) == [], "a field is added at the end, with a default, or not yet"


def test_what_grew_is_recorded() -> None:
    assert json.loads(FORM.read_text()) == form(), f"is a new word written only once all read it? {RECORD}"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (["a: int"], ["Kept: b: str = '' is no longer so"]),
        (["b: str = ''", "a: int"], ["Kept: the order is another"]),
        (["a: int", "b: str = 'x'"], ["Kept: b: str = '' is no longer so"]),
        (["a: int", "c: int = 0", "b: str = ''"], ["Kept: b: str = '' is no longer so"]),
        (["a: int", "b: str = ''", "c: int"], ["Kept: c: int has no default"]),
        (["a: int", "b: str = ''", "c: int = 0"], []),
    ],
)
def test_a_form_that_breaks_somebody_is_found(fields: list[str], says: list[str]) -> None:
    before = {"Kept": {"array_like": True, "fields": ["a: int", "b: str = ''"]}}

    assert broken(before, {"Kept": {"array_like": True, "fields": fields}}) == says


def test_a_word_that_is_taken_back_is_found() -> None:
    assert broken({"Status": {"words": ["A", "B"]}}, {"Status": {"words": ["A", "C"]}}) == [
        "Status: the word B is gone"
    ]
    assert Kept.__name__ in form() and "DossierStatus" in form()
