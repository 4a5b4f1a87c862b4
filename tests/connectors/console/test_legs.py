"""A word about a leg: what a carrier only reported is true, or a silent item is waited for no longer; by a real log."""

import re
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest

from connectors.console.app import AT
from connectors.console.pages import dossier, legs
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.ops import AgedOut, StatusConfirmed
from tests.builders import VERSION, a_move, received, result_ready
from tests.connectors.console.house import House
from tests.connectors.console.on_log import a_code, house_on, say
from tests.connectors.doubles import KeptProducer
from tests.connectors.project.stories import taken

BEFORE, SILENT = datetime(2026, 11, 3, 16, tzinfo=VIETNAM), datetime(2026, 11, 20, 8, tzinfo=VIETNAM)


@pytest.fixture(scope="module")
def running(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_on(kafka, tmp_path_factory.mktemp("legs")) as house:
        yield house


@pytest.fixture
def house(running: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """With nothing published yet, on the evening after the post took the item."""
    assert isinstance(running.producer, KeptProducer)
    running.producer.rows.clear()
    at(monkeypatch, BEFORE)
    return running


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    for page in (dossier, legs):
        monkeypatch.setattr(page, "now", lambda: moment)


def by_post(house: House, *more: Event, code: str | None = None) -> str:
    """A dossier whose result the post has; its code."""
    code = code or a_code()
    say(
        house,
        received(code=code, return_mode="POST"),
        result_ready("2026-11-03 10:00", code=code),
        taken("2026-11-03 10:30", code, "D1"),
        a_move("PICKED_UP", "2026-11-03 15:00", code=code, item_code="ED1"),
        *more,
    )
    return code


def reported(code: str) -> Event:
    return a_move("DELIVERED", "2026-11-03 15:30", code=code, item_code="ED1", certainty="REPORTED")


def send(house: House, client: httpx.Client, code: str, form: str, **fields: str) -> httpx.Response:
    path = f"/dossiers/{code}/legs/D1/{form}"
    return house.send(client, path, **fields)


def said(house: House) -> list[Event]:
    return house.producer.on(LOG)


def test_the_evidence_of_a_leg_is_what_its_carrier_said_as_it_stands_on_the_log(house: House) -> None:
    code = a_code()
    failed = a_move("DELIVERY_FAILED", "2026-11-03 15:30", code=code, item_code="ED1", certainty="REPORTED",
                    reason="ABSENT", fault_party="CITIZEN", location="<b>Bưu cục Mẫu</b>", carrier_code="17",
                    evidence="0123456789abcdef")  # fmt: skip
    by_post(house, failed, code=code)
    officer = house.into("can.bo")

    said = re.sub(r"\s+", " ", officer.get(f"{AT}/dossiers/{code}/legs/D1/evidence?lang=en").text)

    assert f"/dossiers/{code}/legs/D1/evidence" in officer.get(f"{AT}/dossiers/{code}").text
    assert "nobody was there" in said and "bears the cost: the applicant" in said
    assert "&lt;b&gt;Bưu cục Mẫu&lt;/b&gt;" in said and "<b>Bưu" not in said
    assert "<code>17</code>" in said and "<code>0123456789abcdef</code>" in said
    assert "only reported, not confirmed" in said and said.index("the post has it") < said.index("one try to deliver")


def test_another_agency_sees_no_evidence(house: House) -> None:
    code = by_post(house)

    assert house.into("can.bo.khac").get(f"{AT}/dossiers/{code}/legs/D1/evidence").status_code == 404


@pytest.mark.parametrize("name", ["van.hanh", "thanh.pho"])
def test_what_was_only_reported_is_confirmed_by_name_and_reason(house: House, name: str) -> None:
    code = a_code()
    by_post(house, reported(code), code=code)
    client = house.into(name)

    answer = send(house, client, code, "confirm", status="DELIVERED", why="  người nộp đã\n nhận ")

    assert answer.headers["location"] == f"{AT}/dossiers/{code}?said=confirmed"
    [word] = said(house)
    assert isinstance(word, StatusConfirmed)
    assert (word.subject, word.data.leg, word.data.status, word.data.by) == (code, "D1", "DELIVERED", name)
    assert (word.data.why, word.refversion) == ("người nộp đã nhận", VERSION)
    assert 'class="said"' in client.get(answer.headers["location"]).text


def test_the_form_offers_only_what_waits_to_be_confirmed(house: House) -> None:
    code = a_code()
    by_post(house, reported(code), code=code)

    page = house.into("van.hanh").get(f"{AT}/dossiers/{code}/legs/D1/confirm").text

    assert re.findall(r'<option value="(\w+)"', page) == ["DELIVERED"]


@pytest.mark.parametrize(("status", "why"), [("LOST", "x"), ("PICKED_UP", "x"), ("<script>", "x"), ("DELIVERED", " ")])
def test_what_was_never_reported_or_has_no_reason_is_not_confirmed(house: House, status: str, why: str) -> None:
    code = a_code()
    by_post(house, reported(code), code=code)

    answer = send(house, house.into("van.hanh"), code, "confirm", status=status, why=why)

    assert answer.status_code in (409, 422) and 'class="wrong"' in answer.text
    assert "<script>" not in answer.text
    assert said(house) == []


def test_an_agency_says_no_word_about_a_leg(house: House) -> None:
    code = by_post(house)
    officer = house.into("can.bo")

    for form in ("confirm", "age-out"):
        assert officer.get(f"{AT}/dossiers/{code}/legs/D1/{form}").status_code == 403
        assert send(house, officer, code, form, status="DELIVERED", why="x").status_code == 403
    assert said(house) == []


def test_a_leg_that_is_not_there_has_no_form(house: House) -> None:
    code = by_post(house)
    operator = house.into("van.hanh")

    assert operator.get(f"{AT}/dossiers/{code}/legs/D9/confirm").status_code == 404
    assert operator.get(f"{AT}/dossiers/{a_code()}/legs/D1/confirm").status_code == 404


def test_a_silent_item_is_waited_for_no_longer_by_name_and_reason(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = by_post(house)
    at(monkeypatch, SILENT)
    client = house.into("van.hanh")

    answer = send(house, client, code, "age-out", why="đã tìm cùng bưu chính, không thấy")

    assert answer.headers["location"] == f"{AT}/dossiers/{code}?said=aged_out"
    [word] = said(house)
    assert isinstance(word, AgedOut)
    assert (word.subject, word.data.leg, word.data.by) == (code, "D1", "van.hanh")
    assert word.data.why == "đã tìm cùng bưu chính, không thấy"


def test_an_item_that_is_not_silent_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    code = by_post(house)
    client = house.into("van.hanh")

    assert 'name="why"' not in client.get(f"{AT}/dossiers/{code}/legs/D1/age-out").text
    assert send(house, client, code, "age-out", why="x").status_code == 409
    at(monkeypatch, SILENT)
    assert send(house, client, code, "age-out", why="  ").status_code == 422
    assert said(house) == []
