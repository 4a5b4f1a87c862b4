"""A calendar's file: its mistakes by line and day, and the same days again once it is written."""

from pathlib import Path

import pytest

from connectors.calendar_files import read_calendar, written_calendar
from connectors.reference import WrongReference, read_dir
from tests.builders import ROOT

OFFICIAL = ROOT / "deploy" / "reference" / "calendars" / "vn-public-offices.toml"
HEAD = 'calendar = "vn-public-offices"\nversion = "1"\nfirst_year = 2025\nlast_year = 2026\n'


def mistakes(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "calendar.toml"
    file.write_text(text, encoding="utf-8")
    return [line.removeprefix(f"{file}") for line in read_calendar(file).mistakes]


def test_every_mistake_is_named_by_its_line_and_its_day(tmp_path: Path) -> None:
    rows = (
        '[[closed]]\nday = 2026-01-03\nbasis = "x"\n\n[[worked]]\nday = 2026-01-05\nbasis = "x"\ndocument = "1/MAU"\n'
        '[[closed]]\nday = 2026-01-06\nbasis = "x"\n[[closed]]\nday = 2026-01-06\nbasis = "x"\n'
    )

    found = mistakes(tmp_path, HEAD + rows)

    assert [line.split(",")[0] for line in found] == [
        ":5: closed: 2026-01-03 is a Saturday",
        ":16: closed: 2026-01-06 is there twice",
        ":9: worked: 2026-01-05 is a Monday",
    ]


def test_what_no_row_may_hold_is_named_by_its_key(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path, HEAD + '[[closed]]\nday = 2026-01-01T00:00:00\nbasis = "x"\n[[closed]]\nday = 2026-01-02\n'
    )

    assert [line.rsplit(": ", 1)[0] for line in found] == [":5: closed.0.day", ":8: closed.1.basis"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("first_year = oops\n", "at line 1"),
        (HEAD + "[[closed]]\nday = 2026-02-30\n", "line 6"),
        (HEAD.replace("last_year", "lastyear"), "lastyear"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in line for line in mistakes(tmp_path, text))


def test_a_calendar_that_is_written_is_read_again_with_the_same_days(tmp_path: Path) -> None:
    official, file = read_calendar(OFFICIAL).calendar, tmp_path / "again.toml"
    assert official is not None
    awkward = official.closed[0].model_copy(update={"basis": 'Tết "\\ mẫu"\n', "document": "1\t/MAU"})
    official = official.model_copy(update={"closed": (awkward, *official.closed[1:])})

    file.write_text(written_calendar(official), encoding="utf-8")
    again = read_calendar(file)

    assert again.mistakes == () and again.calendar is not None
    assert set(again.calendar.closed) == set(official.closed) and again.calendar.worked == official.worked
    rest = {"closed": (), "worked": ()}
    assert again.calendar.model_copy(update=rest) == official.model_copy(update=rest)
    assert written_calendar(again.calendar) == written_calendar(official)


def test_a_wrong_calendar_is_no_reference_data(tmp_path: Path) -> None:
    (tmp_path / "calendars").mkdir()
    text = OFFICIAL.read_text(encoding="utf-8") + '[[closed]]\nday = 2026-11-07\nbasis = "x"\n'
    (tmp_path / "calendars" / "vn.toml").write_text(text, encoding="utf-8")

    with pytest.raises(WrongReference, match=r"calendars/vn\.toml:\d+: closed: 2026-11-07 is a Saturday"):
        read_dir(tmp_path)
