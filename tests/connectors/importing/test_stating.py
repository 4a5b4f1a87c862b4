"""A row becomes a fact that the gate takes, or names a column; never a third thing."""

import json
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import find, given
from hypothesis import strategies as st

from connectors.gate.judge import Admitted, Rejection, judge
from connectors.importing.columns import Form, all_columns, facts, fields_of
from connectors.importing.sheet import Row, read_sheet
from connectors.importing.stating import column_of, constants, known_columns, stated
from connectors.partner_lists import WrongList
from schemas.instant import VIETNAM
from tests.builders import CODE, SAMPLES, a_bundle

HERE = Path(__file__).parent
BUNDLE, NOW = a_bundle(), datetime(2026, 12, 1, 8, 0, tzinfo=VIETNAM)

RECEIVED = {
    "dossier": CODE, "fact": "received", "time": "02/11/2026 09:05", "procedure": "1.004873", "channel": "counter",
    "receiving_agency": "H29.12", "competent_agency": "H29.12", "return_mode": "COUNTER",
}  # fmt: skip


def a_row(said: dict[str, str], **more: str) -> Row:
    return Row(2, said | more)


def judged(row: Row, **options: Any) -> Admitted | Rejection:
    return judge(dict(stated(row, "H29.12", **options).event), "H29.12", BUNDLE, NOW)


def test_the_least_row_is_a_fact() -> None:
    verdict = judged(a_row(RECEIVED))

    assert isinstance(verdict, Admitted)
    assert verdict.event.time == datetime(2026, 11, 2, 9, 5, tzinfo=VIETNAM)
    assert verdict.event.source == "/agencies/H29.12"


def test_every_row_of_a_spreadsheet_from_another_library_is_a_fact() -> None:
    sheet = read_sheet(HERE / "facts.xlsx", known_columns())

    verdicts = [judged(row) for row in sheet.rows]

    assert all(isinstance(one, Admitted) for one in verdicts), verdicts
    first = verdicts[0]
    assert isinstance(first, Admitted)
    assert first.data["contact"]["address"]["ward_code"] == "26740"
    assert first.data["fee"] == 35_000
    assert first.data["documents"] == [
        {"name": "Đơn đề nghị", "kind": "ORIGINAL", "copies": 1},
        {"name": "Căn cước", "kind": "COPY", "copies": 2},
    ]


def _flat(data: Any, path: tuple[str, ...] = ()) -> dict[str, str]:
    """The cells of a fact's data, lists as JSON."""
    found: dict[str, str] = {}
    for name, value in data.items():
        here = (*path, "procedure" if name == "procedure_code" else name)
        if isinstance(value, dict):
            found |= _flat(value, here)
        elif isinstance(value, bool):
            found[".".join(here)] = "có" if value else "không"
        else:
            found[".".join(here)] = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
    return found


GOOD = [
    found
    for file in sorted(SAMPLES.glob("*.json"))
    if isinstance(found := json.loads(file.read_bytes()), dict)
    and isinstance(judge(found, "H29.12", BUNDLE, NOW), Admitted)
]


@pytest.mark.parametrize("sample", GOOD, ids=lambda one: one["id"])
def test_a_table_says_whatever_the_doors_are_told(sample: dict[str, Any]) -> None:
    envelope = {"dossier": sample["subject"], "fact": sample["type"], "time": sample["time"], "id": sample["id"]}

    verdict = judged(Row(2, envelope | _flat(sample["data"])))

    assert isinstance(verdict, Admitted), verdict
    assert verdict.data == sample["data"]
    assert (verdict.event.id, verdict.event.type) == (sample["id"], sample["type"])


def test_there_are_samples_of_many_facts() -> None:
    assert len({one["type"] for one in GOOD}) >= 10


