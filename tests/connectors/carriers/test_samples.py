"""Every carrier's own papers translate as their `.expected.json` says."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.carriers import Update, carriers

HERE = Path(__file__).parent
SAMPLES = sorted(HERE.glob("*/*.expected.json"))


def _shown(update: Update) -> dict[str, Any]:
    return {
        "item": update.item,
        "reference": update.reference,
        "status": update.status,
        "reason": update.reason,
        "at": update.at.isoformat() if update.at else None,
    }


def _api_version(expected: Path, said: list[dict[str, Any]]) -> str | None:
    meta = expected.with_name(expected.name.replace("webhook_", "meta_").replace(".expected", ""))
    told = json.loads(meta.read_text()) if meta.exists() else {}
    version = said[0].get("api_version") if said else None
    found = version or told.get("api_version")
    assert found is None or isinstance(found, str)
    return found


@pytest.mark.parametrize("expected", SAMPLES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_carriers_own_paper_translates_as_expected(expected: Path) -> None:
    wanted = json.loads(expected.read_text())
    wanted = wanted if isinstance(wanted, list) else [wanted]
    body = expected.with_name(expected.name.replace(".expected", "")).read_bytes()

    updates = carriers()[expected.parent.name].updates(body, _api_version(expected, wanted))

    assert [_shown(update) for update in updates] == [
        {key: value for key, value in one.items() if key != "api_version"} for one in wanted
    ]


def test_every_carrier_has_samples() -> None:
    assert {file.parent.name for file in SAMPLES} == set(carriers())
