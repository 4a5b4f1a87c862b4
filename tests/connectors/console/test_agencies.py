"""Agencies: each with its dossiers in numbers, when it was heard, what it was not told; an officer sees one's own."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from connectors.console.app import AT
from connectors.console.pages import agencies
from connectors.project import sets
from connectors.store import Store, doors, endpoints, gate_seen
from connectors.store.tables import GATE_SEEN, OWED
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.notice import RECEIPTS, REJECTIONS, EventRejected, FieldProblem, NoticeGaveUp
from schemas.reference import REFERENCE, ReferencePublished
from tests.builders import a_bundle, a_fact, an_agency, received, result_ready
from tests.connectors.console.house import House, open_house

MORNING = datetime(2026, 11, 4, 8, tzinfo=VIETNAM)
URL = "https://mau.example/hook"
AGENCIES = ("H29.12", "H29.99")
HEADS = ("open", "due today", "near due", "past their due date", "suspended")


@pytest.fixture(autouse=True)
def _morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agencies, "now", lambda: MORNING)


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("agencies")) as running:
        yield running


def page(client: httpx.Client, path: str = "/agencies") -> str:
    """A page in English."""
    answer = client.get(f"{AT}{path}", params={"lang": "en"})
    assert answer.status_code == 200, answer.text
    return answer.text


def text(html: str) -> str:
    """A page's words, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def row_of(html: str, code: str) -> dict[str, str]:
    """An agency's row, by the heads of its columns."""
    [row] = [one for one in html.split("<tr>") if f'<span class="code">{code}</span>' in one]
    cells = re.findall(r'<td[^>]*data-label="([^"]+)">(.*?)</td>', row, re.S)
    return {name: text(cell).strip() for name, cell in cells}


def numbers(html: str, code: str) -> tuple[int, ...]:
    """Its dossiers: open, due today, near, overdue, suspended."""
    row = row_of(html, code)
    return tuple(int(row[name]) for name in HEADS)


def a_queue() -> list[Event]:
    """Two days after reception: one due the next working day, one due today, one late, one suspended, one done."""
    return [
        received(code="H29.12-261102-0001"),
        received("2026-10-30 09:00", code="H29.12-261030-0002"),
        received("2026-10-28 09:00", code="H29.12-261028-0003"),
        received(code="H29.12-261102-0004"),
        a_fact("supplement_requested", "2026-11-03 09:00", code="H29.12-261102-0004", stage="APPRAISAL",
               documents=["x"], reason="x"),
        received(code="H29.12-261102-0005"),
        result_ready("2026-11-03 10:00", code="H29.12-261102-0005"),
        received(code="H29.12-261102-0006", competent_agency="H29.99"),
    ]  # fmt: skip


# ---------------------------------------------------------------- the list


def test_each_agency_has_its_open_dossiers_in_numbers(house: House) -> None:
    house.say(*a_queue())

    html = page(house.into("thanh.pho"))

    assert numbers(html, "H29.12") == (4, 1, 1, 1, 1)
    assert numbers(html, "H29.99") == (1, 0, 1, 0, 0)
    assert html.index(">H29.12<") < html.index(">H29.99<")


def test_how_near_is_near_is_the_agency_s_own_word(house: House) -> None:
    house.say(*(received("2026-11-03 09:00", code=f"{of}-261103-0001", competent_agency=of) for of in AGENCIES))
    in_force(house, an_agency("H29.12", near_due_working_days=1), an_agency("H29.99", near_due_working_days=3))

    html = page(house.into("thanh.pho"))

    assert numbers(html, "H29.12") == (1, 0, 0, 0, 0), "due on Friday, two working days away"
    assert numbers(html, "H29.99") == (1, 0, 1, 0, 0)


def test_a_dossier_under_an_old_code_is_its_agency_s(house: House) -> None:
    house.say(received(code="H29.12-261102-0001", competent_agency="000.00.12.H29"))

    html = page(house.into("thanh.pho"))

    assert numbers(html, "H29.12")[0] == 1
    assert "000.00.12.H29" not in html


def test_a_dossier_of_which_nobody_has_said_who_decides_is_the_one_s_who_received_it(house: House) -> None:
    house.say(a_fact("submitted", "2026-11-03 08:00", code="H29.12-261103-0001", channel="ONLINE",
                     procedure_code="1.004873", receiving_agency="H29.12"))  # fmt: skip

    assert numbers(page(house.into("thanh.pho")), "H29.12") == (1, 0, 0, 0, 0)


