"""Dead letters: each record once, by reason; put back only when that helps, never for ever, and as they came."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import dead_letters, topics
from connectors.broker import Message, Producer, read_all
from connectors.dead_letters import DeadLetter, NoSuchLetter, State, grouped, kind_of, letters_of, named
from connectors.letters import keep, readable
from connectors.redriving import plan, reading, redrive
from connectors.seal import Evidence
from connectors.verdicts import TryLater
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent
from schemas.ops import DEAD_LETTERS, MOST_BYTES_KEPT, REDRIVEN, REDRIVEN_TIMES, DeadLetterKept, DeadLetterRedriven
from schemas.postal import WEBHOOKS, Via, WebhookReceived, WebhookVerdict
from streams.engine import Record
from streams.fold import Fold
from tests.builders import CODE, REFERENCE, admitted, sample
from tests.connectors.carrying import AT

AGENCY = "agency.events.H29.12"
GOOD = admitted(sample(2)).encode()


def a_letter(
    raw: bytes = b"\xff", topic: str = AGENCY, offset: int = 0, reason: str = "no", **given: Any
) -> DeadLetterKept:
    """A letter as the doors write it."""
    message = Message(topic, 1, offset, **({"key": CODE.encode(), "value": raw} | given))
    return DeadLetterKept.of(topic, message, reason, "/hoso/dead-letters", f"letter-{topic}-{offset}")


def put_back(letter: DeadLetterKept, offset: int, times: int = 1) -> DeadLetterRedriven:
    """An operator's word that a letter's bytes stand at another place."""
    data = DeadLetterRedriven.Data(
        letter=letter.id, topic=letter.data.topic, partition=1, offset=offset, times=times, why="mended", by="one"
    )
    return DeadLetterRedriven(
        id=f"put-{offset}", source="/operators/one", subject=letter.data.topic, time=AT, data=data
    )


def planned_refusal(*facts: Event, unread: bool = False, once_more: bool = False) -> str | None:
    """Why the last of these letters is not put back."""
    [*_, planned] = plan(letters_of(facts), unread=unread, once_more=once_more)
    return planned.refused


# ---------------------------------------------------------------- what is listed


def test_a_record_that_several_readers_put_aside_is_one_letter_under_all_its_ids() -> None:
    by_translate = a_letter(topic=LOG, offset=7)
    by_worker = by_translate.model_copy(update={"id": "as-the-worker-calls-it", "source": "/hoso/streams"})

    [letter] = letters_of([by_translate, by_worker])

    assert named([letter], "as-the-worker-calls-it") is named([letter], "dossier.events/1/7") is letter


def test_letters_of_one_fault_are_one_group_whatever_values_they_quote() -> None:
    reasons = []
    for outcome in ("MAYBE", "LATER"):
        wrong = sample(7) | {"data": {"outcome": outcome, "physical": True}}
        with pytest.raises(NotAnEvent) as found:
            Event.decode(json.dumps(wrong).encode())
        reasons.append(str(found.value))

    groups = grouped(letters_of([a_letter(offset=at, reason=reason) for at, reason in enumerate(reasons)]))

    assert reasons[0] != reasons[1]
    assert {of: len(letters) for of, letters in groups.items()} == {(AGENCY, "ResultReady: data.outcome enum"): 2}


def test_a_reason_is_its_first_line_without_numbers_and_without_commands_to_a_terminal() -> None:
    assert kind_of("'utf-8' codec can't decode byte 0xff in position 12") == (
        "'utf-8' codec can't decode byte … in position …"
    )
    assert kind_of("no such type here: \x1b[2Jv1\nmore") == "no such type here: …[2Jv1"


def test_a_name_of_no_letter_or_of_two_is_refused() -> None:
    letters = letters_of([a_letter(offset=1), a_letter(offset=2)])

    for name in ("letter-agency", "nobody", "letter"):
        with pytest.raises(NoSuchLetter):
            named(letters, name)
    assert named(letters, f"{AGENCY}/1/2") is letters[1]


def test_what_was_put_back_is_redriven_and_when_it_dies_there_it_came_back() -> None:
    first, again = a_letter(offset=1), a_letter(offset=9)

    [redriven] = letters_of([first, put_back(first, 9)])
    [origin, returned] = letters_of([first, put_back(first, 9), again])

    assert (redriven.state, redriven.times) == (State.REDRIVEN, 0)
    assert (origin.state, origin.came_back_as) == (State.CAME_BACK, again.id)
    assert (returned.state, returned.times) == (State.WAITING, 1)


def test_a_letter_whose_redrive_nobody_wrote_down_is_recognised_by_its_headers() -> None:
    first = a_letter(offset=1)
    headers = ((REDRIVEN, first.id.encode()), (REDRIVEN_TIMES, b"2"))

    [origin, returned] = letters_of([first, a_letter(offset=9, headers=headers)])

    assert (origin.state, returned.times) == (State.CAME_BACK, 2)


@pytest.mark.parametrize("said", [b"many", b"-1", b"\xff", b"99999"])
def test_a_count_that_is_none_counts_nothing(said: bytes) -> None:
    [letter] = letters_of([a_letter(headers=((REDRIVEN_TIMES, said),))])

    assert letter.times == 0


def test_a_newer_releases_word_on_the_dead_letters_is_passed_over() -> None:
    newer = b'{"type": "vn.hoso.ops.dead_letter_burnt.v9"}'
    records = [Message(DEAD_LETTERS, 0, at, None, raw) for at, raw in enumerate((newer, b"{}", a_letter().encode()))]

    assert [one.id for one in letters_of(dead_letters.facts(records))] == [a_letter().id]


# ---------------------------------------------------------------- what is put back


def test_what_this_release_does_not_read_stays_unless_an_operator_insists() -> None:
    letter = a_letter(b"\xff\x00 no event")

    assert "it would come back: not JSON" in (planned_refusal(letter) or "")
    assert planned_refusal(letter, unread=True) is None


def test_what_this_release_reads_by_now_goes_back() -> None:
    [planned] = plan(letters_of([a_letter(GOOD, LOG)]))

    assert planned.refused is None
    assert planned.reading.says.startswith(f"it is folded: vn.hoso.dossier.received.v1 of {CODE}")


def test_a_type_of_a_newer_release_stays_for_it_would_park_its_dossier() -> None:
    newer = json.dumps(sample(1) | {"type": "vn.hoso.dossier.submitted.v9"}).encode()

    assert "it would park its dossier" in (planned_refusal(a_letter(newer, LOG)) or "")


def test_an_agencys_event_in_the_binary_form_is_read_with_its_headers() -> None:
    headers = (("ce_id", b"e-1"), ("ce_type", b"vn.hoso.dossier.received.v1"))

    [letter] = letters_of([a_letter(b"{}", headers=headers)])

    assert reading(letter).says == "the gate judges it: vn.hoso.dossier.received.v1 e-1"


def test_nothing_is_put_on_the_log_that_has_no_place_there_whoever_insists() -> None:
    elsewhere = a_letter(GOOD, LOG, key=b"H29.12-261102-0002")
    no_fact_of_the_log = a_letter(a_letter().encode(), LOG)

    assert "it has no place on the log" in (planned_refusal(elsewhere, unread=True, once_more=True) or "")
    assert "does not belong on dossier.events" in (planned_refusal(no_fact_of_the_log, unread=True) or "")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"raw": b"x" * (MOST_BYTES_KEPT + 1)}, "was cut from 560001 bytes"),
        ({"key": b"\xff\xfe"}, "its key is no text"),
        ({"key": b"k" * 300}, "its key is no text, or too long"),
    ],
)
def test_what_was_not_kept_whole_is_never_put_back(given: dict[str, Any], says: str) -> None:
    assert says in (planned_refusal(a_letter(**given), unread=True, once_more=True) or "")


def test_what_stands_there_already_is_put_back_once_more_only_if_an_operator_says_so() -> None:
    letter = a_letter(GOOD, LOG, offset=1)
    facts = (letter, put_back(letter, 9))

    assert "has not come back" in (planned_refusal(*facts) or "")
    assert planned_refusal(*facts, once_more=True) is None


def test_what_came_back_twice_is_put_back_only_if_an_operator_says_so() -> None:
    first, second, third = (a_letter(GOOD, LOG, offset=at) for at in (1, 9, 17))
    once = (first, put_back(first, 9), second)
    twice = (*once, put_back(second, 17, times=2), third)

    assert planned_refusal(*once) is None
    assert "put back 2 times" in (planned_refusal(*twice) or "")
    assert planned_refusal(*twice, once_more=True) is None
    assert f"it came back as {second.id}" in (plan(letters_of(twice), once_more=True)[0].refused or "")


# ---------------------------------------------------------------- what the writers keep


def test_a_worker_and_a_door_keep_the_same_of_a_record() -> None:
    headers = ((REDRIVEN_TIMES, b"1"),)
    record = Record(CODE.encode(), b"\xff", 3, 1, 1_762_045_200_000, headers)
    message = Message(LOG, 1, 3, CODE.encode(), b"\xff", headers, 1_762_045_200_000)

    [written] = Fold(REFERENCE).poison(record, NotAnEvent("no"), None).letters
    by_worker = DeadLetterKept.decode(written.value)

    assert by_worker.data == DeadLetterKept.of(LOG, message, "no", "/hoso/dead-letters", "x").data
    assert letters_of([by_worker])[0].headers == list(headers)


@pytest.mark.parametrize("stamp", [-1, 0, 10**15])
def test_a_record_with_a_strange_time_is_kept_all_the_same_and_alike_each_time(stamp: int) -> None:
    record = Record(CODE.encode(), b"\xff", 3, 1, stamp)

    first, second = (Fold(REFERENCE).poison(record, NotAnEvent("no"), None).letters for _ in range(2))

    assert first == second
    assert DeadLetterKept.decode(first[0].value).data.offset == 3


@pytest.mark.parametrize("headers", [(), (("h", b"x" * 600_000),), tuple(("", b"") for _ in range(100_000))])
def test_the_longest_record_gives_a_letter_that_a_worker_may_write(headers: tuple[tuple[str, bytes], ...]) -> None:
    record = Record(CODE.encode(), b"x" * 1_000_000, 3, 1, 1_762_045_200_000, headers)

    [written] = Fold(REFERENCE).poison(record, NotAnEvent("\x00" * 5000), None).letters

    assert len(written.value) < 800_000
    assert letters_of([DeadLetterKept.decode(written.value)])[0].kept.data.cut_from


# ---------------------------------------------------------------- on the real broker


@pytest.fixture(scope="module")
def bootstrap(kafka: str) -> str:
    topics.apply(kafka, ["H29.12"])
    return kafka


@pytest.fixture
def producer(bootstrap: str) -> Iterator[Producer]:
    with Producer(bootstrap) as producer:
        yield producer


def read_by(bootstrap: str, producer: Producer, topic: str, key: str) -> list[Event]:
    """What a process reads of a topic under a key; what it cannot read is on the dead letters."""
    ours = [one for one in read_all(bootstrap, topic) if one.key == key.encode()]
    return [event for _, event in readable(ours, producer)]


def of_key(bootstrap: str, key: str) -> list[DeadLetter]:
    return [one for one in dead_letters.read(bootstrap) if one.kept.data.key == key]


def a_key() -> str:
    return f"H29.12-261102-{uuid.uuid4().int % 10_000_000:07d}"


def test_bytes_that_come_back_are_counted_from_death_to_death_until_they_are_refused(
    bootstrap: str, producer: Producer
) -> None:
    key = a_key()
    producer.publish_to(WEBHOOKS, key.encode(), b"\xff never an event")
    refusals = []
    for _ in range(3):
        read_by(bootstrap, producer, WEBHOOKS, key)
        waiting = [one for one in of_key(bootstrap, key) if one.state is State.WAITING]
        [planned] = plan(waiting, unread=True)
        refusals.append(planned.refused)
        if planned.refused is None:
            redrive(producer, planned.letter, "once more", "one")

    assert refusals[:2] == [None, None]
    assert "put back 2 times" in (refusals[2] or "")
    assert [one.state for one in of_key(bootstrap, key)] == [State.CAME_BACK, State.CAME_BACK, State.WAITING]
    assert len({(one.kept.data.partition, one.raw) for one in of_key(bootstrap, key)}) == 1


def test_a_sealed_word_of_a_carrier_goes_back_byte_by_byte_and_is_read_without_being_opened(
    bootstrap: str, producer: Producer, tmp_path: Path
) -> None:
    evidence, key = Evidence(bytes(32)), uuid.uuid4().hex
    body = evidence.seal(b'{"data": [], "sendDate": ""}')
    data = WebhookReceived.Data(carrier="myvnpost", via=Via.WEBHOOK, verdict=WebhookVerdict.NONE, body=body)
    word = WebhookReceived(id=f"w-{key}", source="/hoso/edge", subject=key, time=AT, recordedtime=AT, data=data)
    producer.publish([word])
    [met] = [one for one in read_all(bootstrap, WEBHOOKS) if one.key == key.encode()]
    keep(met, "a code that an older release did not know", producer)

    [planned] = plan(of_key(bootstrap, key), evidence)
    redrive(producer, planned.letter, "read by now", "one")

    first, again = [one for one in read_all(bootstrap, WEBHOOKS) if one.key == key.encode()]
    assert planned.reading.says == "it is translated: 0 updates of myvnpost"
    assert "its box stays shut" in reading(planned.letter).says
    assert not reading(planned.letter, Evidence(bytes(31) + b"1")).reads
    assert (again.partition, again.value) == (first.partition, first.value)
    assert dict(again.headers) == dict(first.headers) | {
        REDRIVEN: planned.letter.id.encode(),
        REDRIVEN_TIMES: b"1",
    }
    [letter] = of_key(bootstrap, key)
    assert letter.redriven is not None
    assert (letter.state, letter.redriven.data.offset, letter.redriven.data.why) == (
        State.REDRIVEN,
        again.offset,
        "read by now",
    )


def test_a_letter_goes_back_to_its_partition_even_where_its_key_would_put_it_elsewhere(
    bootstrap: str, producer: Producer
) -> None:
    key = a_key()
    places = [Message(WEBHOOKS, partition, 1_000_000, key.encode(), b"{}") for partition in range(4)]
    for place in places:
        keep(place, "no", producer)

    facts = [redrive(producer, one, "why", "one") for one in of_key(bootstrap, key)]

    stand = {one.partition for one in read_all(bootstrap, WEBHOOKS) if one.key == key.encode()}
    assert stand == {fact.data.partition for fact in facts} == {0, 1, 2, 3}
    assert {one.state for one in of_key(bootstrap, key)} == {State.REDRIVEN}


def test_what_no_topic_takes_is_tried_later_and_nothing_says_that_it_was_put_back(bootstrap: str) -> None:
    key = a_key()
    with Producer(bootstrap, timeout_seconds=2) as producer:
        keep(Message("nobody-made-this", 0, 0, key.encode(), b"{}"), "no", producer)
        keep(Message(WEBHOOKS, 99, 0, key.encode(), b"{}"), "no", producer)
        for letter in of_key(bootstrap, key):
            with pytest.raises(TryLater, match=r"not durable|no partition 99"):
                redrive(producer, letter, "why", "one")

    assert [one.state for one in of_key(bootstrap, key)] == [State.WAITING, State.WAITING]
