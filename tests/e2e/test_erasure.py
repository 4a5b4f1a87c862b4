"""A citizen whom nobody can mistake goes through the whole house, and is erased: afterwards nothing gives them back.

On SQLite and on PostgreSQL; the log was archived before.

`agency.events.<code>` is the agency's own topic, where its citizens stand in the clear for 7 days, and no longer.
Kafka's clock cannot be driven, so the test deletes those records as the policy does.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from kafka.structs import TopicPartition
from sqlalchemy import select

from connectors.archive import open_archive
from connectors.archive.verifying import verify
from connectors.broker import Producer, admin
from connectors.broker.ends import ends
from connectors.seal import Opener, Sealer
from connectors.secrets import load_secrets
from connectors.settings import Settings
from connectors.store import open_store
from connectors.store.tables import DAY_KEYS, OWED
from hoso import broker
from schemas import ops
from schemas.dossier import LOG
from schemas.event import Event
from schemas.notice import Notice, NoticeKind, Words
from schemas.state import STATE, DossierStateChanged
from schemas.topics import agency_topic
from tests.collector import Collector
from tests.e2e.house import FIRST_TRY, REFUSED, House, a_contact, built
from tests.e2e.looking_through import ARCHIVE, Look, logs
from tests.postgres import a_database

NAME, LINE, WORDS = "Zyxelia Kanarie Vogelsang", "77 Hẻm Kanarienweg", "Zyxelia wird es nie lesen"
PARTS = (NAME, "Kanarie", LINE, "Kanarienweg", WORDS, "Zyxelia", FIRST_TRY, REFUSED)
OWN = agency_topic("H29.12")
SEALED = {LOG, "postal.webhooks", "postal.requests", "dead.letters", "agency.notices", "table feed", "table unmatched"}
DAYS = 92 * 86_400


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Somebody outside who is told of every span."""
    with Collector() as running:
        yield running


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the house keeps what it keeps; empty: in files of its home."""
    if request.param == "sqlite":
        yield ""
        return
    with a_database(request.getfixturevalue("postgres")) as address:
        yield address


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, collector: Collector, database_url: str) -> Iterator[House]:
    """A house and a Kafka of its own: nobody else's citizens are in it, and its clock goes three months on."""
    with broker.running() as kafka, pytest.MonkeyPatch.context() as environment:
        environment.setenv("HOSO_RETENTION_SECONDS", "1")
        environment.setenv("HOSO_TRACES_URL", collector.url)
        environment.setenv("HOSO_DATABASE_URL", database_url)
        with built(kafka.bootstrap, tmp_path_factory.mktemp("house"), database_url) as running:
            yield running


def a_canary(phone: str) -> dict[str, Any]:
    contact = a_contact(phone)
    return contact | {"name": NAME, "address": contact["address"] | {"line": LINE}}


def a_word_of_a_carrier(house: House, reference: str, item: str) -> None:
    """A webhook that names the citizen, of a carrier whose bytes we keep as they come."""
    at = house.clock.clock.now().strftime("%d/%m/%Y %H:%M:%S")
    data = {"ORDER_NUMBER": item, "ORDER_REFERENCE": reference, "ORDER_STATUSDATE": at, "ORDER_STATUS": 507}
    said = {"DATA": data | {"STATUS_NAME": "Giao thất bại", "NOTE": f"{NAME}, {LINE}: vắng nhà"}, "TOKEN": "sandbox"}
    answer = house.post("/v1/webhooks/viettelpost", said, agency=None)
    assert answer.status == 200, answer


def a_notice_of_who_took_it(house: House, code: str) -> None:
    """As the workers say it of a carrier that states the receiver; none of today's six does."""
    settings = Settings(kafka_bootstrap=house.bootstrap, home=house.home)
    sealer = Sealer(load_secrets(settings.secrets_dir).openers_public, open_store(settings.database_url))
    receiver = sealer.seal_text(code, NAME).model_dump(mode="json")
    sealer.keep()
    told = Notice(
        type="vn.hoso.notice.result_delivered.v1",
        id=f"took-{code}",
        source="/hoso/streams",
        subject=code,
        time=house.clock.clock.now(),
        data=Notice.Data(
            agency="H29.12",
            kind=NoticeKind.RESULT_DELIVERED,
            sequence=900,
            text=Words(vi="Đã trả.", en="Done."),
            state="RESULT_RETURNED",
            payload={"proof": {"receiver": receiver}},
        ),
    )
    with Producer(house.bootstrap) as producer:
        producer.publish([told])


