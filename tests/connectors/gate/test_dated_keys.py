"""The keys under digests and tracking codes are changed from a day on: a dossier keeps its own for life."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.changing import add_dated, coming, finish_dated
from connectors.gate.gate import Accepted, Conflict, Gate, Offer, tracking_code
from connectors.importing.taking import Desk, Outcome, look
from connectors.moves import Mover, Sighting
from connectors.rotating import CannotRotate
from connectors.seal import Sealer
from connectors.secrets import DIGEST, TRACKING, Secrets, ensure_secrets, load_secrets
from connectors.store import Store
from connectors.store.tables import GATE_SEEN
from connectors.tracking import opens
from rules.dossier import Verdict, evolve, seen_before
from rules.reference import Reference
from schemas.dossier import LOG
from schemas.event import Event
from schemas.postal import Certainty, ParcelStatus
from tests.builders import a_bundle
from tests.connectors.doubles import FixedReferences, KeptProducer
from tests.connectors.gate.test_gate import a_sample
from tests.connectors.importing.test_taking import NOW, a_row
from tests.connectors.store.conftest import store as store
from tests.connectors.store.conftest import url as url

TODAY, DAY = date(2026, 11, 26), date(2026, 11, 28)
OLD, NEW = "H29.12-261102-0001", "H29.12-261128-0001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ensure_secrets(tmp_path / "keys").folder


def said(code: str, secrets: Secrets, store: Store, **changes: Any) -> tuple[Accepted | object, Event | None]:
    """What a gate that read its keys now makes of a dossier's first fact, and puts on the log."""
    producer = KeptProducer()
    gate = Gate(secrets, store, producer, FixedReferences(a_bundle()))
    sample = a_sample("01", subject=code, id=f"id-{code}") | changes
    (verdict,) = gate.admit([Offer(json.dumps(sample).encode(), "H29.12")], "test")
    return verdict, next(iter(producer.on(LOG)), None)


def a_sighting() -> Sighting:
    """A carrier's update, as translate reads it."""
    return Sighting(
        carrier="ems", item="E-1", reference=f"{OLD}/D1", status=ParcelStatus.DELIVERED, reason=None, fault=None,
        at=NOW, code="100", words="Đã phát", receiver=None, location=None, fee=None, amount=None,
        certainty=Certainty.CONFIRMED, table_version="1", evidence="e-1", cause="/carriers/ems 1", received_at=NOW,
        recordedtime=NOW,
    )  # fmt: skip


def days_later(store: Store) -> None:
    """The gate has forgotten what came in."""
    with store.begin() as connection:
        connection.execute(GATE_SEEN.delete())


def started(folder: Path) -> Secrets:
    """The keys of a process that reads them now."""
    secrets = load_secrets(folder)
    assert secrets.digest.all() and secrets.tracking.all()
    return secrets


def rotated(folder: Path, name: str) -> Secrets:
    add_dated(folder / name, None, TODAY)
    return started(folder)


# ---------------------------------------------------------------- digests


@pytest.mark.parametrize("remembered", [True, False])
def test_a_fact_of_before_sent_again_after_the_change_is_a_repetition_at_the_gate_and_in_the_fold(
    store: Store, folder: Path, remembered: bool
) -> None:
    first, fact = said(OLD, load_secrets(folder), store)
    assert isinstance(first, Accepted) and fact is not None
    dossier = evolve(None, fact, Reference(lambda _: a_bundle()))
    secrets = rotated(folder, DIGEST)
    if not remembered:
        days_later(store)

    again, repeated = said(OLD, secrets, store)

    assert isinstance(again, Accepted) and repeated is not None
    assert seen_before(dossier, repeated) is Verdict.REPETITION


def test_another_content_under_an_old_id_is_a_conflict_still(store: Store, folder: Path) -> None:
    said(OLD, load_secrets(folder), store)
    secrets = rotated(folder, DIGEST)

    changed = a_sample("01")["data"] | {"procedure_code": "1.001193"}
    other, _ = said(OLD, secrets, store, data=changed)

    assert isinstance(other, Conflict)


def test_a_dossier_of_the_day_and_later_has_the_new_key_and_one_of_before_the_old(store: Store, folder: Path) -> None:
    before = started(folder)
    after = rotated(folder, DIGEST)

    (_, again), (_, first) = said(OLD, after, store), said(OLD, before, store)

    assert again is not None and first is not None and again.digest == first.digest
    assert after.digest.of(NEW) != before.digest.of(NEW)
    assert after.digest.of(OLD) == before.digest.of(OLD) == after.digest.of("no code")


