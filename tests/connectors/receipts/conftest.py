"""Those who make receipts and close days, over a database of their own on SQLite and on PostgreSQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.certificates import public_pem
from connectors.receipts.days import Days
from connectors.receipts.making import Making
from connectors.receipts.showing import shown
from connectors.store import Store, receipts
from connectors.store.receipts import Kept
from hoso.receipt.verify import check
from schemas import instant
from schemas.event import canonical
from schemas.instant import VIETNAM, aware
from schemas.receipts import ROOTS, DayClosed
from tests.connectors.doubles import KeptProducer
from tests.connectors.notify.ear import DrivenClock
from tests.connectors.receipts.states import records
from tests.connectors.store.conftest import store as store
from tests.connectors.store.conftest import url as url

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = public_pem(KEY).encode()
DAY_SECONDS = 86_400


class Office:
    """Where receipts are made, and what it said on receipts.roots."""

    def __init__(self, store: Store, clock: DrivenClock) -> None:
        self.store, self.clock, self.producer = store, clock, KeptProducer()
        self.making = Making(store, self.producer, KEY)
        self.days = Days(store, self.producer, KEY)

    def hears(self, *states: bytes) -> None:
        """Let these states come as one batch."""
        self.making.handle(records(*states))

    def lives_until(self, days: int) -> None:
        """Let midnights pass."""
        self.clock.at += days * DAY_SECONDS
        self.days.turn()

    def again(self) -> None:
        """The process is another one from here on."""
        self.making, self.days = Making(self.store, self.producer, KEY), Days(self.store, self.producer, KEY)

    @property
    def today(self) -> str:
        """The day in Viet Nam."""
        return aware(self.clock.at).date().isoformat()

    def all_of(self, code: str) -> list[Kept]:
        """Every statement about a dossier."""
        with self.store.read() as connection:
            last = receipts.last_of(connection, [code]).get(code)
            found = [receipts.find(connection, code, n) for n in range(1, (last.number if last else 0) + 1)]
        return [one for one in found if one is not None]

    def shown(self, code: str, number: int | None = None) -> dict[str, Any]:
        """A receipt as it is handed out."""
        with self.store.read() as connection:
            found = shown(connection, code, number)
        assert found is not None
        return found.document

    def roots(self) -> list[DayClosed]:
        """What the topic was told."""
        return [event for event in self.producer.on(ROOTS) if isinstance(event, DayClosed)]

    def faults(self, document: dict[str, Any]) -> list[str]:
        """What the checker finds in a receipt, against all roots."""
        return check(canonical(document), PUBLIC, roots_file(self.roots()))


def roots_file(roots: Sequence[DayClosed]) -> bytes:
    """A file of roots."""
    return b"".join(canonical(root.data.model_dump(mode="json")) + b"\n" for root in roots)


NOON = datetime(2026, 11, 30, 12, tzinfo=VIETNAM)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> DrivenClock:
    """Noon of a day in Viet Nam, until it is moved."""
    driven = DrivenClock(NOON.timestamp())
    monkeypatch.setattr(instant, "_clock", driven)
    return driven


@pytest.fixture
def office(store: Store, clock: DrivenClock) -> Iterator[Office]:
    office = Office(store, clock)
    yield office
    office.producer.close()
