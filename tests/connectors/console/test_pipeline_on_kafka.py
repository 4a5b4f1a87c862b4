"""What operators do through their pages, on a real broker: dead letters go back, parked dossiers go on, holds stand."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from connectors.broker import Consumer, Message, Producer, read_all, read_key
from connectors.console import glance
from connectors.console.app import AT
from connectors.dead_letters import State, named, read
from connectors.history import folded
from connectors.holds import standing
from connectors.letters import keep
from rules.kept import Kept
from rules.parking import advance
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType, ref_in
from schemas.ops import HOLDS, EventSkipped, HoldLifted, HoldSet, Retried
from schemas.postal import WEBHOOKS
from schemas.state import STATE
from schemas.topics import agency_topic
from tests.builders import REFERENCE, admitted, received, sample
from tests.connectors.console.house import House
from tests.connectors.console.on_log import a_code, house_on
from tests.connectors.project.told import enter
from tests.holding import a_hold

pytestmark = pytest.mark.broker
RATE = re.compile(r'postal.webhooks</th>.*?data-label="Records a second">([\d.]+)<')
EVIL = "<script>alert(1)</script>"
AGENCY = agency_topic("H29.12")
READABLE = admitted(sample(2)).encode()
NO_PLACE = 7_000_000
"""Offsets that no topic of the session reaches."""


@pytest.fixture(scope="module")
def house(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A console over the broker; what operators say goes there."""
    folder = tmp_path_factory.mktemp("operators")
    with house_on(kafka, folder) as house, Producer(kafka, "test") as real, pytest.MonkeyPatch.context() as patched:
        for name in ("_deliver", "publish_at"):
            patched.setattr(house.producer, name, getattr(real, name))
        yield house


@pytest.fixture
def operator(house: House) -> httpx.Client:
    return house.into("van.hanh")


def page(client: httpx.Client, path: str, lang: str = "en") -> str:
    """A page that is there."""
    answer = client.get(f"{AT}{path}", params={"lang": lang} if "?" not in path else None)
    assert answer.status_code == 200, answer.text
    return answer.text


def hidden(html: str) -> dict[str, str]:
    """What the last form of a page sends along, but its word."""
    form = html.split("<form")[-1]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in found if name != "form"}


# ---------------------------------------------------------------- dead letters


def a_letter(kafka: str, raw: bytes, topic: str = AGENCY, reason: str | None = None) -> tuple[str, str]:
    """Bytes that somebody put aside: their place, and why."""
    # Letters alone: a reason's numbers are no part of its group.
    name = uuid.uuid4().hex.translate(str.maketrans("0123456789", "ghijklmnop"))[:8]
    reason, offset = reason or f"not read {name}", NO_PLACE + uuid.uuid4().int % 1_000_000
    with Producer(kafka) as producer:
        keep(Message(topic, 0, offset, b"H29.12-261102-0001", raw), reason, producer)
    return f"{topic}/0/{offset}", reason


def place_of(record: Message) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"


def state_of(kafka: str, place: str) -> State:
    return named(read(kafka), place).state