def words_of(house: House, code: str) -> str:
    """Why the post refused, in its own words."""
    [refused] = house.facts(LOG, code, "postal.order_refused")
    settings = Settings(kafka_bootstrap=house.bootstrap, home=house.home)
    opener = Opener(open_store(settings.database_url), load_secrets(settings.secrets_dir).openers_private)
    return opener.open_text(code, refused.data.carrier_words)


def lives(house: House) -> tuple[str, str, str]:
    """Delivered with proof, refused by the post, and one by Kafka that withdraws; bytes nobody reads; a rejection."""
    delivered, refused, withdrawn = (house.a_code() for _ in range(3))
    for code, phone in ((delivered, FIRST_TRY), (refused, REFUSED)):
        house.received(code, return_mode="POST", contact=a_canary(phone))
        house.state(code, "supplement_requested", stage="APPRAISAL", documents=["Bản chính"], reason=WORDS)
        house.state(code, "supplement_received", complete=True)
        house.state(code, "result_ready", outcome="APPROVED", physical=True)
    given: dict[str, Any] = {"procedure_code": "1.004873", "channel": "ONLINE", "receiving_agency": "H29.12"}
    given |= {"competent_agency": "H29.12", "return_mode": "POST", "contact": a_canary(FIRST_TRY)}
    for fact, data in (("received", given), ("withdrawn", {"reason": WORDS})):
        house.publish("H29.12", withdrawn, json.dumps(house.event(withdrawn, fact, **data)).encode())
    house.publish("H29.12", NAME, f'{{"name": "{NAME}", "line": "{LINE}", "phone": '.encode())
    wrong = house.event(house.a_code(), "received", **given | {"contact": a_canary(f"no number: {NAME}")})
    assert house.post("/v1/events", wrong).status == 422
    house.wait_told(delivered, "result_delivered")
    house.wait_told(refused, "order_refused")
    a_word_of_a_carrier(house, f"{delivered}/D1", "100000000077")
    a_word_of_a_carrier(house, "a reference of nobody's", "100000000078")
    a_notice_of_who_took_it(house, delivered)
    house.wait("the feed has it", lambda: "table feed" in Look(house, PARTS).opened())
    house.wait("an update waits for its receipt", lambda: "table unmatched" in Look(house, PARTS).opened())
    house.wait("the withdrawal is known", lambda: house.shown(withdrawn).get("status") == "WITHDRAWN")
    house.wait("a dead letter", lambda: any(topic == "dead.letters" for topic, _ in Look(house, PARTS).records()))
    return delivered, refused, withdrawn


def erased(house: House, code: str) -> None:
    file = house.home / f"erased-{code}.json"
    done = house.hoso("erase", code, "--why", "request 14/2026", "--by", "Trần Thị Mẫu", "-o", str(file))
    assert done.returncode == 0, done.stderr
    held = house.says("erase", "verify", str(file), "--json")
    assert (held.returncode, json.loads(held.stdout)) == (0, {"holds": True, "faults": []})


def empty(house: House, topic: str) -> None:
    """What the policy of the agency's own topic does after seven days."""
    with admin(house.bootstrap) as client:
        upto = {TopicPartition(*place): end for place, end in ends(house.bootstrap, [topic]).items() if end}
        client.delete_records(upto)


def archived(house: House) -> None:
    """The log as it is now, in the archive."""
    done = house.hoso("archive", "write", "--to", str(house.home / ARCHIVE), "--once")
    assert done.returncode == 0, done.stderr


def broken(house: House) -> list[str]:
    """What is wrong with the archive's chains, and where they meet the topics."""
    done = house.hoso("archive", "verify", str(house.home / ARCHIVE), "--with-topic", "--json")
    found = json.loads(done.stdout)
    assert {one["topic"] for one in found if one["segments"]} >= {LOG}
    return [one["problem"] for one in found if one["problem"]]


def differing(house: House) -> list[str]:
    """The log folded anew from the archive and the topic as one, beside what the workers said."""
    done = house.hoso("rebuild", "--archive", str(house.home / ARCHIVE), "--json")
    found: list[str] = json.loads(done.stdout)["differences"]
    return found


def forget_what_is_archived(house: House) -> None:
    """What a policy may do with the log's old part once it is archived: those records stand on the topic no more."""
    heads = {
        (one.stretch.topic, one.stretch.partition): one.head for one in verify(open_archive(str(house.home / ARCHIVE)))
    }
    with admin(house.bootstrap) as client:
        client.delete_records({
            TopicPartition(LOG, partition): head.last + 1
            for (topic, partition), head in heads.items() if topic == LOG and head
        })  # fmt: skip


def keys_of_days(house: House) -> list[bytes | None]:
    store = open_store(Settings(kafka_bootstrap=house.bootstrap, home=house.home).database_url)
    with store.read() as connection:
        wrapped = list(connection.execute(select(DAY_KEYS.c.wrapped).order_by(DAY_KEYS.c.day)).scalars())
    store.close()
    return wrapped


