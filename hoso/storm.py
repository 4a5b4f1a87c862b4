"""`hoso storm`: things are killed while a city lives; the verdict comes from outside.

A sandbox's city talks to the whole pipeline on a driven clock. Meanwhile processes, and nodes of the broker, are
killed, frozen and stopped at moments that a seed chooses, and the supervisor starts them again. At the end three books
must agree: what the senders were told is accepted, what the post and the agencies received, and a pure fold of the log.
"""

import json
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from connectors import topics as plan
from connectors.broker import Message, read_all
from connectors.history import published
from connectors.reference import publish, read_dir
from connectors.verdicts import TryLater
from hoso import broker, child, pipeline, rehearsal
from hoso.child import Pid
from hoso.java import CannotStart
from hoso.pace import ClockFile, Pacer, city_speed
from hoso.reckoning import Ledgers, Reckoning, reckon
from hoso.refolding import differences
from hoso.settings import Settings
from hoso.strikes import BROKER, SESSION_SECONDS, Book, How, Strike, strikes
from hoso.supervised import RestartPolicy, State
from hoso.supervisor import Supervisor
from hoso.watching import LagWatch, Seen
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.instant import VIETNAM
from schemas.notice import NOTICES, RECEIPTS, REJECTIONS
from schemas.ops import DEAD_LETTERS
from schemas.postal import REQUESTS, WEBHOOKS, ItemMoved, reference_of
from schemas.state import STATE

TOPICS = (LOG, DEADLINES, STATE, REQUESTS, WEBHOOKS, NOTICES, REJECTIONS, RECEIPTS, DEAD_LETTERS)
STARTS = datetime(2026, 11, 16, 0, 0, tzinfo=VIETNAM)
"""A Monday, as in the demo."""
READY_SECONDS = 90.0
CITY_SECONDS = 420.0
SETTLE_SECONDS = 90.0
NODE_AWAY_SECONDS = 3.0
"""A killed node of three is started again after so long."""
RESTART = RestartPolicy(first_seconds=0.3, most_seconds=1.0, forgiven_after_seconds=5.0)
"""A storm's dead are not the crash loops that a growing pause is for."""
SIGNALS = {How.KILL: signal.SIGKILL, How.FREEZE: signal.SIGSTOP, How.TERM: signal.SIGTERM}
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Wishes:
    """What was asked of a storm. `say` takes a line for people."""

    home: Path
    kills: int = 30
    seed: int = 1
    nodes: int = 1
    dossiers: int = 120
    say: Callable[[str], None] = lambda _: None


