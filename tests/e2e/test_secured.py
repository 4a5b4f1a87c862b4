"""On a secured Kafka: an agency writes its topic and reads its results, each process does its work, nobody more."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from connectors.broker import read_key
from connectors.broker.rights import Does, On, Right, give
from connectors.broker.users import new_password
from connectors.settings import REPOSITORY
from hoso.java import jars
from hoso.processes import BY_NAME
from schemas.dossier import LOG
from schemas.notice import REJECTIONS
from schemas.topics import agency_topic, results_topic
from tests.e2e.house import FIRST_TRY, a_contact
from tests.e2e.secured import A, B, City, built, event
from tests.secured import restart

pytestmark = pytest.mark.broker
ONLINE = {"procedure_code": "1.004873", "channel": "ONLINE", "receiving_agency": A, "competent_agency": A}
BY_POST: dict[str, Any] = ONLINE | {"return_mode": "POST", "contact": a_contact(FIRST_TRY)}
AT_THE_COUNTER = ONLINE | {"return_mode": "COUNTER"}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with built(tmp_path_factory.mktemp("secured")) as running:
        yield running


def test_an_agencys_fact_goes_through_every_process_each_in_its_own_name(city: City) -> None:
    code = city.house.a_code(A)
    with_producer = city.producer(A)

    with_producer.send(agency_topic(A), json.dumps(event(city, code, "received", **BY_POST)).encode(), code.encode())
    with_producer.flush()
    city.house.wait_told(code, "deadline_set")
    city.house.state(code, "result_ready", A, outcome="APPROVED", physical=True)
    city.house.wait_told(code, "result_delivered")
    with_producer.close()

    told = results_of(city, A, code)
    assert "deadline_set" in told
    assert city.denied() == []


def results_of(city: City, agency: str, code: str) -> list[str]:
    """The kinds of what an agency reads of a dossier on its topic of results, in a group of its own."""
    consumer = city.consumer(agency, f"{agency}-reader")
    consumer.subscribe([results_topic(agency)])
    found: list[str] = []

    def read() -> bool:
        for records in consumer.poll(timeout_ms=1000).values():
            found.extend(kind(record.value) for record in records if record.key == code.encode())
        return bool(found)

    city.house.wait("results are read", read)
    consumer.commit()
    consumer.close()
    return found


def kind(value: bytes) -> str:
    """The last word of an event's type."""
    return str(json.loads(value)["type"]).removesuffix(".v1").rpartition(".")[2]


def test_an_agency_cannot_write_anothers_topic(city: City) -> None:
    producer = city.producer(B)

    with pytest.raises(TopicAuthorizationFailedError):
        producer.send(agency_topic(A), b"{}", b"H29.12-261117-0001").get(timeout=10)

    producer.close()


def polled(consumer: KafkaConsumer) -> None:
    """Ask for records until there are some, or the broker says no."""
    for _ in range(20):
        if consumer.poll(timeout_ms=500):
            return


def test_an_agency_sees_its_two_topics_and_not_that_there_are_others(city: City) -> None:
    consumer = city.consumer(B)

    assert consumer.topics() == {agency_topic(B), results_topic(B)}
    consumer.close()


def test_an_agency_does_not_read_what_it_wrote(city: City) -> None:
    consumer = city.consumer(B)
    consumer.assign([TopicPartition(agency_topic(B), 0)])

    with pytest.raises(TopicAuthorizationFailedError):
        polled(consumer)

    consumer.close(autocommit=False)


@pytest.mark.parametrize("group", ["hoso-notify", f"{A}-reader"])
def test_an_agency_is_in_no_group_but_those_that_begin_with_its_code(city: City, group: str) -> None:
    consumer = city.consumer(B, group)
    consumer.subscribe([results_topic(B)])

    with pytest.raises(GroupAuthorizationFailedError):
        polled(consumer)

    consumer.close(autocommit=False)


def test_a_fact_of_another_agency_on_its_topic_is_rejected(city: City) -> None:
    code, producer = city.house.a_code(A), city.producer(B)
    forged = event(city, code, "received", A, **AT_THE_COUNTER)

    producer.send(agency_topic(B), json.dumps(forged).encode(), code.encode()).get(timeout=10)
    producer.close()

    rejected = city.house.wait("the gate says no", lambda: rejections(city, B, forged["id"]))
    assert [fault["field"] for one in rejected for fault in one["data"]["errors"]] == ["source", "subject"]
    assert city.house.shown(code) == {}


def rejections(city: City, agency: str, id: str) -> list[dict[str, Any]]:
    """What the gate said to an agency about one of its events."""
    found = [json.loads(one.value) for one in read_key(city.broker.bootstrap, REJECTIONS, agency.encode()) if one.value]
    return [one for one in found if id in json.dumps(one)]


def test_a_binary_event_comes_in_like_a_structured_one(city: City) -> None:
    code, producer = city.house.a_code(A), city.producer(A)
    said = event(city, code, "received", **AT_THE_COUNTER)
    names = ("specversion", "id", "source", "type", "subject", "time")
    headers = [(f"ce_{name}", str(said[name]).encode()) for name in names]
    headers.append(("content-type", b"application/json"))

    producer.send(agency_topic(A), json.dumps(said["data"]).encode(), code.encode(), headers).get(timeout=10)
    producer.close()

    assert city.house.wait("the dossier is known", lambda: city.house.shown(code).get("status") == "RECEIVED")


