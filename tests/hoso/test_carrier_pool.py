"""`hoso carrier pool`: a file of codes judged line by line and added, and how the pool stands."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connectors.store import item_codes, items, open_store
from connectors.store.items import Item
from hoso.cli.carrier import carrier

HCC = "vnpost_hcc"
GOOD = ("RX000000014VN", "RX000000028VN", "RX000000031VN")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSO_DATABASE_URL", f"sqlite:///{tmp_path / 'hoso.db'}")
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))


def said(*words: str) -> Result:
    return CliRunner().invoke(carrier, ["pool", *words])


def a_file(folder: Path, *lines: str) -> str:
    path = folder / "codes.txt"
    path.write_text("\n".join(lines))
    return str(path)


def status() -> Any:
    return json.loads(said(HCC, "status", "--json").stdout)


def test_codes_are_added_and_counted(tmp_path: Path) -> None:
    before = status()

    answer = said(HCC, "add", a_file(tmp_path, "# issued in November", GOOD[0], "", " rx 0000 0002 8 vn ", GOOD[2]))

    assert (answer.exit_code, answer.stdout.splitlines()[0]) == (0, "3 codes: 3 added, 0 refused")
    assert before == {"carrier": HCC, "set_up": False, "free": 0, "bound": 0, "spent": 0, "low": False}
    assert status() == before | {"set_up": True, "free": 3, "low": True}


def test_a_line_that_is_no_new_code_is_refused_by_name_and_the_others_are_added(tmp_path: Path) -> None:
    said(HCC, "add", a_file(tmp_path, GOOD[0]))
    store = open_store(f"sqlite:///{tmp_path / 'hoso.db'}")
    with store.begin() as connection:
        items.learn(connection, Item(HCC, GOOD[1], "H29.12-261102-0001/D1", "H29.12-261102-0001", "D1"))

    answer = said(HCC, "add", a_file(tmp_path, *GOOD, GOOD[2], "RX00000001VN", "RX000000040VN"))

    assert answer.exit_code == 1
    assert answer.stdout.splitlines()[:6] == [
        "line 1: RX000000014VN refused: it is in the pool already",
        "line 2: RX000000028VN refused: a parcel bears it already",
        "line 4: RX000000031VN refused: it stands in line 3 already",
        "line 5: RX00000001VN refused: it is not two letters, nine digits, two letters",
        "line 6: RX000000040VN added: its check digit would be 5",
        "6 codes: 2 added (1 with a wrong check digit), 4 refused",
    ]
    assert status()["free"] == 3


def test_a_wrong_check_digit_is_refused_where_that_is_wanted(tmp_path: Path) -> None:
    answer = said(HCC, "add", a_file(tmp_path, GOOD[0], "RX000000040VN"), "--strict", "--json")

    document = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert document["counts"] == {"added": 1, "refused": 1, "wrong_check_digit": 0}
    assert [(one["line"], one["outcome"]) for one in document["lines"]] == [(2, "refused")]
    assert document["pool"]["free"] == 1


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    answer = said(HCC, "add", a_file(tmp_path, *GOOD), "--dry-run")

    assert answer.stdout.splitlines()[0] == "3 codes: 3 would be added, 0 refused"
    assert not status()["set_up"]


def test_the_same_file_again_adds_nothing(tmp_path: Path) -> None:
    file = a_file(tmp_path, *GOOD)
    said(HCC, "add", file)

    answer = said(HCC, "add", file)

    assert (answer.exit_code, "3 codes: 0 added, 3 refused" in answer.stdout) == (1, True)
    assert status()["free"] == 3


def test_an_empty_pool_says_that_orders_wait(tmp_path: Path) -> None:
    said(HCC, "add", a_file(tmp_path, GOOD[0]))
    store = open_store(f"sqlite:///{tmp_path / 'hoso.db'}")
    with store.begin() as connection:
        item_codes.bind(connection, HCC, "H29.12-261102-0001/D1")

    lines = said(HCC, "status").stdout.splitlines()

    assert lines[0] == "vnpost_hcc: 0 free, 1 bound to legs, 0 spent by errors"
    assert lines[1].startswith("no code is left: orders wait.")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody", "status"), "there is no carrier nobody"),
        (("ghtk", "status"), "ghtk numbers its items itself: a pool is for vnpost_hcc"),
        ((HCC, "add"), "name the file to add"),
        ((HCC, "status", "codes.txt"), "status takes no file"),
        ((HCC, "empty"), "'empty' is not one of"),
    ],
)
def test_a_wrong_use_is_status_2_and_a_sentence(words: tuple[str, ...], says: str) -> None:
    answer = said(*words)

    assert (answer.exit_code, says in " ".join(answer.stderr.split())) == (2, True)


@pytest.mark.parametrize(("bytes_of_it", "says"), [(b"\xff\xfe", "is not UTF-8"), (b"\n# none\n", "holds no codes")])
def test_a_file_that_holds_no_codes_is_status_1_and_a_sentence(tmp_path: Path, bytes_of_it: bytes, says: str) -> None:
    path = tmp_path / "codes.txt"
    path.write_bytes(bytes_of_it)

    answer = said(HCC, "add", str(path))

    assert (answer.exit_code, says in answer.stderr) == (1, True)


def test_a_file_that_is_not_there_is_status_1_and_a_sentence(tmp_path: Path) -> None:
    answer = said(HCC, "add", str(tmp_path / "nowhere.txt"))

    assert (answer.exit_code, "nowhere.txt cannot be read" in answer.stderr) == (1, True)
