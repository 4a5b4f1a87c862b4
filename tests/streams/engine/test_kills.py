"""Workers die in the middle: every state ends right and no output is missing."""

import random
import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hoso import broker
from hoso.ports import free_port, is_free
from tests.streams.engine.rig import Rig, talking
from tests.waiting import until


def test_a_worker_killed_again_and_again_ends_with_every_state_right(rig: Rig) -> None:
    chance = random.Random(20240607)
    repeated = 0

    with talking(rig, keys=300, every_seconds=0.02, burst=40):
        for _ in range(5):
            worker = rig.worker(instance="w0")
            worker.until_ready()
            repeated += worker.until_stored(300 + chance.randrange(1500))["skipped"]
            worker.kill()
    last = rig.worker(instance="w0")
    rig.wait_until_folded()

    assert last.stop() == 0
    rig.assert_all_right()
    assert repeated > 0


def test_two_workers_share_the_partitions_and_one_takes_over_from_a_killed_one(rig: Rig) -> None:
    with talking(rig, keys=200, every_seconds=0.02, burst=20):
        one, two = (rig.worker(app={"session_timeout_seconds": 6.0}) for _ in range(2))
        first = one.until(lambda at: at["ready"] and len(at["owned"]) == 2)["owned"]
        second = two.until(lambda at: at["ready"] and len(at["owned"]) == 2)["owned"]
        two.until(lambda at: at["events"] > 500)
        one.kill()
        two.until(lambda at: at["ready"] and len(at["owned"]) == 4)
    rig.wait_until_folded()

    assert sorted(first + second) == [0, 1, 2, 3]
    assert two.stop() == 0
    rig.assert_all_right()


def test_a_worker_thawed_after_its_successor_took_over_harms_nothing(rig: Rig) -> None:
    quick = {"session_timeout_seconds": 6.0}

    with talking(rig, keys=100, every_seconds=0.02, burst=20):
        frozen = rig.worker(app=quick).until_ready()
        frozen.until(lambda at: at["events"] > 500)
        frozen.signal(signal.SIGSTOP)
        successor = rig.worker(app=quick)
        successor.until(lambda at: at["ready"] and len(at["owned"]) == 4 and at["events"] > 500)
        frozen.signal(signal.SIGCONT)
        until(lambda: frozen.process.poll() is not None or not frozen.at["owned"], what="the thawed one noticed")
    # If it wrote late, that ends whoever meets it, the successor too; a supervisor starts them again.
    rig.wait_until_folded(meanwhile=lambda: rig.revive(app=quick))

    rig.assert_all_right()


@pytest.mark.broker
def test_a_broker_and_its_worker_killed_together_come_back_with_every_state_right(tmp_path: Path) -> None:
    with broker.running(tmp_path, free_port()) as mortal:
        with closing(Rig(mortal.bootstrap, tmp_path)) as rig:
            rig.make_topics()
            for number in range(2_000):
                rig.say(f"k{number % 100}", n=number, slow=0.001)
            rig.producer.flush()
            worker = rig.worker(instance="w0")
            worker.until_stored(0)

            for node in mortal.pids:
                node.send(signal.SIGKILL)
            worker.kill()
        until(lambda: is_free(mortal.port), what="the kernel has taken the broker apart")
        broker.start(tmp_path, mortal.port, dies_with_us=True)
        with closing(replace(rig, workers=[])) as again:
            last = again.worker(instance="w0")
            again.say("k0", n=2_000)
            again.wait_until_folded()

            assert worker.at["events"] < 2_000, "there was something left to do"
            assert last.stop() == 0
            again.assert_all_right()