def test_a_carriers_update_translated_again_after_the_change_says_the_same_digest(store: Store, folder: Path) -> None:
    before, after = started(folder), rotated(folder, DIGEST)

    first, again = (
        Mover(Sealer(one.openers_public, store), one.digest).facts(a_sighting(), OLD, "D1") for one in (before, after)
    )

    assert [fact.digest for fact in first] == [fact.digest for fact in again]
    changed = Mover(Sealer(after.openers_public, store), after.digest).facts(a_sighting(), NEW, "D1")
    assert changed[0].digest != first[0].digest


def test_a_row_imported_before_the_change_is_already_there_after_it(store: Store, folder: Path) -> None:
    before = started(folder)
    row, bundle = a_row(1, OLD), a_bundle()
    gate = Gate(before, store, KeptProducer(), FixedReferences(bundle))
    gate.admit([Offer(dict(row.event), "H29.12")], "import")
    desk = Desk(bundle.agencies[0], bundle, store, rotated(folder, DIGEST).digest, NOW)

    (looked,) = look([row], desk)

    assert looked.outcome is Outcome.ALREADY


# ---------------------------------------------------------------- tracking codes


def test_the_code_on_a_slip_opens_its_dossier_before_the_change_and_after_and_is_drawn_the_same_again(
    store: Store, folder: Path
) -> None:
    _, fact = said(OLD, load_secrets(folder), store)
    assert fact is not None and fact.trackingcode
    secrets = rotated(folder, TRACKING)
    _, repeated = said(OLD, secrets, store)

    assert repeated is not None and repeated.trackingcode == fact.trackingcode
    assert opens(fact.trackingcode, OLD, secrets.tracking.of(OLD))


def test_who_has_the_old_key_draws_no_code_of_a_dossier_of_the_day_or_later(store: Store, folder: Path) -> None:
    stolen = load_secrets(folder).tracking.of(NEW)
    secrets = rotated(folder, TRACKING)
    _, fact = said(NEW, secrets, store, time="2020-11-28T08:15:00+07:00")

    assert not opens(tracking_code(NEW, stolen), NEW, secrets.tracking.of(NEW))
    assert fact is not None and fact.trackingcode == tracking_code(NEW, secrets.tracking.of(NEW))


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize("name", [DIGEST, TRACKING])
def test_the_day_lies_ahead_is_said_once_and_the_oldest_key_goes_only_after_it(folder: Path, name: str) -> None:
    file = folder / name
    for early in (TODAY, date(2026, 11, 1)):
        with pytest.raises(CannotRotate, match="have a key already"):
            add_dated(file, early, TODAY)
    with pytest.raises(CannotRotate, match="there is one key"):
        finish_dated(file, TODAY)

    assert add_dated(file, None, TODAY) == DAY == coming(file, TODAY)
    made = file.read_bytes()
    assert add_dated(file, DAY, TODAY) == add_dated(file, None, TODAY) == DAY
    assert file.read_bytes() == made
    with pytest.raises(CannotRotate, match="cannot be moved"):
        add_dated(file, date(2026, 12, 1), TODAY)
    with pytest.raises(CannotRotate, match="finish then"):
        finish_dated(file, TODAY)

    assert coming(file, DAY) is None
    finish_dated(file, DAY)
    keys = load_secrets(folder).digest if name == DIGEST else load_secrets(folder).tracking
    assert len(keys.all()) == 1 and keys.of(OLD) == keys.of(NEW)


def test_several_changes_leave_each_dossier_the_key_of_its_day(folder: Path) -> None:
    first = load_secrets(folder).tracking.of(OLD)
    second = rotated(folder, TRACKING).tracking.of(NEW)
    add_dated(folder / TRACKING, date(2027, 1, 1), date(2026, 12, 1))

    keys = load_secrets(folder).tracking

    assert (keys.of(OLD), keys.of(NEW), keys.of("H29.12-261231-0009")) == (first, second, second)
    assert keys.of("H29.12-270101-0001") == keys.all()[0] not in (first, second)


def test_keys_printed_by_mistake_show_nothing(folder: Path) -> None:
    assert "b'" not in repr(load_secrets(folder).tracking)