def test_an_officer_sees_their_agency_and_no_other(house: House) -> None:
    house.say(*a_queue())

    mine, others = page(house.into("can.bo")), page(house.into("can.bo.khac"))

    assert numbers(mine, "H29.12") == (4, 1, 1, 1, 1) and ">H29.99<" not in mine
    assert numbers(others, "H29.99") == (1, 0, 1, 0, 0) and ">H29.12<" not in others


def test_what_was_heard_and_not_told_is_that_of_the_doors(house: House) -> None:
    store = house.desk.store
    heard(store, "/agencies/H29.12", MORNING - timedelta(hours=2), MORNING - timedelta(hours=1))
    heard(store, "/agencies/000.00.12.H29", MORNING - timedelta(days=1))
    owed(store, "H29.12", OWED=2, IN_FLIGHT=1, DONE=7, GAVE_UP=4)
    owed(store, "000.00.12.H29", OWED=1)

    html = page(house.into("thanh.pho"))

    mine, other = row_of(html, "H29.12"), row_of(html, "H29.99")
    assert mine["Last event received"] == "07:00 04/11/2026"
    assert (mine["Notices still owed"], mine["Notices given up"]) == ("4", "4")
    assert (other["Last event received"], other["Notices still owed"]) == ("–", "0")
    assert mine["Is told by"] == "feed"


def test_whoever_has_sent_nothing_for_long_is_looked_up_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "LATELY", 3)
    heard(house.desk.store, "/agencies/H29.99", MORNING - timedelta(days=30))
    heard(house.desk.store, "/agencies/H29.12", *(MORNING - timedelta(minutes=number) for number in range(5)))

    html = page(house.into("thanh.pho"))

    assert row_of(html, "H29.99")["Last event received"] == "08:00 05/10/2026"
    assert row_of(html, "H29.12")["Last event received"] == "08:00 04/11/2026"


def test_the_list_in_vietnamese_and_without_any_dossier_is_whole(house: House) -> None:
    answer = house.into("thanh.pho").get(f"{AT}/agencies")

    assert "<h1>Cơ quan</h1>" in answer.text
    assert "Sự kiện nhận được lần cuối" in answer.text
    assert answer.text.count("Cơ quan mẫu H29") == 2


def test_promises_that_differ_are_a_step_away(house: House) -> None:
    html = page(house.into("can.bo"))

    [link] = re.findall(r'href="(/console/reports\?report=promises[^"]+)"', html)
    assert link.replace("&amp;", "&") == (
        f"{AT}/reports?report=promises&agency=H29.12&first=2026-11-01&last=2026-11-04"
    )


# ---------------------------------------------------------------- one agency


def test_an_agency_s_page_says_who_it_is_and_how_it_stands(house: House) -> None:
    house.say(*a_queue())

    html = page(house.into("thanh.pho"), "/agencies/H29.12")

    said = text(html)
    assert "<h1>Sample agency H29.12</h1>" in html
    for fact in ("000.00.12.H29", "1 Đường Mẫu, Phường Mẫu, TP Mẫu", "0280000001", "07:30–11:30, 13:00–17:00",
                 "act: it is told, and the post is asked", "one-stop, competent agency"):  # fmt: skip
        assert fact in said
    assert "4 open" in said and "1 past their due date" in said
    assert "H29.12-261030-0002" in said and "H29.12-261102-0001" in said
    assert "H29.12-261028-0003" not in said, "what is late cannot be saved"


def test_an_agency_is_found_by_its_old_code(house: House) -> None:
    assert "<h1>Sample agency H29.12</h1>" in page(house.into("can.bo"), "/agencies/000.00.12.H29")


@pytest.mark.parametrize("code", ["H29.99", "H29.00", "<script>alert(1)</script>"])
def test_another_agency_s_page_is_not_there(house: House, code: str) -> None:
    answer = house.into("can.bo").get(f"{AT}/agencies/{code}")

    assert answer.status_code == 404
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    ("state", "word"), [("verified", "verified"), ("disabled", "disabled"), ("unproven", "not verified")]
)
def test_a_callback_stands_as_notify_left_it(house: House, state: str, word: str) -> None:
    in_force(house, an_agency("H29.12", callback={"url": URL}, results_topic=True), an_agency("H29.99"))
    why = [] if state == "verified" else ["410 <b>Gone</b>"]
    with house.desk.store.begin() as connection:
        getattr(endpoints, state)(connection, "H29.12", URL, *why)

    html = page(house.into("can.bo"), "/agencies/H29.12")

    assert f"callback {word} , results topic (Kafka), feed" in text(html)
    assert ("410 &lt;b&gt;Gone&lt;/b&gt;" in html) == bool(why)


