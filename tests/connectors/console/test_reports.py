"""Reports: the figures of the command on a page and as files, checked, in both languages, each agency its own."""

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from connectors.console import kept
from connectors.console.app import AT
from connectors.console.kept import Kept
from connectors.console.pages import reports
from connectors.console.reading.reports import SHOWN
from connectors.console.words import LANGUAGES, words
from connectors.project import sets
from connectors.project.library import library
from connectors.project.reading import Reading
from connectors.project.sectors import sectors
from connectors.reports.asked import Asked, Source
from connectors.reports.every import REPORTS
from connectors.reports.sheet import Sheet
from connectors.verdicts import TryLater
from hoso.cli.report import report as command
from rules.reports.period import Period
from schemas.instant import VIETNAM, date_of
from tests.builders import received
from tests.connectors.console.house import House, open_house
from tests.connectors.project.stories import stories

EVENING = datetime(2026, 11, 30, 18, tzinfo=VIETNAM)
NOVEMBER = Period(EVENING.date().replace(day=1), date_of(EVENING))
IN_NOVEMBER = {"first": "2026-11-01", "last": "2026-11-30"}
A_DOSSIER = re.compile(r"H29\.\d\d-2611\d\d-\d{4}")


@pytest.fixture(autouse=True)
def _evening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "now", lambda: EVENING)


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that a test may tell more."""
    with open_house(tmp_path_factory.mktemp("reports"), stories()) as running:
        yield running


def asked(client: httpx.Client, report: str, lang: str = "en", **more: Any) -> httpx.Response:
    """The page with a report of November."""
    return client.get(f"{AT}/reports", params={"report": report, "lang": lang} | IN_NOVEMBER | more)


def text(answer: httpx.Response) -> str:
    """A page's words, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def sheet(house: House, name: str, agency: str | None = None, **more: Any) -> Sheet:
    """The report as the command makes it."""
    with sets.looking(house.desk.read_store) as (connection, tables):
        known = library(connection, tables, sectors())
        source = Source(Reading(connection, tables, known, agency), known)
        return REPORTS[name].sheet(source, Asked(NOVEMBER, **more))


# ---------------------------------------------------------------- the sheet


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_shows_every_figure_of_the_report(house: House, name: str) -> None:
    answer = asked(house.into("thanh.pho"), name)

    assert answer.status_code == 200
    made = sheet(house, name, by=("agency",))
    assert answer.text.count("<tr>") == 1 + len(made.rows)
    shown = re.findall(r'<td class="n">\s*([0-9,.–]+)\s*</td>', answer.text)
    values = [value for row in made.rows for value in row[made.keys :]]
    assert shown == ["–" if value is None else f"{value:,}" for value in values]
    assert "The identities of this report were checked, and all of them hold." in answer.text


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", REPORTS)
def test_every_column_and_rate_has_a_word_in_both_languages(house: House, name: str, lang: str) -> None:
    say, made = words(lang).reports, sheet(house, name)

    assert name in say.names and name in say.notes
    heads = {**say.keys, **say.columns[name]}
    assert [column for column in made.columns if column not in heads] == []
    assert [share for share in made.shares if share not in say.share_names[name]] == []


def test_a_reader_of_vietnamese_reads_the_form_in_vietnamese(house: House) -> None:
    said = text(asked(house.into("thanh.pho"), "06a", "vi"))

    assert "Biểu II.06a: giải quyết thủ tục hành chính" in said
    assert "(7) Đã giải quyết" in said and "Tổng cộng" in said
    assert "45,45 %" in said


def test_without_a_question_there_is_the_form_for_this_month_and_no_report(house: House) -> None:
    answer = house.into("thanh.pho").get(f"{AT}/reports?lang=en")

    assert answer.status_code == 200
    assert 'name="first" value="2026-11-01"' in answer.text and 'name="last" value="2026-11-30"' in answer.text
    assert "<table" not in answer.text


def test_a_form_is_broken_down_as_it_was_asked(house: House) -> None:
    answer = asked(house.into("thanh.pho"), "06a", by=["procedure", "level"])

    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', answer.text)
    assert heads[:3] == ["Level", "Procedure", "(3) To handle"]


def test_what_was_known_on_a_day_is_what_the_command_says_of_it(house: House) -> None:
    rows = house.into("thanh.pho").get(f"{AT}/reports/06a.json", params=IN_NOVEMBER | {"as_of": "2026-11-10"}).json()

    assert rows["rows"][-1]["overdue_known"] == 3


