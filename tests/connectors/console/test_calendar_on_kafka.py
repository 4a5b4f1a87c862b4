"""A calendar put in force through its page on a real broker, found there, and taken back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors import topics
from connectors.broker import read_all
from connectors.console.app import AT
from connectors.reference import References, in_force, publish
from connectors.settings import Settings
from hoso import broker
from schemas.reference import REFERENCE, Bundle
from tests.builders import a_bundle, an_agency
from tests.connectors.console.house import House, open_house
from tests.connectors.console.test_calendar import DAYS, previewed
from tests.connectors.project.stories import stories

pytestmark = pytest.mark.broker
FIRST = a_bundle(agencies=[an_agency("H29.12", aliases=["000.00.12.H29"]), an_agency("H29.99")])


@dataclass
class City:
    """A console on a broker of its own."""

    kafka: str
    house: House

    def bundle(self) -> Bundle:
        """What is in force there."""
        found = in_force(self.kafka)
        assert found is not None
        return found

    @property
    def versions(self) -> int:
        return len(read_all(self.kafka, REFERENCE))


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """A broker of its own: what is in force is in force for all."""
    with broker.running() as running:
        topics.apply(running.bootstrap, ["H29.12"])
        yield running.bootstrap


@contextmanager
def following(kafka: str) -> Iterator[References]:
    references = References(kafka)
    assert references.start()
    try:
        yield references
    finally:
        references.close()


@pytest.fixture
def city(kafka: str, tmp_path: Path) -> Iterator[City]:
    """The first calendar is in force, whatever was before."""
    publish(kafka, FIRST)
    settings = Settings(kafka_bootstrap=kafka, home=tmp_path)
    with (
        following(kafka) as references,
        open_house(tmp_path, stories(), settings=settings, references=references) as house,
    ):
        yield City(kafka, house)


def against(page: str) -> str:
    """What a preview's form says that it was tried against."""
    found = re.search(r'name="against" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_an_operator_puts_a_calendar_in_force_and_takes_it_back(city: City) -> None:
    operator = city.house.into("van.hanh")
    place = previewed(city.house, operator, **DAYS)
    tried = against(operator.get(AT + place).text)

    applied = city.house.send(operator, f"{place}/apply", place, why="theo 1/MAU", against=tried)
    page = operator.get(applied.headers["location"])

    assert (applied.status_code, page.status_code) == (303, 200)
    now = city.bundle()
    assert now.why == "theo 1/MAU (van.hanh)"
    assert "2026-11-05" in {row.day for row in now.calendar.closed}
    assert "2026-11-07" in {row.day for row in now.calendar.worked}
    assert f"Phiên bản {now.calendar.version} đã có hiệu lực" in page.text
    assert "theo 1/MAU (van.hanh)" in page.text and f"05/11 nghỉ: {DAYS['off_basis']}" in page.text

    back = previewed(city.house, operator, puts_back=FIRST.calendar.version)
    offered = operator.get(AT + back).text
    reverted = city.house.send(operator, f"{back}/apply", back, why="rút lại", against=against(offered))

    assert f"Trở lại như phiên bản {FIRST.calendar.version}" in offered
    assert reverted.status_code == 303
    assert set(city.bundle().calendar.closed) == set(FIRST.calendar.closed)
    assert city.bundle().why == "rút lại (van.hanh)"
    assert city.bundle().calendar.version != FIRST.calendar.version


def test_what_was_tried_against_another_version_is_refused(city: City) -> None:
    operator = city.house.into("van.hanh")
    place = previewed(city.house, operator, **DAYS)
    tried = against(operator.get(AT + place).text)
    before = city.versions

    forged = city.house.send(operator, f"{place}/apply", place, why="x", against="another")
    publish(city.kafka, FIRST.model_copy(update={"version": f"meanwhile-{before}"}))
    late = city.house.send(operator, f"{place}/apply", place, why="x", against=tried)

    assert (forged.status_code, late.status_code) == (422, 422)
    assert f"Phiên bản meanwhile-{before} đã có hiệu lực trong lúc này" in late.text
    assert city.versions == before + 1


def test_the_same_click_twice_puts_it_in_force_once(city: City) -> None:
    operator = city.house.into("van.hanh")
    place = previewed(city.house, operator, what="days", off_on="2026-11-06", off_basis="mẫu")
    fields = {"why": "x", "against": against(operator.get(AT + place).text)}
    before = city.versions

    answers = [city.house.send(operator, f"{place}/apply", "/calendar", **fields) for _ in range(2)]

    assert [one.status_code for one in answers] == [303, 422]
    assert city.versions == before + 1
