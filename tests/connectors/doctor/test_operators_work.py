"""What waits for an operator: holds, dead letters, parked dossiers, silent items, unknown codes; from real topics."""

import shlex
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.broker import Message, Producer
from connectors.doctor import brakes, dossiers, letters
from connectors.doctor.finding import Severity
from connectors.doctor.place import Place
from connectors.letters import keep
from connectors.project import sets
from connectors.project.main import identities
from connectors.store import open_store
from rules.facts import Derived
from rules.kept import Kept
from rules.parking import advance
from schemas.instant import now
from schemas.ops import Brake
from schemas.postal import WEBHOOKS
from schemas.state import STATE
from tests.builders import REFERENCE, a_move, received, result_ready
from tests.connectors.doctor.conftest import only
from tests.connectors.project.stories import taken
from tests.connectors.project.told import Told, enter
from tests.holding import a_hold, a_lift

# ---------------------------------------------------------------- holds


def test_a_lane_that_holds_itself_asks_and_is_bad_until_it_is_released(on_kafka: Place) -> None:
    asks = a_hold(carrier="ghn", at=now(), why="400 orders in an hour, usual are 20", asks=True)
    with Producer(on_kafka.bootstrap) as producer:
        producer.publish([asks])

    found = only(list(brakes.findings(on_kafka)), "carrier=ghn")

    assert found.severity is Severity.BAD
    assert shlex.split(found.help_command) == [
        "hoso", "hold", "release", "post", "--carrier", "ghn", "--why", "...",
    ]  # fmt: skip
    with Producer(on_kafka.bootstrap) as producer:
        producer.publish([a_lift(carrier="ghn", at=now())])
    assert not [one for one in brakes.findings(on_kafka) if "carrier=ghn" in one.what]


@pytest.mark.parametrize(("hours", "severity"), [(1, Severity.NOTE), (25, Severity.WARNING)])
def test_an_operators_hold_is_noted_and_after_a_day_a_warning(on_kafka: Place, hours: int, severity: Severity) -> None:
    hold = a_hold(Brake.NOTICES, agency="H29.12", at=now() - timedelta(hours=hours), why="moving\x1b[2J house")
    with Producer(on_kafka.bootstrap) as producer:
        producer.publish([hold])

    found = only(list(brakes.findings(on_kafka)), "notices agency=H29.12")

    assert (found.severity, "\x1b" in found.what) == (severity, False)
    assert found.help_command == 'hoso hold release notices --agency H29.12 --why "..."'


# ---------------------------------------------------------------- dead letters


def test_dead_letters_wait_by_topic_and_reason(on_kafka: Place) -> None:
    reason = "no word of ours at all"
    with Producer(on_kafka.bootstrap) as producer:
        for offset in (7_000_001, 7_000_002):
            keep(Message(WEBHOOKS, 0, offset, b"k", b"\xff"), reason, producer)

    found = only(list(letters.findings(on_kafka)), reason)

    assert found.severity is Severity.WARNING
    assert found.what == f"2 dead letters wait of {WEBHOOKS}: {reason}"
    assert found.says.vi == f"2 bản tin không đọc được đang chờ, của {WEBHOOKS}: “{reason}”"
    assert found.help_command == f"hoso dead-letters list --topic {WEBHOOKS} --state waiting"


# ---------------------------------------------------------------- dossiers


def parked(code: str) -> list[Derived]:
    """What the rules say of a dossier of which a fact cannot be read, and another came behind it."""
    opening, behind = received(code=code), result_ready("2026-11-04 10:00", code=code)
    kept, said = advance(Kept(), opening, opening.encode(), opening.ref, REFERENCE)
    kept, _ = advance(kept, None, b'{"type": "vn.hoso.dossier.of_another_release.v1"}', "f-x", REFERENCE)
    kept, more = advance(kept, behind, behind.encode(), behind.ref, REFERENCE)
    assert len(kept.parked) == 2
    return [*said, *more]


def silent_and_unknown(told: Told, code: str, other: str) -> None:
    """An item of which nobody has heard for long, and a movement that nobody understands."""
    for one in (code, other):
        told.say(
            received(code=one, return_mode="POST"),
            result_ready("2026-11-04 10:00", code=one),
            taken("2026-11-04 10:30", one, "D1"),
        )
    told.say(a_move("DELIVERED", "2026-11-05 09:00", code=other, item_code="ED2"))
    told.say(a_move("UNKNOWN", f"{now():%Y-%m-%d %H:%M}", code=other, item_code="ED2", carrier_code="777"))


def test_a_parked_dossier_is_bad_and_found_in_the_read_model(read_model: Place) -> None:
    told, code = Told(), "H29.12-261102-0801"
    for fact in parked(code):
        if fact.topic == STATE:
            told.put(STATE, code, fact.encode("0.1.0"))
    enter(read_model.read_store, told.records)

    [found] = dossiers.parked(read_model)

    assert (found.severity, found.help_command, found.detail) == (Severity.BAD, "hoso parked list", code)
    assert found.what == "1 dossier is parked: a fact could not be folded, the others wait"


def test_without_a_read_model_a_parked_dossier_is_found_on_its_topic(on_kafka: Place) -> None:
    code = "H29.12-261102-0802"
    with Producer(on_kafka.bootstrap) as producer:
        for fact in parked(code):
            if fact.topic == STATE:
                producer.publish_to(STATE, code.encode(), fact.encode("0.1.0"))

    [found] = dossiers.parked(on_kafka)

    assert code in found.detail


def test_where_nothing_is_parked_that_is_said(read_model: Place) -> None:
    assert [one.severity for one in dossiers.parked(read_model)] == [Severity.OK]


def test_silent_items_and_unknown_codes_are_noted_with_their_commands(read_model: Place) -> None:
    code, told = "H29.12-261102-0803", Told()
    silent_and_unknown(told, code, "H29.12-261102-0806")
    enter(read_model.read_store, told.records)

    found = list(dossiers.post(read_model))

    assert [(one.severity, one.help_command) for one in found] == [
        (Severity.NOTE, "hoso silent list"),
        (Severity.NOTE, "hoso carrier unknown myvnpost"),
    ]
    assert f"{code}/D1 (myvnpost)" in found[0].detail
    assert "1 update of the last 7 days" in found[1].what


@pytest.mark.postgres
def test_on_postgresql_the_same_is_found(doctors_kafka: str, on_kafka: Place, postgres_database: str) -> None:
    code, told, store = "H29.12-261102-0804", Told(), open_store(postgres_database)
    there = replace(on_kafka, read_store=store)
    sets.prepare(store, identities(doctors_kafka))
    for fact in parked(code):
        if fact.topic == STATE:
            told.put(STATE, code, fact.encode("0.1.0"))
    silent_and_unknown(told, "H29.12-261102-0805", "H29.12-261102-0806")
    enter(store, told.records)

    found = [*dossiers.parked(there), *dossiers.post(there)]
    store.close()

    assert [one.severity for one in found] == [Severity.BAD, Severity.NOTE, Severity.NOTE]
