"""`hoso keys`: a rotation of the openers' pair by commands, one step after the other, each saying what comes next."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.seal import Opener, Sealer
from connectors.secrets import ensure_secrets, load_secrets
from connectors.settings import Settings
from connectors.store import open_store
from hoso.cli.keys import keys
from tests.builders import CODE


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    ensure_secrets(tmp_path / "secrets")
    return tmp_path


def hoso(*argv: str) -> tuple[int, str]:
    done = CliRunner().invoke(keys, argv)
    return done.exit_code, done.output


def shown() -> dict[str, Any]:
    status, out = hoso("show", "--json")
    assert status == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_three_steps_lead_from_one_pair_to_another_and_each_names_the_next(home: Path) -> None:
    store = open_store(Settings(kafka_bootstrap="127.0.0.1:9", home=home).database_url)
    store.migrate()
    sealer = Sealer(load_secrets(home / "secrets").openers_public, store)
    box = sealer.seal_text(CODE, "text")
    sealer.keep()

    steps = [shown()["stage"]]
    for step in ((), ("--switch",), ("--finish",)):
        status, out = hoso("rotate", *step)
        assert status == 0, out
        steps.append(shown()["stage"])

    assert steps == ["settled", "prepared", "switched", "settled"]
    assert "1 keys wrapped anew" in out and "openers.retired.key" in out
    assert Opener(store, load_secrets(home / "secrets").openers_private).open_text(CODE, box) == "text"
    store.close()


def test_a_step_out_of_turn_is_refused_with_the_step_that_comes_first() -> None:
    status, out = hoso("rotate", "--finish")

    assert status == 1 and "`hoso keys rotate`" in out


def test_two_steps_at_once_are_no_step() -> None:
    assert hoso("rotate", "--switch", "--finish")[0] == 2
