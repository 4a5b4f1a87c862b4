"""The receipt of a result handed over, on the whole pipeline: made, proven, verified offline, taken back."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.house import FIRST_TRY, House, a_contact

PAPERS = [{"name": "Giấy phép mẫu", "kind": "ORIGINAL", "copies": 1}]


def receipt_of(house: House, code: str, number: int | None = None) -> dict[str, Any]:
    """What its agency gets; nothing while there is none."""
    answer = house.get(f"/v1/dossiers/{code}/receipt" + (f"?number={number}" if number else ""))
    return answer.body if answer.status == 200 else {}


def proven_of(house: House, code: str) -> dict[str, Any]:
    """The same once it has its proof."""
    found = receipt_of(house, code)
    return found if "proof" in found else {}


def decided(house: House, code: str, **received: Any) -> None:
    house.received(code, **received)
    house.state(code, "result_ready", outcome="APPROVED", physical=True, result_no=f"KQ {code}", documents=PAPERS)


def test_a_result_returned_at_the_counter_has_a_receipt_that_anybody_verifies_with_the_roots(
    house: House, tmp_path: Path
) -> None:
    code = house.a_code()
    decided(house, code)
    house.state(code, "result_returned", mode="COUNTER", receiver="Nguyễn Văn Mẫu")

    proven = house.wait("its day is closed", lambda: proven_of(house, code))

    assert (proven["handed_over"]["result_no"], proven["number"]) == (f"KQ {code}", 1)
    assert house.get(f"/v1/dossiers/{code}/receipt", agency="H29.64").status == 404
    file, pem, roots, papers = (tmp_path / name for name in ("r.json", "hoso.pem", "roots.jsonl", "papers.json"))
    papers.write_text(json.dumps(PAPERS))
    assert house.says("receipt", "show", code, "-o", str(file)).returncode == 0
    assert house.says("certificate", "key", "-o", str(pem)).returncode == 0
    house.wait("the root is on its topic", lambda: proven["day"] in house.says("receipt", "roots").stdout)
    assert house.says("receipt", "roots", "-o", str(roots)).returncode == 0
    verified = house.hoso(
        "receipt", "verify", str(file), "--key", str(pem), "--roots", str(roots), "--manifest", str(papers)
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "Mẫu" not in file.read_text()


def test_what_the_post_delivered_has_one_with_its_evidence(house: House) -> None:
    code = house.a_code()
    decided(house, code, return_mode="POST", contact=a_contact(FIRST_TRY))
    told = house.wait_told(code, "result_delivered")

    said = house.wait("its receipt", lambda: receipt_of(house, code))["handed_over"]

    assert (said["mode"], said["leg"], said["carrier"]) == ("POST", "D1", told["payload"]["carrier"])
    assert said["evidence"]["delivered"] == told["payload"]["evidence"]
    assert said["evidence"]["confirmed_by"] == "CARRIER"


def test_a_return_that_is_corrected_is_taken_back_by_a_statement_of_its_own(house: House) -> None:
    code = house.a_code()
    decided(house, code)
    back = house.state(code, "result_returned", mode="COUNTER", receiver="Nguyễn Văn Mẫu")
    first = house.wait("its receipt", lambda: receipt_of(house, code))
    house.state(code, "corrected", retracts={"id": back["id"]}, reason="Nhầm hồ sơ")

    second = house.wait("it is taken back", lambda: receipt_of(house, code, 2))

    assert (second["supersedes"], second["taken_back"]) == (first["id"], True)
    assert receipt_of(house, code, 1)["id"] == first["id"]
