"""A carrier's unknown code on its page: seen, mapped through the form, and told again by the process that does that."""

import json
import re
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from connectors import topics
from connectors.broker import Headers, Producer, Reader
from connectors.codes import read as read_codes
from connectors.console.app import AT
from connectors.reference import publish
from connectors.seal import Evidence
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.translate import Translate
from hoso import broker
from schemas.carrier_codes import CodeMapped
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import VIETNAM, now
from schemas.postal import FailureReason, ItemMoved, ParcelStatus, Via, WebhookReceived, WebhookVerdict
from tests.builders import a_bundle, a_move
from tests.connectors.console.house import House, open_house
from tests.connectors.doubles import KeptProducer
from tests.connectors.project.stories import OPEN
from tests.connectors.project.told import enter
from tests.waiting import until

pytestmark = pytest.mark.broker
NEW = iter(range(30, 99))


class Speaking(KeptProducer):
    """Keeps what it publishes, and publishes it."""

    def __init__(self, kafka: str) -> None:
        super().__init__()
        self.really = Producer(kafka, "console")

    def _deliver(self, rows: Iterable[tuple[str, bytes, bytes, Headers]]) -> None:
        said = list(rows)
        super()._deliver(said)
        self.really._deliver(said)


@dataclass
class City:
    """A console on a broker of its own; `comes` lets a webhook come, and it is on the page once this returns."""

    kafka: str
    house: House
    evidence: Evidence
    producer: Producer
    _read: dict[int, int] = field(default_factory=dict)

    def comes(self, code: str, carrier: str = "myvnpost", dossier: str | None = None) -> str:
        """An update of a dossier's parcel with this code; the dossier's own code."""
        dossier = dossier or f"H29.12-261102-{uuid.uuid4().int % 10_000_000:07d}"
        at = f"{now().astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"
        record = {"itemCode": "", "saleOrderCode": f"{dossier}/D1", "status": code, "updatedDate": at}
        raw = json.dumps({"data": [record], "sendDate": str(uuid.uuid4())}).encode()
        body, digest = self.evidence.seal(raw), uuid.uuid4().hex
        data = WebhookReceived.Data(carrier=carrier, body=body, via=Via.WEBHOOK, verdict=WebhookVerdict.NONE)
        said = WebhookReceived(
            id=digest, source="/hoso/edge", subject=digest, time=now(), recordedtime=now(), data=data
        )
        before = len(self.moves(dossier))
        self.producer.publish([said])
        until(lambda: len(self.moves(dossier)) > before)
        self.enter()
        return dossier

    def moves(self, dossier: str) -> list[ItemMoved]:
        """What stands on the log of a dossier."""
        with Reader(self.kafka, LOG) as reader:
            found = [Event.decode(one.value or b"") for one in reader.to_end() if one.key == dossier.encode()]
        return [event for event in found if isinstance(event, ItemMoved)]

    def enter(self) -> None:
        """What is new on the log, into the read model."""
        with Reader(self.kafka, LOG) as reader:
            records = [one for one in reader.to_end() if one.offset >= self._read.get(one.partition, 0)]
        enter(self.house.desk.read_store, records)
        self._read |= {one.partition: one.offset + 1 for one in records}

    def mapped(self) -> list[CodeMapped]:
        """Every word on a code, in its order."""
        return [event for event in self.house.producer.on("ops.codes") if isinstance(event, CodeMapped)]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """With a translate that runs."""
    home = tmp_path_factory.mktemp("codes")
    with broker.running() as running:
        topics.apply(running.bootstrap, ["H29.12"])
        publish(running.bootstrap, a_bundle())
        settings = Settings(kafka_bootstrap=running.bootstrap, home=home, instance="translate-0", session_seconds=6)
        evidence = Evidence(ensure_secrets(settings.secrets_dir).evidence)
        speaking = Speaking(running.bootstrap)
        with (
            open_house(home, settings=settings, producer=speaking) as house,
            translating(settings),
            Producer(running.bootstrap, "test") as producer,
        ):
            yield City(running.bootstrap, house, evidence, producer)
        speaking.really.close()


