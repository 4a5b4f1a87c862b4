"""Which sector a procedure belongs to, from a table of this installation."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SECTORS = Path(__file__).parents[2] / "deploy" / "reports" / "sectors.csv"


@cache
def sectors(file: Path = SECTORS) -> Mapping[str, str]:
    """The sector of each procedure that the table names. Raises OSError, and KeyError without its two columns."""
    with file.open(encoding="utf-8", newline="") as rows:
        return {row["procedure"]: row["sector"] for row in csv.DictReader(rows)}
