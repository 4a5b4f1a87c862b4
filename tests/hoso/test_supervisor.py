"""The supervisor: what dies comes back, a stop goes in order, nothing is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from hoso.child import find
from hoso.supervised import RestartPolicy, Row, Spec, State
from hoso.supervisor import Supervisor
from tests.listening import Listener, Said

SOON = 20.0
QUICK = RestartPolicy(first_seconds=0.01, most_seconds=0.02)
# Says what it was told last, and ends as it should.
POLITE = """import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("up", flush=True)
signal.sigwait([signal.SIGTERM])
print("down")
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
SUPERVISOR = f"""import sys
from pathlib import Path
from hoso.supervised import Spec
from hoso.supervisor import Supervisor
argv = [sys.executable, "-S", "-c", {STUBBORN!r}]
with Supervisor([Spec("a", argv), Spec("b", argv)], Path(sys.argv[1])) as supervisor:
    supervisor.wait_ready()
    print(*(row.pid for row in supervisor.state()), flush=True)
    supervisor.wait_until(lambda _: False)
"""


def a_spec(name: str = "one", program: str = POLITE, **given: object) -> Spec:
    return Spec(name, [sys.executable, "-S", "-c", program], **given)  # type: ignore[arg-type] # a builder's defaults


def says_up(log: Path) -> Callable[[], bool]:
    return lambda: log.exists() and "up" in log.read_text()


@contextmanager
def an_address(status: Sequence[int]) -> Iterator[str]:
    """An http address that answers with these statuses in turn, and with the last for ever."""
    left = list(status)

    with Listener(lambda _: Said(left.pop(0) if len(left) > 1 else left[0])) as listening:
        yield f"{listening.address}/readyz"


def test_what_nobody_waits_for_runs_behind_the_others_also_when_started_again(tmp_path: Path) -> None:
    def niceness_of(pid: int | None) -> int:
        return os.getpriority(os.PRIO_PROCESS, pid or 0) - os.getpriority(os.PRIO_PROCESS, 0)

    specs = [
        a_spec("live", ready=says_up(tmp_path / "live.log")),
        a_spec("counts", ready=says_up(tmp_path / "counts.log"), niceness=7),
    ]

    with Supervisor(specs, tmp_path, QUICK) as supervisor:
        supervisor.wait_ready(SOON)
        live, counts = (row.pid for row in supervisor.state())
        assert (niceness_of(live), niceness_of(counts)) == (0, 7)

        os.kill(counts or 0, signal.SIGKILL)
        assert supervisor.wait_until(lambda rows: rows[1].pid not in (counts, None), SOON)
        supervisor.wait_ready(SOON)
        assert niceness_of(supervisor.state()[1].pid) == 7


def test_what_dies_is_started_again(tmp_path: Path) -> None:
    with Supervisor([a_spec()], tmp_path, QUICK) as supervisor:
        supervisor.wait_ready(SOON)
        first = supervisor.state()[0].pid
        os.kill(first or 0, signal.SIGKILL)

        came_back = supervisor.wait_until(lambda rows: rows[0].restarts == 1 and rows[0].state is State.READY, SOON)

        assert came_back
        assert supervisor.state()[0].pid != first
        assert supervisor.state()[0].exit_code == -signal.SIGKILL


def test_the_pause_doubles_up_to_its_limit() -> None:
    policy = RestartPolicy(first_seconds=0.5, most_seconds=30)

    pauses = [policy.pause(deaths) for deaths in (1, 2, 3, 7, 1000)]

    assert pauses == [0.5, 1.0, 2.0, 30, 30]


def test_deaths_in_a_row_are_counted_until_a_healthy_time(tmp_path: Path) -> None:
    policy = RestartPolicy(first_seconds=0.01, most_seconds=0.01)

    with Supervisor([a_spec(program="raise SystemExit(7)")], tmp_path, policy) as supervisor:
        died_thrice = supervisor.wait_until(lambda rows: rows[0].restarts >= 3, SOON)

        assert died_thrice


def test_a_command_that_does_not_exist_is_tried_again(tmp_path: Path) -> None:
    spec = Spec("none", ["/no/such/command"])

    with Supervisor([spec], tmp_path, QUICK) as supervisor:
        assert supervisor.wait_until(lambda rows: rows[0].restarts >= 2, SOON)


def test_a_process_is_ready_when_its_address_answers_200(tmp_path: Path) -> None:
    seen: list[State] = []

    with (
        an_address([503, 503, 200]) as address,
        Supervisor([a_spec(ready=address)], tmp_path, hooks=[lambda row: seen.append(row.state)]) as supervisor,
    ):
        assert supervisor.wait_ready(SOON)

    assert seen == [State.STARTING, State.READY, State.STOPPING, State.STOPPED]


def test_a_failing_predicate_or_hook_does_not_end_the_supervisor(tmp_path: Path) -> None:
    def fail(_: Row | None = None) -> NoReturn:
        raise RuntimeError("on purpose")

    with Supervisor([a_spec(ready=fail), a_spec("two")], tmp_path, hooks=[fail]) as supervisor:
        assert supervisor.wait_until(lambda rows: rows[1].state is State.READY, SOON)
        assert supervisor.is_running()


def test_a_stop_goes_in_order_and_waits_for_each(tmp_path: Path) -> None:
    seen: list[Row] = []
    places = {"last": 3, "first": 1, "second": 2}
    specs = [a_spec(name, stop_order=place, ready=says_up(tmp_path / f"{name}.log")) for name, place in places.items()]

    with Supervisor(specs, tmp_path, hooks=[seen.append]) as supervisor:
        supervisor.wait_ready(SOON)

    order = [(row.name, row.state) for row in seen if row.state in (State.STOPPING, State.STOPPED)]
    assert order == [(name, state) for name in ("first", "second", "last") for state in (State.STOPPING, State.STOPPED)]
    assert all(row.exit_code == 0 for row in supervisor.state())
    assert (tmp_path / "last.log").read_text() == "up\ndown\n"


def test_what_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    spec = a_spec(program=STUBBORN, stop_seconds=0.1, ready=says_up(tmp_path / "one.log"))

    with Supervisor([spec], tmp_path) as supervisor:
        supervisor.wait_ready(SOON)

    (row,) = supervisor.state()
    assert (row.state, row.killed, row.exit_code) == (State.STOPPED, True, -signal.SIGKILL)


def test_a_hurried_stop_kills_what_still_runs(tmp_path: Path) -> None:
    spec = a_spec(program=STUBBORN, stop_seconds=600, ready=says_up(tmp_path / "one.log"))

    with Supervisor([spec], tmp_path) as supervisor:
        supervisor.wait_ready(SOON)
        supervisor.hurry()

    assert supervisor.state()[0].killed


def test_a_killed_supervisor_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        children = [find(int(word)) for word in supervisor.stdout.readline().split()]

        supervisor.kill()

    assert len(children) == 2
    assert all(child.wait(SOON) for child in children)