@contextmanager
def translating(settings: Settings) -> Iterator[None]:
    """The process on a thread, for the length of a block."""
    stop = threading.Event()
    process = Translate(settings, stop)
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        process.close()


def a_code() -> str:
    """One that no table holds and no other test uses."""
    return str(next(NEW))


def send(city: City, client: httpx.Client, code: str, carrier: str = "myvnpost", **fields: str) -> httpx.Response:
    """The form for a code."""
    about = {"carrier": carrier, "code": code}
    return city.house.send(client, "/codes/map", "/", **about, **fields)


def row(page: str, code: str) -> str:
    """A code's row of the list, without its marks."""
    found = re.search(rf'<tr><th scope="row" class="code">{re.escape(code)}</th>.*?</tr>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def test_an_unknown_code_is_mapped_through_its_form_and_what_is_stored_is_told_again(city: City) -> None:
    operator, code = city.house.into("van.hanh"), a_code()
    dossier = city.comes(code)
    listed = operator.get(f"{AT}/codes").text
    form = operator.get(f"{AT}/codes/map?carrier=myvnpost&code={code}")

    said = send(city, operator, code, status="IN_TRANSIT", why="thư của bưu chính")
    after = operator.get(said.headers["location"]).text
    until(lambda: read_codes(city.kafka).applied)
    done = operator.get(f"{AT}/codes").text

    assert row(listed, code).startswith(f"{code} myvnpost mới nhất 1 ") and dossier in row(listed, code)
    assert form.status_code == 200 and dossier in form.text
    assert said.status_code == 303
    assert f"Mã {code} của myvnpost từ nay là: đang vận chuyển" in after
    assert "đã dịch lại 1 tin" in row(done, code) and "van.hanh" in row(done, code)
    assert "thư của bưu chính" in row(done, code)
    assert [move.data.status for move in city.moves(dossier)] == [ParcelStatus.UNKNOWN, ParcelStatus.IN_TRANSIT]
    (mapping,) = city.mapped()
    assert (mapping.source, mapping.data.by, mapping.data.firm) == ("/operators/van.hanh", "van.hanh", None)


def test_a_failure_s_reason_and_who_is_to_blame_come_with_the_meaning(city: City) -> None:
    operator, code = city.house.into("van.hanh"), a_code()
    dossier = city.comes(code)

    send(city, operator, code, status="DELIVERY_FAILED", reason="ABSENT", fault="POST", firm="no", why="x")
    moves = until(lambda: [one for one in city.moves(dossier) if one.data.status is ParcelStatus.DELIVERY_FAILED])
    page = operator.get(f"{AT}/codes").text

    assert (moves[0].data.reason, moves[0].data.fault_party) == (FailureReason.ABSENT, "POST")
    assert "phát chưa thành công: không có người nhận (Bên có lỗi: bưu chính)" in row(page, code)


def test_another_meaning_needs_a_tick_and_may_be_none(city: City) -> None:
    operator, code = city.house.into("van.hanh"), a_code()
    city.comes(code)
    send(city, operator, code, status="FORWARDED", why="x")

    again = send(city, operator, code, status="FORWARDED", why="x")
    other = send(city, operator, code, status="RETURNING", why="<b>y</b>")
    instead = send(city, operator, code, status="RETURNING", why="y", instead="yes")
    back = send(city, operator, code, status="UNKNOWN", why="z", instead="yes")

    assert [one.status_code for one in (again, other, instead, back)] == [422, 422, 303, 303]
    assert "đã có đúng nghĩa đó" in again.text
    assert "đã được van.hanh xếp là: đã chuyển tiếp" in other.text and "&lt;b&gt;y&lt;/b&gt;" in other.text
    assert [one.data.status for one in city.mapped() if one.data.code == code] == ["FORWARDED", "RETURNING", "UNKNOWN"]
    assert f"{code} myvnpost" in row(operator.get(f"{AT}/codes").text.split('id="mapped"')[0], code)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"why": "x"}, "Hãy chọn nghĩa"),
        ({"status": "IN_TRANSIT"}, "Hãy ghi căn cứ"),
        ({"status": "DELIVERED", "reason": "ABSENT", "why": "x"}, "Chỉ một lần không thành công mới có lý do"),
        ({"status": "DELIVERY_FAILED", "fault": "POST", "why": "x"}, "phải nêu lý do"),
        ({"status": "UNKNOWN", "why": "x"}, "không có gì để rút lại"),
        ({"status": "NOWHERE", "why": "x"}, "Hãy chọn nghĩa"),
    ],
)
def test_a_word_that_cannot_be_taken_is_said_beside_what_was_typed(
    city: City, fields: dict[str, str], says: str
) -> None:
    operator = city.house.into("van.hanh")
    code = a_code()
    city.comes(code)

    answer = send(city, operator, code, **fields)

    assert (answer.status_code, says in answer.text) == (422, True), answer.text
    assert f'value="{fields.get("why", "")}"' in answer.text
    assert [one for one in city.mapped() if one.data.code == code] == []


