"""After a disaster the city's agencies ask what is held last of them, and send again what came after it."""

from pathlib import Path

import msgspec
import requests

from tests.sandbox.stage import MONDAY, a_clock, a_clock_of_days, a_desk, on_stage, some_agencies, some_settings

AGENCY = "H29.12"


class Door:
    """Takes every event, and holds as the last one whatever it is told to."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def take(self, _path: str, body: bytes) -> tuple[int, bytes]:
        ids = [str(one["id"]) for one in msgspec.json.decode(body)]
        self.ids += ids
        return 202, msgspec.json.encode({"accepted": ids, "rejected": []})


def test_what_came_after_the_event_that_is_held_is_sent_again_in_its_order(tmp_path: Path) -> None:
    some_agencies(tmp_path, AGENCY)
    door = Door()
    with a_desk() as desk:
        desk.answers = door.take
        settings = some_settings(
            tmp_path, edge_url=desk.address, city_dossiers=26, city_agencies=f"{AGENCY}:http", city_days=5
        )
        with on_stage(settings, a_clock_of_days()) as (stage, address):
            stage.city.begin(MONDAY)
            assert desk.wait_for(lambda: len(door.ids) >= 20)
            stage.timers.stop()
            assert desk.wait_for(lambda: not stage.city.progress()["events"]["unanswered"])
            before = list(door.ids)
            first_time = list(dict.fromkeys(before))
            desk.last = first_time[9]

            again = requests.post(f"{address}/city", json={"resume": True}, timeout=60)

            assert again.status_code == 202, again.text
            assert desk.wait_for(lambda: not stage.city.progress()["events"]["unanswered"])
            assert again.json() == {"sent_again": {AGENCY: len(door.ids) - len(before)}}
            assert door.ids[len(before) :] == _once(before[before.index(first_time[9]) + 1 :])


def _once(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def test_without_an_answer_nobody_sends_anything(tmp_path: Path) -> None:
    some_agencies(tmp_path, AGENCY)
    settings = some_settings(tmp_path, edge_url="http://127.0.0.1:9", city_agencies=f"{AGENCY}:http")
    with on_stage(settings, a_clock()) as (stage, address):
        answer = requests.post(f"{address}/city", json={"resume": True}, timeout=30)

    assert answer.status_code == 503
    assert "answered H29.12 with 0" in answer.json()["error"]
    assert stage.city.events == []
