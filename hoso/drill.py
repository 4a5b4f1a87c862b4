"""`hoso drill`: the cluster is destroyed while a city lives, restored from an archive that lacks its last minutes, and
reconciled.

The broker and every process of the pipeline are killed and the broker's data is deleted; the database, the keys and the
partners survive. Then what an operator would do is done: restore, adopt the log, open the doors, let the agencies
resume, start the workers. At the end the same three books as after a storm must agree.
"""

import json
import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from kafka import TopicPartition
from kafka.admin import OffsetSpec

from connectors import adopting
from connectors.archive import Archive, Limits, Writer, open_archive
from connectors.broker import Message, read_all
from connectors.broker.admin import admin
from connectors.history import published
from connectors.reference import read_dir
from connectors.settings import Settings as Doors
from connectors.store import open_store
from connectors.verdicts import TryLater
from hoso import broker, child, pipeline, rehearsal, restoring, verdict
from hoso.aftermath import Aftermath
from hoso.java import CannotStart
from hoso.pace import ClockFile, Pacer, city_speed
from hoso.ports import LOOPBACK, free_port
from hoso.pulling import feeds
from hoso.reckoning import Ledgers, Reckoning, reckon
from hoso.refolding import differences
from hoso.settings import Settings
from hoso.storm import STARTS, TOPICS
from hoso.supervised import Spec, State
from hoso.supervisor import Supervisor
from hoso.watching import GROUPS, LagWatch
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import aware
from schemas.notice import NOTICES
from schemas.postal import REQUESTS
from schemas.reference import REFERENCE
from schemas.topics import WORKER, results_topic
from streams.engine import CRASHED, adoption

BREAKS_OFF = STARTS + timedelta(days=3, hours=9)
"""When (on the city's clock) the archive breaks off: a Thursday morning."""
DOORS = ("edge", "intake")
"""What is started first after a disaster: agencies' facts must be on the log before what follows from them."""
SEGMENTS = Limits(records=200, seconds=1.0)
READY_SECONDS = 180.0
CITY_SECONDS = 600.0
SETTLE_SECONDS = 180.0
OVERLAP_SECONDS = 3 * 3600.0
"""On the city's clock: a few real seconds of a quick day."""
LOOK_SECONDS = 0.3


@dataclass(frozen=True)
class Wishes:
    """What was asked of a drill. `lost_seconds` (real) of the log no archive has; `say` takes a line for people."""

    home: Path
    seed: int = 1
    dossiers: int = 60
    lost_seconds: float = 4.0
    unfenced_seconds: float = 10.0
    say: Callable[[str], None] = lambda _: None


@dataclass
class Verdict:
    """What the disaster took, what came back and how soon. `open` is every line that does not add up."""

    seed: int
    facts_before: int = 0
    facts_restored: int = 0
    """On the log before the disaster, and after the restore: the difference was lost with the cluster."""
    without_effects: int = 0
    refused: bool = False
    """Whether the worker refused the restored log and named the command that adopts it."""
    missing_of_agencies: int = 0
    sent_again: dict[str, int] = field(default_factory=dict)
    said_again: dict[str, int] = field(default_factory=dict)
    carriers_asked: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice_in_effect: int = 0
    renumbered: int = 0
    """Notices under a number that another had, of dossiers that lost facts: two notices, two webhook-ids."""
    died_with_the_cluster: int = 0
    """Notices that agencies had been told because of facts that came back under another name or not at all."""
    repeated: dict[str, int] = field(default_factory=dict)
    state_differences: int = 0
    recover_seconds: dict[str, float] = field(default_factory=dict)
    """Real seconds from the kill to each step."""
    open: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        """Whether nothing is lost, nothing twice, nothing unaccounted for."""
        return self.refused and not (self.open or self.lost or self.twice_in_effect or self.state_differences)

    def document(self) -> dict[str, Any]:
        """All of it, for a file."""
        return {"adds_up": self.adds_up, **asdict(self)}


def run(wishes: Wishes) -> Verdict:
    """One drill from a city's first day to the verdict. Raises CannotStart with a sentence."""
    with ExitStack() as stack:
        drill = _Drill(wishes, stack)
        drill.live()
        drill.destroy()
        drill.recover()
        drill.live_on()
        return drill.judge()


