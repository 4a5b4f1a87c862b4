"""Bytes nobody could read, on a house that lives: listed by reason, put back once that helps, folded once."""

import json
import subprocess
from typing import Any

from connectors.broker import Message, Producer, partition_of, read_key
from connectors.dead_letters import DeadLetter, State, read
from connectors.letter_boxes import LetterOpener
from connectors.letters import keep
from connectors.secrets import load_secrets
from connectors.settings import Settings
from connectors.store import open_store
from schemas.dossier import LOG
from tests.e2e.house import House

LOG_PARTITIONS = 8
NO_PLACE = 1_000_000
"""An offset that the log of this house never reaches."""


def kept(house: House, key: str) -> list[DeadLetter]:
    """The dead letters of a key, opened as an operator does."""
    settings = Settings(kafka_bootstrap=house.bootstrap, home=house.home)
    store = open_store(settings.database_url)
    opener = LetterOpener(store, load_secrets(settings.secrets_dir).openers_private)
    try:
        return [one for one in read(house.bootstrap, opener.opened) if one.kept.data.key == key]
    finally:
        store.close()


def rows(said: subprocess.CompletedProcess[str]) -> Any:
    """What a command said to a machine."""
    assert said.stdout, said.stderr
    return json.loads(said.stdout)


def test_bytes_on_the_log_that_no_schema_reads_are_one_letter_and_stay_where_they_are(house: House) -> None:
    code = house.a_code()
    house.kafka_client.send(LOG, b"\xff\x00 never a fact", code.encode()).get(timeout=10)

    [letter] = house.wait("a dead letter", lambda: kept(house, code))
    groups = rows(house.says("dead-letters", "list", "--topic", LOG, "--reason", "malformed", "--json"))
    refused = house.says("dead-letters", "redrive", letter.id[:13], "--why", "a try", "--json")
    shown = house.says("dead-letters", "show", letter.kept.data.place)

    [group] = [one for one in groups if letter.id in {row["id"] for row in one["letters"]}]
    assert (group["topic"], group["reason"]) == (LOG, "JSON is malformed: invalid character (byte …)")
    assert (refused.returncode, rows(refused)[0]["stands_at"]) == (1, None)
    assert "it would come back: JSON is malformed" in rows(refused)[0]["refused"]
    assert "ff 00 20 6e" in shown.stdout
    assert len(read_key(house.bootstrap, LOG, code.encode())) == 1


def test_a_fact_that_an_older_release_could_not_read_is_folded_once_however_often_it_is_put_back(house: House) -> None:
    pattern, code = house.a_code(), house.a_code()
    house.received(pattern)
    house.wait_told(pattern, "deadline_set")
    fact = (read_key(house.bootstrap, LOG, pattern.encode())[0].value or b"").replace(pattern.encode(), code.encode())
    met = Message(LOG, partition_of(code.encode(), LOG_PARTITIONS), NO_PLACE, code.encode(), fact)
    with Producer(house.bootstrap) as producer:
        keep(met, f"release 0.0.9 does not read {code}", producer)

    reason = ("--topic", LOG, "--reason", f"does not read {code}")
    tried = house.says("dead-letters", "redrive", *reason, "--dry-run")
    untouched = read_key(house.bootstrap, LOG, code.encode())
    done = house.hoso("dead-letters", "redrive", *reason, "--why", "this release reads it")
    house.wait_told(code, "deadline_set")
    insisted = house.says("dead-letters", "redrive", *reason, "--why", "to be sure", "--once-more")
    house.state(code, "result_ready", outcome="APPROVED", physical=False)
    house.wait("its result is known", lambda: house.shown(code).get("status") == "RESULT_READY")

    assert (f"it is folded: vn.hoso.dossier.received.v1 of {code}" in tried.stdout, untouched) == (True, [])
    assert (done.returncode, insisted.returncode) == (0, 0), done.stderr + insisted.stderr
    on_the_log = [one.value for one in read_key(house.bootstrap, LOG, code.encode())]
    assert (on_the_log.count(fact), house.kinds(code).count("deadline_set")) == (2, 1)
    [letter] = kept(house, code)
    assert letter.redriven is not None
    assert (letter.state, letter.redriven.data.why) == (State.REDRIVEN, "to be sure")


def test_what_dies_again_at_a_door_is_known_again_and_counted(house: House) -> None:
    key = f"key-{house.a_code()}"
    house.publish("H29.21", key, b"never an event")

    [letter] = house.wait("a dead letter", lambda: kept(house, key))
    sent = house.says("dead-letters", "redrive", letter.id, "--unread", "--why", "a try")
    first, second = house.wait("it came back", lambda: found if len(found := kept(house, key)) > 1 else None)

    assert sent.returncode == 0, sent.stderr
    assert (first.state, first.came_back_as) == (State.CAME_BACK, second.id)
    assert (second.state, second.times, second.raw) == (State.WAITING, 1, b"never an event")