def test_a_report_that_does_not_add_up_says_so_above_its_figures(own: House) -> None:
    with own.desk.read_store.begin() as connection:
        table = sets.serving(connection).tables.dossiers
        connection.execute(update(table).where(table.c.channel == "ONLINE").values(channel="TELEPHONE"))

    answer = asked(own.into("thanh.pho"), "06a")

    assert 'role="alert"' in answer.text
    assert "H29.12 as stated: received = online + direct + postal: 10 is not 9" in text(answer)
    assert "all of them hold" not in answer.text
    assert answer.text.index('role="alert"') < answer.text.index("<table")


def test_a_month_without_dossiers_is_a_row_of_zeros(house: House) -> None:
    answer = asked(house.into("thanh.pho"), "06a", first="2027-01-01", last="2027-01-31", agency="H29.99")

    assert answer.status_code == 200
    assert set(re.findall(r'<td class="n">\s*([0-9,.–]+)\s*</td>', answer.text)) == {"0"}


def test_a_long_report_is_cut_on_the_page_and_whole_in_the_file(own: House) -> None:
    many = SHOWN + 5
    own.say(*(received(code=f"H29.12-261103-{number:04d}", procedure_code=f"7.{number:06d}") for number in range(many)))
    client = own.into("thanh.pho")

    answer = asked(client, "promises")

    assert "There are 6 more lines: the files have all of them." in answer.text
    rows = client.get(f"{AT}/reports/promises.json", params=IN_NOVEMBER).json()["rows"]
    assert len(rows) == many + 2


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("name", REPORTS)
def test_the_files_are_what_the_command_prints(house: House, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_READ_DATABASE_URL", house.desk.read_store.address)
    window = ["--from", "2026-11-01", "--to", "2026-11-30", *(["--by", "agency"] if name == "06a" else [])]
    client = house.into("thanh.pho")

    as_csv, as_json = (client.get(f"{AT}/reports/{name}.{form}", params=IN_NOVEMBER) for form in ("csv", "json"))

    printed = [CliRunner().invoke(command, [name, *window, form]).stdout for form in ("--csv", "--json")]
    assert as_csv.content.decode("utf-8-sig") == printed[0]
    assert as_json.text + "\n" == printed[1]
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8"
    assert as_csv.headers["content-disposition"] == f'attachment; filename="{name}-2026-11-01-2026-11-30.csv"'
    assert as_csv.headers["cache-control"] == "private, no-store"


def test_the_links_of_a_page_lead_to_its_own_rows(house: House) -> None:
    client = house.into("thanh.pho")
    page = asked(client, "06a", agency="000.00.12.H29", by=["sector", "agency"], as_of="2026-11-10")

    [link] = [one for one in re.findall(r'<a download href="([^"]+)"', page.text) if ".csv" in one]
    rows = list(csv.reader(io.StringIO(client.get(link.replace("&amp;", "&")).content.decode("utf-8-sig"))))

    made = sheet(house, "06a", "H29.12", by=("agency", "sector"), as_of=EVENING.date().replace(day=10))
    assert rows == [[str(cell) for cell in row] for row in (made.columns, *made.rows)]


# ---------------------------------------------------------------- whose figures


@pytest.mark.parametrize("path", ["/reports?report=06a&", "/reports/06a.csv?", "/reports/06a.json?"])
def test_another_agency_s_report_is_not_there(house: House, path: str) -> None:
    officer = house.into("can.bo")

    for other in ("H29.99", "H29.00"):
        assert officer.get(f"{AT}{path}first=2026-11-01&last=2026-11-30&agency={other}").status_code == 404
    for mine in ("H29.12", "000.00.12.H29"):
        assert officer.get(f"{AT}{path}first=2026-11-01&last=2026-11-30&agency={mine}").status_code == 200


def test_an_officer_who_names_no_agency_has_the_figures_of_theirs(house: House) -> None:
    mine, others = (house.into(name).get(f"{AT}/reports/06a.json", params=IN_NOVEMBER).json()
                    for name in ("can.bo", "can.bo.khac"))  # fmt: skip

    assert mine["rows"] == json.loads(sheet(house, "06a", "H29.12", by=("agency",)).json())["rows"]
    assert others["rows"][-1]["to_handle"] == 0


def test_an_officer_is_offered_no_other_agency(house: House) -> None:
    answer = asked(house.into("can.bo"), "06a")

    assert 'name="agency"' not in answer.text
    assert "H29.99" not in answer.text


def test_a_report_names_no_dossier_unless_its_agency_s_are_asked_for(house: House) -> None:
    city = house.into("thanh.pho")

    assert not A_DOSSIER.search(text(asked(city, "promises", dossiers="1")))
    listed = asked(city, "promises", dossiers="1", agency="H29.12")
    assert A_DOSSIER.findall(text(listed)) == ["H29.12-261102-0005"]
    assert f'href="{AT}/dossiers/H29.12-261102-0005"' in listed.text
    assert A_DOSSIER.search(text(asked(house.into("can.bo"), "promises", dossiers="1")))
    assert not A_DOSSIER.search(text(asked(house.into("can.bo.khac"), "promises", dossiers="1")))


# ---------------------------------------------------------------- what cannot be asked


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"first": "yesterday"}, "That is no day: choose one from 2000 to 2099."),
        ({"last": "9999-12-31"}, "That is no day: choose one from 2000 to 2099."),
        ({"first": "0001-01-01"}, "That is no day: choose one from 2000 to 2099."),
        ({"as_of": "<script>alert(1)</script>"}, "That is no day: choose one from 2000 to 2099."),
        ({"first": "2026-11-30", "last": "2026-11-01"}, "A period does not end before it begins."),
        ({"by": "town"}, "A report cannot be broken down by this."),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(house: House, wrong: dict[str, str], sentence: str) -> None:
    city = house.into("thanh.pho")

    page = asked(city, "06a", **wrong)
    file = city.get(f"{AT}/reports/06a.csv", params={"lang": "en"} | IN_NOVEMBER | wrong)

    assert (page.status_code, file.status_code) == (422, 422)
    assert sentence in page.text and sentence in file.text
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("path", ["/reports?report=07b", "/reports/07b.csv", "/reports/06a.xls", "/reports/06a"])
def test_a_report_that_there_is_none_of_is_not_there(house: House, path: str) -> None:
    assert house.into("thanh.pho").get(f"{AT}{path}").status_code == 404


