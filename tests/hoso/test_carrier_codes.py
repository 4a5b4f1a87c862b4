"""`hoso carrier unknown|map`: a code that no table holds gets a meaning, for what is stored and for what comes."""

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from connectors import topics
from connectors.broker import Message, Producer, read_all
from connectors.carriers import Update, carriers
from connectors.codes import Said, api_version_of, in_table, meant
from connectors.codes import read as read_codes
from connectors.reference import publish
from connectors.retelling import Retelling
from connectors.seal import Evidence
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import open_store
from connectors.translate import Translate
from connectors.unknown_codes import Seen, counted, seen_in
from hoso import broker
from hoso.cli import carrier_codes
from schemas.carrier_codes import CODES, CodeApplied, CodeMapped
from schemas.dossier import LOG
from schemas.event import Event
from schemas.postal import (
    WEBHOOKS,
    Certainty,
    FailureReason,
    FaultParty,
    ItemMoved,
    ParcelStatus,
    Via,
    WebhookReceived,
    WebhookVerdict,
)
from tests.builders import CODE, a_bundle, a_move
from tests.connectors.carrying import AT, DOSSIER, a_message
from tests.connectors.test_translate import ITEM, Room, a_receipt, a_record
from tests.waiting import until

UNKNOWN = ParcelStatus.UNKNOWN
POST = carriers()["myvnpost"]
APP = typer.Typer()
APP.command("unknown")(carrier_codes.unknown)
APP.command("map")(carrier_codes.map_code)


def a_mapping(
    status: str = "FORWARDED", code: str = "26", id: str | None = None, carrier: str = "myvnpost", **more: Any
) -> CodeMapped:
    data = CodeMapped.Data(carrier=carrier, code=code, status=ParcelStatus(status), **{"why": "x", "by": "one"} | more)
    name = id or f"mapped-{uuid.uuid4()}"
    return CodeMapped(id=name, source="/operators/one", subject=carrier, time=AT, data=data)


def applied(mapping: CodeMapped) -> CodeApplied:
    data = CodeApplied.Data(mapping=mapping.id, carrier="myvnpost", code="26", webhooks=1, facts=1)
    return CodeApplied(id=f"applied-{mapping.id}", source="/hoso/translate", subject="myvnpost", time=AT, data=data)


def said(*events: Event) -> Said:
    return Said().take(Message(CODES, 0, place, None, event.encode()) for place, event in enumerate(events))


def an_update(status: ParcelStatus = UNKNOWN, firm: bool = True) -> Update:
    return Update(ITEM, "", status, None, AT, "26", firm=firm)


# ---------------------------------------------------------------- what the topic comes to


def test_the_last_word_on_a_code_is_in_force_until_it_is_taken_back() -> None:
    first, second, taken_back = a_mapping("FORWARDED"), a_mapping("RETURNING"), a_mapping("UNKNOWN")

    assert said(first, second).of("myvnpost", None, "26") == second
    assert said(first, second, taken_back).of("myvnpost", None, "26") is None


def test_a_code_of_another_list_or_carrier_is_another_code() -> None:
    known = said(a_mapping(api_version="old"))

    assert known.of("myvnpost", "old", "26") is not None
    assert [known.of("myvnpost", None, "26"), known.of("ghn", "old", "26")] == [None, None]


def test_only_the_mapping_in_force_waits_to_be_applied_and_only_once() -> None:
    first, second = a_mapping("FORWARDED"), a_mapping("RETURNING")

    assert said(first).pending() == [first]
    assert said(first, second).pending() == [second]
    assert said(first, second, applied(second)).pending() == []
    assert said(first, applied(first), second).pending() == [second]
    assert said(first, a_mapping("UNKNOWN")).pending() == []


def test_what_nobody_reads_on_the_topic_hides_nothing() -> None:
    records = [Message(CODES, 0, at, None, raw) for at, raw in enumerate((b"\xff", b'{"type": "vn.hoso.x.y.v9"}'))]

    assert said(a_mapping()).take(records).of("myvnpost", None, "26") is not None


# ---------------------------------------------------------------- what an update means by it


def test_the_carriers_own_table_comes_before_an_operators_word() -> None:
    update = an_update(ParcelStatus.DELIVERED)

    assert meant(update, a_mapping("RETURNING"), POST) == (update, POST.table_version)