def test_a_callback_at_a_new_address_is_not_verified(house: House) -> None:
    in_force(house, an_agency("H29.12", callback={"url": URL}))
    with house.desk.store.begin() as connection:
        endpoints.verified(connection, "H29.12", "https://mau.example/before")

    assert "callback not verified" in row_of(page(house.into("can.bo")), "H29.12")["Is told by"]


def test_what_it_did_not_take_and_what_the_gate_refused_of_it_is_shown(house: House) -> None:
    house.say(received(code="H29.12-261102-0001"))
    notice = notice_of(house, "H29.12-261102-0001")
    gave_up = NoticeGaveUp.Data(notice_id=notice, agency="H29.12", endpoint=URL, attempt=12, status=500)
    at = MORNING - timedelta(hours=1)
    receipt = NoticeGaveUp(id="g-1", source="/hoso/notify", subject="H29.12-261102-0001", time=at, data=gave_up)
    house.told.publish(receipt, RECEIPTS)
    fault = EventRejected.Data(errors=(FieldProblem(field="time", problem="It has no zone."),))
    house.told.publish(
        EventRejected(id="j-1", source="/hoso/gate", subject="H29.12", time=MORNING, data=fault), REJECTIONS
    )
    house.enter()

    said = text(page(house.into("can.bo"), "/agencies/H29.12"))
    other = text(page(house.into("can.bo.khac"), "/agencies/H29.99"))

    assert "Notices it did not take (7 days) (1)" in said
    assert "H29.12-261102-0001 Due date set 12 07:00 04/11/2026" in said
    assert "Facts refused at the gate (7 days) 1 (H29.12, 08:00 04/11/2026)" in said
    assert "Notices it did not take (7 days) (0)" in other and "H29.12" not in other


def test_a_name_with_marks_in_it_is_shown_as_it_is(house: House) -> None:
    in_force(house, an_agency("H29.12", name="<script>alert(1)</script>", name_en="<script>alert(2)</script>"))
    client = house.into("can.bo")

    for path in ("/agencies", "/agencies/H29.12", "/reports?report=06a"):
        answer = client.get(f"{AT}{path}")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text and "&lt;script&gt;alert" in answer.text


# ---------------------------------------------------------------- what is known


def in_force(house: House, *agencies: dict[str, Any]) -> None:
    """Another version of the reference data, with these agencies."""
    bundle = a_bundle("test-2", agencies=list(agencies))
    said = ReferencePublished(id="r-2", source="/hoso/reference", subject=bundle.version, time=MORNING, data=bundle)
    house.told.publish(said, REFERENCE, 0)
    house.enter()


def heard(store: Store, source: str, *moments: datetime) -> None:
    """Events of a source came in at these moments."""
    rows = [{"source": source, "id": f"e-{number}", "digest": "d", "at": at.timestamp()}
            for number, at in enumerate(moments)]  # fmt: skip
    with store.begin() as connection:
        connection.execute(insert(GATE_SEEN), rows)
        assert gate_seen.last(connection, [source])


def owed(store: Store, lane: str, **states: int) -> None:
    """So many callbacks of an agency are in each state."""
    rows: list[dict[str, Any]] = [
        {"queue": "callbacks", "id": f"{lane}-{state}-{number}", "lane": lane, "sequence_key": "k", "order_no": 1,
         "body": b"x", "state": state, "next_at": 0.0, "created_at": 0.0}
        for state, count in states.items()
        for number in range(count)
    ]  # fmt: skip
    with store.begin() as connection:
        connection.execute(insert(OWED), rows)


def notice_of(house: House, code: str) -> str:
    """The id of a dossier's first notice."""
    with sets.looking(house.desk.read_store) as (connection, tables):
        found = connection.execute(tables.notices.select().where(tables.notices.c.dossier == code)).first()
    assert found is not None
    return str(found.id)
