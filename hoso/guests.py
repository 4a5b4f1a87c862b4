"""A storm's guests: a second process of a kind joins its group under a name of its own, and leaves again later."""

import itertools
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from connectors.broker.admin import admin
from connectors.verdicts import TryLater
from hoso.ports import LOOPBACK, free_port
from hoso.supervised import RestartPolicy, Spec
from hoso.supervisor import Supervisor

JOINED_SECONDS = 12.0
"""So long it may take to join; on a busy machine a process needs some seconds to start."""
LOOK_SECONDS = 0.1
MOST_AT_ONCE = 2


class Guests:
    """Asks guests in and shows them out. Threads share it."""

    def __init__(self, specs: Sequence[Spec], bootstrap: str, logs: Path, restart: RestartPolicy) -> None:
        self._specs: Mapping[str, Spec] = {spec.name: spec for spec in specs}
        self._bootstrap, self._logs, self._restart = bootstrap, logs, restart
        self._count, self._lock = itertools.count(1), threading.Lock()
        self._here: dict[str, Supervisor] = {}
        self._over = threading.Event()
        self.asked_in = 0

    def joins(self, kind: str, killed: bool) -> bool:
        """A new one of this kind joins; whether its group heard of it in time. Who was here too long leaves.

        `killed`: those who leave do so by SIGKILL, otherwise in order.
        """
        name = f"{kind}-guest-{next(self._count)}"
        guest = Supervisor([self._spec(kind, name)], self._logs, self._restart)
        with self._lock:
            if self._over.is_set():
                return False
            leaving = [self._here.pop(kind)] if kind in self._here else []
            if len(self._here) >= MOST_AT_ONCE:
                leaving.append(self._here.pop(next(iter(self._here))))
            self._here[kind] = guest
            self.asked_in += 1
            guest.start()
        for one in leaving:
            _show_out(one, killed)
        return self._heard(f"hoso-{kind}", name)

    def leave(self) -> None:
        """All leave, in order, and nobody joins any more."""
        self._over.set()
        with self._lock:
            here, self._here = list(self._here.values()), {}
        for one in here:
            _show_out(one, killed=False)

    def _spec(self, kind: str, name: str) -> Spec:
        usual, port = self._specs[kind], free_port()
        env = {**usual.env, "HOSO_INSTANCE": name, "HOSO_OPS_PORT": str(port)}
        return replace(usual, name=f"{kind}-guest", env=env, ready=f"http://{LOOPBACK}:{port}/readyz")

    def _heard(self, group: str, name: str) -> bool:
        """Wait until the group lists it or is busy with it."""
        until = time.monotonic() + JOINED_SECONDS
        while time.monotonic() < until and not self._over.is_set():
            try:
                with admin(self._bootstrap) as client:
                    while time.monotonic() < until and not self._over.wait(LOOK_SECONDS):
                        found = client.describe_groups([group])[group]
                        if name in {member["group_instance_id"] for member in found["members"]}:
                            return True
            except TryLater:
                self._over.wait(LOOK_SECONDS)
        return False


def _show_out(guest: Supervisor, killed: bool) -> None:
    if killed:
        guest.hurry()
    guest.stop()
