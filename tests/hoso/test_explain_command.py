"""`hoso explain` and `hoso certificate`: what an officer and a clerk get on the command line, over a log in memory."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from connectors import history
from connectors.broker import Message
from connectors.secrets import ensure_secrets
from connectors.tracking import link
from hoso.cli import dossier as dossier_command
from hoso.cli import explain as explain_command
from hoso.cli.certificate import certificate
from hoso.cli.explain import explain
from schemas.event import Event
from tests.builders import CODE, REFERENCE, ROOT, a_fact, received

CALENDAR = ROOT / "deploy/reference/calendars/vn-public-offices.toml"
APP = typer.Typer()
APP.command("explain")(explain)
APP.add_typer(certificate, name="certificate")

RUNNING = [received("2026-11-02 09:05")]
AWAITING = [
    *RUNNING,
    a_fact("supplement_requested", "2026-11-03 10:00", stage="APPRAISAL", documents=["x"], reason="x"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's home, its keys made, its log that of one running dossier."""
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    monkeypatch.delenv("HOSO_PUBLIC_URL", raising=False)
    ensure_secrets(tmp_path / "secrets")
    for command in (dossier_command, explain_command):
        monkeypatch.setattr(command, "bootstrap_of", lambda: "nowhere:1")
    monkeypatch.setattr(dossier_command, "published", lambda _: REFERENCE)
    on_the_log(monkeypatch, RUNNING)
    return tmp_path


def on_the_log(monkeypatch: pytest.MonkeyPatch, events: list[Event]) -> None:
    """These facts, and no others."""

    def whole_key(_: str, topic: str, key: bytes, *_more: object) -> Iterable[Message]:
        mine = [event for event in events if event.subject.encode() == key]
        return [Message(topic, 0, place, key, event.encode()) for place, event in enumerate(mine)]

    monkeypatch.setattr(history, "whole_key", whole_key)


def run(*arguments: str | Path) -> Result:
    """The command, run with these arguments on a wide screen."""
    return CliRunner().invoke(APP, [str(one) for one in arguments], env={"COLUMNS": "300"}, catch_exceptions=False)


# ---------------------------------------------------------------- explain


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            ["day 0, not counted", "working day 3 of 3; due 2026-11-05 17:00", "due on 2026-11-05 (61/2018/NĐ-CP art."],
        ),
        (
            "vi",
            [
                "ngày 0, không tính",
                "ngày làm việc 3/3; hạn trả 17:00 05/11/2026",
                "hạn trả 05/11/2026 (khoản 1 Điều 17",
            ],
        ),
    ],
)
def test_a_working_is_printed_in_either_language_and_ends_with_the_date(
    home: Path, lang: str, words: list[str]
) -> None:
    ran = run("explain", CODE, "--lang", lang)

    assert ran.exit_code == 0
    assert [one for one in words if one not in ran.stdout] == []
    assert "2026-11-24" in ran.stdout.splitlines()[-1]


