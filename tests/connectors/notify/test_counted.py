"""How soon an agency was told, counted where it happens: by callback, on its topic, in the feed."""

from datetime import timedelta

from prometheus_client import REGISTRY

from connectors.notify.results import results_lane
from schemas.instant import aware
from tests.connectors.notify.conftest import Rig, a_notice
from tests.connectors.notify.test_lane import settled


def effects(effect: str, agency: str = "H29.12") -> tuple[float, float]:
    """How many effects of a kind were counted so far, and the sum of their seconds."""
    labels = {"effect": effect, "partner": agency}
    found = (REGISTRY.get_sample_value(f"hoso_effect_seconds_{part}", labels) for part in ("count", "sum"))
    count, seconds = (value or 0.0 for value in found)
    return count, seconds


def since(effect: str, before: tuple[float, float]) -> tuple[float, float]:
    count, seconds = effects(effect)
    return count - before[0], seconds - before[1]


def test_a_word_is_counted_once_it_is_taken_from_when_its_cause_came_in(rig: Rig) -> None:
    callback, fed = effects("callback"), effects("feed")
    word = a_notice(1).model_copy(update={"recordedtime": aware(rig.clock.at) - timedelta(seconds=90)})
    rig.owes([word])
    rig.passes(30)
    rig.lane.start()

    heard = rig.ear.next()

    assert settled(rig, heard.id) == "DONE"
    assert since("feed", fed) == (1, 90)
    assert since("callback", callback) == (1, 120)


def test_a_word_that_is_not_taken_has_had_no_effect(rig: Rig) -> None:
    before = effects("callback")
    rig.ear.answers = lambda _: (500, {})
    rig.owes([a_notice(1)])
    rig.lane.start()

    heard = rig.ear.next()

    assert settled(rig, heard.id) == "OWED"
    assert since("callback", before) == (0, 0)


def test_a_word_for_an_agency_in_shadow_is_no_effect_for_it_is_told_nothing(rig: Rig) -> None:
    before = effects("feed", "H29.99")

    rig.owes([a_notice(1, agency="H29.99")])

    assert effects("feed", "H29.99") == before


def test_a_word_on_an_agencys_topic_is_counted_once_it_is_there(rig: Rig) -> None:
    before = effects("results")
    word = a_notice(1).model_copy(update={"recordedtime": aware(rig.clock.at) - timedelta(seconds=5)})
    tools = rig.tools
    lane = results_lane("H29.12", rig.store, rig.producer, tools.owner, tools.broken, tools.policy)
    rig.owes([word])

    lane.start()
    assert rig.producer.grew.wait(60)
    lane.close()

    assert since("results", before) == (1, 5)
