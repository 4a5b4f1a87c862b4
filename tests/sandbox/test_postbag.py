"""The post's webhooks: signed with a real key, tried again without a 2xx, astray as often as the dice say."""

import base64
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from sandbox.app import rehearse
from sandbox.magic import Fate
from sandbox.myvnpost_mail import MyVNPostMail
from sandbox.parcels import Parcel
from sandbox.post import Post
from sandbox.scans import Scan
from schemas.postal import ParcelStatus
from tests.sandbox.stage import MONDAY, Customer, Desk, a_clock, a_desk, an_order, on_stage, some_settings

REFERENCE = "H29.12-261102-0001/D1"
HOOK = "/v1/webhooks/myvnpost"


def a_parcel(post: Post, phone: str = "0900000901") -> Parcel:
    made = post.create(an_order(REFERENCE, phone)["informationOrder"])
    assert isinstance(made, Parcel)
    return made


def told(desk: Desk) -> list[dict[str, Any]]:
    return [msgspec.json.decode(body, type=dict[str, Any]) for _, body, _ in desk.bodies]


def verifies(key: RSAPublicKey, said: dict[str, Any]) -> bool:
    first = said["data"][0]
    text = f"MYVNP{said['sendDate']}{first['itemCode']}{first['status']}".encode()
    try:
        key.verify(base64.b64decode(said["signature"]), text, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def test_every_scan_is_told_once_by_a_polite_post_and_signed_with_the_public_key_s_other_half(tmp_path: Path) -> None:
    with a_desk() as desk:
        settings = some_settings(tmp_path, webhook_url=f"{desk.address}{HOOK}")
        with on_stage(settings, a_clock(MONDAY, 200_000)) as (stage, address):
            Customer(address).create(REFERENCE)
            assert desk.wait_for(lambda: len(desk.bodies) == 10)
            ledger = stage.post.ledger()["parcels"][0]

    key = load_pem_public_key((tmp_path / "myvnpost.pem").read_bytes())
    assert isinstance(key, RSAPublicKey)
    assert all(verifies(key, said) for said in told(desk))
    assert not verifies(key, told(desk)[0] | {"sendDate": "01/01/2026 00:00:00"})
    assert sorted(int(said["data"][0]["status"]) for said in told(desk)) == [1, 2, 4, 6, 7, 10, 11, 12, 14, 21]
    assert {said["data"][0]["saleOrderCode"] for said in told(desk)} == {REFERENCE}
    assert ledger["final"] == 14


def test_a_webhook_without_a_2xx_is_sent_again(tmp_path: Path) -> None:
    with a_desk() as desk:
        desk.answers = lambda _path, _body: (503 if len(desk.bodies) < 2 else 200, b"{}")
        settings = some_settings(tmp_path, webhook_url=f"{desk.address}{HOOK}")
        with on_stage(settings, a_clock(MONDAY)) as (stage, address):
            Customer(address).create(REFERENCE)
            assert desk.wait_for(lambda: len(desk.bodies) == 3)
            (parcel,) = stage.post.parcels

    assert [one.status for one in parcel.webhooks[0].tries] == [503, 503, 200]
    assert parcel.webhooks[0].taken


def test_no_webhook_tells_of_a_delivery_to_906(tmp_path: Path) -> None:
    stage = rehearse(some_settings(tmp_path), a_clock(MONDAY))
    parcel = a_parcel(stage.post, "0900000906")

    for scan in parcel.plan:
        stage.postbag.announce(parcel, scan)

    assert [webhook.fate for webhook in parcel.webhooks if webhook.scan.status == "DELIVERED"] == ["missing"]
    assert {webhook.fate for webhook in parcel.webhooks if webhook.scan.status != "DELIVERED"} == {"straight"}


def test_an_impolite_post_errs_as_often_as_the_handbook_says(tmp_path: Path) -> None:
    stage = rehearse(some_settings(tmp_path, sandbox_manners="impolite"), a_clock(MONDAY))
    parcel = a_parcel(stage.post)

    for n in range(4000):
        stage.postbag.announce(parcel, Scan(ParcelStatus.IN_TRANSIT, parcel.created_at + n))

    fates = Counter(webhook.fate for webhook in parcel.webhooks)
    assert fates[Fate.REPEATED] / 4000 == pytest.approx(0.03, abs=0.01)
    assert fates[Fate.HELD] / 4000 == pytest.approx(0.05, abs=0.015)
    assert fates[Fate.DELAYED] / 4000 == pytest.approx(0.02, abs=0.01)
    assert 0 < fates[Fate.MISSING] < 40
    assert fates[Fate.UNKNOWN] < 20


def test_the_key_is_kept_over_a_restart(tmp_path: Path) -> None:
    first = MyVNPostMail(some_settings(tmp_path)).key
    second = MyVNPostMail(some_settings(tmp_path)).key

    assert first.private_numbers() == second.private_numbers()


def test_on_its_worst_days_somebody_else_speaks_in_the_post_s_name_until_he_is_heard(tmp_path: Path) -> None:
    """What is forged is signed by nobody, comes again while the door is away, and is no word of the post's ledger."""
    calls = Counter[str]()

    def judge(_path: str, body: bytes) -> tuple[int, bytes]:
        good = verifies(key, msgspec.json.decode(body, type=dict[str, Any]))
        calls["good" if good else "forged"] += 1
        # The door is away for the first of them.
        return (200, b"{}") if good else (503 if calls["forged"] == 1 else 401, b"{}")

    with a_desk() as desk:
        settings = some_settings(tmp_path, webhook_url=f"{desk.address}{HOOK}", sandbox_manners="rude")
        with on_stage(settings, a_clock(MONDAY, 200_000)) as (stage, address):
            found = load_pem_public_key((tmp_path / "myvnpost.pem").read_bytes())
            assert isinstance(found, RSAPublicKey)
            key, desk.answers = found, judge
            for number in range(16):
                stage.post.create(an_order(f"H29.12-261102-{number:04d}/D1", "0900000901")["informationOrder"])
            assert desk.wait_for(lambda: not stage.post.open() and not stage.postbag.waiting(), 60)
            forged = requests.get(f"{address}/ledger/post", timeout=60).json()["forged"]

    assert forged["refused"] == calls["forged"] - 1 >= 1
    assert set(forged) == {"refused"}
