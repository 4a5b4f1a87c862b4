"""The fleet as it runs: every process says which release it is, and nobody who reads on Kafka is left out."""

import json

from hoso import fleet
from hoso.processes import PROCESSES
from schemas.release import RELEASE
from tests.e2e.house import House


def test_every_process_of_a_house_is_known_with_its_release(house: House) -> None:
    fleet.remember(house.home, [slot.spec for slot in house.supervisor._slots])

    shown = house.hoso("fleet", "show", "--json")

    said = json.loads(shown.stdout)
    assert {one["kind"] for one in said["processes"]} == {one.name for one in PROCESSES if one.exists()}
    assert {one["release"] for one in said["processes"]} == {RELEASE}
    assert said["not_known"] == []
