"""The engine against a second writing of the rules, on `HOSO_ORACLE_HISTORIES` seeded histories (20,000)."""

import json
import os
from random import Random

import msgspec

from rules.deadlines.cases import answer
from tests.rules.deadlines.builders import CALENDAR, CASES_PATH, TABLE, written
from tests.rules.deadlines.histories import a_case
from tests.rules.deadlines.oracle import Oracle

HISTORIES = int(os.environ.get("HOSO_ORACLE_HISTORIES", "20000"))
SEED = int(os.environ.get("HOSO_ORACLE_SEED", "2019"))
ORACLE = Oracle({row.day for row in TABLE.closed}, {row.day for row in TABLE.worked})


def test_the_oracle_agrees_with_every_worked_case() -> None:
    wrong = [case["id"] for case in written(CASES_PATH) if ORACLE.answer(case) != case["expect"]]

    assert wrong == []


def test_the_engine_and_the_oracle_agree_on_seeded_histories() -> None:
    random = Random(SEED)
    for _ in range(HISTORIES):
        case = a_case(random)
        line = json.dumps(case)

        said = json.loads(msgspec.json.encode(answer(line.encode(), CALENDAR)))

        assert said == {"id": "seeded", **ORACLE.answer(case)}, line