class _Drill:
    """The running drill: a broker, the pipeline, an archive, and a sandbox that survives them."""

    def __init__(self, wishes: Wishes, stack: ExitStack) -> None:
        self._wishes, self._stack, self._home = wishes, stack, wishes.home.resolve()
        for stale in ("kafka", "logs", "worker", "sandbox", "archive", "hoso.db", "hoso.db-wal", "hoso.db-shm"):
            _remove(self._home / stale)
        self._settings, self._verdict = Settings(home=self._home, edge_port=free_port()), Verdict(wishes.seed)
        self._doors = Doors(home=self._home, kafka_bootstrap=f"{LOOPBACK}:1")
        self._clock = ClockFile(self._home / "clock", STARTS - timedelta(minutes=20), 1.0)
        self._sandbox = rehearsal.sandbox(self._home, Path(__file__).parents[1] / "deploy" / "reference")
        rehearsal.install(self._home, self._sandbox.reference, self._sandbox.credentials)
        # The broker dies with the thread that starts it: one that lives as long as the drill.
        self._keeper = stack.enter_context(ThreadPoolExecutor(1, "keeper"))
        stack.callback(lambda: self._keeper.submit(broker.stop, self._home).result())
        self._kafka = self._broker(None)
        pipeline.prepare(self._kafka.bootstrap, self._sandbox.reference)
        agencies = read_dir(self._sandbox.reference).agencies
        self._results = [results_topic(agency.code) for agency in agencies if agency.results_topic]
        self._specs = self._processes()
        self._archive = open_archive(str(self._home / "archive"))
        self._before: dict[str, list[Message]] = {}
        self._killed_at = self._broke_off_at = 0.0
        self._restored: dict[int, int] = {}
        self._unfinished = ""

    def _broker(self, port: int | None) -> broker.Broker:
        started = self._keeper.submit(
            lambda: broker.start(self._home, port, dies_with_us=True, settings=self._settings)
        )
        return started.result()

    def _processes(self) -> list[Spec]:
        extra = self._sandbox.for_the_pipeline() | {
            "HOSO_CLOCK": self._clock.setting,
            "HOSO_CITY_DOSSIERS": str(self._wishes.dossiers),
            "HOSO_SANDBOX_SEED": str(self._wishes.seed),
            "HOSO_IN_DOUBT_SECONDS": "2",
            "HOSO_SANDBOX_HOLD_SECONDS": "4",
            "HOSO_SESSION_SECONDS": "10",
            "HOSO_LEASE_SECONDS": "4",
        }
        specs = pipeline.specs(self._kafka.bootstrap, self._settings, extra)
        edge = next(spec.address for spec in specs if spec.name == "edge")
        outside = Supervisor([self._sandbox.spec(self._kafka.bootstrap, edge, extra)], self._home / "logs")
        self._stack.enter_context(outside)
        if not outside.wait_ready(READY_SECONDS):
            raise CannotStart(f"the sandbox is not ready: see {self._home / 'logs' / 'sandbox.log'}")
        return specs

    def _run(self, wanted: Sequence[Spec]) -> Supervisor:
        """Processes of the pipeline, ready."""
        running = self._stack.enter_context(Supervisor(wanted, self._home / "logs"))
        if not running.wait_ready(READY_SECONDS):
            late = [
                f"{row.name} is {row.state}, see {row.log}" for row in running.state() if row.state is not State.READY
            ]
            raise CannotStart(f"not ready after {READY_SECONDS:.0f} s: {'; '.join(late)}")
        return running

    # ---------------------------------------------------------------- before

    def live(self) -> None:
        """A city's first days, archived as they go; then the archive falls behind."""
        self._pipeline = self._run(self._specs)
        self._pace()
        archiving = _Archiving(self._kafka.bootstrap, self._archive)
        archiving.start()
        self._post("/city", {"start": STARTS.isoformat()})
        self._until(lambda: self._clock.clock.now() >= BREAKS_OFF, CITY_SECONDS)
        archiving.stop()
        self._broke_off_at = time.time()
        self._say("the archive breaks off")
        time.sleep(self._wishes.lost_seconds)  # The city lives on, unarchived.

    def destroy(self) -> None:
        """SIGKILL for the broker and the pipeline; the broker's data is gone."""
        self._killed_at = time.monotonic()
        self._pipeline.hurry()
        self._pipeline.stop()
        # Between the two kills, so that no agency has heard what the observer has not.
        self._before = self._topics()
        for pid in self._kafka.pids:
            pid.send(signal.SIGKILL)
        self._unpace()
        for pid in self._kafka.pids:
            pid.wait()
        shutil.rmtree(self._home / "kafka")
        self._verdict.facts_before = len(self._before[LOG])
        self._say(f"the cluster is destroyed, with {len(self._before[LOG])} facts on its log")

    # ---------------------------------------------------------------- after

    def recover(self) -> None:
        """What an operator does."""
        self._kafka = self._broker(self._kafka.port)
        self._mark("a cluster")
        self._restore()
        self._mark("restored")
        self._refuse()
        self._adopt()
        self._mark("adopted")
        self._run([spec for spec in self._specs if spec.name in DOORS])
        self._mark("doors open")
        self._verdict.sent_again = self._post("/city", {"resume": True})["sent_again"]
        self._until(lambda: not self._get("/progress")["events"]["unanswered"], READY_SECONDS)
        self._until(lambda: self._is_read(), READY_SECONDS)
        self._mark("agencies resumed")
        self._run([spec for spec in self._specs if spec.name not in DOORS])
        self._mark("all ready")
        self._until(lambda: self._is_read(WORKER), READY_SECONDS)
        self._mark("caught up")
        self._pace()

    def _restore(self) -> None:
        bundle, bootstrap = read_dir(self._sandbox.reference), self._kafka.bootstrap
        found = restoring.prepare(
            bootstrap, self._archive, bundle, self._doors.log_partitions, self._doors.replication, {}
        )
        restoring.restore_all(bootstrap, self._archive, found, lambda *_: None, self._say)
        self._restored = {one.stretch.partition: one.last + 1 for one in found if one.stretch.topic == LOG}
        self._verdict.facts_restored = sum(self._restored.values())
        self._say(f"{self._verdict.facts_restored} facts are restored")

    def _refuse(self) -> None:
        """A worker that is started too early refuses the log and says what to do."""
        spec, log = next(spec for spec in self._specs if spec.name == "worker"), self._home / "logs" / "too-early.log"
        early = child.start(spec.argv, log, spec.env, dies_with_us=signal.SIGKILL)
        early.wait(READY_SECONDS)
        self._verdict.refused = early.exit_code() == CRASHED and "hoso adopt-log" in log.read_text()
        if not self._verdict.refused:
            early.end(5)
            self._verdict.open.append(f"the worker did not refuse the restored log: see {log}")

    def _adopt(self) -> None:
        bootstrap, store = self._kafka.bootstrap, open_store(self._doors.database_url)
        new = adopting.look(bootstrap, aware(self._broke_off_at - self._wishes.unfenced_seconds))
        self._until(lambda: _is_empty(bootstrap), READY_SECONDS)
        mended = adopting.mend(store, adopting.tail_of(bootstrap, new), overlap_seconds=OVERLAP_SECONDS)
        adopting.adopt(bootstrap, new, lambda id, fence: adoption(id.encode(), fence))
        store.close()
        found = self._verdict
        found.without_effects, found.missing_of_agencies = sum(new.fences.values()), mended.missing
        found.said_again, found.carriers_asked = mended.said_again, mended.asked
        self._say(f"adopted: {found.without_effects} facts without effects, {mended.missing} of agencies missing")

    def live_on(self) -> None:
        """The city goes on to its end."""
        if not self._until(lambda: bool(self._get("/progress")["done"]), CITY_SECONDS):
            self._unfinished = json.dumps(self._get("/progress"))
        self._say("the city has come to its end")

    # ---------------------------------------------------------------- the verdict

    def judge(self) -> Verdict:
        """Let what is under way arrive, then lay the three books beside each other."""
        until, slow = time.monotonic() + SETTLE_SECONDS, False
        while True:
            aftermath, ledgers = Aftermath(self._before, self._topics(), self._restored), self._ledgers()
            topics = aftermath.heard()
            result = reckon({topic: verdict.seen(topic, records) for topic, records in topics.items()}, ledgers)
            result.open = [line for line in result.open if not aftermath.is_renumbered(line)]
            over = time.monotonic() > until
            if (result.adds_up or over) and not slow:
                # On a clock that nearly stands no timer speaks while the log and its fold are compared.
                self._unpace()
                slow = True
                time.sleep(1.5)
                continue
            differing = differences(aftermath.standing(), published(self._kafka.bootstrap)) if slow else []
            if slow and (over or (result.adds_up and not differing)):
                return self._sentence(aftermath, ledgers, result, differing)
            time.sleep(1.0)

    def _sentence(self, aftermath: Aftermath, ledgers: Ledgers, result: Reckoning, differing: Sequence[str]) -> Verdict:
        found, topics, taken = self._verdict, aftermath.heard(), verdict.webhooks_taken(ledgers)
        found.figures = result.figures
        found.acknowledged = sum(one["verdict"] == "accepted" for one in ledgers.city["events"]) + len(taken)
        unheard = [f"a webhook was taken and the log does not say so: {one}" for one in verdict.unsaid(taken, topics)]
        found.lost = sum(line.startswith(verdict.LOST) for line in result.open) + len(unheard)
        found.renumbered = aftermath.renumbered(ledgers)
        found.twice_in_effect = verdict.twice(topics, ledgers) - found.renumbered
        found.died_with_the_cluster = len(aftermath.died(NOTICES))
        found.repeated = verdict.repeated(topics, ledgers)
        found.state_differences = len(differing)
        orphans = [
            f"asked of the post by a fact that is gone: {Event.decode(one.value or b'').subject}"
            for one in aftermath.died(REQUESTS)
        ]
        found.open += [*result.open, *unheard, *orphans, *differing, *verdict.forgeries(ledgers)]
        if self._unfinished or not found.acknowledged:
            found.open.append(f"the city did not end: {self._unfinished or 'nothing was sent'}")
        return found

    # ---------------------------------------------------------------- its hands

    def _pace(self) -> None:
        self._lag = LagWatch(self._kafka.bootstrap)
        self._lag.start()
        self._pacer = Pacer(self._clock, city_speed, self._lag.seconds)
        self._pacer.start()
        self._stack.callback(self._unpace)

    def _unpace(self) -> None:
        """From now on a driven second is a real one."""
        if self._pacer.is_alive():
            self._pacer.stop()
            self._lag.stop()
            self._clock.run_at(1.0)

    def _is_read(self, *groups: str) -> bool:
        """Whether everybody has read to the end what they read at all, and these groups the log as well."""
        with admin(self._kafka.bootstrap) as client:
            committed = client.list_group_offsets(list(GROUPS))
            places = {place for offsets in committed.values() for place in offsets}
            places |= {TopicPartition(LOG, number) for number in range(self._doors.log_partitions)}
            ends = {
                place: at.offset
                for place, at in client.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST)).items()
                if at.offset
            }
        log = {place for place in ends if place.topic == LOG}
        return all(log <= committed[group].keys() for group in groups) and all(
            at.offset >= ends.get(place, 0) for offsets in committed.values() for place, at in offsets.items()
        )

    def _topics(self) -> dict[str, list[Message]]:
        while True:
            try:
                return {topic: read_all(self._kafka.bootstrap, topic) for topic in (*TOPICS, *self._results)}
            except TryLater:
                time.sleep(1.0)

    def _ledgers(self) -> Ledgers:
        codes = sorted(json.loads(self._sandbox.credentials.read_text()))
        agencies = {code: self._get(f"/ledger/agencies/{code}") for code in codes}
        edge = next(spec.address for spec in self._specs if spec.name == "edge")
        fed = feeds(edge, self._sandbox.credentials)
        return Ledgers(self._get("/ledger/city"), self._get("/ledger/post"), agencies, fed)

    def _until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Whether this came true in so many seconds; nobody announces it."""
        until = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _mark(self, what: str) -> None:
        self._verdict.recover_seconds[what] = round(time.monotonic() - self._killed_at, 1)
        self._say(what)

    def _say(self, what: str) -> None:
        self._wishes.say(f"{self._clock.clock.now():%a %d %b %H:%M}  {what}")

    def _get(self, path: str) -> Any:
        with urlopen(self._sandbox.url + path, timeout=60) as answer:
            return json.loads(answer.read())

    def _post(self, path: str, said: Mapping[str, Any]) -> Any:
        headers = {"content-type": "application/json"}
        with urlopen(Request(self._sandbox.url + path, json.dumps(said).encode(), headers), timeout=60) as answer:
            return json.loads(answer.read())


class _Archiving:
    """The log and the reference data into an archive, a thread each, until it breaks off."""

    def __init__(self, bootstrap: str, archive: Archive) -> None:
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, args=(Writer(bootstrap, topic, archive, SEGMENTS),), daemon=True)
            for topic in (LOG, REFERENCE)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _follow(self, writer: Writer) -> None:
        writer.follow(self._over)


def _is_empty(bootstrap: str) -> bool:
    try:
        adopting.check_empty(bootstrap)
    except adopting.Occupied:
        return False
    return True


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
