"""What a supervisor is told about a process, and what it tells of one."""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from hoso.probe import Ready


@dataclass(frozen=True)
class Spec:
    """A process to keep running."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to our own environment."""
    ready: Ready = None
    stop_order: int = 0
    """Lower stops earlier; equals stop together."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 30
    niceness: int = 0
    """Added to our own, as `nice` counts."""
    address: str = ""
    """Where people find it, for the screen."""


@dataclass(frozen=True)
class RestartPolicy:
    """How long to wait before what died is started again."""

    first_seconds: float = 0.5
    most_seconds: float = 30
    forgiven_after_seconds: float = 60
    """So long ready, and the next death counts as the first."""

    def pause(self, deaths: int) -> float:
        """The pause after this many deaths in a row: doubled each time."""
        return min(self.first_seconds * 2.0 ** min(deaths - 1, 32), self.most_seconds)


class State(StrEnum):
    """Where a supervised process stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    NOT_READY = "not ready"
    DEAD = "dead, starts again"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Row:
    """One process as it stands now."""

    name: str
    log: Path
    address: str = ""
    state: State = State.WAITING
    pid: int | None = None
    since: float = 0
    """When it entered this state, in unix seconds."""
    restarts: int = 0
    exit_code: int | None = None
    """How it ended last; minus the signal's number if by one."""
    killed: bool = False
    """Whether it had to be killed to stop."""


Hook = Callable[[Row], None]
"""Told of every change of state, in the supervisor's thread: it must be quick."""