JUNK = st.one_of(
    st.text(max_size=20),
    st.sampled_from([
        "99/99/2026", "-1", "1.5", "[]", "[1]", "[{}]", "a|b|c", "a;b", "\x00", "\ud800", "9.999999", "H29.00",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0", "x" * 5000, "[" * 5000,
    ]),
)  # fmt: skip
FITTING = {
    Form.YES_OR_NO: ["có", "no", "true"],
    Form.WHOLE: ["35.000", "1", "20000"],
    Form.DAY: ["2026-11-04", "4/11/2026"],
    Form.INSTANT: ["2026-11-02T09:05:00+07:00", "02/11/2026 09:05"],
    Form.LIST: ["Giấy tờ mẫu", "a; b", '["a; b"]'],
    Form.ITEMS: ["Đơn | ORIGINAL | 1", "B1 | H29.99 | 2026-11-04", "D1 | myvnpost", "[]"],
    Form.TEXT: ["H29.12", "1.004873", "26740", "0900 000 001", "Nguyễn Văn Mẫu", "D1"],
}


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A row of a fact with most of its columns, most of them fitting; some with what does not belong there."""
    fact = draw(st.sampled_from([*facts(), "", "no_such", "vn.hoso.dossier.rated.v1"]))
    dossier = draw(st.sampled_from([CODE, CODE, CODE, "H29.99-261102-0001", "", "x", "H29.12-269999-0001"]))
    said = {"dossier": dossier, "fact": fact, "time": draw(st.sampled_from(["2026-11-02 09:05", "2026-11-02"]))}
    for column, field in fields_of(facts()[fact]).items() if fact in facts() else ():
        if field.required or draw(st.booleans()):
            said[column] = draw(st.sampled_from([*(field.choices or FITTING[field.form])]))
    for column in draw(st.lists(st.sampled_from(["time", "id", *said, *all_columns()]), max_size=2)):
        said[column] = draw(JUNK)
    return Row(2, {column: text for column, text in said.items() if text})


@given(rows(), st.sampled_from([None, time(8)]))
def test_any_row_becomes_a_fact_that_the_gate_takes_or_names_a_column(row: Row, at: time | None) -> None:
    found = stated(row, "H29.12", at)
    verdict = judge(dict(found.event), "H29.12", BUNDLE, NOW)

    if found.problems or isinstance(verdict, Rejection):
        errors = (*found.problems, *(verdict.errors if isinstance(verdict, Rejection) else ()))
        assert errors
        assert all(column_of(one.field, row.said) and one.problem for one in errors)
    else:
        assert isinstance(verdict, Admitted)
        assert verdict.event.time == found.at


def test_rows_of_both_kinds_are_tried() -> None:
    for wanted in (Admitted, Rejection):
        find(rows(), lambda row, wanted=wanted: isinstance(judged(row, at=time(8)), wanted))  # type: ignore[misc]


@given(rows())
def test_a_row_read_again_is_the_same_fact_wherever_it_stands(row: Row) -> None:
    one, other = stated(row, "H29.12"), stated(Row(99, row.said), "H29.12")

    assert (one.event, one.problems) == (other.event, other.problems)


def test_the_same_moment_in_another_zone_or_form_is_the_same_fact() -> None:
    times = ["02/11/2026 09:05", "2026-11-02 09:05:00", "2026-11-02T02:05:00+00:00", "2026-11-02T09:05+07:00"]

    ids = {stated(a_row(RECEIVED | {"time": text}), "H29.12").event["id"] for text in times}

    assert len(ids) == 1
    assert ids.pop().startswith("import-")


@pytest.mark.parametrize("other", [{"dossier": CODE[:-1] + "2"}, {"fact": "submitted"}, {"time": "2026-11-02 09:06"}])
def test_another_dossier_fact_or_time_is_another_fact(other: dict[str, str]) -> None:
    one, two = (stated(a_row(said), "H29.12").event["id"] for said in (RECEIVED, RECEIVED | other))

    assert one != two


def test_a_date_alone_has_no_hour_unless_one_is_said() -> None:
    row = a_row(RECEIVED | {"time": "2026-11-02"})

    without, with_hour = stated(row, "H29.12"), stated(row, "H29.12", time(8))

    assert [one.field for one in without.problems] == ["time"]
    assert with_hour.at == datetime(2026, 11, 2, 8, tzinfo=VIETNAM)


def test_what_is_set_fills_empty_cells_of_facts_that_have_the_field() -> None:
    said = constants(["receiving_agency=H29.12", "competent_agency=H29.12"])
    bare = {column: text for column, text in RECEIVED.items() if not column.endswith("_agency")}

    received = stated(a_row(bare, competent_agency="H29.99"), "H29.12", set_to=said)
    rated = stated(
        a_row({}, dossier=CODE, fact="withdrawn", time="2026-11-02 09:05", reason="x"), "H29.12", set_to=said
    )

    assert received.event["data"]["receiving_agency"] == "H29.12"
    assert received.event["data"]["competent_agency"] == "H29.99"
    assert rated.event["data"] == {"reason": "x"}


@pytest.mark.parametrize("given_", ["colour=red", "reason", "reason=", "dossier=x"])
def test_what_is_no_column_of_a_fact_cannot_be_set(given_: str) -> None:
    with pytest.raises(WrongList, match="--set"):
        constants([given_])


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"procedure": "9.999999"}, "procedure"),
        ({"channel": "PIGEON"}, "channel"),
        ({"contact.phone": "no number", "return_mode": "POST"}, "contact.phone"),
        ({"fee": "much"}, "fee"),
        ({"promised_due_on": "soon"}, "promised_due_on"),
        ({"to_agency": "H29.99"}, "to_agency"),
        ({"dossier": "H29.12"}, "dossier"),
        ({"time": "yesterday"}, "time"),
        ({"fact": "revoked"}, "fact"),
        ({"time": "2030-01-01 08:00"}, "time"),
        ({"competent_agency": "H29.00"}, "competent_agency"),
        ({"documents": "a|b|c|d|e|f"}, "documents"),
    ],
)
def test_a_fault_is_named_by_its_column(cells: dict[str, str], column: str) -> None:
    row = Row(2, RECEIVED | cells)

    found, verdict = stated(row, "H29.12"), judged(row)

    errors = (*found.problems, *(verdict.errors if isinstance(verdict, Rejection) else ()))
    assert column in {column_of(one.field, row.said) for one in errors}


def test_a_procedures_code_that_a_spreadsheet_took_for_a_number_gets_its_zeros_back() -> None:
    found = stated(a_row(RECEIVED | {"procedure": "1.00999"}), "H29.12")

    assert found.event["data"]["procedure_code"] == "1.009990"


def test_every_field_of_every_fact_has_a_column_and_a_form() -> None:
    for name, known in facts().items():
        columns = fields_of(known)
        assert columns, name
        assert all(field.form in Form for field in columns.values())
    assert "contact.address.ward_code" in all_columns() and "documents" in all_columns()
