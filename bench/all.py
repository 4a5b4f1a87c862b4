"""Every benchmark in turn, then one table: each bar, what was measured, met or missed.

    .venv/bin/python bench/all.py [--quick] [--json FILE]

`--quick` takes minutes and proves that everything runs; its figures are no measurement.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

FULL: dict[str, tuple[str, ...]] = {
    "due_dates": (),
    "fold": ("2000",),
    "engine": (),
    "load": (),
    "recovery": (),
    "clocks": (),
    "webhooks": (),
    "doors": (),
}
QUICK: dict[str, tuple[str, ...]] = {
    "due_dates": ("0.2",),
    "fold": ("100",),
    "engine": ("--events", "24000", "--rounds", "1", "--real-events", "6000", "--seconds", "5"),
    "load": (
        *("--rate", "50", "--seconds", "30", "--warm", "20", "--pace", "7200"),
        *("--surge", "500", "--surge-seconds", "10"),
    ),
    "recovery": ("--open", "20000"),
    "clocks": ("--rungs", "1000", "--again", "0", "--moved", "1000"),
    "webhooks": ("--rate", "50", "--seconds", "5"),
    "doors": ("--quick",),
}
WITH_JSON = ("engine", "load", "recovery", "clocks", "webhooks", "doors")
"""The others print lines and nothing else."""

Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise and what was measured; `most` says on which side of the bar it must lie."""

    what: str
    measured: float | None
    bar: float
    unit: str
    most: bool = True

    @property
    def met(self) -> bool:
        """Whether it holds; what was not measured does not."""
        if self.measured is None:
            return False
        return self.measured <= self.bar if self.most else self.measured >= self.bar

    def line(self) -> str:
        """This bar for people."""
        sign, said = "<=" if self.most else ">=", "not measured"
        if self.measured is not None:
            said = f"{self.measured:,.1f} {self.unit}"
        return f"{'met   ' if self.met else 'MISSED'}  {self.what:58} {said:>20}   bar {sign} {self.bar:,g} {self.unit}"


def run(name: str, options: tuple[str, ...], folder: Path) -> Found:
    """One benchmark: its figures if it writes some, its lines, how it ended and how long it took."""
    file = folder / f"{name}.json"
    asked = [sys.executable, str(HERE / f"{name}.py"), *options]
    began, lines = time.monotonic(), list[str]()
    print(f"== {name}", flush=True)
    told = (*asked, "--json", str(file)) if name in WITH_JSON else asked
    with subprocess.Popen(told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            print(f"   {lines[-1]}", flush=True)
    figures = json.loads(file.read_text()) if file.exists() else {}
    seconds = round(time.monotonic() - began, 1)
    return {"status": process.returncode, "seconds": seconds, "lines": lines, "figures": figures}


def bars(found: Mapping[str, Found]) -> Iterator[Bar]:
    """Every bar of the benchmarks that ran."""
    if engine := found["engine"]["figures"]:
        yield from of_the_engine(engine)
    if load := found["load"]["figures"]:
        yield from of_the_load(load)
    if recovery := found["recovery"]["figures"]:
        again = recovery["again"]
        yield Bar(f"ready after a kill with {recovery['open']:,} open dossiers", again["ready_seconds"], 15, "s")
        yield Bar("  its timers armed again", again["timer_fired_seconds"], 60, "s")
    if clocks := found["clocks"]["figures"]:
        yield from of_the_clocks(clocks)
    if webhooks := found["webhooks"]["figures"]:
        yield Bar(f"webhooks answered at {webhooks['rate']} a second, p99", webhooks["p99_ms"], 50, "ms")


def of_the_engine(engine: Found) -> Iterator[Bar]:
    """The worker's speed, alone."""
    ours, real, rate = engine["ours"], engine["real"], engine["rate"]
    for name, bar in (("faust", 15), ("quix", 2)):
        other = engine.get(name)
        ratio = ours["events_per_second"] / other["events_per_second"] if other else None
        yield Bar(f"the same job, ours / {name}", ratio, bar, "x", most=False)
    yield Bar("  CPU an event", ours["cpu_us_per_event"], 10, "us")
    yield Bar("the real job", real["events_per_second"], 15_000, "events/s", most=False)
    yield Bar("at 150/s: CPU an event", rate["cpu_us_per_event"] / 1e3, 0.7, "ms")
    yield Bar("  result ready to postal request, p99", rate["p99_ms"], 50, "ms")


def of_the_load(load: Found) -> Iterator[Bar]:
    """The whole pipeline."""
    calm, whole, asked = load["steady"], load["whole"], load["asked"]
    # A town's people keep no exact time: two in a hundred are chance.
    yield Bar(
        "whole pipeline, agencies' events", calm["events_per_second"], asked["rate"] * 0.98, "events/s", most=False
    )
    yield Bar("  readers whose lag rose", len(calm["lag"]["rising"]) if calm["lag"]["groups"] else None, 0, "groups")
    yield Bar("  event to postal request, p99", calm["event_to_request"].get("p99_ms"), 250, "ms")
    yield Bar("  webhook to callback, p99", calm["webhook_to_callback"].get("p99_ms"), 500, "ms")
    if surge := load.get("surge"):
        yield Bar("surge onto the topics", surge["taken_per_second"], asked["surge"] * 0.98, "events/s", most=False)
        yield Bar("  caught up after its end", surge["caught_up_seconds"], asked["surge_seconds"] * 60, "s")
    yield Bar("  lost or unaccounted for", whole["open_lines"], 0, "facts")
    yield Bar("  twice in effect", whole["twice"], 0, "effects")
    yield Bar("  processes started again", whole["restarts"], 0, "restarts")


def of_the_clocks(clocks: Found) -> Iterator[Bar]:
    """What time and the calendar set in motion at once."""
    for row in clocks["rungs"]:
        bar = 5 if row["rungs"] <= 10_000 else 60
        yield Bar(f"{row['rungs']:,} rungs at one instant, the last", row["last_on_the_log_seconds"], bar, "s")
        yield Bar("  live events meanwhile, worst delay", row["live_worst_seconds"], 1, "s")
    if moved := clocks.get("moved"):
        yield Bar(f"{moved['moved']:,} dossiers on another calendar, the last", moved["last_said_seconds"], 60, "s")


def main(asked: argparse.Namespace) -> None:
    """Run them, print the table, write it all; exit 1 where a benchmark broke or, not in a hurry, a bar is missed."""
    with tempfile.TemporaryDirectory(prefix="hoso-bench-") as folder:
        options = QUICK if asked.quick else FULL
        found = {name: run(name, options[name], Path(folder)) for name in options}
    table = list(bars(found))
    print("\n".join(["", *(bar.line() for bar in table)]))
    broken = [name for name, one in found.items() if one["status"] and not one["figures"]]
    for name in broken:
        print(f"BROKEN  {name} ended with status {found[name]['status']}: its last lines are above")
    if asked.quick:
        print("a quick look: these figures are no measurement")
    if asked.json is not None:
        rows = [asdict(bar) | {"met": bar.met} for bar in table]
        asked.json.write_text(json.dumps({"quick": asked.quick, "bars": rows, "found": found}, indent=2) + "\n")
    if broken or not (asked.quick or all(bar.met for bar in table)):
        raise SystemExit(1)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="prove that everything runs, in minutes")
    parser.add_argument("--json", type=Path, help="write the table and every figure here")
    return parser.parse_args()


if __name__ == "__main__":
    main(arguments())
