"""Every carrier's own papers translate as their `.expected.json` says."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.carriers import Update, carriers

HERE = Path(__file__).parent
SAMPLES = sorted(HERE.glob("*/*.expected.json"))
each_paper = pytest.mark.parametrize("expected", SAMPLES, ids=lambda file: f"{file.parent.name}/{file.name}")


def _shown(update: Update) -> dict[str, Any]:
    return {
        "item": update.item,
        "reference": update.reference,
        "status": update.status,
        "reason": update.reason,
        "at": update.at.isoformat() if update.at else None,
    }


def _wanted(expected: Path) -> list[dict[str, Any]]:
    wanted = json.loads(expected.read_text())
    return wanted if isinstance(wanted, list) else [wanted]


def _body(expected: Path) -> bytes:
    """What was sent: JSON, or a form."""
    sent = [expected.with_name(expected.name.replace(".expected.json", suffix)) for suffix in (".json", ".txt")]
    (file,) = [file for file in sent if file.exists()]
    return file.read_bytes()


def _api_version(expected: Path) -> str | None:
    meta = expected.with_name(expected.name.replace("webhook_", "meta_").replace(".expected", ""))
    told = json.loads(meta.read_text()) if meta.exists() else {}
    said = _wanted(expected)
    version = said[0].get("api_version") if said else None
    found = version or told.get("api_version")
    assert found is None or isinstance(found, str)
    return found


@each_paper
def test_a_carriers_own_paper_translates_as_expected(expected: Path) -> None:
    carrier = carriers()[expected.parent.name]

    updates = carrier.updates(_body(expected), _api_version(expected))

    assert [_shown(update) for update in updates] == [
        {key: value for key, value in one.items() if key != "api_version"} for one in _wanted(expected)
    ]


@each_paper
def test_what_is_stored_of_a_paper_says_the_same(expected: Path) -> None:
    carrier, version = carriers()[expected.parent.name], _api_version(expected)

    stored = carrier.redact(_body(expected))

    assert carrier.updates(stored, version) == carrier.updates(_body(expected), version)


def test_every_carrier_has_samples() -> None:
    assert {file.parent.name for file in SAMPLES} == set(carriers())
