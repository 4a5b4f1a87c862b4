"""A citizen's contact in the console: by whom, for what reason, on record before it is shown; over a real log."""

from collections.abc import Iterator
from html import escape

import httpx
import pytest
import structlog
from sqlalchemy import delete, update

from connectors.console.app import AT
from connectors.project import sets
from connectors.store import reveals
from connectors.store.reveals import Reveal
from connectors.store.tables import SEALED_KEYS
from schemas.dossier import LOG
from schemas.event import Event
from schemas.ops import ContactRevealed
from schemas.sealed import Address, PlainContact
from tests.builders import a_fact, received, result_ready
from tests.connectors.console.house import House
from tests.connectors.console.on_log import a_code, house_on, say, sealed

WHY = "gọi hẹn người nộp bổ sung giấy tờ"


@pytest.fixture(scope="module")
def house(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_on(kafka, tmp_path_factory.mktemp("contact")) as running:
        yield running


def a_contact(name: str = "Nguyễn Văn Mẫu", line: str = "7 Ngõ Mẫu") -> PlainContact:
    address = Address(line=line, ward_code="26740", ward="Phường Mẫu", province_code="79", province="TP Mẫu")
    return PlainContact(name=name, phone="0900000001", address=address, authorised="Trần Thị Mẫu")


def told(house: House, contact: PlainContact | None = None, *more: Event, code: str | None = None) -> str:
    """A dossier with this contact on the log, among facts without one; its code."""
    code = code or a_code()
    opening = sealed(house, received(code=code, return_mode="POST"), contact or a_contact())
    say(house, opening, result_ready("2026-11-03 10:00", code=code), *more)
    return code


def ask(house: House, client: httpx.Client, code: str, why: str = WHY) -> httpx.Response:
    return house.send(client, f"/dossiers/{code}/contact", f"/dossiers/{code}/contact", why=why)


def on_record(house: House, code: str) -> list[Reveal]:
    with house.desk.store.read() as connection:
        return reveals.last(connection, code)


def test_an_officer_who_says_why_sees_the_contact_and_is_on_record(house: House) -> None:
    code = told(house)

    with structlog.testing.capture_logs() as logged:
        answer = ask(house, house.into("can.bo"), code)

    assert answer.status_code == 200
    for said in ("Nguyễn Văn Mẫu", "0900000001", "7 Ngõ Mẫu", "Phường Mẫu", "TP Mẫu", "Trần Thị Mẫu", WHY):
        assert said in answer.text
    assert "no-store" in answer.headers["cache-control"]
    [look] = on_record(house, code)
    assert (look.person, look.role, look.agency, look.dossier) == ("can.bo", "agency", "H29.12", code)
    assert (look.why, look.kinds) == (WHY, ("received",))
    [line] = [one for one in logged if one["event"] == "contact.revealed"]
    assert (line["dossier"], line["by"], line["role"]) == (code, "can.bo", "agency")
    assert not {WHY, "Nguyễn Văn Mẫu", "0900000001"} & {str(value) for value in line.values()}


def test_the_log_says_who_was_shown_what_and_why_before_it_is_shown(house: House) -> None:
    code = told(house)
    before = len(house.producer.on(LOG))

    ask(house, house.into("can.bo"), code)

    [word] = house.producer.on(LOG)[before:]
    assert isinstance(word, ContactRevealed)
    assert (word.subject, word.source) == (code, "/operators/can.bo")
    assert (word.data.why, word.data.by, word.data.role) == (WHY, "can.bo", "agency")
    assert len(word.data.what) == 1


def test_the_page_that_asks_shows_nothing_of_the_contact(house: House) -> None:
    code = told(house)

    asked = house.into("can.bo").get(f"{AT}/dossiers/{code}/contact")

    assert asked.status_code == 200 and "Mẫu" not in asked.text
    assert on_record(house, code) == []


@pytest.mark.parametrize("why", ["", "vì cần", " x \t y ", "ab\x00cd\u200bef"])
def test_without_a_reason_nothing_is_shown(house: House, why: str) -> None:
    code = told(house)

    answer = ask(house, house.into("can.bo"), code, why)

    assert answer.status_code == 422 and "Nguyễn Văn Mẫu" not in answer.text
    assert on_record(house, code) == []


def test_an_operator_and_another_agency_never_see_it(house: House) -> None:
    code = told(house)
    operator, other = house.into("van.hanh"), house.into("can.bo.khac")

    assert operator.get(f"{AT}/dossiers/{code}/contact").status_code == 403
    assert house.send(operator, f"/dossiers/{code}/contact", why=WHY).status_code == 403
    assert other.get(f"{AT}/dossiers/{code}/contact").status_code == 404
    assert house.send(other, f"/dossiers/{code}/contact", why=WHY).status_code == 404
    assert on_record(house, code) == []


def test_a_form_of_elsewhere_reveals_nothing(house: House) -> None:
    code = told(house)

    answer = house.into("thanh.pho").post(f"{AT}/dossiers/{code}/contact", data={"why": WHY})

    assert answer.status_code == 403 and on_record(house, code) == []


def test_the_newest_contact_comes_first_and_what_was_taken_back_is_left_out(house: House) -> None:
    code = a_code()
    wrong = a_fact("return_registered", "2026-11-04 09:00", code=code, id="wrong", contact={"name": "x"})
    newer = a_fact("return_registered", "2026-11-05 09:00", code=code, contact={"name": "x"})
    taken_back = a_fact("corrected", "2026-11-04 10:00", code=code, retracts={"id": "wrong"}, reason="x")
    told(house, a_contact("Người Cũ Mẫu"), sealed(house, wrong, a_contact("Người Nhầm Mẫu")), taken_back,
         sealed(house, newer, a_contact("Người Mới Mẫu")), code=code)  # fmt: skip

    said = ask(house, house.into("thanh.pho"), code).text

    assert said.index("Người Mới Mẫu") < said.index("Người Cũ Mẫu")
    assert "Người Nhầm Mẫu" not in said
    [look] = on_record(house, code)
    assert (look.role, look.agency, look.kinds) == ("city", None, ("received", "return_registered"))


def test_a_contact_that_was_erased_is_said_to_be(house: House) -> None:
    code = told(house)
    with house.desk.store.begin() as transaction:
        transaction.execute(delete(SEALED_KEYS).where(SEALED_KEYS.c.dossier == code))
    client = house.into("can.bo")
    client.get(f"{AT}/?lang=en")

    answer = ask(house, client, code)

    assert answer.status_code == 200
    assert "This contact was erased: its key is destroyed" in answer.text


def test_a_name_or_a_reason_is_shown_as_it_is_written_and_does_nothing(house: House) -> None:
    evil = "<script>alert('x')</script>"
    code = told(house, a_contact(evil, line='" onload="x'))

    said = ask(house, house.into("can.bo"), code, f"{evil} {WHY}").text

    assert "<script>alert" not in said and 'onload="x"' not in said
    assert escape(evil, quote=False)[:20] in said


def test_a_dossier_without_a_contact_has_none_to_show(house: House) -> None:
    code = a_code()
    say(house, received(code=code))
    client = house.into("can.bo")
    client.get(f"{AT}/?lang=en")

    assert "The dossier has no contact." in ask(house, client, code).text
    assert on_record(house, code) == []


def test_a_record_of_another_dossier_is_never_opened(house: House) -> None:
    mine, other = told(house), told(house, a_contact("Người Khác Mẫu"))
    with house.desk.read_store.begin() as connection:
        facts = sets.serving(connection).tables.facts
        [place] = connection.execute(
            facts.select().with_only_columns(facts.c.place).where(facts.c.dossier == other, facts.c.kind == "received")
        ).scalars()
        connection.execute(delete(facts).where(facts.c.dossier == other))
        mistaken = (facts.c.dossier == mine) & (facts.c.kind == "received")
        connection.execute(update(facts).where(mistaken).values(place=place))

    answer = ask(house, house.into("can.bo"), mine)

    assert answer.status_code == 409 and "Người Khác Mẫu" not in answer.text
    assert on_record(house, mine) == []
