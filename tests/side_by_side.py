"""All tests in parts that run side by side: they wait more than they work, for brokers and clocks of their own.

    python -m tests.side_by_side [--at-once N] [--list]

A part's output is printed as it ends, so that what is read is never mixed. What failed while others ran beside it is
tried once more with nothing beside it: a machine too busy to be in time is no fault of the code, and what fails alone
is one. Each such test is named at the end. Status 0 if nothing fails alone.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOGS = ROOT / ".hoso"
CLASSES = LOGS / "kafka"
"""Where Kafka's classes lie as Java maps them."""
AT_ONCE = (os.cpu_count() or 1) + 2
"""A part waits for a third of its time, so that two more than there are cores keep all of them at work."""
JAVA_OPTS = "HOSO_KAFKA_JAVA_OPTS"
"""Names the options of Java for every broker that a test starts."""
FAILURES = "HOSO_TEST_FAILURES"
"""Names the file into which a run writes what failed, one name a line."""
MOST_AGAIN = 10
"""More failures than these are no matter of time."""

CARRIERS = "tests/e2e/test_carriers.py"
CITIES = tuple(f"tests/e2e/test_{name}.py" for name in ("erasure", "secured"))
"""Stories with a house and a Kafka of their own."""
DOORS = tuple(
    f"tests/connectors/{name}" for name in ("doctor", "edge", "monitors", "notify", "project", "receipts", "secured")
)
PAGES = "tests/connectors/console"
PARTS: dict[str, tuple[str, ...]] = {
    "connectors": ("tests/connectors", *(f"--ignore={folder}" for folder in (*DOORS, PAGES))),
    "doors": DOORS,
    "cities": CITIES,
    "stories": ("tests/e2e", *(f"--ignore={file}" for file in (CARRIERS, *CITIES))),
    "faults": ("tests/faults",),
    "hoso": ("tests/hoso",),
    "carriers": (CARRIERS,),
    "engine": ("tests/streams",),
    "pages": ("tests/browser", PAGES),
    "rest": (
        "tests",
        *(f"--ignore=tests/{folder}" for folder in ("streams", "faults", "e2e", "connectors", "hoso", "browser")),
    ),
}
"""The longest first, so that the last one to begin is short. Whatever is in no other part is in `rest`."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a part ended: its status, how long it took, and the names of what failed."""

    name: str
    status: int
    seconds: float
    log: Path
    failed: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether all of it passed."""
        return self.status == 0


class Runner:
    """Runs parts, and ends what runs when it is told to stop."""

    def __init__(self, java_opts: str) -> None:
        self._environment = {**os.environ, JAVA_OPTS: java_opts}
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, name: str, arguments: tuple[str, ...]) -> Ran:
        """One part to its end, its output in a log of its own."""
        log, failures = LOGS / f"tests-{name}.log", LOGS / f"tests-{name}.failed"
        failures.unlink(missing_ok=True)
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        with log.open("wb") as out:
            with self._lock:
                if self._stopped:
                    return Ran(name, 1, 0.0, log, ())
                environment = self._environment | {FAILURES: str(failures)}
                process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=environment)
                self._running.add(process)
            status = process.wait()
        with self._lock:
            self._running.discard(process)
        failed = failures.read_text().splitlines() if failures.exists() else []
        return Ran(name, status, time.monotonic() - began, log, tuple(dict.fromkeys(failed)))

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stopped

    def stop(self) -> None:
        """Ask whatever runs to end."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.send_signal(signal.SIGINT)


def show(ran: Ran) -> None:
    """A part's output, and how long it took."""
    sys.stdout.write(ran.log.read_text(errors="replace"))
    print(f"part {ran.name}: status {ran.status}, {ran.seconds:.0f} s", flush=True)


def side_by_side(runner: Runner, at_once: int) -> list[Ran]:
    """Every part, so many at once."""
    with ThreadPoolExecutor(at_once) as pool:
        waiting = [pool.submit(runner.run, name, arguments) for name, arguments in PARTS.items()]
        done = []
        for future in as_completed(waiting):
            done.append(future.result())
            show(done[-1])
    return done


def alone(runner: Runner, failed: list[str]) -> Ran:
    """What failed beside others, once more with nothing beside it."""
    names = LOGS / "tests-again.names"
    names.write_text("\n".join(failed) + "\n")
    print(f"tried once more, with nothing beside them: {len(failed)}", flush=True)
    again = runner.run("again", (f"@{names}",))
    show(again)
    return again


def main() -> int:
    """Run the parts; the status is 0 if nothing failed, or nothing failed alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, default=AT_ONCE, metavar="N", help="how many parts run side by side")
    parser.add_argument("--list", action="store_true", help="say what the parts are, and run nothing")
    given = parser.parse_args()
    if given.list:
        print("\n".join(f"{name}\t{' '.join(arguments)}" for name, arguments in PARTS.items()))
        return 0
    LOGS.mkdir(exist_ok=True)
    # Imported here: tests/conftest.py, which needs a name of this module, needs no client of Kafka for it.
    from tests.kafka_classes import options

    runner = Runner(options(CLASSES))
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, lambda *_: runner.stop())
    began = time.monotonic()
    done = side_by_side(runner, given.at_once)
    if runner.is_stopped:
        print("stopped")
        return 130
    bad = [one for one in done if not one.is_good]
    failed = [name for one in bad for name in one.failed]
    took = f"{(time.monotonic() - began) / 60:.1f} min"
    if not bad:
        print(f"every part passed in {took}")
        return 0
    if any(not one.failed for one in bad) or len(failed) > MOST_AGAIN:
        print(f"failed in {took}: {', '.join(one.name for one in bad)}")
        return 1
    again = alone(runner, failed)
    still = again.failed if again.is_good or again.failed else failed
    for name in failed:
        print(f"failed beside others, {'failed' if name in still else 'passed'} alone: {name}")
    return 0 if again.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