def test_a_mapped_update_names_the_mapping_that_read_it() -> None:
    found, table = meant(an_update(), a_mapping(id="0123456789"), POST)

    assert (found.status, table) == (ParcelStatus.FORWARDED, f"{POST.table_version}+01234567")


@pytest.mark.parametrize(
    ("carrier", "operators", "firm"),
    [
        ("myvnpost", None, True),
        # Its updates call no unknown code firm; its documents back other codes of that list.
        ("ems", None, True),
        # No document backs any code of its list.
        ("vnpost_hcc", None, False),
        ("vnpost_hcc", True, True),
        ("myvnpost", False, False),
    ],
)
def test_a_mapped_code_is_as_firm_as_its_list_unless_the_operator_says_otherwise(
    carrier: str, operators: bool | None, firm: bool
) -> None:
    update = an_update(firm=carrier == "myvnpost")

    found, _ = meant(update, a_mapping(carrier=carrier, firm=operators), carriers()[carrier])

    assert found.firm is firm


def test_a_mapped_code_has_the_operators_reason_where_the_body_gives_none() -> None:
    mapping = a_mapping("DELIVERY_FAILED", reason="ABSENT", fault="CITIZEN")

    silent, _ = meant(an_update(), mapping, POST)
    told, _ = meant(replace(an_update(), reason=FailureReason.REFUSED), mapping, POST)

    assert (silent.reason, silent.fault) == (FailureReason.ABSENT, FaultParty.CITIZEN)
    assert (told.reason, told.fault) == (FailureReason.REFUSED, None)


def test_a_table_is_asked_by_the_code_an_update_carries() -> None:
    held = [in_table(POST, None, code) for code in ("14", "old:91", "26", "old:14", "91")]

    assert held == [ParcelStatus.DELIVERED, ParcelStatus.DELIVERY_FAILED, None, None, None]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.translate.close()


@pytest.mark.parametrize(
    ("given", "certainty"),
    [
        ({}, Certainty.REPORTED),
        ({"verdict": WebhookVerdict.SECRET}, Certainty.CONFIRMED),
        ({"via": Via.QUERY}, Certainty.CONFIRMED),
    ],
)
def test_a_later_update_with_a_mapped_code_is_as_sure_as_its_channel(
    room: Room, given: dict[str, Any], certainty: Certainty
) -> None:
    room.codes.say(a_mapping("DELIVERED"))

    room.takes(room.a_webhook(a_record(26), **given))

    (moved,) = room.moves()
    assert (moved.data.status, moved.data.carrier_code) == (ParcelStatus.DELIVERED, "26")
    assert moved.data.certainty is certainty


def test_translate_looks_for_news_before_it_says_that_a_code_is_unknown(room: Room) -> None:
    looks = room.codes.looks

    room.takes(room.a_webhook(a_record(14)))
    known = len(looks)
    room.takes(room.a_webhook(a_record(26), a_record(27)))

    assert (known, len(looks)) == (0, 1)


def test_of_a_stored_body_only_what_carried_the_code_is_told_again(room: Room) -> None:
    mapping = a_mapping("FORWARDED")
    round = Retelling("nowhere:1", [mapping], room.evidence, "v1")
    body = a_message(room.a_webhook(a_record(26), a_record(14), a_record(27), a_record(26, itemCode="EA2")))
    another_carrier = a_message(room.a_webhook(a_record(26), carrier="ghn"))
    another_list = a_message(room.a_webhook(a_record(26), api_version="old"))

    found = list(round.retold(body))

    assert [one.seen.item for one in found] == [ITEM, "EA2"]
    assert {(one.seen.code, one.seen.status) for one in found} == {("26", ParcelStatus.FORWARDED)}
    assert [list(round.retold(one)) for one in (another_carrier, another_list)] == [[], []]
    assert round.applied()[0].data.webhooks == 1


