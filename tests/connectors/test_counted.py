"""What the doors count beside their work: breakers, orders' effects, keys of sealed values."""

import time
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import delete, update

from connectors.seal import CannotOpen, Erased, Opener, Sealer
from connectors.store.queue import Queue
from connectors.store.tables import SEALED_KEYS
from schemas import instant
from schemas.postal import OrderAccepted
from tests.builders import CODE
from tests.connectors.carrying import AT, a_request
from tests.connectors.doubles import a_store, some_secrets
from tests.connectors.test_dispatch import SPEED, a_desk
from tests.connectors.test_lane import Partner, owe
from tests.waiting import until


@pytest.fixture(autouse=True)
def _driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(AT.timestamp(), SPEED, time.time()),)))


def breaker() -> float | None:
    return REGISTRY.get_sample_value("hoso_breaker", {"queue": "dispatch", "lane": "post"})


def test_a_lanes_holder_shows_how_its_breaker_stands_and_whoever_does_not_hold_it_shows_nothing(
    tmp_path: Path,
) -> None:
    with a_store(tmp_path) as store:
        partner = Partner(Queue(store, "dispatch"))
        first, second = partner.lane("one"), partner.lane("two")
        first.start()
        until(lambda: breaker() == 0)
        partner.away = True
        owe(partner, *(f"row-{number}" for number in range(10)))
        until(lambda: breaker() == 2)

        partner.away = False
        until(lambda: not partner.queue.counts())
        until(lambda: breaker() in (0, 1))
        # In one process with the holder it would hide what that shows: so it asks alone.
        second._turn()
        assert breaker() is None
        first.close()


def test_an_order_is_counted_from_when_its_cause_came_in_once_its_carrier_has_answered(tmp_path: Path) -> None:
    labels = {"effect": "order", "partner": "myvnpost"}
    before = REGISTRY.get_sample_value("hoso_effect_seconds_count", labels) or 0.0
    seconds = REGISTRY.get_sample_value("hoso_effect_seconds_sum", labels) or 0.0
    with a_desk(tmp_path) as desk:
        request = a_request(desk.settings)
        desk.takes(request, request)
        (fact,) = desk.waits_for(OrderAccepted)
        took = (instant.now() - fact.recorded).total_seconds()

    assert REGISTRY.get_sample_value("hoso_effect_seconds_count", labels) == before + 1
    counted = (REGISTRY.get_sample_value("hoso_effect_seconds_sum", labels) or 0.0) - seconds
    assert 0 < counted <= took


def keys(operation: str) -> float:
    return REGISTRY.get_sample_value("hoso_sealed_keys_total", {"operation": operation}) or 0.0


def test_keys_are_counted_as_they_are_kept_opened_missed_and_found_damaged(tmp_path: Path) -> None:
    secrets = some_secrets(tmp_path)
    with a_store(tmp_path) as store:
        opener = Opener(store, secrets.openers_private)
        before = {operation: keys(operation) for operation in ("kept", "opened", "erased", "damaged")}
        sealer = Sealer(secrets.openers_public, store)
        first, second, third = (sealer.seal_text(CODE, text) for text in ("một", "hai", "ba"))
        sealer.keep()
        with store.begin() as connection:
            connection.execute(delete(SEALED_KEYS).where(SEALED_KEYS.c.key_id == second.sealed.key_id))
            wrapped = update(SEALED_KEYS).where(SEALED_KEYS.c.key_id == third.sealed.key_id)
            connection.execute(wrapped.values(wrapped=b"x" * 80))

        opener.open_text(CODE, first)
        with pytest.raises(Erased):
            opener.open_text(CODE, second)
        with pytest.raises(CannotOpen):
            opener.open_text(CODE, third)
        with pytest.raises(CannotOpen):
            # Bound to its dossier: under another code it does not open.
            opener.open_text("H29.12-261102-0002", first)

    grown = {operation: keys(operation) - number for operation, number in before.items()}
    assert grown == {"kept": 3, "opened": 1, "erased": 1, "damaged": 2}
