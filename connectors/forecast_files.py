"""The history of procedures' cases as a CSV file: a line for each procedure and stage, read and written."""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

from schemas.reference import SHARES, CaseHistory

HISTORY = "forecast/history.csv"
POLICY = "forecast/policy.toml"
"""Their places in the reference data's folder."""
DAYS = tuple(f"days_{share}" for share in SHARES)
COLUMNS = ("procedure", "stage", "cases", *DAYS)


def as_history(row: Mapping[str, str]) -> dict[str, Any]:
    """A line as a `CaseHistory` is made of; a column that is no history's is left in, for that to refuse."""
    said: dict[str, Any] = {key: value for key, value in row.items() if key not in DAYS}
    return said | {"days": tuple(row[name] for name in DAYS if name in row)}


def written_history(history: Iterable[CaseHistory]) -> str:
    """The whole file; reading it gives the same history again."""
    text = StringIO()
    rows = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    rows.writeheader()
    for one in history:
        days = dict(zip(DAYS, one.days, strict=True))
        rows.writerow({"procedure": one.procedure, "stage": one.stage or "", "cases": one.cases, **days})
    return text.getvalue()