def test_a_code_that_no_update_carries_is_not_there(city: City) -> None:
    operator = city.house.into("van.hanh")

    answers = [operator.get(f"{AT}/codes/map?carrier=myvnpost&code=9999"), send(city, operator, "9999", status="x")]

    assert [one.status_code for one in answers] == [404, 404]


def test_the_city_looks_an_operator_maps_and_an_agency_does_neither(city: City) -> None:
    code = a_code()
    city.comes(code)
    officer, head = city.house.into("can.bo"), city.house.into("thanh.pho")

    page = head.get(f"{AT}/codes")

    assert row(page.text, code) and "/codes/map" not in page.text
    assert head.get(f"{AT}/codes/map?carrier=myvnpost&code={code}").status_code == 403
    assert send(city, head, code, status="IN_TRANSIT", why="x").status_code == 403
    assert officer.get(f"{AT}/codes").status_code == 403


def test_a_code_of_markup_is_shown_as_text_and_can_be_mapped(city: City) -> None:
    operator, code = city.house.into("van.hanh"), "<script>alert(1)</script>&"
    city.comes(code)

    page = operator.get(f"{AT}/codes").text
    (link,) = re.findall(r'href="([^"]*codes/map\?[^"]*script[^"]*)"', page)
    form = operator.get(link.replace("&amp;", "&"))

    assert code not in page and code not in form.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in form.text
    assert send(city, operator, code, status="IN_TRANSIT", why="x").status_code == 303


@pytest.mark.parametrize(
    ("lang", "says"), [("vi", "Mã trạng thái chưa biết"), ("en", "Carriers&#39; codes that nobody")]
)
def test_both_languages_show_every_page(city: City, lang: str, says: str) -> None:
    operator, code = city.house.into("van.hanh"), a_code()
    city.comes(code)

    page = operator.get(f"{AT}/codes?lang={lang}")
    form = operator.get(f"{AT}/codes/map?carrier=myvnpost&code={code}")

    assert says in page.text and f'<html lang="{lang}">' in form.text
    for one in (page, form):
        assert one.status_code == 200 and "<script>" not in one.text and " style=" not in one.text


def test_without_a_broker_the_codes_are_shown_and_none_can_be_mapped(house: House) -> None:
    operator = house.into("van.hanh")
    house.say(a_move("UNKNOWN", f"{now().astimezone(VIETNAM):%Y-%m-%d %H:%M}", code=OPEN, carrier_code="26"))

    page = operator.get(f"{AT}/codes")

    assert page.status_code == 200
    assert "Hiện chưa đọc được nghĩa" in page.text and row(page.text, "26")
    assert "/codes/map" not in page.text
    assert operator.get(f"{AT}/codes/map?carrier=myvnpost&code=26").status_code == 503