def tried(client: httpx.Client, reason: str, topic: str = AGENCY, **options: str) -> str:
    """The page that tries to put a group back."""
    asked = {"topic": topic, "reason": reason, "lang": "en"} | options
    answer = client.get(f"{AT}/pipeline/dead-letters/redrive", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.text


def sent(house: House, client: httpx.Client, fields: dict[str, str], why: str) -> httpx.Response:
    return house.send(client, "/pipeline/dead-letters/redrive", **fields, why=why)


def test_a_dead_letter_is_tried_then_put_back_by_name_and_reason(
    kafka: str, house: House, operator: httpx.Client
) -> None:
    place, reason = a_letter(kafka, READABLE)
    before = len(read_all(kafka, AGENCY))

    listed = page(operator, "/pipeline/dead-letters")
    trial = tried(operator, reason)
    untouched = len(read_all(kafka, AGENCY))
    answer = sent(house, operator, hidden(trial), "bản mới đọc được")
    assert answer.status_code == 303, answer.text
    after = operator.get(answer.headers["location"]).text

    letter = named(read(kafka), place)
    assert reason in listed and "goes back" in trial and "the gate judges it" in trial
    assert untouched == before
    assert letter.redriven is not None
    assert (letter.redriven.data.by, letter.redriven.data.why) == ("van.hanh", "bản mới đọc được")
    assert letter.redriven.source == "/operators/van.hanh"
    [back] = [
        one
        for one in read_all(kafka, AGENCY)
        if f"{one.topic}/{one.partition}/{one.offset}" == letter.redriven.data.place
    ]
    assert (back.value, back.partition) == (READABLE, 0)
    assert "van.hanh: bản mới đọc được" in after and 'role="status"' in after


def test_what_was_put_back_is_not_put_back_by_a_second_click(kafka: str, house: House, operator: httpx.Client) -> None:
    place, reason = a_letter(kafka, READABLE)
    fields = hidden(tried(operator, reason))
    assert sent(house, operator, fields, "x").status_code == 303
    before = len(read_all(kafka, AGENCY))

    again = sent(house, operator, fields, "x")

    assert again.status_code == 409 and "has not come back" in again.text
    assert (len(read_all(kafka, AGENCY)), state_of(kafka, place)) == (before, State.REDRIVEN)
    assert "No dead letter waits here" in tried(operator, reason)
    assert "goes back" in tried(operator, reason, once_more="yes")


def test_what_this_release_does_not_read_stays_unless_that_is_meant(
    kafka: str, house: House, operator: httpx.Client
) -> None:
    place, reason = a_letter(kafka, b"\xff\x00 no event", topic=WEBHOOKS)

    stays = tried(operator, reason, WEBHOOKS)
    meant = tried(operator, reason, WEBHOOKS, unread="yes")
    refused = sent(house, operator, hidden(meant) | {"unread": ""}, "x")
    done = sent(house, operator, hidden(meant), "thử một lần")

    assert "it would come back" in stays and 'name="letters"' not in stays
    assert "does not read it" in stays
    assert (refused.status_code, done.status_code) == (409, 303)
    assert state_of(kafka, place) is State.REDRIVEN


def test_nothing_is_put_back_without_a_reason(kafka: str, house: House, operator: httpx.Client) -> None:
    place, reason = a_letter(kafka, READABLE)

    answer = sent(house, operator, hidden(tried(operator, reason)), "  \n ")

    assert answer.status_code == 422 and 'class="wrong"' in answer.text
    assert state_of(kafka, place) is State.WAITING


def test_pages_show_neither_the_bytes_nor_the_values_that_a_reason_quotes(kafka: str, operator: httpx.Client) -> None:
    name = "Nguyễn Văn Mẫu"
    wrong = sample(7) | {"data": {"outcome": name, "physical": True}}
    with pytest.raises(NotAnEvent) as found:
        Event.decode(json.dumps(wrong).encode())
    assert name in str(found.value)
    place, _ = a_letter(kafka, json.dumps(wrong).encode(), reason=str(found.value))
    letter = named(read(kafka), place)

    shown = [
        page(operator, "/pipeline/dead-letters"),
        page(operator, f"/pipeline/dead-letters/letter?id={letter.id}"),
        tried(operator, letter.kind),
        operator.get(f"{AT}/pipeline/dead-letters/group", params={"topic": AGENCY, "reason": letter.kind}).text,
    ]

    assert place in shown[1] and f"hoso dead-letters show {place}" in shown[1]
    assert "ResultReady: data.outcome" in shown[0]
    assert not [html for html in shown if "Nguyễn" in html or "\\u1ec5n" in html]


def test_a_reason_is_text_and_a_letter_that_is_not_there_is_no_page(kafka: str, operator: httpx.Client) -> None:
    _, reason = a_letter(kafka, READABLE, reason=f"{EVIL} {uuid.uuid4().hex[:6]}")

    shown = [page(operator, "/pipeline/dead-letters"), tried(operator, reason)]

    assert not [html for html in shown if EVIL in html]
    assert "&lt;script&gt;" in shown[0]
    for path in ("letter?id=nobody", "redrive?letter=nobody", "group?topic=x&reason=y"):
        assert operator.get(f"{AT}/pipeline/dead-letters/{path}").status_code == 404


# ---------------------------------------------------------------- parked dossiers


def works(house: House, code: str) -> Kept:
    """Fold what stands on a dossier's log as the workers do, and say its state, which comes into the read model."""
    kafka, kept = house.desk.settings.kafka_bootstrap, Kept()
    states: list[bytes] = []
    for record in read_key(kafka, LOG, code.encode()):
        raw = record.value or b""
        try:
            event: Event | None = Event.decode(raw)
        except UnknownType:
            event = None
        kept, said = advance(kept, event, raw, event.ref if event else ref_in(raw), REFERENCE)
        states += [one.encode("0.1.0") for one in said if one.topic == STATE]
    known = {one.value for one in read_key(kafka, STATE, code.encode())}
    with Producer(kafka, "worker") as producer:
        for state in states:
            if state not in known:
                producer.publish_to(STATE, code.encode(), state)
    if real := [one for one in read_key(kafka, STATE, code.encode()) if one.value not in known]:
        enter(house.desk.read_store, real)
    return kept


def newer(code: str) -> bytes:
    """A fact that only a newer release knows."""
    fact = json.loads(received(code=code).encode())
    return json.dumps(fact | {"id": f"newer-0{EVIL}", "type": "vn.hoso.dossier.blessed.v9", "data": {}}).encode()


def a_parked_dossier(house: House) -> str:
    code = a_code()
    with Producer(house.desk.settings.kafka_bootstrap, "test") as producer:
        producer.publish([received(code=code)])
        producer.publish_to(LOG, code.encode(), newer(code))
        # Its agency goes on; what it says waits.
        producer.publish([received("2026-11-02 09:30", code=code)])
    assert works(house, code).parked
    return code


def facts_on(house: House, code: str) -> list[Event]:
    """What this release reads of a dossier's log."""
    records = read_key(house.desk.settings.kafka_bootstrap, LOG, code.encode())
    return [Event.decode(one.value) for one in records if one.value and b"blessed" not in one.value]


def test_a_parked_dossier_is_shown_with_why_and_goes_on_once_the_fact_is_skipped(
    house: House, operator: httpx.Client
) -> None:
    code = a_parked_dossier(house)
    path = f"/pipeline/parked/{code}"
    listed, shown = page(operator, "/pipeline/parked"), page(operator, path)

    answer = house.send(operator, f"{path}/skip", path, **hidden(shown), why="gửi nhầm")
    said = facts_on(house, code)[-1]
    kept = works(house, code)

    assert code in listed and "this release does not know its type" in listed and ">2</td>" in listed
    assert "05/11/2026" in shown and "/agencies/H29.12 newer-0&lt;script&gt;" in shown
    assert EVIL not in listed + shown and "blessed" not in listed + shown
    assert answer.status_code == 303 and "is on the log" in page(
        operator, answer.headers["location"].removeprefix(AT) + "&lang=en"
    )
    assert isinstance(said, EventSkipped)
    assert (said.data.what, said.data.why, said.data.by) == (f"/agencies/H29.12 newer-0{EVIL}", "gửi nhầm", "van.hanh")
    assert not kept.parked
    again = folded(read_key(house.desk.settings.kafka_bootstrap, LOG, code.encode()), REFERENCE)
    assert again is not None and not again.kept.parked
    assert code not in page(operator, "/pipeline/parked")
    assert operator.get(f"{AT}{path}").status_code == 404


def test_a_retry_is_on_the_log_by_name_and_reason(house: House, operator: httpx.Client) -> None:
    code = a_parked_dossier(house)
    path = f"/pipeline/parked/{code}"

    without = house.send(operator, f"{path}/retry", path, why=" ")
    answer = house.send(operator, f"{path}/retry", path, why="đã sửa")
    said = facts_on(house, code)[-1]

    assert (without.status_code, answer.status_code) == (422, 303)
    assert isinstance(said, Retried)
    assert (said.data.why, said.data.by, said.subject) == ("đã sửa", "van.hanh", code)
    assert works(house, code).parked, "this release still does not read it"


def test_only_the_fact_that_was_shown_is_skipped(house: House, operator: httpx.Client) -> None:
    code = a_parked_dossier(house)
    path = f"/pipeline/parked/{code}"

    late = house.send(operator, f"{path}/skip", path, what="/agencies/H29.12 skipped-before", why="gửi nhầm")
    without = house.send(operator, f"{path}/skip", path, **hidden(page(operator, path)))

    assert (late.status_code, without.status_code) == (409, 422)
    assert not [one for one in facts_on(house, code) if isinstance(one, EventSkipped)]


def test_a_dossier_that_is_not_parked_has_no_form(house: House, operator: httpx.Client) -> None:
    code = a_code()

    assert operator.get(f"{AT}/pipeline/parked/{code}").status_code == 404
    assert house.send(operator, f"/pipeline/parked/{code}/retry", why="x").status_code == 404


# ---------------------------------------------------------------- holds


OF_THE_TEST = {"agency": "000.00.12.H29", "procedure": "1.003003"}
SCOPE = "notices agency=H29.12 procedure=1.003003"


def scopes(kafka: str) -> dict[str, HoldSet]:
    return {one.data.scope.text: one for one in standing(kafka).on()}


def test_a_hold_is_set_and_released_by_name_and_reason(kafka: str, house: House, operator: httpx.Client) -> None:
    answer = house.send(operator, "/pipeline/holds/set", what="notices", why=f"đường ngập {EVIL}", **OF_THE_TEST)
    shown, on = page(operator, "/pipeline/holds"), scopes(kafka)
    released = house.send(
        operator, "/pipeline/holds/release", what="notices", agency="H29.12", procedure="1.003003", why="đường khô"
    )
    again = house.send(
        operator, "/pipeline/holds/release", what="notices", agency="H29.12", procedure="1.003003", why="đường khô"
    )

    assert (answer.status_code, released.status_code, again.status_code) == (303, 303, 409)
    assert (on[SCOPE].data.by, on[SCOPE].data.asks) == ("van.hanh", False)
    assert SCOPE in shown and "đường ngập &lt;script&gt;" in shown and EVIL not in shown
    assert SCOPE not in scopes(kafka)
    last = Event.decode(read_all(kafka, HOLDS)[-1].value or b"")
    assert isinstance(last, HoldLifted)
    assert (last.data.by, last.data.why) == ("van.hanh", "đường khô")


REFUSED = {
    "without a reason": {"what": "post", "why": "  "},
    "of what is no brake": {"what": "everything", "why": "x"},
    "of what is no code": {"what": "post", "procedure": EVIL, "why": "x"},
    "of a carrier that nobody has": {"what": "post", "carrier": "pigeon", "why": "x"},
    "of notices to a carrier": {"what": "notices", "carrier": "myvnpost", "why": "x"},
    "of an agency that nobody knows": {"what": "post", "agency": "H29.55", "why": "x"},
    "of a procedure that nobody knows": {"what": "timers", "procedure": "9.999999", "why": "x"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_hold_is_refused(kafka: str, house: House, operator: httpx.Client, case: str) -> None:
    before = len(read_all(kafka, HOLDS))

    answer = house.send(operator, "/pipeline/holds/set", **REFUSED[case])

    assert answer.status_code == 422 and 'class="wrong"' in answer.text
    assert EVIL not in answer.text
    assert len(read_all(kafka, HOLDS)) == before


def test_a_lane_that_asks_is_let_go_or_kept_by_somebody_who_says_so(
    kafka: str, house: House, operator: httpx.Client
) -> None:
    with Producer(kafka, "dispatch") as producer:
        producer.publish([a_hold(carrier="ghn", asks=True, why="900 orders in one hour: is this right?")])
    asked = page(operator, "/pipeline/holds")

    kept = house.send(operator, "/pipeline/holds/set", what="post", carrier="ghn", why="chờ hỏi lại")
    on = scopes(kafka)["post carrier=ghn"]
    released = house.send(operator, "/pipeline/holds/release", what="post", carrier="ghn", why="đúng là nhiều")

    assert "A lane asks" in asked and 'formaction="/console/pipeline/holds/set"' in asked
    assert (kept.status_code, released.status_code) == (303, 303)
    assert (on.data.asks, on.data.by, on.data.why) == (False, "van.hanh", "chờ hỏi lại")
    assert "post carrier=ghn" not in scopes(kafka)


# ---------------------------------------------------------------- the first page


def test_the_first_page_shows_how_far_a_group_is_behind_and_how_fast_a_topic_grows(
    kafka: str, operator: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glance, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(glance, "STALE_SECONDS", 0.0)
    with Producer(kafka, "test") as producer, Consumer([WEBHOOKS], "hoso-poll", "test", kafka) as reader:
        producer.publish_to(WEBHOOKS, b"one", b"one")
        while not reader.poll():
            pass
        reader.commit()
        first = page(operator, "/pipeline")
        second, rate, until = first, "0", time.monotonic() + 60
        while float(rate) == 0 and time.monotonic() < until:
            # A look is made beside the page: what is published between two of them has a rate.
            producer.publish_to(WEBHOOKS, b"one", b"more")
            second = page(operator, "/pipeline")
            [rate] = RATE.findall(second.split('<h2 id="topics">')[1].split("</section>")[0]) or ["0"]

    lag = second.split('<h2 id="lag">')[1].split("</section>")[0]
    topics = second.split('<h2 id="topics">')[1].split("</section>")[0]
    assert "No rate yet" in first or "between two looks" in first
    waiting = (
        r'hoso-poll</th><td data-label="Topic">postal.webhooks</td><td class="n" data-label="Records waiting">[1-9]'
    )
    assert re.search(waiting, lag)
    assert re.search(r"Rates are over the \d+ s between two looks", topics)
    assert float(rate) > 0
    assert "What is wrong" in second and "hoso doctor" not in second.split("<h2")[0]
