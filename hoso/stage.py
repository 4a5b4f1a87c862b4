"""A storm's stage: a broker, the whole pipeline under a supervisor, a sandbox that plays the others, a driven clock."""

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from connectors import topics as plan
from connectors.broker import Message, read_all
from connectors.project.comparing import differences
from connectors.reference import publish, read_dir
from connectors.settings import Settings as Doors
from connectors.store import open_store
from connectors.verdicts import TryLater
from hoso import broker, pipeline, rehearsal
from hoso.java import CannotStart
from hoso.pace import ClockFile
from hoso.ports import free_port
from hoso.pulling import feeds
from hoso.reckoning import Ledgers
from hoso.settings import Settings
from hoso.strikes import SESSION_SECONDS
from hoso.supervised import Hook, RestartPolicy, Spec, State
from hoso.supervisor import Supervisor
from hoso.troubles import Database, SqliteFile
from hoso.watching import LagWatch
from schemas.deadline import DEADLINES
from schemas.dossier import LOG
from schemas.instant import VIETNAM
from schemas.notice import NOTICES, RECEIPTS, REJECTIONS
from schemas.ops import DEAD_LETTERS
from schemas.postal import REQUESTS, WEBHOOKS
from schemas.state import STATE
from schemas.topics import results_topic

TOPICS = (LOG, DEADLINES, STATE, REQUESTS, WEBHOOKS, NOTICES, REJECTIONS, RECEIPTS, DEAD_LETTERS)
STARTS = datetime(2026, 11, 16, 0, 0, tzinfo=VIETNAM)
"""A Monday, as in the demo."""
READY_SECONDS = 180.0
"""How long a busy machine may take; an idle one needs a tenth."""
ANSWER_SECONDS = 60.0
RESTART = RestartPolicy(first_seconds=0.3, most_seconds=1.0, forgiven_after_seconds=5.0)
"""A storm's dead are not the crash loops that a growing pause is for."""
ENV = {
    "HOSO_IN_DOUBT_SECONDS": "2",
    "HOSO_SANDBOX_HOLD_SECONDS": "4",
    "HOSO_SANDBOX_MANNERS": "rude",
    "HOSO_SANDBOX_WEBHOOK_TRIES": "12",
    "HOSO_SESSION_SECONDS": str(SESSION_SECONDS),
    "HOSO_LEASE_SECONDS": "4",
}