@dataclass
class Verdict:
    """What a storm did and what came of it. `open` is every line that does not add up; there must be none."""

    seed: int
    nodes: int
    kills: dict[str, dict[str, int]] = field(default_factory=dict)
    """By target, then by signal."""
    acknowledged: int = 0
    """Agencies' events that a door took, and the post's webhooks that were answered with 2xx."""
    lost: int = 0
    twice_in_effect: int = 0
    repeated: dict[str, int] = field(default_factory=dict)
    """Deliveries and records that came more than once: allowed, counted."""
    state_differences: int = 0
    recover_seconds: list[float] = field(default_factory=list)
    restarts: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Whether nothing is lost, nothing twice, nothing unaccounted for."""
        return not self.open and not self.lost and not self.twice_in_effect and not self.state_differences

    def document(self) -> dict[str, Any]:
        """All of it, for a file."""
        return {"adds_up": self.adds_up, **asdict(self)}


def run(wishes: Wishes) -> Verdict:
    """One storm from its calm to its verdict. Raises CannotStart with a sentence."""
    with ExitStack() as stack:
        storm = _Storm(wishes, stack)
        storm.rage()
        return storm.judge()


class _Storm:
    """The running storm: a broker, the pipeline, a sandbox, a clock, and somebody who strikes."""

    def __init__(self, wishes: Wishes, stack: ExitStack) -> None:
        self._wishes, self._began = wishes, time.monotonic()
        self.seconds: dict[str, float] = {}
        self._home = wishes.home.resolve()
        for stale in ("kafka", "logs", "worker", "sandbox", "hoso.db", "hoso.db-wal", "hoso.db-shm"):
            _remove(self._home / stale)
        self._settings = Settings(home=self._home)
        self._clock = ClockFile(self._home / "clock", STARTS - timedelta(minutes=20), 1.0)
        self._sandbox = rehearsal.sandbox(self._home, Path(__file__).parents[1] / "deploy" / "reference")
        rehearsal.install(self._home, self._sandbox.reference, self._sandbox.credentials)
        # The nodes die with the thread that starts them: one that lives as long as the storm.
        self._keeper = stack.enter_context(ThreadPoolExecutor(1, "keeper"))
        stack.callback(lambda: self._keeper.submit(broker.stop, self._home).result())
        self._kafka = self._keeper.submit(self._whole).result()
        self._prepare()
        self.book = Book()
        self._supervisor = stack.enter_context(self._processes())
        stack.callback(self._thaw)
        self._unfinished = ""
        self._frozen: list[tuple[float, str, Pid]] = []
        self._returning: Future[broker.Broker] | None = None
        self._lag = LagWatch(self._kafka.bootstrap)
        self._lag.start()
        stack.callback(self._lag.stop)
        if not self._supervisor.wait_ready(READY_SECONDS):
            raise CannotStart(f"not ready after {READY_SECONDS:.0f} s: {'; '.join(self._late())}")
        self._pacer = Pacer(self._clock, city_speed, self._lag.seconds)
        stack.callback(self._pacer.stop)
        self._mark("ready")

    def _whole(self) -> broker.Broker:
        return broker.start(self._home, nodes=self._wishes.nodes, dies_with_us=True, settings=self._settings)

    def _prepare(self) -> None:
        """The topics, with a copy on each node, and the reference data."""
        bundle, bootstrap = read_dir(self._sandbox.reference), self._kafka.bootstrap
        results = [agency.code for agency in bundle.agencies if agency.results_topic]
        agencies = [agency.code for agency in bundle.agencies]
        plan.apply(bootstrap, agencies, replication=self._wishes.nodes, results=results)
        publish(bootstrap, bundle)

    def _processes(self) -> Supervisor:
        extra = self._sandbox.for_the_pipeline() | {
            "HOSO_CLOCK": self._clock.setting,
            "HOSO_CITY_DOSSIERS": str(self._wishes.dossiers),
            "HOSO_SANDBOX_SEED": str(self._wishes.seed),
            "HOSO_IN_DOUBT_SECONDS": "2",
            "HOSO_SANDBOX_HOLD_SECONDS": "4",
            "HOSO_SESSION_SECONDS": str(SESSION_SECONDS),
            "HOSO_LEASE_SECONDS": "4",
            "HOSO_REPLICATION": str(self._wishes.nodes),
        }
        specs = pipeline.specs(self._kafka.bootstrap, self._settings, extra)
        edge = next(spec.address for spec in specs if spec.name == "edge")
        all_of_them = [*specs, self._sandbox.spec(self._kafka.bootstrap, edge, extra)]
        return Supervisor(all_of_them, self._home / "logs", RESTART, [self.book.heard])

    # ---------------------------------------------------------------- the storm

    def rage(self) -> None:
        """Start the city, strike until every blow has fallen, and wait until all stand again and the city is done."""
        self._post("/city", {"start": STARTS.isoformat()})
        self._pacer.start()
        for strike in strikes(self._wishes.seed, self._wishes.kills, self._wishes.nodes):
            self._wait(strike.after_seconds)
            self._strike(strike)
        self._mark("struck")
        until = time.monotonic() + CITY_SECONDS
        while not (self._calm() and self._get("/progress")["done"]):
            if time.monotonic() > until:
                self._unfinished = json.dumps(self._get("/progress"))
                break
            self._wait(0.5)
        self.book.settled()
        self._mark("city")

    def _strike(self, strike: Strike) -> None:
        """One blow; one that would hit somebody who is down falls on the next who stands."""
        if strike.whom == BROKER:
            self._strike_node(strike)
            return
        while (pid := self._standing(strike)) is None:
            self._wait(LOOK_SECONDS)
        ready = any(row.name == strike.whom and row.state is State.READY for row in self._supervisor.state())
        self.book.fell(strike, ready)
        pid.send(SIGNALS[strike.how])
        self._freeze(strike, pid)
        self._wishes.say(f"{len(self.book.struck):4d}  {self._now()}  {strike.how} {strike.whom}")

    def _strike_node(self, strike: Strike) -> None:
        """A node is struck only while the other two stand."""
        while self._returning is not None or any(whom == BROKER for _, whom, _ in self._frozen):
            self._wait(LOOK_SECONDS)
        pid = self._kafka.pids[strike.node - 1]
        self.book.fell(strike, was_ready=False)
        pid.send(SIGNALS[strike.how])
        self._freeze(strike, pid)
        if strike.how is not How.FREEZE:
            self._returning = self._keeper.submit(self._bring_back, pid)
        self._wishes.say(f"{len(self.book.struck):4d}  {self._now()}  {strike.how} {strike.whom} {strike.node}")

    def _bring_back(self, pid: Pid) -> broker.Broker:
        pid.wait()
        time.sleep(NODE_AWAY_SECONDS)  # A machine is not back at once.
        return self._whole()

    def _standing(self, strike: Strike) -> Pid | None:
        """The process to strike, as soon as there is one that runs and is not frozen."""
        if any(whom == strike.whom for _, whom, _ in self._frozen):
            return None
        row = next(row for row in self._supervisor.state() if row.name == strike.whom)
        found = child.find(row.pid) if row.pid is not None else None
        return found if found is not None and found.is_alive() else None

    def _freeze(self, strike: Strike, pid: Pid) -> None:
        if strike.how is How.FREEZE:
            self._frozen.append((time.monotonic() + strike.frozen_seconds, strike.whom, pid))

    def _wait(self, seconds: float) -> None:
        """Let time pass, thaw who was frozen long enough, learn that a node is back."""
        until = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            for frozen in [one for one in self._frozen if one[0] <= now]:
                self._frozen.remove(frozen)
                frozen[2].send(signal.SIGCONT)
                if frozen[1] == BROKER:
                    self.book.back(BROKER, time.time())
            if self._returning is not None and self._returning.done():
                self._kafka, self._returning = self._returning.result(), None
                self.book.back(BROKER, time.time())
            if now >= until:
                return
            time.sleep(min(LOOK_SECONDS, max(0.0, until - now)))

    def _thaw(self) -> None:
        """Nobody stays frozen."""
        for _, _, pid in self._frozen:
            pid.send(signal.SIGCONT)
        self._frozen.clear()
        if self._returning is not None:
            with suppress(CannotStart):
                self._returning.result()

    def _calm(self) -> bool:
        rows = self._supervisor.state()
        return not self._frozen and self._returning is None and all(row.state is State.READY for row in rows)

    # ---------------------------------------------------------------- the verdict

    def judge(self) -> Verdict:
        """Let what is under way arrive, then lay the three books beside each other."""
        until, slow = time.monotonic() + SETTLE_SECONDS, False
        while True:
            topics, ledgers = self._topics(), self._ledgers()
            seen = {topic: _seen(topic, records) for topic, records in topics.items()}
            result = reckon(seen, ledgers)
            over = time.monotonic() > until
            if (result.adds_up or over) and not slow:
                # On a clock that nearly stands no timer speaks while the log and its fold are compared.
                self._pacer.stop()
                self._clock.run_at(1.0)
                slow = True
                self._wait(1.5)
                continue
            differing = self._differing(topics) if slow else []
            if slow and (over or (result.adds_up and not differing)):
                break
            self._wait(1.0)
        self._mark("settled")
        return self._verdict(topics, ledgers, result, differing)

    def _differing(self, topics: Mapping[str, Sequence[Message]]) -> list[str]:
        return differences(topics, published(self._kafka.bootstrap))

    def _verdict(
        self, topics: Mapping[str, Sequence[Message]], ledgers: Ledgers, result: Reckoning, differing: Sequence[str]
    ) -> Verdict:
        verdict = Verdict(self._wishes.seed, self._wishes.nodes, seconds=self.seconds, figures=result.figures)
        verdict.kills = counted(self.book)
        taken = webhooks_taken(ledgers)
        verdict.acknowledged = sum(one["verdict"] == "accepted" for one in ledgers.city["events"]) + len(taken)
        unheard = [f"a webhook was taken and the log does not say so: {one}" for one in unsaid(taken, topics)]
        verdict.lost = sum(line.startswith(LOST) for line in result.open) + len(unheard)
        verdict.twice_in_effect = twice(ledgers)
        verdict.repeated = repeated(topics, ledgers)
        verdict.state_differences = len(differing)
        verdict.recover_seconds = self.book.recoveries()
        verdict.restarts = sum(row.restarts for row in self._supervisor.state())
        verdict.open = [
            *result.open,
            *unheard,
            *differing,
            *(f"never ready again: {one}" for one in self.book.never_back()),
        ]
        if self._unfinished or not verdict.acknowledged:
            verdict.open.append(f"the city did not end: {self._unfinished or 'nothing was sent'}")
        verdict.open += [f"not ready at the end: {line}" for line in self._late()]
        return verdict

    def _topics(self) -> dict[str, list[Message]]:
        """Every topic from its start, in no group: nothing that was killed had a hand in it."""
        while True:
            try:
                return {topic: read_all(self._kafka.bootstrap, topic) for topic in TOPICS}
            except TryLater:
                self._wait(1.0)

    def _ledgers(self) -> Ledgers:
        codes = sorted(json.loads(self._sandbox.credentials.read_text()))
        agencies = {code: self._get(f"/ledger/agencies/{code}") for code in codes}
        return Ledgers(self._get("/ledger/city"), self._get("/ledger/post"), agencies)

    def _late(self) -> list[str]:
        rows = self._supervisor.state()
        return [f"{row.name} is {row.state}, see {row.log}" for row in rows if row.state is not State.READY]

    def _now(self) -> str:
        return f"{self._clock.clock.now():%a %d %b %H:%M}"

    def _mark(self, what: str) -> None:
        self.seconds[what] = round(time.monotonic() - self._began, 1)

    def _get(self, path: str) -> Any:
        with urlopen(self._sandbox.url + path, timeout=20) as answer:
            return json.loads(answer.read())

    def _post(self, path: str, said: Mapping[str, Any]) -> Any:
        headers = {"content-type": "application/json"}
        with urlopen(Request(self._sandbox.url + path, json.dumps(said).encode(), headers), timeout=20) as answer:
            return json.loads(answer.read())


LOST = ("accepted from an agency and not on the log", "a faulty event that nobody rejected")
"""Of the reckoning's lines, those of an input that was taken and is gone."""


