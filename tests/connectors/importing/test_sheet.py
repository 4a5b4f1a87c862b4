"""Tables as agencies export them: CSV in any separator, a spreadsheet that another library made, and what is none."""

import csv
from pathlib import Path

import pytest

from connectors.importing.sheet import WHERE, WHY, Row, free_name, read_sheet, write_refused
from connectors.partner_lists import WrongList

HERE = Path(__file__).parent
KNOWN = ("dossier", "fact", "time", WHERE, WHY)


def a_file(folder: Path, text: str | bytes, name: str = "facts.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path, sign: str, mark: str) -> None:
    lines = [["Dossier", " FACT ", "time"], ["a", '"two\nlines"', ""], [], ["b", "x", "2026"]]

    sheet = read_sheet(a_file(tmp_path, mark + "\r\n".join(sign.join(line) for line in lines)), KNOWN)

    assert sheet.columns == ("dossier", "fact", "time")
    assert [(row.number, dict(row.said)) for row in sheet.rows] == [
        (2, {"dossier": "a", "fact": "two\nlines"}),
        (4, {"dossier": "b", "fact": "x", "time": "2026"}),
    ]


def test_a_spreadsheet_says_what_a_person_typed_into_it() -> None:
    columns = (
        "dossier",
        "fact",
        "time",
        "procedure",
        "contact.address.ward_code",
        "promised_due_on",
        "physical",
        "fee",
    )

    sheet = read_sheet(HERE / "facts.xlsx", columns, ignored=_others(columns))

    first, second = sheet.rows
    assert (first.number, second.number) == (2, 4)
    assert dict(first.said) == {
        "dossier": "H29.12-261102-0001",
        "fact": "received",
        "time": "2026-11-02 09:05:00",
        "procedure": "1.004873",
        "contact.address.ward_code": "26740",
        "fee": "35000",
        "promised_due_on": "2026-11-05",
    }
    assert second.said["physical"] == "true"


def _others(columns: tuple[str, ...]) -> list[str]:
    from connectors.importing.stating import known_columns

    return [one for one in known_columns() if one not in columns]


def test_a_column_may_have_the_agencys_own_name_or_be_passed_over(tmp_path: Path) -> None:
    file = a_file(tmp_path, "Số hồ sơ,Ghi chú\nH29.12-261102-0001,bí mật\n")

    sheet = read_sheet(file, KNOWN, {"dossier": "số  hồ sơ"}, ["ghi chú"])

    assert sheet.columns == ("dossier",)
    assert dict(sheet.rows[0].said) == {"dossier": "H29.12-261102-0001"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no header"),
        ("dossier,colour\n", "no column of ours is called colour"),
        ("dossier,Dossier\n", "has the column dossier twice"),
        (b"dossier\n\xff\xfe\n", "not UTF-8"),
        ('dossier\n"a"b\n', "no CSV"),
    ],
)
def test_what_is_no_table_is_said_in_one_sentence(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(WrongList, match=says):
        read_sheet(a_file(tmp_path, text), KNOWN)


@pytest.mark.parametrize(
    ("name", "says"),
    [("facts.xlsx", "no spreadsheet that can be read"), ("none.csv", "there is no file .*none.csv: look")],
)
def test_what_is_no_file_of_its_kind_is_said_too(tmp_path: Path, name: str, says: str) -> None:
    a_file(tmp_path, "dossier\n", "facts.xlsx")

    with pytest.raises(WrongList, match=says):
        read_sheet(tmp_path / name, KNOWN)


def test_a_column_that_is_missing_under_its_own_name_is_missed(tmp_path: Path) -> None:
    with pytest.raises(WrongList, match="has no column số hồ sơ: it has dossier"):
        read_sheet(a_file(tmp_path, "dossier\n"), KNOWN, {"dossier": "Số hồ sơ"})


@pytest.mark.parametrize("line", ["a,b,c,d", "a", "a,b,,d"])
def test_a_row_of_another_width_is_a_fault_since_its_cells_stand_in_the_wrong_columns(
    tmp_path: Path, line: str
) -> None:
    sheet = read_sheet(a_file(tmp_path, f"dossier,fact,time\n{line}\n"), KNOWN)

    assert sheet.rows[0].fault is not None


def test_empty_cells_beyond_the_header_are_no_fault(tmp_path: Path) -> None:
    sheet = read_sheet(a_file(tmp_path, "dossier,fact,time,\na,b,c,,\n"), KNOWN)

    assert [(row.fault, dict(row.said)) for row in sheet.rows] == [(None, {"dossier": "a", "fact": "b", "time": "c"})]


def test_refused_rows_are_read_again_as_they_were(tmp_path: Path) -> None:
    place = tmp_path / "facts.refused.csv"
    row = Row(7, {"dossier": "a;b", "fact": "Đơn, “mẫu”\nhai dòng"})

    write_refused(place, ("dossier", "fact", "time"), [("7", row, "time: It is empty.")])

    (again,) = read_sheet(place, KNOWN).rows
    assert again.said == {**row.said, WHERE: "7", WHY: "time: It is empty."}
    assert place.stat().st_mode & 0o777 == 0o600


def test_no_file_of_refused_rows_is_written_over(tmp_path: Path) -> None:
    first = free_name(tmp_path / "facts.xlsx")
    first.touch()

    second = free_name(first)

    assert (first.name, second.name) == ("facts.refused.csv", "facts.refused-2.csv")
    with pytest.raises(FileExistsError):
        write_refused(first, ("dossier",), [])


def test_the_file_of_refused_rows_opens_in_a_spreadsheet_with_its_letters_right(tmp_path: Path) -> None:
    place = tmp_path / "x.csv"

    write_refused(place, ("dossier",), [("2", Row(2, {"dossier": "Đ"}), "w")])

    assert place.read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(place.read_text("utf-8-sig").splitlines())) == [[WHERE, WHY, "dossier"], ["2", "w", "Đ"]]
