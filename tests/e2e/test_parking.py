"""A fact of a newer release on the log parks its dossier, alone; an operator's word from the command line ends it."""

import json
import os
import subprocess
import sys

from schemas.dossier import LOG
from tests.e2e.house import House


def hoso(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    """A command as an operator types it."""
    env = os.environ | {"HOSO_KAFKA_BOOTSTRAP": house.bootstrap, "HOSO_HOME": str(house.home)}
    argv = [sys.executable, "-m", "hoso.cli.main", *words]
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_a_fact_of_a_newer_release_parks_its_dossier_alone_until_an_operator_skips_it(house: House) -> None:
    parked, other = house.a_code(), house.a_code()
    house.received(parked)
    house.wait_told(parked, "deadline_set")
    newer = house.event(parked, "received") | {"type": "vn.hoso.dossier.blessed.v9", "data": {}}
    house.kafka_client.send(LOG, json.dumps(newer).encode(), parked.encode()).get(timeout=10)
    house.state(parked, "result_ready", outcome="APPROVED", physical=False)
    house.received(other)

    house.wait_told(other, "deadline_set")
    listed = house.wait("it is parked", lambda: _listed(house, parked))
    shown = hoso(house, "parked", "show", parked)
    skipped = hoso(house, "parked", "skip", parked, "--why", "not ours to read")

    assert (listed["facts"], listed["what"]) == (2, f"/agencies/H29.12 {newer['id']}")
    assert "blessed" in shown.stdout
    assert skipped.returncode == 0, skipped.stderr
    house.wait("its result is known", lambda: house.shown(parked).get("status") == "RESULT_READY")
    assert house.wait("it is parked no longer", lambda: not _listed(house, parked))


def test_a_dossier_is_shown_and_explained_on_the_command_line(house: House) -> None:
    code = house.a_code()
    house.received(code)
    house.wait_told(code, "deadline_set")

    dossier, explained = hoso(house, "dossier", code, "--json"), hoso(house, "explain", code)
    unknown = hoso(house, "dossier", "H29.12-261117-9999")

    assert json.loads(dossier.stdout)["state"]["clock"]["state"] == "RUNNING"
    assert "working day 3 of 3" in explained.stdout and "due on" in explained.stdout
    assert (unknown.returncode, "is the code whole" in unknown.stderr) == (1, True)


def _listed(house: House, code: str) -> dict[str, object] | None:
    rows = json.loads(hoso(house, "parked", "list", "--json").stdout)
    found: dict[str, object] | None = next((row for row in rows if row["dossier"] == code), None)
    return found
