"""An installation of its own for each test, on a broker and databases that are real; and a clock that can be driven."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors import topics
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.project import sets
from connectors.project.main import identities
from connectors.reference import publish
from connectors.secrets import ensure_secrets
from connectors.settings import Settings
from connectors.store import open_store
from hoso import broker
from schemas.reference import Bundle
from tests.builders import a_bundle, an_agency
from tests.connectors.doctor.english import english_in

NOWHERE = "127.0.0.1:1"
CALLBACK = {"url": "https://agency.example/hoso", "development": True}


def the_bundle() -> Bundle:
    """One agency with a callback, one without, one in shadow."""
    agencies = [
        an_agency("H29.12", callback=CALLBACK),
        an_agency("H29.99"),
        an_agency("H29.05", callback=CALLBACK, stage="shadow"),
    ]
    return a_bundle("of-the-doctor", agencies=agencies)


@pytest.fixture(autouse=True)
def in_vietnamese_too(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test finds is said in Vietnamese too, and so is what there is to know more, but an error's words."""
    made, begin = list[Finding](), Finding.__init__

    def kept(self: Finding, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        made.append(self)

    monkeypatch.setattr(Finding, "__init__", kept)
    yield
    said = [text for one in made for text in (one.says.vi, "" if isinstance(one.more, str) else one.more.vi)]
    assert [text for text in said if english_in(text)] == []
    assert all(one.says.vi and one.says.vi != one.what for one in made)


@pytest.fixture(scope="session")
def doctors_kafka() -> Iterator[str]:
    """A broker of its own: the doctor looks at whole topics and groups, and others' tests leave things there."""
    with broker.running() as running:
        bundle = the_bundle()
        topics.apply(running.bootstrap, [agency.code for agency in bundle.agencies])
        publish(running.bootstrap, bundle)
        yield running.bootstrap


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where SQL matters, on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hoso.db'}"
    # Asked for only here: a run of `-m 'not postgres'` starts no server.
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An installation whose tables and keys are made, without Kafka."""
    with a_place(tmp_path, f"sqlite:///{tmp_path / 'hoso.db'}") as made:
        yield made


@pytest.fixture
def place_in(tmp_path: Path, database: str) -> Iterator[Place]:
    """The same, on either database."""
    with a_place(tmp_path, database) as made:
        yield made


@pytest.fixture
def on_kafka(place: Place, doctors_kafka: str) -> Place:
    """The same installation, with Kafka."""
    return with_kafka(place, doctors_kafka)


@contextmanager
def a_place(home: Path, database: str) -> Iterator[Place]:
    """An installation for the length of a block."""
    settings = Settings(kafka_bootstrap=NOWHERE, home=home, database_url=database)
    ensure_secrets(settings.secrets_dir)
    store, read_store = open_store(settings.database_url), open_store(settings.read_database_url)
    store.migrate()
    yield Place(settings, store, read_store, kafka_is_away=True)
    store.close()
    read_store.close()


def with_kafka(place: Place, bootstrap: str, **changed: Any) -> Place:
    """The installation on this cluster."""
    settings = place.settings.model_copy(update={"kafka_bootstrap": bootstrap})
    return replace(place, settings=settings, kafka_is_away=False, **changed)


@pytest.fixture
def read_model(on_kafka: Place) -> Place:
    """With an empty read model of the topics that there are."""
    sets.prepare(on_kafka.read_store, identities(on_kafka.bootstrap))
    return on_kafka


def worst(found: list[Finding]) -> Severity:
    """How bad the worst of them is."""
    return max(one.severity for one in found)


def only(found: list[Finding], text: str) -> Finding:
    """The one finding that says this."""
    those = [one for one in found if text in one.what]
    assert len(those) == 1, [one.what for one in found]
    return those[0]
