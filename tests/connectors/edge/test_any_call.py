"""Whatever the OpenAPI document allows, and much that it does not, is tried by schemathesis on a live edge.

The edge never says that it made a mistake, and nothing that its document does not say. What comes is the same at every
run; `pytest -m storm tests/connectors/edge/test_any_call.py` tries many times as much, for ten minutes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.carriers import carriers
from connectors.gate.fields import PATTERNS, Kind
from connectors.settings import REPOSITORY
from schemas.contract import AGENCY_EVENT, agency_events
from tests.builders import a_bundle
from tests.connectors.edge.live import AGENCIES, DONE, OPEN, Live, a_live_edge

SCHEMATHESIS = Path(sys.executable).with_name("st")
CONFIG = Path(__file__).with_name("schemathesis.toml")
CARRIERS = Path(__file__).parents[1] / "carriers"
WEBHOOKS = {
    carrier: [json.loads(file.read_bytes()) for file in sorted((CARRIERS / carrier).glob("webhook_*.json"))]
    for carrier in carriers()
}
CODES = {Kind.AGENCY: list(AGENCIES), Kind.PROCEDURE: [one.code for one in a_bundle().procedures]}
INSTANTS = ["2020-11-02T08:15:00+07:00", "2020-11-03T01:15:00Z"]
FORMS = {str(pattern): CODES[kind] for pattern, kind in PATTERNS.items()}
FORMS |= {"date-time": INSTANTS, "date": ["2020-11-02", "2020-11-30"]}
"""What the gate lets in of such a form: there is no pattern for what exists, nor for an age."""
SAID = {"source": [f"/agencies/{AGENCIES[0]}"], "subject": [OPEN, DONE], "time": INSTANTS}
"""The same of the envelope: for whom the key is, and what has happened."""
EVENTS, WITH_A_KEY = "/v1/events", "^/v1/(events|feed|dossiers)"
FUZZING = ("--phases", "fuzzing")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with a_live_edge(tmp_path_factory.mktemp("edge")) as live:
        yield live


def test_any_call_is_answered_as_the_document_says(edge: Live, tmp_path: Path) -> None:
    report = tried(edge, document_of(edge), tmp_path, "-n", "10", "--exclude-path", EVENTS, *key(edge))

    assert report["operations"]["tested"] > 10


def test_any_event_is_answered_as_the_document_says(edge: Live, tmp_path: Path) -> None:
    report = tried(edge, document_of(edge), tmp_path, "-n", "40", "--include-path", EVENTS, *FUZZING, *key(edge))

    assert found(report)[f"POST {EVENTS}"] > 0


def test_what_is_there_is_found(edge: Live, tmp_path: Path) -> None:
    document = with_what_is_there(document_of(edge), edge)

    report = tried(edge, document, tmp_path, "-n", "20", "--mode", "positive", *FUZZING, *key(edge))

    assert [label for label, count in found(report).items() if not count] == []


def test_without_a_key_nothing_is_found(edge: Live, tmp_path: Path) -> None:
    document, only = with_what_is_there(document_of(edge), edge), ("--include-path-regex", WITH_A_KEY)

    report = tried(edge, document, tmp_path, "-n", "2", "--mode", "positive", *FUZZING, *only)

    assert len(report["warnings"]["missing_auth"]) == report["operations"]["tested"] > 5


@pytest.mark.storm
def test_any_call_at_length_is_answered_as_the_document_says(edge: Live, tmp_path: Path) -> None:
    tried(edge, document_of(edge), tmp_path, "-n", "1000", *key(edge))
    document = with_what_is_there(document_of(edge), edge)
    tried(edge, document, tmp_path, "-n", "300", "--mode", "positive", *FUZZING, *key(edge))


def key(edge: Live) -> tuple[str, str]:
    """How schemathesis is told an agency's key."""
    return "-H", f"Authorization: {edge.auth['authorization']}"


def found(report: Json) -> dict[str, int]:
    """How many calls of each operation found what they asked for, if only to contradict it."""
    rates = report["valid_rates"].items()
    return {label: sum(one["accepted"] + one["conflicts"] for one in phases.values()) for label, phases in rates}


def tried(edge: Live, document: Json, folder: Path, *options: str) -> Json:
    """What schemathesis reports of a run over a document. Where it found a fault, the test fails with its words."""
    said, report = folder / "openapi.json", folder / "report.json"
    said.write_text(json.dumps(document))
    command = [str(SCHEMATHESIS), "--config-file", str(CONFIG), "run", str(said), "--url", edge.url, "--no-color"]
    command += ["--report", "json", "--report-json-path", str(report), *options]
    env = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    read: Json = json.loads(report.read_text())
    return read


def document_of(edge: Live) -> Json:
    """What the edge says of itself; what an agency or a carrier may send is such that it can be let in."""
    said: Json = httpx.get(f"{edge.url}/openapi.json").json()
    for path in said["paths"].values():
        for operation in path.values():
            content = operation.get("requestBody", {}).get("content", {})
            if operation["tags"] == ["carriers"]:
                content["application/json"]["schema"] = {"anyOf": [{"enum": [*chain(*WEBHOOKS.values())]}, {}]}
    events = agency_events()
    for one in events[AGENCY_EVENT]["oneOf"]:
        name = one["$ref"].rpartition("/")[2]
        events[name]["properties"] |= {field: {"enum": values} for field, values in SAID.items()}
    said["components"]["schemas"] |= {name: _sensible(one) for name, one in events.items()}
    return said


def with_what_is_there(said: Json, edge: Live) -> Json:
    """The document that asks for nothing but what there is: no generator guesses a dossier's code."""
    for path in said["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _known(parameter["name"], parameter["schema"], edge)
            bodies = operation.get("requestBody", {}).get("content", {})
            for content in bodies.values():
                fields = content.get("schema", {}).get("properties", {})
                fields |= {name: _known(name, field, edge) for name, field in fields.items()}
            if operation["tags"] == ["carriers"]:
                bodies["application/json"]["schema"] = {"enum": WEBHOOKS[edge.known["carrier"][0]]}
    return said


def _known(name: str, schema: Json, edge: Live) -> Json:
    return {"enum": edge.known[name]} if name in edge.known else schema


def _sensible(said: Any) -> Any:
    if isinstance(said, list):
        return [_sensible(one) for one in said]
    if not isinstance(said, dict):
        return said
    form = said.get("format") or said.get("pattern")
    if isinstance(form, str) and form in FORMS:
        return {"enum": FORMS[form]}
    return {name: _sensible(one) for name, one in said.items()}