class Stage:
    """Everything runs when this is made, and ends with the stack. Raises CannotStart with a sentence.

    `env` is for every process. Without a `database` it is a SQLite file of the home, which is emptied first. `cast`
    says which processes there are, when the broker stands; the usual ones without it.
    """

    def __init__(
        self,
        stack: ExitStack,
        home: Path,
        nodes: int,
        env: Mapping[str, str],
        database: Database | None = None,
        hooks: Sequence[Hook] = (),
        cast: "Callable[[Stage], list[Spec]] | None" = None,
    ) -> None:
        self.home, self._nodes, self._env, self._began = home.resolve(), nodes, env, time.monotonic()
        self.seconds: dict[str, float] = {}
        databases = [f"{name}{end}" for name in ("hoso.db", "hoso-read.db") for end in ("", "-wal", "-shm")]
        for stale in ("kafka", "logs", "worker", "sandbox", *databases):
            _remove(self.home / stale)
        # Ports of its own, the sandbox's too: while one is dead nobody else may be called in its place.
        self._settings = Settings(home=self.home, edge_port=free_port(), kafka_port=free_port())
        self.database = database or SqliteFile(self.home / "hoso.db")
        self.clock = ClockFile(self.home / "clock", STARTS - timedelta(minutes=20), 1.0)
        self.sandbox = rehearsal.sandbox(self.home, Path(__file__).parents[1] / "deploy" / "reference", None)
        rehearsal.install(self.home, self.sandbox.reference, self.sandbox.credentials, self.database.url)
        # The nodes die with the thread that starts them: one that lives as long as the stage.
        self.keeper = stack.enter_context(ThreadPoolExecutor(1, "keeper"))
        stack.callback(lambda: self.keeper.submit(broker.stop, self.home).result())
        self.kafka = self.keeper.submit(self.whole).result().bootstrap
        self._prepare()
        self.mark("broker")
        self.specs = cast(self) if cast else self.processes()
        self.supervisor = stack.enter_context(Supervisor(self.specs, self.logs, RESTART, hooks))
        self.lag = LagWatch(self.kafka)
        self.lag.start()
        stack.callback(self.lag.stop)
        if not self.supervisor.wait_ready(READY_SECONDS):
            raise CannotStart(f"not ready after {READY_SECONDS:.0f} s: {'; '.join(self.late())}")
        self.mark("ready")

    @property
    def logs(self) -> Path:
        """Where every process writes what it says."""
        return self.home / "logs"

    def whole(self) -> broker.Broker:
        """The broker with all of its nodes; for the keeper's thread alone."""
        return broker.start(self.home, nodes=self._nodes, dies_with_us=True, settings=self._settings)

    def late(self) -> list[str]:
        """Who is not ready, a line each."""
        rows = self.supervisor.state()
        return [f"{row.name} is {row.state}, see {row.log}" for row in rows if row.state is not State.READY]

    def now(self) -> str:
        """The driven time, for people."""
        return f"{self.clock.clock.now():%a %d %b %H:%M}"

    def mark(self, what: str) -> None:
        """So many real seconds it took until here."""
        self.seconds[what] = round(time.monotonic() - self._began, 1)

    # ------------------------------------------------------------ what can be seen from outside

    def topics(self) -> dict[str, list[Message]]:
        """Every topic from its start, in no group: nothing that was killed had a hand in it. Agencies' topics of
        results are among them.
        """
        while True:
            try:
                return {topic: read_all(self.kafka, topic) for topic in (*TOPICS, *self._results)}
            except TryLater:
                time.sleep(1.0)

    def read_model_differences(self) -> list[str]:
        """What the read model says otherwise than the workers, a line each; also that it does not answer."""
        settings = Doors(kafka_bootstrap=self.kafka, database_url=self.database.url)
        store = open_store(settings.read_database_url)
        try:
            return [f"the read model: {line}" for line in differences(self.kafka, store)[1]]
        except TryLater as later:
            return [f"the read model: {later.why}"]
        finally:
            store.close()

    def ledgers(self) -> Ledgers:
        """What the sandbox's people saw."""
        codes = sorted(json.loads(self.sandbox.credentials.read_text()))
        agencies = {code: self.get(f"/ledger/agencies/{code}") for code in codes}
        edge = next(spec.address for spec in self.specs if spec.name == "edge")
        fed = feeds(edge, self.sandbox.credentials)
        return Ledgers(self.get("/ledger/city"), self.get("/ledger/post"), agencies, fed)

    def get(self, path: str) -> Any:
        """What the sandbox answers."""
        with urlopen(self.sandbox.url + path, timeout=ANSWER_SECONDS) as answer:
            return json.loads(answer.read())

    def post(self, path: str, said: Mapping[str, Any]) -> Any:
        """Tell the sandbox something."""
        request = Request(self.sandbox.url + path, json.dumps(said).encode(), {"content-type": "application/json"})
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.loads(answer.read())

    # ------------------------------------------------------------ how it is set

    def _prepare(self) -> None:
        """The topics, with a copy on each node, and the reference data."""
        bundle = read_dir(self.sandbox.reference)
        results = [agency.code for agency in bundle.agencies if agency.results_topic]
        agencies = [agency.code for agency in bundle.agencies]
        self._results = [results_topic(code) for code in results]
        plan.apply(self.kafka, agencies, replication=self._nodes, results=results)
        publish(self.kafka, bundle)

    def processes(self) -> list[Spec]:
        """Every process of the pipeline, and the sandbox."""
        extra = self.sandbox.for_the_pipeline() | ENV
        extra |= {
            "HOSO_CLOCK": self.clock.setting,
            "HOSO_REPLICATION": str(self._nodes),
            "HOSO_DATABASE_URL": self.database.url,
            **self._env,
        }
        specs = pipeline.specs(self.kafka, self._settings, extra)
        edge = next(spec.address for spec in specs if spec.name == "edge")
        return [*specs, self.sandbox.spec(self.kafka, edge, extra)]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
