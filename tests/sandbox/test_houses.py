"""Six carriers behind one port at once: each with its own books, one ledger, one city."""

from pathlib import Path

import requests

from tests.sandbox.customers import BUYERS, EmsBuyer, GhnBuyer
from tests.sandbox.stage import MONDAY, a_clock, a_desk, moved_to, on_stage, some_settings
from tests.sandbox.street import DAY


def test_all_of_them_carry_at_once_and_one_ledger_tells_of_each(tmp_path: Path) -> None:
    with a_desk() as desk:
        hook = f"{desk.address}/v1/webhooks/myvnpost"
        settings = some_settings(tmp_path, edge_url=desk.address, webhook_url=hook, sandbox_patience=0.01)
        with on_stage(settings, a_clock(MONDAY)) as (stage, address):
            buyers = {kind.name: kind(address, tmp_path / "myvnpost.pem") for kind in BUYERS}
            desk.hears = lambda path, body, headers: buyers[path.split("?")[0].split("/")[3]].hear(path, body, headers)
            for number, buyer in enumerate(buyers.values()):
                buyer.order(f"H29.12-261102-{number:04d}/D1", "0900000901")
            before = requests.get(f"{address}/progress", timeout=60).json()["post"]
            moved_to(stage, MONDAY.timestamp() + 10 * DAY)
            assert desk.wait_for(lambda: not stage.houses.waiting())
            after = requests.get(f"{address}/progress", timeout=60).json()["post"]
            ledger = requests.get(f"{address}/ledger/post", timeout=60).json()

    assert (before["parcels"], before["under_way"]) == (6, 6)
    assert after == {"parcels": 6, "under_way": 0, "webhooks_waiting": 0}
    assert {one["carrier"]: one["final_step"] for one in ledger["parcels"]} == dict.fromkeys(buyers, "DELIVERED")
    assert [one["reference"][-7:-3] for one in ledger["parcels"]] == [f"{number:04d}" for number in range(6)]
    assert (ledger["open"], ledger["duplicates"], ledger["forged"]) == (0, {}, {})


def test_an_envelope_that_two_carriers_have_is_a_duplicate(tmp_path: Path) -> None:
    with on_stage(some_settings(tmp_path), a_clock(MONDAY)) as (_, address):
        buyers = EmsBuyer(address), GhnBuyer(address)
        items = [buyer.item(buyer.order("H29.12-261102-0001/D1", "0900000901")) for buyer in buyers]
        ledger = requests.get(f"{address}/ledger/post", timeout=60).json()

    assert ledger["duplicates"] == {"H29.12-261102-0001/D1": items}


def test_fumbled_calls_bear_the_name_of_their_carrier(tmp_path: Path) -> None:
    with on_stage(some_settings(tmp_path), a_clock(MONDAY)) as (_, address):
        for kind in BUYERS:
            kind(address).order("H29.12-261102-0001/D1", "0900000908")
        ledger = requests.get(f"{address}/ledger/post", timeout=60).json()

    names = ["", "vnpost_hcc ", "ems ", "viettelpost ", "ghn ", "ghtk "]
    assert ledger["lapses"] == {f"{name}create: 429": 1 for name in names}


def test_the_city_s_people_meet_the_postmen_of_every_carrier(tmp_path: Path) -> None:
    met = list[str]()
    with on_stage(some_settings(tmp_path), a_clock(MONDAY)) as (stage, address):
        stage.post.watchers.append(lambda parcel, _scan: met.append(parcel.carrier.name))
        for number, kind in enumerate(BUYERS):
            kind(address).order(f"H29.12-261102-{number:04d}/D1", "0900000913")
        moved_to(stage, MONDAY.timestamp() + 10 * DAY)

    assert set(met) == {kind.name for kind in BUYERS}