def test_a_code_that_an_agency_wrote_is_shown_and_never_run(own: House) -> None:
    with own.desk.read_store.begin() as connection:
        table = sets.serving(connection).tables.dossiers
        connection.execute(update(table).values(competent_agency="<script>alert(1)</script>"))

    answer = asked(own.into("thanh.pho"), "06a")

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


# ---------------------------------------------------------------- what is costly


def test_what_takes_long_is_made_once_for_a_while_and_what_does_not_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, made = [0.0], []
    monkeypatch.setattr("connectors.console.kept.time.monotonic", lambda: clock[0])
    values: Kept[str, int] = Kept()

    def make(seconds: float) -> int:
        clock[0] += seconds
        made.append(seconds)
        return len(made)

    assert [values.get("cheap", lambda: make(0.1)) for _ in range(2)] == [1, 2]
    assert [values.get("costly", lambda: make(3.0)) for _ in range(2)] == [3, 3]
    clock[0] += 59
    assert values.get("costly", lambda: make(3.0)) == 3
    clock[0] += 2
    assert values.get("costly", lambda: make(3.0)) == 4


def test_while_one_is_made_others_have_the_old_one_or_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "CHEAP_SECONDS", 0.0)
    monkeypatch.setattr(kept, "TIMES", 0)
    monkeypatch.setattr(kept, "WAIT_SECONDS", 0.0)
    values: Kept[str, int] = Kept()
    values.get("known", lambda: 1)
    begun, go_on, made = Event(), Event(), list[int]()

    def slow() -> int:
        begun.set()
        assert go_on.wait(60)
        return 2

    maker = Thread(target=lambda: made.append(values.get("known", slow)))
    maker.start()
    assert begun.wait(60)
    try:
        assert values.get("known", lambda: 3) == 1
        with pytest.raises(TryLater, match="another report"):
            values.get("unknown", lambda: 3)
    finally:
        go_on.set()
        maker.join()
    assert made == [2]


def test_what_failed_is_not_kept() -> None:
    values: Kept[str, int] = Kept()

    def fail() -> int:
        raise LookupError("away")

    with pytest.raises(LookupError):
        values.get("one", fail)
    assert values.get("one", lambda: 1) == 1
