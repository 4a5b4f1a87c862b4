"""`hoso storm`: things are killed while a city lives; the verdict comes from outside.

A sandbox's city talks to the whole pipeline on a driven clock. Meanwhile processes, and nodes of the broker, are
killed, frozen and stopped, in situations and at moments that a seed chooses, and more goes wrong; the supervisor starts
again what died. At the end three books must agree: what the senders were told is accepted, what the post and the
agencies received, and a pure fold of the log.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.broker import Message
from connectors.history import published
from hoso import verdict
from hoso.guests import Guests
from hoso.nodes import Nodes
from hoso.pace import Pacer
from hoso.reckoning import reckon
from hoso.refolding import differences
from hoso.stage import READY_SECONDS, RESTART, STARTS, TOPICS, Stage
from hoso.strikes import BROKER, Cell, Mischief, Strike, mischiefs, strikes
from hoso.striking import Striker
from hoso.struck import Book
from hoso.supervised import Spec, State
from hoso.supervisor import Supervisor
from hoso.troubles import Database, Troubles
from hoso.verdict import Evidence, Verdict
from hoso.weather import Weather

__all__ = ["READY_SECONDS", "STARTS", "TOPICS", "Verdict", "Wishes", "run"]

CITY_SECONDS = 600.0
SETTLE_SECONDS = 240.0
"""How long a busy machine may take; an idle one needs a tenth."""
HANDS = 8
"""So many blows and troubles may be under way at once, each at another target."""


@dataclass(frozen=True)
class Wishes:
    """What was asked of a storm. `say` takes a line for people; `before` is how often each cell had its turn already.

    Without a `database` it is a SQLite file of the home.
    """

    home: Path
    kills: int = 30
    seed: int = 1
    nodes: int = 1
    dossiers: int = 120
    days: int = 7
    say: Callable[[str], None] = lambda _: None
    before: Mapping[Cell, int] = field(default_factory=dict)
    database: Database | None = None

    @property
    def env(self) -> dict[str, str]:
        """What the sandbox must know of them."""
        return {
            "HOSO_CITY_DOSSIERS": str(self.dossiers),
            "HOSO_CITY_DAYS": str(self.days),
            "HOSO_SANDBOX_SEED": str(self.seed),
        }


def run(wishes: Wishes) -> Verdict:
    """One storm from its calm to its verdict. Raises CannotStart with a sentence."""
    with ExitStack() as stack:
        storm = _Storm(wishes, stack)
        storm.rage()
        return storm.judge()


class _Storm:
    """The running storm: a stage, and somebody who strikes."""

    def __init__(self, wishes: Wishes, stack: ExitStack) -> None:
        self._wishes, self.book, self._over = wishes, Book(), threading.Event()
        stage = Stage(stack, wishes.home, wishes.nodes, wishes.env, wishes.database, [self.book.heard], self._cast)
        self._guests = Guests(stage.specs, stage.kafka, stage.logs, RESTART)
        stack.callback(self._guests.leave)
        self._nodes = Nodes(stage.home, stage.keeper, stage.whole)
        self._weather = Weather(lambda nth: stage.post("/heap", {"nth": nth}))
        self._striker = Striker(
            self._supervisor, self._nodes, self._guests, self._weather, self.book, self._over, self._fell
        )
        self._troubles = Troubles(stage.database, stage.clock, self._striker.pid, self._over)
        self._hands = stack.enter_context(ThreadPoolExecutor(HANDS, "hand"))
        # Whoever waits in a hand waits no longer, however the storm ends: nobody stays frozen.
        stack.callback(self._over.set)
        self._under_way: dict[Future[None], str] = {}
        self._unfinished = ""
        self._pacer = Pacer(stage.clock, self._weather.speed, stage.lag.seconds)
        stack.callback(self._pacer.stop)

    def _cast(self, stage: Stage) -> list[Spec]:
        self._stage = stage
        return self._processes()

    def _processes(self) -> list[Spec]:
        """Who is on the stage."""
        return self._stage.processes()

    @property
    def _supervisor(self) -> Supervisor:
        return self._stage.supervisor

    # ---------------------------------------------------------------- the storm

    def rage(self) -> None:
        """Start the city, strike until every blow has fallen, and wait until all stand again and the city is done."""
        self._stage.post("/city", {"start": STARTS.isoformat()})
        self._pacer.start()
        self._strike_all()
        self._stage.mark("struck")
        self._guests.leave()
        until = time.monotonic() + CITY_SECONDS
        while not (self._calm() and self._get("/progress")["done"]):
            if time.monotonic() > until:
                self._unfinished = json.dumps(self._get("/progress"))
                break
            time.sleep(0.3)
        self.book.settled()
        self._stage.mark("city")

    def _strike_all(self) -> None:
        """Every blow at its time, each in a hand of its own, never two at one target: another comes first."""
        wishes = self._wishes
        ahead = strikes(wishes.seed, wishes.kills, wishes.nodes, wishes.before)
        troubles = mischiefs(wishes.seed, wishes.kills)
        for number in range(wishes.kills):
            while troubles and troubles[0].after_blows <= number:
                self._wrong(troubles.pop(0))
            self._over.wait(ahead[0].after_seconds)
            strike = self._next(ahead)
            self._under_way[self._hands.submit(self._striker.strike, strike)] = strike.whom
        for blow in self._under_way:
            blow.result()

    def _wrong(self, mischief: Mischief) -> None:
        self._under_way[self._hands.submit(self._troubles.happens, mischief)] = str(mischief.trouble)
        self._wishes.say(f"      {self._now()}  {mischief.trouble}")

    def _next(self, ahead: list[Strike]) -> Strike:
        """The first blow ahead whose target is struck by nobody now. Raises what a hand met."""
        while True:
            for done in [one for one in self._under_way if one.done()]:
                del self._under_way[done]
                done.result()
            busy = set(self._under_way.values())
            for strike in ahead if len(self._under_way) < HANDS else ():
                if strike.whom not in busy:
                    ahead.remove(strike)
                    return strike
            wait(self._under_way, return_when=FIRST_COMPLETED)

    def _fell(self, number: int, strike: Strike) -> None:
        node = f" {strike.node}" if strike.whom == BROKER else ""
        self._wishes.say(f"{number:4d}  {self._now()}  {strike.how} {strike.whom}{node}, {strike.situation}")

    def _now(self) -> str:
        return self._stage.now()

    def _get(self, path: str) -> Any:
        return self._stage.get(path)

    def _calm(self) -> bool:
        return self._nodes.stand() and all(row.state is State.READY for row in self._supervisor.state())

    # ---------------------------------------------------------------- the verdict

    def judge(self) -> Verdict:
        """Let what is under way arrive, then lay the three books beside each other."""
        until, slow = time.monotonic() + SETTLE_SECONDS, False
        while True:
            topics, ledgers = self._stage.topics(), self._stage.ledgers()
            result = reckon({topic: verdict.seen(topic, records) for topic, records in topics.items()}, ledgers)
            over = time.monotonic() > until
            if (result.adds_up or over) and not slow:
                # On a clock that nearly stands no timer speaks while the log and its fold are compared.
                self._pacer.stop()
                self._stage.clock.run_at(1.0)
                slow = True
                time.sleep(1.5)
                continue
            differing = self._differing(topics) if slow else []
            if slow and (over or (result.adds_up and not differing)):
                break
            time.sleep(1.0)
        self._stage.mark("settled")
        found = verdict.laid_out(Evidence(topics, ledgers, result, differing))
        return self._told(found)

    def _differing(self, topics: Mapping[str, Sequence[Message]]) -> list[str]:
        """Where a pure fold of the log, what the workers said, and the read model do not agree."""
        return [*differences(topics, published(self._stage.kafka)), *self._stage.read_model_differences()]

    def _told(self, found: Verdict) -> Verdict:
        """The verdict with what the storm itself knows."""
        stage, book = self._stage, self.book
        found.seed, found.nodes = self._wishes.seed, self._wishes.nodes
        found.database = stage.database.url.partition(":")[0].partition("+")[0]
        found.blows, found.troubles = book.counted(), dict(self._troubles.counts)
        found.recover_seconds, found.struck_again = book.recoveries(), book.struck_again()
        found.seconds = stage.seconds
        found.restarts = sum(row.restarts for row in self._supervisor.state())
        found.open += [f"never ready again: {one}" for one in book.never_back()]
        if self._unfinished or not found.acknowledged:
            found.open.append(f"the city did not end: {self._unfinished or 'nothing was sent'}")
        found.open += [f"not ready at the end: {line}" for line in stage.late()]
        return found
