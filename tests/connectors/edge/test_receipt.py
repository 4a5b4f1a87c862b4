"""GET /v1/dossiers/{code}/receipt: the receipt in effect, for the agencies it concerns."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.certificates import public_pem
from connectors.receipts.days import Days
from connectors.receipts.making import Making
from hoso.receipt.verify import check
from schemas import instant
from tests.builders import CODE
from tests.connectors.edge.conftest import Rig
from tests.connectors.edge.test_events import is_a_problem
from tests.connectors.notify.ear import DrivenClock
from tests.connectors.receipts.states import a_code, a_result, corrected, records, returned, states

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = public_pem(KEY).encode()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> DrivenClock:
    driven = DrivenClock()
    monkeypatch.setattr(instant, "_clock", driven)
    return driven


def hand_over(rig: Rig, *given: bytes) -> None:
    """Let these states come."""
    Making(rig.door.store, rig.producer, KEY).handle(records(*given))


def test_an_agency_gets_the_receipt_of_its_dossier_and_it_verifies(rig: Rig) -> None:
    hand_over(rig, *states([*a_result(), returned(id="back")]))

    answer = rig.client.get(f"/v1/dossiers/{CODE}/receipt", headers=rig.auth())

    assert answer.status_code == 200
    assert answer.json()["handed_over"]["result_no"] == "KQ-1"
    assert check(answer.content, PUBLIC) == []


def test_another_agencys_receipt_is_as_if_it_were_not_there(rig: Rig) -> None:
    code = a_code(2)
    hand_over(rig, *states([*a_result(code), returned(code)]))

    is_a_problem(rig.client.get(f"/v1/dossiers/{code}/receipt", headers=rig.auth("H29.99")), 404)
    is_a_problem(rig.client.get(f"/v1/dossiers/{code}/receipt"), 401)
    assert rig.client.get(f"/v1/dossiers/{code}/receipt", headers=rig.auth()).status_code == 200


@pytest.mark.parametrize("code", ["H29.12-261102-0998", "nonsense", "H29.12-261302-0001", "%00", "x" * 300])
def test_what_has_no_receipt_is_not_there(rig: Rig, code: str) -> None:
    is_a_problem(rig.client.get(f"/v1/dossiers/{code}/receipt", headers=rig.auth()), 404)


def test_the_one_in_effect_comes_unless_another_is_asked_for(rig: Rig) -> None:
    code = a_code(3)
    for state in states([*a_result(code), returned(code, id="b3"), corrected("b3", code)]):
        hand_over(rig, state)
    path = f"/v1/dossiers/{code}/receipt"

    last = rig.client.get(path, headers=rig.auth()).json()
    first = rig.client.get(path, params={"number": 1}, headers=rig.auth()).json()

    assert (last["number"], last["taken_back"], last["supersedes"]) == (2, True, first["id"])
    is_a_problem(rig.client.get(path, params={"number": 3}, headers=rig.auth()), 404)
    is_a_problem(rig.client.get(path, params={"number": 0}, headers=rig.auth()), 422)


def test_once_its_day_is_closed_it_has_its_proof(rig: Rig, clock: DrivenClock) -> None:
    code = a_code(4)
    hand_over(rig, *states([*a_result(code), returned(code)]))
    clock.at += 86_400
    Days(rig.door.store, rig.producer, KEY).turn()

    answer = rig.client.get(f"/v1/dossiers/{code}/receipt", headers=rig.auth())

    assert answer.json()["proof"]["root"]["day"] == answer.json()["day"]
    assert check(answer.content, PUBLIC) == []