def test_after_an_erasure_and_its_days_no_topic_table_log_metric_or_trace_gives_the_citizen_back(
    house: House, collector: Collector
) -> None:
    codes = lives(house)
    collector.wait("every door tells", "admit", "fold", "order", "translate", "callback")
    look = Look(house, (*PARTS, words_of(house, codes[1])), collector.bodies)

    # Before it, the citizen lies in the open on the agency's own topic alone, and comes out of the boxes everywhere.
    archived(house)
    assert look.plain() == {OWN}
    assert look.opened() >= SEALED | {ARCHIVE}

    for code in codes:
        erased(house, code)
    facts = [Event.decode(one.value or b"") for topic, one in look.records() if topic == LOG]
    stated = {one.subject: one.data.keys for one in facts if isinstance(one, ops.Erased)}
    assert set(stated) == set(codes) and all(count > 0 for count in stated.values())

    # Carriers' bytes and dead letters have days of their own.
    assert look.opened() == {"postal.webhooks", "dead.letters", "table unmatched"}
    before = len(keys_of_days(house))
    house.clock.jump(DAYS)
    house.wait("the keys of those days are destroyed", lambda: keys_of_days(house)[:before] == [None] * before)
    empty(house, OWN)

    assert (look.plain(), look.opened()) == (set(), set())
    assert b"day_keys.destroyed" in logs(house.home)

    # What was archived before it is whole, and is what the rest of the log goes on from.
    assert broken(house) == []
    forget_what_is_archived(house)
    house.wait("archive, topic and what the workers said agree", lambda: not differing(house))


def test_the_house_goes_on_after_it_and_what_is_killed_in_the_middle_is_delivered_once_in_effect(house: House) -> None:
    codes = [house.a_code() for _ in range(4)]
    for code, process in zip(codes, ("dispatch", "translate", "poll", "notify"), strict=True):
        house.received(code, return_mode="POST", contact=a_contact(FIRST_TRY))
        house.state(code, "result_ready", outcome="APPROVED", physical=True)
        house.kill(process)

    for code in codes:
        house.wait_told(code, "result_delivered", seconds=120)

    assert [len(house.parcels(code, "D1")) for code in codes] == [1] * 4
    assert [house.kinds(code).count("result_delivered") for code in codes] == [1] * 4
    assert [house.shown(code)["status"] for code in codes] == ["RESULT_RETURNED"] * 4


def test_all_that_is_owed_is_in_the_one_database(house: House, database_url: str) -> None:
    store = open_store(Settings(kafka_bootstrap=house.bootstrap, home=house.home).database_url)
    with store.read() as connection:
        queues = set(connection.execute(select(OWED.c.queue).distinct()).scalars())
    store.close()

    assert {"dispatch", "poll", "callbacks"} <= queues
    assert (house.home / "hoso.db").exists() == (not database_url)


def test_a_finished_dossier_is_archived_refuses_what_comes_later_and_is_opened_again(house: House) -> None:
    """It needs a house whose clock goes months on."""
    code = house.a_code()
    house.received(code)
    house.state(code, "result_ready", outcome="APPROVED", physical=False)
    house.state(code, "result_returned", mode="COUNTER", receiver="Nguyễn Văn Mẫu")
    house.wait("it is returned", lambda: house.shown(code).get("status") == "RESULT_RETURNED")

    house.clock.jump(DAYS)
    archived = house.wait("it is archived", lambda: house.facts(LOG, code, "clock.archived"))
    house.state(code, "apology_issued", reason="Trễ", signed_by="Trần Thị Mẫu", channel="LETTER")
    rejected = house.wait_told(code, "rejected")
    with pytest.MonkeyPatch.context() as environment:
        # The log's old part is in the archive alone by now.
        environment.setenv("HOSO_ARCHIVE", str(house.home / ARCHIVE))
        opened = house.hoso("reopen", code, "--why", "complaint 14/2027")
    assert opened.returncode == 0, opened.stderr
    house.wait("it is open", lambda: _last_state(house, code).archived_at is None)
    before = house.shown(code)
    house.state(code, "apology_issued", reason="Trễ", signed_by="Trần Thị Mẫu", channel="LETTER")
    house.wait("it is heard again", lambda: _last_state(house, code).sequence > before["sequence"])

    assert [one.data.stage for one in archived] == ["STUB"]
    assert rejected["payload"]["reason"] == "ARCHIVED"
    assert house.kinds(code).count("rejected") == 1


def _last_state(house: House, code: str) -> DossierStateChanged.Data:
    data: DossierStateChanged.Data = house.facts(STATE, code, "dossier.state_changed")[-1].data
    return data
