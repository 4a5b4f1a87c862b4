"""`hoso reveals list`: who opened a contact, when and why."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.store import open_store, reveals
from connectors.store.reveals import Reveal
from hoso.cli.reveals import reveals as app
from schemas.instant import aware

CODE, OTHER = "H29.12-261102-0001", "H29.12-261102-0002"

LOOKS = (
    Reveal(aware(1_793_000_000), "can.bo", "agency", "H29.12", CODE, "gọi hẹn", ("received",)),
    Reveal(aware(1_793_003_600), "thanh.pho", "city", None, OTHER, "kiểm tra\x1b[2J", ("received",)),
)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home whose database knows two looks."""
    address = f"sqlite:///{tmp_path / 'hoso.db'}"
    monkeypatch.setenv("HOSO_DATABASE_URL", address)
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    store = open_store(address)
    store.migrate()
    with store.begin() as transaction:
        for one in LOOKS:
            reveals.keep(transaction, one)
    store.close()


def run(*argv: str) -> str:
    done = CliRunner().invoke(app, ["list", *argv])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_newest_look_comes_first_with_who_and_why() -> None:
    first, second = run().splitlines()

    assert OTHER in first and "thanh.pho (city): kiểm tra" in first
    assert CODE in second and "can.bo (agency H29.12): gọi hẹn" in second
    # Words of unknown origin command no terminal.
    assert "\x1b" not in first


def test_the_looks_at_one_dossier_are_shown_alone() -> None:
    assert [line.split()[2] for line in run("--dossier", CODE).splitlines()] == [CODE]
    assert "nobody opened a contact of H29.12-261102-0009" in run("--dossier", "H29.12-261102-0009")


def test_machines_get_every_field() -> None:
    [one] = json.loads(run("--dossier", CODE, "--json"))

    assert one == {
        "at": "2026-10-26T14:33:20+07:00", "person": "can.bo", "role": "agency", "agency": "H29.12",
        "dossier": CODE, "why": "gọi hẹn", "facts": ["received"],
    }  # fmt: skip