def test_what_was_read_from_its_words_is_not_told_again(room: Room) -> None:
    said = {
        "tracking_code": ITEM,
        "order_code": f"{DOSSIER}/D1",
        "status_code": "77",
        "datetime": "2026-11-20 10:00:00",
    }
    [read] = carriers()["ems"].updates(json.dumps(said | {"status_name": "Phát thành công"}).encode())
    [silent] = carriers()["ems"].updates(json.dumps(said | {"status_name": "?"}).encode())
    bodies = [json.dumps(said | {"status_name": words}).encode() for words in ("Phát thành công", "?")]
    round = Retelling("nowhere:1", [a_mapping("FORWARDED", "77", carrier="ems")], room.evidence, "v1")

    found = [list(round.retold(a_message(room.a_webhook(body=body, carrier="ems")))) for body in bodies]

    assert (read.status, silent.status) == (ParcelStatus.DELIVERED, UNKNOWN)
    assert [[one.seen.status for one in updates] for updates in found] == [[], [ParcelStatus.FORWARDED]]


def test_bytes_that_nobody_reads_end_no_round(room: Room) -> None:
    round = Retelling("nowhere:1", [a_mapping()], room.evidence, "v1")
    webhook = room.a_webhook(a_record(26))
    other_key = webhook.model_copy(
        update={"data": webhook.data.model_copy(update={"body": Evidence(bytes(32)).seal(b"{}")})}
    )

    bad = [a_message(room.a_webhook(body=b"{no")), a_message(other_key), Message(WEBHOOKS, 0, 0, None, b"\xff")]

    assert [list(round.retold(one)) for one in bad] == [[], [], []]


def test_a_mapping_that_was_changed_meanwhile_is_no_longer_the_last_word(room: Room) -> None:
    first = a_mapping("FORWARDED")
    room.codes.say(first)
    before = room.codes.stands(first)

    room.codes.say(a_mapping("RETURNING"))

    assert (before, room.codes.stands(first)) == (True, False)


# ---------------------------------------------------------------- what is listed


def test_codes_are_counted_by_list_the_most_frequent_first_and_a_repetition_once() -> None:
    moves = [
        _unknown("m-1", "26", "2026-11-03 10:00"),
        _unknown("m-1", "26", "2026-11-03 10:00"),
        _unknown("m-2", "26", "2026-11-05 10:00"),
        _unknown("m-3", "old:26", "2026-11-04 10:00"),
        _unknown("m-4", "27", "2026-11-04 10:00"),
    ]

    rows = counted(moves, said(a_mapping()))

    assert [(row.code, row.times) for row in rows] == [("26", 2), ("27", 1), ("old:26", 1)]
    assert [row.list for row in rows] == [None, None, "old"]
    assert (rows[0].first.day, rows[0].last.day) == (3, 5)
    assert rows[0].dossiers == (CODE,)
    assert [row.mapping is not None for row in rows] == [True, False, False]


@pytest.mark.parametrize(("carrier", "api_version"), [("viettelpost", "old"), ("viettelpost", None), ("ghtk", None)])
def test_the_list_that_a_webhook_came_under_is_found_again_by_the_code_of_its_update(
    carrier: str, api_version: str | None
) -> None:
    bodies = {
        "viettelpost": {"DATA": {"ORDER_NUMBER": "V1", "ORDER_REFERENCE": f"{DOSSIER}/D1", "ORDER_STATUS": "999"}},
        "ghtk": {"label_id": "S1.1", "partner_id": f"{DOSSIER}/D1", "status_id": "999"},
    }

    [update] = carriers()[carrier].updates(json.dumps(bodies[carrier]).encode(), api_version)

    assert update.status is UNKNOWN
    assert api_version_of(carriers()[carrier], update.code) == api_version


def test_every_carrier_whose_webhooks_name_a_list_is_among_those_tested() -> None:
    named = {name for name, one in carriers().items() if "api_version" in vars(type(one))}

    assert named == {"viettelpost"}


def _unknown(id: str, code: str, at: str) -> Seen:
    move = a_move("UNKNOWN", at, id=id, carrier_code=code, certainty="REPORTED")
    assert isinstance(move, ItemMoved)
    return seen_in(move)


# ---------------------------------------------------------------- on a real broker


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """A broker of its own: translate reads whole topics, and so do other tests."""
    with broker.running() as running:
        topics.apply(running.bootstrap, ["H29.12"])
        publish(running.bootstrap, a_bundle("codes-1"))
        yield running.bootstrap


