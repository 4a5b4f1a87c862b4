"""`hoso doctor` over a real broker and database: a screen with the worst first, JSON, and an exit status."""

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.broker import Producer
from connectors.doctor.place import KINDS
from connectors.reference import publish
from connectors.secrets import EVIDENCE, ensure_secrets
from connectors.settings import Settings
from connectors.store import open_store
from hoso import broker
from hoso.cli.doctor import doctor
from hoso.cli.hold import hold
from hoso.processes import PROCESSES
from schemas.instant import now
from tests.builders import a_bundle
from tests.holding import a_hold

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(doctor)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A broker of its own, with its topics: whole topics are looked at."""
    with broker.running() as running:
        topics.apply(running.bootstrap, ["H29.12", "H29.99"])
        publish(running.bootstrap, a_bundle("of-the-doctors-test"))
        yield running.bootstrap


@pytest.fixture
def home(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose processes do not run."""
    for name, value in {"HOSO_KAFKA_BOOTSTRAP": cluster, "HOSO_HOME": str(tmp_path), "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)
    settings = Settings(kafka_bootstrap=cluster, home=tmp_path)
    ensure_secrets(settings.secrets_dir)
    store = open_store(settings.database_url)
    store.migrate()
    store.close()
    return tmp_path


def said(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def findings(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said(*words, "--json").stdout)["findings"]
    return found


def test_the_screen_has_the_worst_first_each_with_its_command_and_the_status_is_1(home: Path) -> None:
    (home / "secrets" / EVIDENCE).chmod(0o644)

    screen = said()

    lines = screen.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("BAD"))
    last = max(number for number, line in enumerate(lines) if line.startswith("OK"))
    assert screen.exit_code == 1
    assert first < last
    assert f"$ chmod 600 {home / 'secrets' / EVIDENCE}" in screen.stdout.replace("\n", "")
    assert "$ hoso dispatch" in screen.stdout
    assert "BAD," in lines[0] and "OK" in lines[0]


def test_the_document_says_what_the_screen_says(home: Path) -> None:
    report = json.loads(said("--json").stdout)

    assert report["worst"] == "BAD"
    assert {"area", "severity", "what", "help", "detail", "what_vi", "detail_vi"} == set(report["findings"][0])
    helps = {one["help"] for one in report["findings"] if one["what"].startswith("no ")}
    assert helps >= {"hoso worker", "hoso notify"}


def test_the_screen_stands_in_vietnamese_with_the_same_commands(home: Path) -> None:
    screen = said("--lang", "vi")

    assert screen.exit_code == 1
    assert "không có tiến trình dispatch nào chạy" in screen.stdout and "no dispatch runs" not in screen.stdout
    assert "Nghiêm trọng" in screen.stdout and "Tiến trình" in screen.stdout
    assert "$ hoso dispatch" in screen.stdout


def test_the_command_that_a_line_names_ends_what_it_says(home: Path, cluster: str) -> None:
    with Producer(cluster) as producer:
        producer.publish([a_hold(carrier="ghn", at=now(), why="400 orders in an hour", asks=True)])
    [line] = [one for one in findings() if "carrier=ghn" in one["what"]]

    words = shlex.split(line["help"])
    released = CliRunner().invoke(hold, words[2:])

    assert line["severity"] == "BAD" and words[:2] == ["hoso", "hold"]
    assert released.exit_code == 0, released.output
    assert not [one for one in findings() if "carrier=ghn" in one["what"]]


def test_without_any_kafka_it_is_a_line_and_not_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOSO_KAFKA_BOOTSTRAP", raising=False)
    for name, value in {"HOSO_HOME": str(tmp_path), "HOSO_KAFKA_PORT": "1", "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)

    screen = said()

    assert screen.exit_code == 1
    assert "Kafka is away: nobody answers at 127.0.0.1:1" in screen.stdout and "$ hoso up" in screen.stdout


def test_it_looks_again_and_again_until_it_is_interrupted(home: Path) -> None:
    argv = [sys.executable, "-m", "hoso.cli.main", "doctor", "--watch", "1"]
    heading = re.compile(r"\d{4}-\d\d-\d\d .* BAD, ")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None and watching.stderr is not None
        headings = (line for line in watching.stdout if heading.match(line))
        seen = [next(headings), next(headings)]
        watching.send_signal(signal.SIGINT)
        rest = watching.stderr.read()

    assert len(seen) == 2
    assert (watching.returncode, "Traceback" in rest) == (0, False), rest


def test_the_doctor_knows_every_process_of_the_pipeline() -> None:
    assert set(KINDS) == {process.name for process in PROCESSES}
