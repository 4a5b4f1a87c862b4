"""A console whose read model was told what stands on a real log, at the places where it stands there."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors import topics
from connectors.broker import Producer, read_key
from connectors.seal import Sealer
from connectors.settings import Settings
from schemas.dossier import LOG
from schemas.event import Event
from schemas.sealed import PlainContact
from tests.connectors.console.house import House, open_house
from tests.connectors.project.told import enter


@contextmanager
def house_on(bootstrap: str, folder: Path) -> Iterator[House]:
    """A console over this cluster."""
    topics.apply(bootstrap, ["H29.12"])
    with open_house(folder, settings=Settings(kafka_bootstrap=bootstrap, home=folder)) as house:
        yield house


def a_code() -> str:
    """A dossier that no other test of the session has told the log of."""
    return f"H29.12-261102-{uuid.uuid4().int % 10**7:07}"


def say(house: House, *facts: Event) -> None:
    """Facts of one dossier on the real log, and in the read model by their real places."""
    code, bootstrap = facts[0].subject, house.desk.settings.kafka_bootstrap
    before = len(house.told.records)
    house.told.say(*facts)
    with Producer(bootstrap, "test") as producer:
        producer.publish(list(facts))
    real = read_key(bootstrap, LOG, code.encode())[-len(facts) :]
    derived = [one for one in house.told.records[before:] if one.topic != LOG]
    enter(house.desk.read_store, [*real, *derived])
    house._entered = len(house.told.records)


def sealed(house: House, fact: Event, contact: PlainContact) -> Event:
    """The fact with this contact, sealed as the gate does."""
    sealer = Sealer(house.desk.secrets.openers_public, house.desk.store)
    box = sealer.seal_contact(fact.subject, contact)
    sealer.keep()
    return fact.model_copy(update={"data": fact.data.model_copy(update={"contact": box})})