class House:
    """Two translate processes on one broker and one database, and what comes to them."""

    def __init__(self, kafka: str, home: Path) -> None:
        self.kafka, self.settings = kafka, Settings(kafka_bootstrap=kafka, home=home)
        open_store(self.settings.database_url).migrate()
        self.evidence = Evidence(ensure_secrets(self.settings.secrets_dir).evidence)
        self.producer = Producer(kafka)
        self.running: list[tuple[Translate, threading.Thread, threading.Event]] = []

    def start(self) -> None:
        for name in ("translate-0", "translate-1"):
            stop = threading.Event()
            settings = self.settings.model_copy(update={"instance": name, "session_seconds": 6.0})
            process = Translate(settings, stop)
            thread = threading.Thread(target=process.run, name=name)
            thread.start()
            self.running.append((process, thread, stop))

    def stop(self) -> None:
        for _, _, stop in self.running:
            stop.set()
        for process, thread, _ in self.running:
            thread.join()
            process.close()
        self.running = []

    def comes(self, *records: dict[str, Any], carrier: str = "myvnpost", **given: Any) -> WebhookReceived:
        """A webhook on its topic."""
        raw = json.dumps({"data": list(records), "sendDate": str(uuid.uuid4())}).encode()
        defaults = {"via": Via.WEBHOOK, "verdict": WebhookVerdict.NONE}
        data = WebhookReceived.Data(carrier=carrier, body=self.evidence.seal(raw), **defaults | given)
        digest = uuid.uuid4().hex
        webhook = WebhookReceived(id=digest, source="/hoso/edge", subject=digest, time=AT, recordedtime=AT, data=data)
        self.producer.publish([webhook])
        return webhook

    def moves(self, dossier: str) -> list[ItemMoved]:
        """All that stands on the log of a dossier, repetitions too."""
        found = [Event.decode(one.value or b"") for one in read_all(self.kafka, LOG) if one.key == dossier.encode()]
        return [event for event in found if isinstance(event, ItemMoved)]

    def applied(self) -> list[CodeApplied]:
        return list(read_codes(self.kafka).applied.values())


