"""The processes of the pipeline, one command each: what `hoso up` runs and in which order they stop."""

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class Process:
    """One process: its command's name, the module whose `main()` it is, a sentence of help."""

    name: str
    module: str
    help: str
    stop_order: int
    """Lower stops earlier: first the doors that let facts in, last what tells the agencies."""
    niceness: int = 0
    """How far it gives way where cores are short, as `nice` counts; above 0 where nobody waits for what it does."""

    def exists(self) -> bool:
        """Whether this release has it, without importing it."""
        try:
            return find_spec(self.module) is not None
        except ModuleNotFoundError:
            return False


PROCESSES = (
    Process("worker", "streams.worker", "Remember dossiers and apply the rules: Kafka in, Kafka out.", 3),
    Process("edge", "connectors.edge.main", "Open the HTTP door: events, webhooks, the feed.", 1),
    Process("intake", "connectors.intake", "Take agencies' events from their topics to the log.", 1),
    Process("dispatch", "connectors.dispatch", "Ask the carriers for what postal requests want.", 2),
    Process("translate", "connectors.translate", "Turn carriers' webhooks into facts on the log.", 2),
    Process("poll", "connectors.poll", "Ask the carriers about items they have not spoken of.", 1),
    Process("notify", "connectors.notify.main", "Tell the agencies: callback, results, feed.", 4),
    Process("project", "connectors.project.main", "Keep the read model in SQL.", 4, niceness=10),
    Process("monitor", "connectors.monitors.main", "Watch the topics and count, for Prometheus.", 4, niceness=10),
)
BY_NAME = {process.name: process for process in PROCESSES}
