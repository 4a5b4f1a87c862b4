"""A carrier's webhooks in its own form: what one says, how it is sealed, which answer it wants, how it tries again."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sandbox.parcels import Parcel
from sandbox.scans import Scan
from sandbox.settings import Settings
from sandbox.transport import TIMEOUT_SECONDS, Reply

FIRST_PAUSE = 0.5
"""Real seconds before a webhook that nobody took is sent again, where no document says how long."""
WRONG_SECRET = "not-the-secret"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sealed:
    """One POST, complete."""

    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Retrying:
    """How often a webhook is sent, and how many real seconds apart; `grows` is by what each pause is longer."""

    tries: int
    pause_seconds: float
    grows: float = 1.0

    def pause(self, tried: int) -> float:
        """Real seconds after so many tries."""
        return self.pause_seconds * float(self.grows ** (tried - 1))


class Mail(ABC):
    """A carrier's way to write. It keeps nothing, so that the same webhook is the same bytes, however often it goes."""

    name: ClassVar[str]
    batches: ClassVar[bool] = False
    """Whether one POST may hold several records."""
    in_order: ClassVar[bool] = False
    """Whether nothing goes out while a webhook before it was not taken."""
    timeout_seconds: ClassVar[float] = TIMEOUT_SECONDS
    strange: ClassVar[Record]
    """What makes a record one with a code that nobody knows."""
    delivered: ClassVar[Record]
    """What makes a record one that says delivered: for forgers."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.secret = settings, settings.sandbox_webhook_secret

    @property
    def address(self) -> str:
        """Where its webhooks go, as far as nobody has to know a secret."""
        return f"{self.settings.edge_url}/v1/webhooks/{self.name}"

    @property
    def retrying(self) -> Retrying:
        """How it tries again: no document says, so as the settings say."""
        return Retrying(self.settings.sandbox_webhook_tries, FIRST_PAUSE * self.settings.sandbox_patience, 2.0)

    @abstractmethod
    def record(self, parcel: Parcel, scan: Scan) -> Record:
        """What is said of one scan."""

    def varied(self, record: Record, parcel: Parcel, scan: Scan, roll: float) -> Record:
        """The same as one of several clerks writes it; the roll, 0 to 1, says which."""
        return record

    @abstractmethod
    def sealed(self, records: Sequence[Record], driven: float, *, forged: bool = False) -> Sealed:
        """The POST, sent at this driven second; a forged one by somebody who does not know the secret."""

    def taken(self, reply: Reply, sealed: Sealed) -> bool:
        """Whether the answer is the one it waits for."""
        return reply.status == 200
