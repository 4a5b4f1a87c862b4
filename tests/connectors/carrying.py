"""Builders for what carries: a test's settings, keys and reference data, a producer that remembers, postal requests."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from connectors.broker import Headers, Message, Producer
from connectors.carrier_settings import Myvnpost
from connectors.codes import Codes
from connectors.reference import References, read_dir
from connectors.seal import Sealer
from connectors.secrets import ensure_secrets
from connectors.settings import REPOSITORY, Settings
from connectors.store import open_store
from schemas.carrier_codes import CODES
from schemas.event import Event
from schemas.instant import aware
from schemas.postal import CancelRequested, DeliveryRequested, reference_of
from schemas.reference import Bundle
from schemas.sealed import Address, PlainContact

E = TypeVar("E", bound=Event)
DOSSIER = "H29.12-261102-0001"
AT = aware(1_793_000_000)
CONTACT = PlainContact(
    name="Nguyễn Văn Mẫu",
    phone="0900000001",
    address=Address(
        line="1 Đường Mẫu", ward_code="26740", ward="Phường Mẫu", province_code="79", province="Thành phố Hồ Chí Minh"
    ),
)


class Board(Producer):
    """A producer without a broker: what was published stands on it, in order."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:1")
        self.said: list[tuple[str, bytes, bytes]] = []

    def _deliver(self, rows: Iterable[tuple[str, bytes, bytes, Headers]]) -> None:
        self.said += [(topic, key, value) for topic, key, value, _ in rows]

    def events(self, kind: type[E]) -> list[E]:
        """The events of one kind that stand on it."""
        decoded = [Event.decode(value) for _, _, value in self.said]
        return [event for event in decoded if isinstance(event, kind)]


class Known(References):
    """The reference data of `deploy/reference`, without a topic."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:1")
        self._bundle = read_dir(REPOSITORY / "deploy" / "reference")

    def newest(self) -> Bundle:
        return self._bundle


class Spoken(Codes):
    """What operators said of codes, without a topic; nothing yet."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:1")
        self.looks: list[bool] = []

    def say(self, *said: Event) -> None:
        self._said.take(Message(CODES, 0, place, None, event.encode()) for place, event in enumerate(said))

    def refresh(self) -> None:
        self.looks.append(True)
        self._fresh = True


def settings_in(home: Path, url: str | None = None, **given: Any) -> Settings:
    """The settings of a test: everything in its own folder, no broker."""
    defaults = {"kafka_bootstrap": "127.0.0.1:1", "home": home, "instance": "test", "in_doubt_seconds": 1.0}
    settings = Settings(**{**defaults, "myvnpost": Myvnpost(url=url, rate_per_second=1000), **given})
    ensure_secrets(settings.secrets_dir)
    open_store(settings.database_url).migrate()
    return settings


def a_request(settings: Settings, leg: str = "D1", dossier: str = DOSSIER, **given: Any) -> DeliveryRequested:
    """A request to bring a result to a citizen, its contact sealed."""
    sealer = Sealer(ensure_secrets(settings.secrets_dir).openers_public, open_store(settings.database_url))
    contact = sealer.seal_contact(dossier, CONTACT)
    sealer.keep()
    defaults = {
        "leg": leg,
        "reference": reference_of(dossier, leg),
        "carrier": "myvnpost",
        "because": "the law",
        "sender_agency": "H29.12",
        "contact": contact,
    }
    return DeliveryRequested(
        id=f"request-{dossier}-{leg}",
        source="/hoso/worker",
        subject=dossier,
        time=AT,
        recordedtime=AT,
        refversion="v1",
        data=DeliveryRequested.Data(**{**defaults, **given}),
    )


def a_cancel(leg: str = "D1", dossier: str = DOSSIER, item: str | None = None) -> CancelRequested:
    """A wish to let the order of a leg go."""
    data = CancelRequested.Data(
        leg=leg, reference=reference_of(dossier, leg), carrier="myvnpost", because="no longer", item_code=item
    )
    return CancelRequested(id=f"cancel-{dossier}-{leg}", source="/hoso/worker", subject=dossier, time=AT, data=data)


def a_message(event: Event, offset: int = 0) -> Message:
    """An event as it stands on its topic."""
    return Message(type(event).topic, 0, offset, event.subject.encode(), event.encode())