def test_a_suspended_clock_has_a_working_and_says_that_it_has_no_date(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_log(monkeypatch, AWAITING)

    ran = run("explain", CODE)

    assert "supplement requested, 10:00 (the clock is suspended" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("no due date now: SUSPENDED")


def test_for_machines_it_is_what_the_agencys_door_answers(home: Path) -> None:
    said = json.loads(run("explain", CODE, "--json").stdout)

    assert said["clock"]["due_on"] == said["working"][-1]["day"] == "2026-11-05"
    assert [fact["effect"] for fact in said["facts"]] == ["STARTED"]
    assert said["calendar"]["version"] == "2026-11-24"


@pytest.mark.parametrize("public_url", ["", "https://hoso.city.example/"])
def test_the_link_is_that_of_the_slip_and_begins_where_the_door_is_public(
    home: Path, monkeypatch: pytest.MonkeyPatch, public_url: str
) -> None:
    monkeypatch.setenv("HOSO_PUBLIC_URL", public_url)
    key = ensure_secrets(home / "secrets").tracking.of(CODE)

    ran = run("explain", CODE, "--link")

    assert ran.stdout.strip() == link(public_url or "http://127.0.0.1:8080", CODE, key)


@pytest.mark.parametrize(("name", "begins"), [("slip.svg", b"<?xml"), ("slip.png", b"\x89PNG\r\n\x1a\n")])
def test_the_link_may_be_drawn_for_the_slip(home: Path, name: str, begins: bytes) -> None:
    ran = run("explain", CODE, "--qr", str(home / name))

    assert (ran.exit_code, ran.stdout) == (0, run("explain", CODE, "--link").stdout)
    assert (home / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("name", "says"), [("slip.pdf", "ends in neither .svg nor .png"), ("no/slip.svg", "No such file")]
)
def test_a_drawing_that_cannot_be_made_is_one_sentence(home: Path, name: str, says: str) -> None:
    ran = run("explain", CODE, "--link", "--qr", str(home / name))

    assert (ran.exit_code, ran.stdout) == (1, "")
    assert says in ran.stderr


def test_without_the_key_there_is_no_link(home: Path) -> None:
    (home / "secrets" / "tracking.key").unlink()

    ran = run("explain", CODE, "--link")

    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "tracking.key cannot be read" in ran.stderr
    assert not (home / "secrets" / "tracking.key").exists()


# ---------------------------------------------------------------- certificate


@pytest.fixture
def papers(home: Path) -> dict[str, Path]:
    """A certificate, the public key and the calendar, as the commands write them."""
    files = {name: home / f"{name}.out" for name in ("issue", "key", "calendar")}
    for name, file in files.items():
        code = () if name == "key" else (CODE,)
        assert run("certificate", name, *code, "-o", file).exit_code == 0
    return files


@pytest.mark.parametrize("toml", [False, True])
def test_what_is_issued_holds_by_the_key_and_the_calendar_that_go_with_it(papers: dict[str, Path], toml: bool) -> None:
    calendar = CALENDAR if toml else papers["calendar"]

    ran = run("certificate", "verify", papers["issue"], "--key", papers["key"], "--calendar", calendar)

    assert (ran.exit_code, ran.stdout) == (0, f"it holds: {CODE} is due on 2026-11-05\n")


def test_what_was_changed_is_refused_by_sentences_for_people_and_for_machines(papers: dict[str, Path]) -> None:
    text = papers["issue"].read_text()
    papers["issue"].write_text(text.replace('"due_on": "2026-11-05"', '"due_on": "2026-11-09"'))
    check = ("certificate", "verify", papers["issue"], "--key", papers["key"], "--calendar", CALENDAR)

    people, machines = run(*check), run(*check, "--json")

    assert people.exit_code == machines.exit_code == 1
    assert people.stderr.startswith("deadline: due_on is said to be '2026-11-09', and it is '2026-11-05'")
    said: dict[str, Any] = json.loads(machines.stdout)
    assert said == {"holds": False, "faults": people.stderr.splitlines()}


def test_a_certificate_on_the_output_is_the_document_alone(home: Path) -> None:
    said = json.loads(run("certificate", "issue", CODE).stdout)

    assert (said["dossier"], said["rule"]["procedure"], said["rule"]["refversion"]) == (CODE, "1.004873", "test-1")
    assert said["signature"]["algorithm"] == "Ed25519"


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (AWAITING, f"{CODE} has no due date now: its clock is SUSPENDED"),
        (
            [received("2026-11-02 09:05", procedure_code="1.003003")],
            f"{CODE} has no due date: its procedure has no term",
        ),
        ([received("2026-11-02 09:05", procedure_code="1.999999")], "no procedure 1.999999"),
        ([], f"no dossier {CODE} on the log"),
    ],
)
def test_where_there_is_no_date_nothing_is_issued_and_a_sentence_says_why(
    home: Path, monkeypatch: pytest.MonkeyPatch, events: list[Event], words: str
) -> None:
    on_the_log(monkeypatch, events)

    ran = run("certificate", "issue", CODE, "-o", home / "never.json")

    assert (ran.exit_code, words in ran.stderr) == (1, True), ran.stderr
    assert not (home / "never.json").exists()


def test_a_file_that_is_not_there_is_a_wrong_call(papers: dict[str, Path]) -> None:
    ran = run("certificate", "verify", "none.json", "--key", papers["key"], "--calendar", CALENDAR)

    assert ran.exit_code == 2
    assert "there is no file none.json" in ran.stderr