@pytest.fixture(scope="module")
def house(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(kafka, tmp_path_factory.mktemp("codes"))
    house.start()
    yield house
    house.stop()
    house.producer.close()


def hoso(house: House, *words: str) -> Result:
    env = {"HOSO_KAFKA_BOOTSTRAP": house.kafka, "HOSO_HOME": str(house.settings.home), "COLUMNS": "300"}
    return CliRunner().invoke(APP, words, env=env)


def a_code() -> str:
    return f"H29.12-261102-{uuid.uuid4().int % 10_000_000:07d}"


def of(dossier: str, status: int, leg: str = "D1", **given: Any) -> dict[str, Any]:
    """A record of a parcel of this dossier that came under our reference alone."""
    return a_record(status, itemCode="", saleOrderCode=f"{dossier}/{leg}", **given)


def told(moves: list[ItemMoved]) -> list[tuple[str, str]]:
    return [(move.data.status.value, move.data.certainty.value) for move in moves]


def test_a_mapping_reaches_what_is_stored_once_and_all_that_comes_in_every_process(house: House) -> None:
    one, two = a_code(), a_code()
    mine = of(one, 25)
    for _ in range(2):
        # The post repeats itself, in another body.
        house.comes(mine, of(one, 6))
    house.comes(of(two, 25), verdict=WebhookVerdict.SECRET)
    house.comes(of(two, 27))
    until(lambda: len(house.moves(one)) >= 2 and len(house.moves(two)) == 2)
    before = house.moves(one) + house.moves(two)

    listed = json.loads(hoso(house, "unknown", "myvnpost", "--json").stdout)
    mapped = hoso(house, "map", "myvnpost", "25", "in_transit", "--why", "their letter", "--by", "Trần Thị Mẫu")
    [done] = until(house.applied)

    assert {(row["code"], row["times"], row["status"]) for row in listed} >= {("25", 2, None), ("27", 1, None)}
    assert (mapped.exit_code, "2 stored updates are translated again" in mapped.stdout) == (0, True), mapped.output
    assert (done.data.webhooks, done.data.facts, done.data.waiting) == (3, 2, 0)
    fresh = (house.moves(one) + house.moves(two))[:]
    new = [move for move in fresh if move.id not in {old.id for old in before}]
    assert sorted(told(new)) == [("IN_TRANSIT", "CONFIRMED"), ("IN_TRANSIT", "REPORTED")]
    assert len(fresh) == len(before) + 2, "nothing else is said again"

    later = [a_code() for _ in range(8)]
    for dossier in later:
        house.comes(of(dossier, 25))
    until(lambda: all(house.moves(dossier) for dossier in later))
    assert [told(house.moves(dossier)) for dossier in later] == [[("IN_TRANSIT", "REPORTED")]] * 8
    shown = hoso(house, "unknown", "--all").stdout
    assert "myvnpost 25: 2 updates" in shown and "IN_TRANSIT by Trần Thị Mẫu, 2 translated again" in shown
    assert "myvnpost 25" not in hoso(house, "unknown").stdout

    again = hoso(house, "map", "myvnpost", "25", "IN_TRANSIT", "--why", "once more")
    forced = hoso(house, "map", "myvnpost", "25", "IN_TRANSIT", "--why", "to be sure", "--again")
    house.stop()
    house.start()
    until(lambda: len(house.applied()) == 2)
    assert ("already" in again.stdout, forced.exit_code) == (True, 0)
    assert {move.id for move in house.moves(one) + house.moves(two)} == {move.id for move in fresh}
    survivor = a_code()
    house.comes(of(survivor, 25))
    until(lambda: house.moves(survivor))
    assert told(house.moves(survivor)) == [("IN_TRANSIT", "REPORTED")]


def test_an_unknown_update_that_waits_for_its_receipt_waits_as_what_it_means_now(house: House) -> None:
    dossier, item = a_code(), f"EA{uuid.uuid4().int % 10**9:09d}VN"
    house.comes(a_record(26, itemCode=item, saleOrderCode=""))
    beacon = a_code()
    house.comes(of(beacon, 26))
    until(lambda: house.moves(beacon))
    hoso(house, "map", "myvnpost", "26", "FORWARDED", "--why", "their letter")
    until(lambda: [one for one in house.applied() if one.data.code == "26"])

    house.producer.publish([a_receipt(item, dossier=dossier)])

    until(lambda: house.moves(dossier))
    assert told(house.moves(dossier)) == [("FORWARDED", "REPORTED")]


def test_another_meaning_needs_a_word_more_and_leaves_what_was_said(house: House) -> None:
    hoso(house, "map", "myvnpost", "30", "FORWARDED", "--why", "a guess")

    other = hoso(house, "map", "myvnpost", "30", "RETURNING", "--why", "their letter")
    meant_so = hoso(house, "map", "myvnpost", "30", "RETURNING", "--why", "their letter", "--instead")
    taken_back = hoso(house, "map", "myvnpost", "30", "UNKNOWN", "--why", "not theirs", "--instead")
    dossier = a_code()
    house.comes(of(dossier, 30))
    until(lambda: house.moves(dossier))

    assert (other.exit_code, "FORWARDED" in other.stderr and "--instead" in other.stderr) == (1, True)
    assert (meant_so.exit_code, taken_back.exit_code) == (0, 0)
    assert told(house.moves(dossier)) == [("UNKNOWN", "REPORTED")]


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("map", "pigeon", "26", "DELIVERED", "--why", "x"), 2, "there is no carrier pigeon"),
        (("map", "myvnpost", "26", "GONE", "--why", "x"), 2, "GONE is no status of ours"),
        (("map", "myvnpost", "26", "DELIVERED"), 2, "--why is needed"),
        (("map", "myvnpost", "26", "DELIVERED", "--reason", "ABSENT", "--why", "x"), 2, "DELIVERED has no reason"),
        (("map", "myvnpost", "26", "DELIVERY_FAILED", "--fault", "POST", "--why", "x"), 2, "only for a reason"),
        (("map", "myvnpost", "14", "RETURNING", "--why", "x"), 1, "own table says that 14 is DELIVERED"),
        (("map", "myvnpost", "91", "DELIVERED", "--api-version", "v9", "--why", "x"), 2, "has no list v9"),
        (("map", "myvnpost", "old:none", "DELIVERED", "--why", "x"), 2, "that is no code"),
        (("map", "myvnpost", "98", "UNKNOWN", "--why", "x"), 1, "nothing to take back"),
        (("unknown", "pigeon"), 2, "there is no carrier pigeon"),
    ],
)
def test_what_would_have_no_effect_is_refused_with_its_reason(
    house: House, words: tuple[str, ...], status: int, says: str
) -> None:
    answer = hoso(house, *words)

    assert (answer.exit_code, says in answer.output) == (status, True), answer.output
