"""A fact of a newer release on the log parks its dossier, alone; an operator's word from the command line ends it."""

import json

from schemas.dossier import LOG
from tests.e2e.house import House


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
    shown = house.says("parked", "show", parked)
    skipped = house.hoso("parked", "skip", parked, "--why", "not ours to read")

    assert (listed["facts"], listed["what"]) == (2, f"/agencies/H29.12 {newer['id']}")
    assert "blessed" in shown.stdout
    assert skipped.returncode == 0, skipped.stderr
    house.wait("its result is known", lambda: house.shown(parked).get("status") == "RESULT_READY")
    assert house.wait("it is parked no longer", lambda: not _listed(house, parked))


def test_a_dossier_is_shown_and_explained_on_the_command_line(house: House) -> None:
    code = house.a_code()
    house.received(code)
    house.wait_told(code, "deadline_set")

    dossier, explained = house.says("dossier", code, "--json"), house.hoso("explain", code)
    unknown = house.says("dossier", "H29.12-261117-9999")

    assert json.loads(dossier.stdout)["state"]["clock"]["state"] == "RUNNING"
    assert "working day 3 of 3" in explained.stdout and "due on" in explained.stdout
    assert (unknown.returncode, "is the code whole" in unknown.stderr) == (1, True)


def _listed(house: House, code: str) -> dict[str, object] | None:
    rows = json.loads(house.says("parked", "list", "--json").stdout)
    found: dict[str, object] | None = next((row for row in rows if row["dossier"] == code), None)
    return found