FEE_SETTLED = 21
"""The post's word about money: it moves no item."""


def webhooks_taken(ledgers: Ledgers) -> list[tuple[str, str]]:
    """The reference and the code of every webhook that the post was told is taken."""
    return [
        (parcel["reference"], str(webhook["status"]))
        for parcel in ledgers.post["parcels"]
        for webhook in parcel["webhooks"]
        if webhook["taken"] and webhook["status"] != FEE_SETTLED
    ]


def unsaid(taken: Sequence[tuple[str, str]], topics: Mapping[str, Sequence[Message]]) -> list[str]:
    """Those that moved no item on the log."""
    moves = [seen.event for seen in _seen(LOG, topics.get(LOG, ())) if isinstance(seen.event, ItemMoved)]
    said = {(reference_of(move.subject, move.data.leg), move.data.carrier_code) for move in moves}
    return [f"{reference} {code}" for reference, code in sorted(set(taken) - said)]


def counted(book: Book) -> dict[str, dict[str, int]]:
    """The blows by target, then by signal."""
    found: dict[str, dict[str, int]] = {}
    for (whom, how), count in sorted(Counter((one.strike.whom, str(one.strike.how)) for one in book.struck).items()):
        found.setdefault(whom, {})[how] = count
    return found


def twice(ledgers: Ledgers) -> int:
    """Effects that happened more than once: a second parcel of an order, a second notice under one number."""
    parcels = Counter(parcel["reference"] for parcel in ledgers.post["parcels"])
    told = Counter(
        (code, one["dossier"], one["sequence"])
        for code, ledger in ledgers.agencies.items()
        for one in ledger["notices"]
        if one["sequence"] is not None
    )
    return sum(count - 1 for count in (*parcels.values(), *told.values()))


def repeated(topics: Mapping[str, Sequence[Message]], ledgers: Ledgers) -> dict[str, int]:
    """What came more than once and did nothing the second time: callbacks, and records on each topic."""
    found = {"callbacks": sum(ledger["repetitions"] for ledger in ledgers.agencies.values())}
    for topic, records in topics.items():
        refs = [seen.event.ref for seen in _seen(topic, records)]
        found[topic] = len(refs) - len(set(refs))
    return {name: count for name, count in found.items() if count}


def _seen(topic: str, records: Sequence[Message]) -> list[Seen]:
    found = []
    for record in records:
        with suppress(NotAnEvent, UnknownType):
            found.append(Seen(topic, record.timestamp_ms, Event.decode(record.value or b"")))
    return found


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
