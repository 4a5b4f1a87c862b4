"""How a blow falls: its situation is brought about, then the signal is sent, then whoever was frozen is thawed."""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from hoso import broker, child
from hoso.child import Pid
from hoso.guests import Guests
from hoso.java import CannotStart
from hoso.nodes import Nodes
from hoso.strikes import BROKER, How, Situation, Strike
from hoso.struck import Book
from hoso.supervised import Row, State
from hoso.supervisor import Supervisor
from hoso.weather import Weather

SIGNALS = {How.KILL: signal.SIGKILL, How.FREEZE: signal.SIGSTOP, How.TERM: signal.SIGTERM}
HEAPED_SECONDS = 0.15
"""The longest time between a heap's sending and the blow."""
RECOVERY_SECONDS = 1.2
"""Somewhere within the first so many seconds of its new life a recovering process is struck again."""
NODE_AWAY_SECONDS = 2.0
"""A killed node of three is started again after so long: a machine is not back at once."""
NODE_TRIES = 5
STANDS_SECONDS = 60.0
"""How long a target may take to stand; a blow at one that does not is left out, and the verdict says who is away."""
LOOK_SECONDS = 0.05

Fell = Callable[[int, Strike], None]
"""Told of each blow with its number."""


class Striker:
    """Deals blows; several threads may, each at another target. Once `over` is set nobody waits any more."""

    def __init__(
        self,
        supervisor: Supervisor,
        nodes: Nodes,
        guests: Guests,
        weather: Weather,
        book: Book,
        over: threading.Event,
        fell: Fell,
    ) -> None:
        self._supervisor, self._nodes, self._guests = supervisor, nodes, guests
        self._weather, self._book, self._over, self._fell = weather, book, over, fell

    def strike(self, strike: Strike) -> None:
        """One blow from its situation to the thaw, or to the node's return."""
        if strike.whom == BROKER:
            self._strike_node(strike)
            return
        match strike.situation:
            case Situation.QUIET:
                with self._weather.still(self._over):
                    pid = self._falls(strike, self._standing(strike.whom))
            case Situation.BURST:
                with self._weather.pouring():
                    self._over.wait(strike.roll * HEAPED_SECONDS)
                    pid = self._falls(strike, self._standing(strike.whom))
            case Situation.RECOVERY:
                pid = self._falls(strike, self._recovering(strike))
            case Situation.REBALANCE:
                self._guests.joins(_kind(strike), killed=strike.roll < 0.5)
                pid = self._falls(strike, self._standing(strike.whom))
        if pid is not None:
            self._thaw(strike, pid)

    def pid(self, whom: str) -> Pid | None:
        """The process of this name, as soon as there is one that runs."""
        return self._standing(whom)

    # ------------------------------------------------------------ processes

    def _falls(self, strike: Strike, pid: Pid | None) -> Pid | None:
        if pid is not None:
            number = self._book.fell(strike, self._row(strike.whom).state is State.READY)
            pid.send(SIGNALS[strike.how])
            self._fell(number, strike)
        return pid

    def _thaw(self, strike: Strike, pid: Pid) -> None:
        if strike.how is How.FREEZE:
            self._over.wait(strike.frozen_seconds)
            pid.send(signal.SIGCONT)

    def _row(self, whom: str) -> Row:
        return next(row for row in self._supervisor.state() if row.name == whom)

    def _standing(self, whom: str, gone: Pid | None = None) -> Pid | None:
        """The process to strike, as soon as there is one, and not the one that is gone."""
        until = time.monotonic() + STANDS_SECONDS
        while time.monotonic() < until and not self._over.is_set():
            row = self._row(whom)
            found = child.find(row.pid) if row.pid is not None else None
            if found is not None and found != gone and found.is_alive():
                return found
            self._over.wait(LOOK_SECONDS)
        return None

    def _recovering(self, strike: Strike) -> Pid | None:
        """Its process in the first moments of a life, before it is ready. One that is up is killed first."""
        found = self._standing(strike.whom)
        if found is not None and self._row(strike.whom).state in (State.READY, State.NOT_READY):
            found.send(signal.SIGKILL)
            found.wait()
            found = self._standing(strike.whom, gone=found)
        self._supervisor.wait_until(
            lambda rows: any(row.name == strike.whom and row.state is State.READY for row in rows),
            strike.roll * RECOVERY_SECONDS,
        )
        return found

    # ------------------------------------------------------------ nodes

    def _strike_node(self, strike: Strike) -> None:
        if strike.situation is Situation.REBALANCE:
            self._guests.joins(_kind(strike), killed=strike.roll < 0.5)
        with self._nodes.one(strike.node) as pid:
            match strike.situation:
                case Situation.RECOVERY:
                    self._node_falls_rising(strike, pid)
                case Situation.QUIET:
                    with self._weather.still(self._over):
                        self._node_falls(strike, pid)
                    self._thaw(strike, pid)
                case Situation.BURST:
                    with self._weather.pouring():
                        self._node_falls(strike, pid)
                    self._thaw(strike, pid)
                case Situation.REBALANCE:
                    self._node_falls(strike, pid)
                    self._thaw(strike, pid)
            self._raise(strike, pid)
        self._book.back(BROKER, time.time())

    def _node_falls(self, strike: Strike, pid: Pid) -> None:
        number = self._book.fell(strike, was_ready=False)
        pid.send(SIGNALS[strike.how])
        self._fell(number, strike)

    def _node_falls_rising(self, strike: Strike, pid: Pid) -> None:
        """Killed, started again, and struck while it starts."""
        pid.send(signal.SIGKILL)
        pid.wait()
        rises = self._nodes.rises()
        fresh = self._nodes.rising(strike.node, before=pid)
        if fresh is not None:
            self._over.wait(strike.roll * RECOVERY_SECONDS)
            self._node_falls(strike, fresh)
            self._thaw(strike, fresh)
        _stands(rises)

    def _raise(self, strike: Strike, pid: Pid) -> None:
        """Whatever of the broker is down comes back."""
        if strike.how is not How.FREEZE:
            pid.wait()
            self._over.wait(NODE_AWAY_SECONDS)
        for _ in range(NODE_TRIES):
            if _stands(self._nodes.rises()):
                return
        raise CannotStart(f"node {strike.node} of the broker does not come back")


def _kind(strike: Strike) -> str:
    """Of which kind the guest is; the edge and the nodes have no group of their own."""
    return "worker" if strike.whom in ("edge", BROKER) else strike.whom


def _stands(rises: "Future[broker.Broker]") -> bool:
    try:
        rises.result()
    except CannotStart:
        return False
    return True
