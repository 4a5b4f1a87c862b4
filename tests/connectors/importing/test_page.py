"""docs/agencies.md and the importer say the same: every fact, every column, and the sample is let in as it stands."""

import re
from datetime import datetime
from pathlib import Path

from connectors.gate.judge import Admitted, judge
from connectors.importing.columns import Field, facts, fields_of
from connectors.importing.sheet import read_sheet
from connectors.importing.stating import known_columns, stated
from connectors.settings import REPOSITORY
from schemas.instant import VIETNAM
from tests.builders import a_bundle, an_agency

PAGE = (REPOSITORY / "docs" / "agencies.md").read_text("utf-8")
NOW = datetime(2026, 12, 1, 8, tzinfo=VIETNAM)
ROW = re.compile(r"^\| `([a-z_]+)` \| (.+) \|$", re.MULTILINE)


def _named(field: Field) -> str:
    return "contact..." if field.column.startswith("contact.") else field.column


def test_the_page_names_every_fact_with_every_column_and_no_other() -> None:
    rows = {name: set(re.findall(r"`([^`]+)`", text)) for name, text in ROW.findall(PAGE) if name in facts()}

    assert rows == {name: {_named(field) for field in fields_of(known).values()} for name, known in facts().items()}


def test_what_may_be_empty_stands_in_brackets() -> None:
    rows = {name: text for name, text in ROW.findall(PAGE) if name in facts()}

    for name, known in facts().items():
        for field in fields_of(known).values():
            if field.column == "contact.authorised":
                continue  # Of a contact the page names the whole.
            assert (f"[`{_named(field)}`" in rows[name]) is not field.required, (name, field.column)


def test_the_sample_of_the_page_is_let_in_as_it_stands(tmp_path: Path) -> None:
    sample = next(block for block in PAGE.split("```") if block.strip().startswith("dossier;fact;time"))
    file = tmp_path / "facts.csv"
    file.write_text(sample.strip() + "\n", "utf-8")
    bundle = a_bundle(agencies=[an_agency("H29.13")])

    rows = read_sheet(file, known_columns()).rows
    verdicts = [judge(dict(stated(row, "H29.13").event), "H29.13", bundle, NOW) for row in rows]

    assert [type(one) for one in verdicts] == [Admitted] * 3, verdicts
