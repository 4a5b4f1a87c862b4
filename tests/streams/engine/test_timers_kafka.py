"""Timers on the real broker: recovered, armed again, effective once."""

import json
import time
from itertools import pairwise

from tests.streams.engine.rig import Rig


def test_a_timer_fires_once_in_effect_across_a_kill(rig: Rig) -> None:
    rig.settings["timers"] = {"every_seconds": 0.05}
    due = time.time() + 4
    for number in range(400):
        rig.say(f"k{number}", n=number, due=due + number % 10 / 50)
    rig.producer.flush()
    first = rig.worker(instance="w0")
    first.until(lambda at: at["fired"] > 50)
    first.kill()

    second = rig.worker(instance="w0")
    second.until(lambda at: at["fired"] + at["events"] > 0 and at["lag"] == 0)
    rig.wait_until_folded()
    second.stop()

    states = rig.states()
    assert len(states) == 400
    assert {state["fired"] for state in states.values()} == {1}
    rig.assert_all_right()


def test_a_timer_is_armed_again_out_of_the_recovered_state(rig: Rig) -> None:
    rig.settings["timers"] = {"every_seconds": 0.05}
    due = time.time() + 25
    rig.say("k1", n=1, due=due)
    rig.say("k2", n=1, due=due + 3600)
    rig.producer.flush()
    first = rig.worker()
    first.until(lambda at: at["commits"] > 0 and at["events"] == 2)
    first.stop()

    second = rig.worker().until_ready()
    ready_at = time.time()
    second.until(lambda at: at["fired"] == 1 and at["events"] == 1)
    second.stop()

    facts = [record for record in rig.read(rig.name) if b"fired" in record.value]
    assert ready_at < due
    assert [(fact.key, json.loads(fact.value)["fired"]) for fact in facts] == [(b"k1", due)]
    assert facts[0].timestamp / 1e3 >= due, "not before its time"


def test_a_fact_that_changes_nothing_is_repeated_only_after_a_while(rig: Rig) -> None:
    rig.settings["timers"] = {"every_seconds": 0.05, "again_seconds": 2.0}
    worker = rig.worker().until_ready()
    rig.say("k1", n=1, due=time.time() + 0.2, deaf=True)
    rig.producer.flush()
    worker.until(lambda at: at["events"] >= 4)
    worker.stop()

    at = [record.timestamp / 1e3 for record in rig.read(rig.name) if b"fired" in record.value]
    assert rig.states()["k1"]["fired"] == 0
    assert len(at) >= 3
    assert min(later - earlier for earlier, later in pairwise(at)) > 1.9


def test_a_key_whose_timer_has_fired_may_have_another(rig: Rig) -> None:
    rig.settings["timers"] = {"every_seconds": 0.05}
    worker = rig.worker().until_ready()
    rig.say("k1", n=1, due=time.time() + 0.2)
    rig.producer.flush()
    worker.until(lambda at: at["fired"] == 1 and at["events"] == 2)

    rig.say("k1", n=2, due=time.time() + 0.2)
    rig.producer.flush()
    worker.until(lambda at: at["fired"] == 2 and at["events"] == 4)

    worker.stop()
    assert rig.states()["k1"]["fired"] == 2