@pytest.mark.parametrize("process", ["worker", "notify"])
def test_a_wrong_password_ends_a_process_with_one_sentence(city: City, process: str, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("not-this-one")

    said = city.hoso(process, HOSO_KAFKA_USERNAME=f"hoso-{process}", HOSO_KAFKA_PASSWORD_FILE=str(wrong))

    sentence = f"Kafka does not let hoso-{process} in: its password is not what {wrong} holds."
    assert (said.returncode, said.stderr.strip().splitlines()[-1]) == (2, sentence)
    assert "Traceback" not in said.stderr and "not-this-one" not in said.stderr + said.stdout


def test_rights_that_are_given_are_not_given_again_and_one_too_many_goes_with_prune(city: City) -> None:
    give(city.broker.bootstrap, [Right(B, Does.READ, On.TOPIC, LOG), Right("others", Does.READ, On.TOPIC, "elsewhere")])

    shown = json.loads(city.hoso("topics", "apply", "--acls", "--dry-run", "--json").stdout)
    pruned = json.loads(city.hoso("topics", "apply", "--acls", "--prune", "--json").stdout)
    again = json.loads(city.hoso("topics", "apply", "--acls", "--json").stdout)

    assert [(one["user"], one["name"]) for one in shown["too_much"]] == [(B, LOG)] and shown["given"] == []
    assert [(one["user"], one["name"]) for one in pruned["taken"]] == [(B, LOG)]
    assert again == {"made": [], "given": [], "too_much": [], "quotas": {}, "quotas_too_much": {}, "short": []}


def test_an_agencys_old_password_is_good_no_longer(city: City) -> None:
    login = city.login(B)
    before = login.client() | {"sasl_plain_password": str(login.password())}
    made = json.loads(city.hoso("agency", "kafka", B, "--json").stdout)
    city.papers.keep(f"{B}.password", made["password"].encode())

    with pytest.raises(KafkaError):
        city.consumer_with(before)
    city.consumer(B).close()


def test_every_processs_password_changes_under_the_running_house_and_nothing_is_lost(city: City) -> None:
    """In the order of docs/security.md, and then every connection ends at once."""
    codes, producer = [city.house.a_code(A) for _ in range(3)], city.producer(A)
    running = {row.name: row.pid for row in city.house.supervisor.state()}
    stated(city, producer, codes[0])

    city.hoso("topics", "password", "intake", "--file", str(city.papers.password_file("hoso-intake")))
    # The others without the command around it, which costs a second each.
    for user in (f"hoso-{process}" for process in BY_NAME if process != "intake"):
        city.papers.keep(city.papers.password_file(user).name, new_password(city.broker.bootstrap, user).encode())
    stated(city, producer, codes[1])
    restart(city.broker)
    stated(city, producer, codes[2])
    producer.close()

    for code in codes:
        city.house.wait_told(code, "result_delivered", seconds=120)
    assert {row.name: row.pid for row in city.house.supervisor.state()} == running
    assert [city.house.kinds(code, A).count("result_delivered") for code in codes] == [1, 1, 1]
    assert city.denied() == []


def stated(city: City, producer: KafkaProducer, code: str) -> None:
    """A dossier is received and its result ready, on the agency's own topic."""
    for fact, data in (("received", BY_POST), ("result_ready", {"outcome": "APPROVED", "physical": True})):
        value = json.dumps(event(city, code, fact, **data)).encode()
        producer.send(agency_topic(A), value, code.encode()).get(timeout=60)


@pytest.mark.skipif(shutil.which("javac") is None, reason="there is no javac on this machine")
def test_a_client_in_java_publishes_and_consumes(city: City, tmp_path: Path) -> None:
    code, file = city.house.a_code(A), tmp_path / "event.json"
    file.write_text(json.dumps(event(city, code, "received", **AT_THE_COUNTER)))
    login, classpath = city.login(A), f"{jars(None, city.house.home)}/*"
    (tmp_path / "client.properties").write_text(
        f"bootstrap.servers={city.broker.bootstrap}\n"
        "security.protocol=SASL_SSL\n"
        "sasl.mechanism=SCRAM-SHA-512\n"
        "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required "
        f'username="{A}" password="{login.password()}";\n'
        "ssl.truststore.type=PEM\n"
        f"ssl.truststore.location={login.kafka_ca_file}\n"
    )
    source = REPOSITORY / "docs" / "clients" / "AgencyKafka.java"
    command = ["javac", "-Xlint:all", "-Werror", "--release", "17", "-cp", classpath, "-d", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    client = ["java", "-cp", f"{tmp_path}:{classpath}", "AgencyKafka", str(tmp_path / "client.properties")]

    published = _java([*client, "publish", A, code, str(file)])
    city.house.wait("the dossier is known", lambda: city.house.shown(code).get("status") == "RECEIVED")
    consumed = _java([*client, "consume", A, "1"])

    assert published.startswith(f"published {agency_topic(A)}/")
    assert consumed.startswith("H29.12-261117-")


def _java(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
