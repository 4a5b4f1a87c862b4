"""The first page: what can still be saved, letters owed, and every task that waits for somebody."""

import re
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest

from connectors.console.app import AT
from connectors.console.pages import today
from rules.time import due
from schemas.event import Event
from schemas.instant import VIETNAM
from tests.builders import VERSION, a_fact, a_move, a_postal_fact, received, result_ready
from tests.connectors.console.house import House, open_house
from tests.connectors.project.stories import taken

MORNING = datetime(2026, 11, 4, 8, tzinfo=VIETNAM)


@pytest.fixture(autouse=True)
def _morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(today, "now", lambda: MORNING)


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("today")) as running:
        yield running


def text(client: httpx.Client, path: str = "/?lang=en") -> str:
    """A page's words, without its marks."""
    answer = client.get(f"{AT}{path}")
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_an_empty_city_has_nothing_to_do(house: House) -> None:
    said = text(house.into("thanh.pho"))

    assert said.count("There is nothing to do here.") == 3


def test_what_is_due_soonest_is_shown_with_its_numbers(house: House) -> None:
    house.say(received(code="H29.12-261102-0001"), received("2026-11-03 09:00", code="H29.12-261103-0002"))

    said = text(house.into("can.bo"))

    assert "2 with a running clock" in said
    assert said.index("H29.12-261102-0001") < said.index("H29.12-261103-0002")


def test_an_officer_sees_no_dossier_of_another_agency_s(house: House) -> None:
    house.say(received(code="H29.12-261102-0001"))

    assert "H29.12-261102-0001" in text(house.into("can.bo"))
    assert "H29.12-261102-0001" not in text(house.into("can.bo.khac"))
    assert "0 with a running clock" in text(house.into("can.bo.khac"))


def test_a_dossier_whose_clock_cannot_be_set_is_a_task(house: House) -> None:
    house.say(received(code="H29.12-261102-0003", procedure_code="9.999999"))

    said = text(house.into("can.bo"))

    assert "Dossiers whose clock cannot be set (1)" in said
    assert "H29.12-261102-0003" in said and "9.999999" in said


def test_a_refused_order_is_a_task_until_another_takes_its_place(house: House) -> None:
    code = "H29.12-261102-0004"
    house.say(*ready_for_the_post(code), refused(code))

    assert "Postal orders refused (1)" in text(house.into("thanh.pho"))


def test_an_item_of_which_nobody_has_heard_in_time_is_a_task(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "H29.12-261102-0005"
    house.say(*ready_for_the_post(code), taken("2026-11-03 10:30", code, "D1"),
              a_move("PICKED_UP", "2026-11-03 15:00", code=code, item_code="ED1"))  # fmt: skip
    assert "Items without a word" not in text(house.into("thanh.pho"))

    monkeypatch.setattr(today, "now", lambda: datetime(2026, 11, 20, 8, tzinfo=VIETNAM))

    said = text(house.into("thanh.pho"))
    assert "Items without a word (1)" in said and "ED1" in said


def test_a_code_that_nobody_knows_is_a_task_for_the_city_and_no_agency_s(house: House) -> None:
    code = "H29.12-261102-0006"
    house.say(*ready_for_the_post(code), taken("2026-11-03 10:30", code, "D1"),
              a_move("UNKNOWN", "2026-11-03 15:00", code=code, item_code="ED1", carrier_code="X77"))  # fmt: skip

    assert "X77" in text(house.into("thanh.pho"))
    assert "X77" not in text(house.into("can.bo"))


def test_a_letter_that_is_owed_stands_there_until_it_is_sent(house: House) -> None:
    code = "H29.12-261102-0007"
    # Not forwarded yet, it is not expected to be done by its date.
    house.say(received(code=code, competent_agency="H29.99"))
    for day in (3, 4):
        house.say(*due(house.told.dossiers[code], VERSION, datetime(2026, 11, day, 8, tzinfo=VIETNAM)))

    assert "Letters of apology owed (1)" in text(house.into("can.bo.khac"))

    letter = {"reason": "x", "signed_by": "Nguyễn Văn Mẫu", "channel": "SMS"}
    house.say(a_fact("apology_issued", "2026-11-04 07:50", by="H29.99", code=code, **letter))
    assert "Letters of apology owed (0)" in text(house.into("can.bo.khac"))


def test_a_code_leads_to_its_dossier(house: House) -> None:
    answer = house.into("can.bo").get(f"{AT}/find", params={"code": " H29.12-261102-0001 "})

    assert answer.headers["location"] == f"{AT}/dossiers/H29.12-261102-0001"


def ready_for_the_post(code: str) -> list[Event]:
    """A dossier whose result waits for the post."""
    return [received(code=code, return_mode="POST"), result_ready("2026-11-03 10:00", code=code)]


def refused(code: str) -> Event:
    """The carrier's no to its order."""
    words = {"verdict": "refused", "field": "address", "carrier_words": "x"}
    return a_postal_fact("order_refused", "2026-11-03 11:00", code=code, leg="D1", **words)
