"""The engine against a second writing of the rules, on `HOSO_ORACLE_HISTORIES` seeded histories (200,000).

More of them, or others: `HOSO_ORACLE_HISTORIES=5000000 HOSO_ORACLE_SEED=7 pytest tests/rules/deadlines/test_oracle.py`.
"""

import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random

import msgspec
import pytest

from rules.deadlines.cases import answer
from tests.rules.deadlines.builders import CALENDAR, CASES_PATH, TABLE, written
from tests.rules.deadlines.histories import a_case
from tests.rules.deadlines.oracle import Oracle

HISTORIES = int(os.environ.get("HOSO_ORACLE_HISTORIES", "200000"))
SEED = int(os.environ.get("HOSO_ORACLE_SEED", "2019"))
SHARES = 20
ORACLE = Oracle({row.day for row in TABLE.closed}, {row.day for row in TABLE.worked})


def test_the_oracle_agrees_with_every_worked_case() -> None:
    wrong = [case["id"] for case in written(CASES_PATH) if ORACLE.answer(case) != case["expect"]]

    assert wrong == []


def first_difference(seed: int, count: int) -> str:
    """The first of so many histories of which the two say different things; empty if there is none."""
    random = Random(seed)
    for _ in range(count):
        case = a_case(random)
        line = json.dumps(case)
        said = json.loads(msgspec.json.encode(answer(line.encode(), CALENDAR)))
        if said != {"id": "seeded", **ORACLE.answer(case)}:
            return line
    return ""


def test_the_engine_and_the_oracle_agree_on_seeded_histories() -> None:
    shares = [(SEED + number, HISTORIES // SHARES) for number in range(SHARES)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        differing = [line for line in pool.map(first_difference, *zip(*shares, strict=True)) if line]

    assert differing == []


def test_a_rule_that_is_broken_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Oracle, "works", lambda self, day: day.isoweekday() <= 5)

    assert first_difference(SEED, 2_000) != ""
