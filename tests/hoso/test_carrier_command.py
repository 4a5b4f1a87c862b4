"""`hoso carrier`: what a body says in the shape of the carriers' papers, who there is, and what their codes mean."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connectors.carriers import carriers
from connectors.carriers.viettelpost import REASONS, STATUSES
from hoso.cli.carrier import carrier

PAPERS = Path(__file__).parents[1] / "connectors" / "carriers"
EXPECTED = sorted(PAPERS.glob("*/*.expected.json"))


def said(*words: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(carrier, words, input=given)


def body_of(expected: Path) -> Path:
    sent = [expected.with_name(expected.name.replace(".expected.json", suffix)) for suffix in (".json", ".txt")]
    return next(file for file in sent if file.exists())


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in carriers():
        monkeypatch.delenv(f"HOSO_{name.upper()}_URL", raising=False)


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda file: f"{file.parent.name}/{file.name}")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_paper_is_printed_as_its_expected_file_has_it(expected: Path, form: tuple[str, ...]) -> None:
    wanted = json.loads(expected.read_text())
    # An input of the sample, and no part of what an update says.
    version = wanted.pop("api_version", None) if isinstance(wanted, dict) else None
    given = ("--api-version", version) if version else ()

    answer = said("translate", expected.parent.name, str(body_of(expected)), *given, *form)

    assert (answer.exit_code, json.loads(answer.stdout)) == (0, wanted)
    assert answer.stdout.count("\n") == 1 or not form


def test_a_body_is_read_from_standard_input_too() -> None:
    given = (PAPERS / "ghtk" / "webhook_delivered.txt").read_bytes()

    answer = said("translate", "ghtk", "-", given=given)

    assert json.loads(answer.stdout)["status"] == "DELIVERED"


def test_a_list_of_codes_that_is_named_is_the_one_that_translates() -> None:
    paper = str(PAPERS / "viettelpost" / "webhook_old_bag_scan.json")

    newest, old = (
        said("translate", "viettelpost", paper),
        said("translate", "viettelpost", paper, "--api-version", "old"),
    )

    assert json.loads(newest.stdout)["status"] == "UNKNOWN"
    assert json.loads(old.stdout)["status"] == "IN_TRANSIT"


@pytest.mark.parametrize("name", sorted(carriers()))
def test_a_body_that_cannot_be_read_is_a_sentence_and_status_1(name: str) -> None:
    answer = said("translate", name, "-", given=b"\xff nothing")

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert f"this is no body of {name} that can be read: " in answer.stderr


@pytest.mark.parametrize("words", [("translate", "nobody", "-"), ("codes", "nobody")])
def test_an_unknown_carrier_is_status_2_with_those_there_are(words: tuple[str, ...]) -> None:
    answer = said(*words)

    assert answer.exit_code == 2
    assert all(name in answer.stderr for name in carriers())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ghn", "nowhere.json"), "there is no file nowhere.json"),
        (("ghn", "-", "--api-version", "old"), "ghn has no list old: it has v2"),
    ],
)
def test_what_is_not_there_is_status_2(words: tuple[str, ...], says: str) -> None:
    answer = said("translate", *words)

    assert (answer.exit_code, says in answer.stderr) == (2, True)


def test_every_carrier_is_listed_with_how_it_is_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_GHN_URL", "https://ghn.example")

    rows: list[dict[str, Any]] = json.loads(said("list", "--json").stdout)
    lines = said("list").stdout.splitlines()

    assert [row["carrier"] for row in rows] == sorted(carriers())
    assert {row["carrier"] for row in rows if row["url_is_set"]} == {"ghn"}
    for row, line in zip(rows, lines[1:], strict=True):
        one = carriers()[row["carrier"]]
        assert (row["in_doubt"], row["asks"]) == (one.in_doubt.name, one.asks)
        shown = (row["carrier"], row["in_doubt"], "can be asked" if one.asks else "cannot be asked", one.table_version)
        assert all(word in line for word in shown)
        assert line.endswith("url set" if row["url_is_set"] else "url not set")


def test_a_wrong_setting_of_a_carrier_is_a_sentence_and_status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_GHTK_URL", "ghtk")

    answer = said("list")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith("HOSO_GHTK_URL is wrong: ")


def test_the_whole_table_of_a_carrier_is_printed() -> None:
    document = json.loads(said("codes", "viettelpost", "--json").stdout)
    text = said("codes", "viettelpost").stdout

    assert {(row["list"], row["code"]): row["status"] for row in document["statuses"]} == STATUSES
    assert {row["code"]: (row["reason"], row["fault"]) for row in document["reasons"]} == REASONS
    assert {row["code"] for row in document["statuses"] if not row["confirmed"]} == {"106", "301", "302", "502"}
    assert len(text.splitlines()) == 1 + 1 + len(STATUSES) + 1 + len(REASONS)
    assert "new   506   DELIVERY_FAILED      on the way back RETURN_FAILED\n" in text
    assert "old   301   IN_TRANSIT                                          reported only\n" in text
    assert "\n26      REFUSED  AGENCY\n" in text


@pytest.mark.parametrize("name", sorted(carriers()))
def test_every_carriers_codes_can_be_printed(name: str) -> None:
    document = json.loads(said("codes", name, "--json").stdout)

    assert document["table_version"] == carriers()[name].table_version
    assert document["statuses"]
    assert said("codes", name).exit_code == 0
