"""What `hoso worker` gives its engine: take any of it away, and one of these fails. No broker is asked."""

from pathlib import Path

import pytest

from schemas.deadline import DEADLINES, ReferenceChanged
from schemas.dossier import LOG
from schemas.event import Event
from schemas.notice import NOTICES
from schemas.ops import DEAD_LETTERS, Brake
from schemas.postal import REQUESTS
from schemas.state import STATE
from schemas.topics import TABLE, WORKER
from streams.codec import decode
from streams.engine import Engine
from streams.holds import Holds
from streams.reference import Library
from streams.settings import WorkerSettings
from streams.worker import build
from tests.builders import CODE, admitted, sample
from tests.holding import a_hold, a_lift
from tests.streams.engine.doubles import Raw, unit_of
from tests.streams.test_holds import WAS, a_day_less, published, the_library

KEY = CODE.encode()
RECEIVED = Raw(KEY, admitted(sample(2)).encode(), 0, timestamp=1_762_045_200_000)
UNREADABLE = Raw(KEY, b"\xff", 1)


class Stopped:
    """A clock that stands."""

    def __init__(self, at: float) -> None:
        self.at = at

    def seconds(self) -> float:
        """Unix seconds."""
        return self.at


@pytest.fixture
def settings(tmp_path: Path) -> WorkerSettings:
    """Of the slot worker-3, which comes in by name and password."""
    (tmp_path / "password").write_text("said")
    login = {"kafka_security": "sasl_plaintext", "kafka_username": "hoso-worker"}
    return WorkerSettings.model_validate(
        {"kafka_bootstrap": "127.0.0.1:1", "home": tmp_path, "instance": "worker-3", "log_partitions": 3}
        | login
        | {"kafka_password_file": tmp_path / "password"}
    )


@pytest.fixture
def library() -> Library:
    """One version is in force."""
    return the_library(WAS)


@pytest.fixture
def holds() -> Holds:
    """There is none."""
    return Holds()


@pytest.fixture
def engine(settings: WorkerSettings, library: Library, holds: Holds) -> Engine:
    """A worker's engine that owns partition 0."""
    _, engine = build(settings, library, holds)
    engine.table.held[0].owned = True
    for callback in engine.on_owned:
        callback(0)
    return engine


def due(engine: Engine) -> float:
    """A moment at which the dossier's first timer is due."""
    dossier = decode(engine.state(0, KEY)).dossier
    assert dossier is not None
    return dossier.ladder[0].at.timestamp() + 1


def test_a_worker_joins_its_group_under_its_slots_name_and_by_its_own_login(settings: WorkerSettings) -> None:
    app, engine = build(settings, the_library(WAS), Holds())

    assert (app.conf.id, app.conf.consumer_group_instance_id) == (WORKER, "worker-3")
    assert app.conf.broker_credentials.username == "hoso-worker"
    assert app.conf.datadir == settings.home / "worker" / "worker-3"
    assert (app.conf.topic_partitions, engine.table.partitions) == (3, 3)
    assert (engine.table.name, engine.table.input_topic) == (TABLE, LOG)


def test_it_looks_whose_log_it_reads(engine: Engine) -> None:
    assert engine.table.log_id is not None


def test_its_timers_fire_by_the_driven_clock_and_not_under_a_hold(
    engine: Engine, holds: Holds, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.fold.apply(unit_of(RECEIVED))
    assert engine.firing is not None
    part, clock, holding = engine.table.held[0], Stopped(due(engine) - 2), a_hold(Brake.TIMERS)
    monkeypatch.setattr("streams.worker.clock", lambda: clock)

    early = engine.firing.take(0, part, 0.0)
    clock.at += 2
    holds.hears(holding.encode())
    held = engine.firing.take(0, part, 0.0)
    holds.hears(a_lift(Brake.TIMERS).encode())
    fired = engine.firing.take(0, part, engine.firing.timers.again_seconds)

    assert (early, held) == ([], [])
    assert [key for key, _ in fired] == [KEY]


def test_it_sweeps_its_dossiers_when_another_calendar_comes_into_force(engine: Engine, library: Library) -> None:
    engine.fold.apply(unit_of(RECEIVED))
    assert engine.sweeping is not None
    part = engine.table.held[0]
    before = engine.sweeping.take(0, part, 0.0)

    library._take(published(a_day_less()))
    moved = [Event.decode(fact) for _, fact in engine.sweeping.take(0, part, 1.0)]

    assert before == []
    assert [type(fact) for fact in moved] == [ReferenceChanged]


def test_bytes_that_it_cannot_read_go_to_the_dead_letters_and_the_next_fact_is_folded(engine: Engine) -> None:
    engine.fold.apply(unit := unit_of(UNREADABLE._replace(offset=0), RECEIVED._replace(offset=1)))

    assert [letter.topic for letter in unit.letters] == [DEAD_LETTERS]
    assert NOTICES in unit.outputs


def test_below_a_fence_it_tells_nobody_and_asks_nothing_of_the_post_and_still_says_its_states(engine: Engine) -> None:
    engine.fold.fence = {0: 1}

    engine.fold.apply(unit := unit_of(RECEIVED))

    assert sorted(unit.outputs) == [DEADLINES, STATE]
    assert engine.fold.effects == {NOTICES, REQUESTS}
