"""Pipeline, for operators alone: what is wrong comes first, also while Kafka is away; no rate is made up."""

import re
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete
from structlog.testing import capture_logs

from connectors.console import glance
from connectors.console.app import AT
from connectors.console.glance import Glance
from connectors.console.pages import pipeline
from connectors.console.reading import parked
from connectors.console.reading import pipeline as reading
from connectors.console.reading.pipeline import LONGEST_SPAN_SECONDS, Grows, grown
from connectors.store import Store, open_store
from connectors.store.breaker import Breaker
from connectors.store.queue import Owed, Queue
from connectors.store.tables import LANES, OWED
from connectors.verdicts import TryLater
from rules.kept import Kept
from rules.parking import advance
from schemas.instant import clock
from schemas.state import STATE
from tests.builders import REFERENCE, received
from tests.connectors.console.house import PEOPLE, House, open_house
from tests.connectors.doctor.english import english_in
from tests.connectors.doubles import say
from tests.holding import a_hold
from tests.waiting import until

PAGES = ("", "/doctor", "/dead-letters", "/parked", "/holds")
FORMS = (
    "/dead-letters/redrive",
    "/parked/H29.12-261102-0001/retry",
    "/parked/H29.12-261102-0001/skip",
    "/holds/set",
    "/holds/release",
)
NOWHERE = "127.0.0.1:1"
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("pipeline")) as open_one:
        yield open_one


@pytest.fixture
def house(running: House) -> Iterator[House]:
    """With nothing owed."""
    yield running
    with running.desk.store.begin() as connection:
        connection.execute(delete(OWED))
        connection.execute(delete(LANES))


def words(html: str) -> str:
    """A page's words, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("name", ["can.bo", "thanh.pho"])
def test_the_machinery_is_for_operators_alone(house: House, name: str) -> None:
    client = house.into(name)

    seen = {client.get(f"{AT}/pipeline{page}").status_code for page in PAGES}
    sent = {house.send(client, f"/pipeline{form}", why="x", what="post").status_code for form in FORMS}

    assert (seen, sent) == ({403}, {403})
    assert house.producer.rows == []


def test_nobody_s_form_changes_anything_without_its_word(house: House) -> None:
    operator = house.into("van.hanh")

    answers = {operator.post(f"{AT}/pipeline{form}", data={"why": "x"}).status_code for form in FORMS}

    assert answers == {403}
    assert house.producer.rows == []


# ---------------------------------------------------------------- the first page


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, httpx.Client]]:
    """A console whose Kafka is away, once it has noticed."""
    with open_house(tmp_path_factory.mktemp("blind")) as open_one:
        client = open_one.into("van.hanh")
        until(lambda: "being looked at" not in client.get(f"{AT}/pipeline?lang=en").text)
        yield open_one, client


def test_what_is_wrong_comes_first_while_kafka_is_away_and_the_rest_is_shown(
    blind: tuple[House, httpx.Client],
) -> None:
    page = blind[1].get(f"{AT}/pipeline?lang=en")

    first = page.text.split('<table class="cards findings">')[1].split("<tr>")[2]
    assert page.status_code == 200
    assert 'class="tag bad">Bad<' in first and "Kafka is away" in first
    assert "cannot be looked at now : no ends: " in words(page.text) or "cannot be looked at now: no" in words(
        page.text
    )
    assert "Nothing is owed." in page.text
    assert "Nothing is held." in page.text


def test_the_doctor_s_page_has_what_is_well_too(
    blind: tuple[House, httpx.Client],
) -> None:
    page = blind[1].get(f"{AT}/pipeline/doctor?lang=vi").text

    assert "Bình thường" in page and "Cơ sở dữ liệu" in page
    assert page.index("Nghiêm trọng") < page.index("Bình thường")


@pytest.mark.parametrize("path", ["", "/doctor"])
def test_no_english_sentence_is_on_the_vietnamese_page_but_an_error_s_own_words(
    blind: tuple[House, httpx.Client], path: str
) -> None:
    page = blind[1].get(f"{AT}/pipeline{path}?lang=vi").text

    ours = re.sub(r'<(\w+)[^>]* lang="en".*?</\1>', " ", page, flags=re.S)
    assert "không liên lạc được với Kafka: không ai trả lời tại" in ours
    assert english_in(words(ours.split("<main")[1])) == []


def test_each_page_stands_in_both_languages(blind: tuple[House, httpx.Client]) -> None:
    vietnamese = blind[1].get(f"{AT}/pipeline?lang=vi").text
    english = blind[1].get(f"{AT}/pipeline?lang=en").text

    assert "<h1>Vận hành</h1>" in vietnamese and "Điều cần xử lý" in vietnamese
    assert "<h1>Pipeline</h1>" in english and "What is wrong" in english


def owes(house: House, queue: str, lane: str, count: int) -> Queue:
    made, at = Queue(house.desk.store, queue), clock().seconds() - 7200
    rows = [Owed(f"{lane}-{number}", lane, f"{number}", 1, b"body", at, created_at=at) for number in range(count)]
    with house.desk.store.begin() as connection:
        made.put(connection, rows)
    return made


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is looked at for each page, which waits for what takes a moment, and not for a Kafka that is away."""
    monkeypatch.setattr(glance, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(glance, "STALE_SECONDS", 0.0)
    monkeypatch.setattr(pipeline, "WAIT_SECONDS", 1.0)


@pytest.mark.usefixtures("anew")
def test_a_broken_lane_is_shown_with_what_it_owes_and_what_its_partner_said_as_text(house: House) -> None:
    queue = owes(house, "dispatch", "myvnpost", 3)
    assert queue.lanes.lease("myvnpost", "test", 60)
    queue.later("myvnpost-0", clock().seconds() + 60, f"no answer {EVIL}")
    queue.lanes.stands("myvnpost", Breaker(failures=5, opens_at=clock().seconds() + 600, allowed=1))
    owes(house, "callbacks", "H29.12", 2)

    page = house.into("van.hanh").get(f"{AT}/pipeline?lang=en").text

    broken = page.split('<h2 id="breakers">')[1].split("</section>")[0]
    owed = page.split('<h2 id="owed">')[1].split("</section>")[0]
    assert ">broken<" in broken and "Postal orders → myvnpost" in broken
    assert "&lt;script&gt;" in broken and "<script>alert" not in page
    assert "H29.12" not in broken
    assert owed.index("myvnpost") < owed.index("Words to agencies → H29.12")
    assert re.search(r'Owed">3<.*?Oldest">120 min|Owed">3<.*?Oldest">2 h', owed, re.S)


@pytest.mark.usefixtures("anew")
def test_a_lane_that_holds_itself_is_seen_at_once(house: House) -> None:
    say(house.desk.holds, a_hold(carrier="ghn", asks=True, why=f"900 orders in one hour {EVIL}"))

    page = house.into("van.hanh").get(f"{AT}/pipeline?lang=en").text

    held = page.split('<h2 id="holds">')[1].split("</section>")[0]
    assert "A lane asks" in held and "post carrier=ghn" in held
    assert "<script>alert" not in page


# ---------------------------------------------------------------- rates


BEFORE = (100.0, {("log", 0): 10, ("log", 1): 20})


def test_a_rate_needs_two_looks() -> None:
    first = grown(None, BEFORE)

    assert (first.topics, first.span_seconds) == ((Grows("log", 30, None),), None)


def test_a_rate_is_what_came_between_two_looks_by_the_second() -> None:
    growth = grown(BEFORE, (110.0, {("log", 0): 25, ("log", 1): 40}))

    assert (growth.topics, growth.span_seconds) == ((Grows("log", 65, 3.5),), 10.0)


def test_hundreds_of_agencies_topics_hide_no_shared_one() -> None:
    growth = grown(None, (1.0, {("agency.events.H29.12", 0): 5, ("agency.events.H29.99", 0): 9, ("reference", 0): 1}))

    assert [one.topic for one in growth.topics] == ["reference", "agency.events.H29.99", "agency.events.H29.12"]


@pytest.mark.parametrize(
    "after",
    [
        {("log", 0): 9, ("log", 1): 40},
        {("log", 0): 25, ("log", 1): 40, ("log", 2): 1},
    ],
)
def test_a_topic_that_was_made_anew_has_no_rate(after: dict[tuple[str, int], int]) -> None:
    [log] = grown(BEFORE, (110.0, after)).topics

    assert log.rate is None


def test_looks_far_apart_say_nothing_of_now() -> None:
    growth = grown(BEFORE, (BEFORE[0] + LONGEST_SPAN_SECONDS + 1, {("log", 0): 25, ("log", 1): 40}))

    assert (growth.topics[0].rate, growth.span_seconds) == (None, None)


# ---------------------------------------------------------------- looking beside the pages


def test_many_who_ask_at_once_cause_one_look() -> None:
    looks, may_end = list[int](), threading.Event()

    def look() -> int:
        looks.append(1)
        assert may_end.wait(60)
        return len(looks)

    asked = Glance("test", look)
    early = asked.get(0.0)
    for _ in range(5):
        asked.begin()
    may_end.set()
    late = asked.get(20.0)

    assert early is None
    assert late is not None and (late.value, late.why) == (1, "")
    assert len(looks) == 1


def test_what_was_seen_lately_is_not_looked_at_again_and_has_its_age() -> None:
    looks = list[int]()
    asked = Glance("test", lambda: looks.append(1))

    first, second = asked.get(20.0), asked.get(20.0)

    assert first is not None and second is not None
    assert 0 <= first.age_seconds <= second.age_seconds < glance.FRESH_SECONDS
    assert len(looks) == 1


def test_what_is_old_is_shown_and_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, may_end = iter((1, 2)), threading.Event()
    may_end.set()

    def look() -> int:
        assert may_end.wait(60)
        return next(seen)

    asked = Glance("test", look)
    assert asked.get(20.0)
    monkeypatch.setattr(glance, "FRESH_SECONDS", 0.0)
    may_end.clear()

    old = asked.get(20.0)
    may_end.set()
    until(lambda: (found := asked.get(0.0)) is not None and found.value == 2)

    assert old is not None and old.value == 1


@pytest.mark.parametrize(
    ("error", "why", "logged"), [(TryLater("no broker"), "no broker", 0), (KeyError("x"), "KeyError", 1)]
)
def test_what_cannot_be_looked_at_says_why(error: Exception, why: str, logged: int) -> None:
    def look() -> int:
        raise error

    with capture_logs() as said:
        seen = Glance("test", look).get(20.0)

    assert seen is not None
    assert (seen.value, seen.why) == (None, why)
    assert [one["event"] for one in said] == ["console.not_seen"] * logged


# ---------------------------------------------------------------- on both databases


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database without any tables."""
    url = f"sqlite:///{tmp_path / 'either.db'}"
    if request.param == "postgres":
        # Asked for only here: a run of `-m 'not postgres'` starts no server.
        url = str(request.getfixturevalue("postgres_database"))
    store = open_store(url)
    yield store
    store.close()


def test_broken_lanes_come_before_what_has_been_owed_longest(either: Store) -> None:
    either.migrate()
    moment = clock().seconds()
    for lane, age in (("ems", 60), ("ghn", 3600), ("myvnpost", 600)):
        queue = Queue(either, "dispatch")
        with either.begin() as connection:
            queue.put(connection, [Owed(lane, lane, lane, 1, b"body", moment - age, created_at=moment - age)])
        assert queue.lanes.lease(lane, "test", 60)
    queue.later("ems", moment + 60, "no answer in 10 s")
    queue.lanes.stands("ems", Breaker(failures=5, opens_at=moment + 600, allowed=1))

    found = reading.owed(either)

    assert [(one.stands.lane, one.level, one.why) for one in found] == [
        ("ems", 2, "no answer in 10 s"),
        ("ghn", 0, ""),
        ("myvnpost", 0, ""),
    ]
    assert found[1].oldest_seconds is not None and 3600 <= found[1].oldest_seconds < 3700


def test_parked_dossiers_stand_by_their_due_date_and_without_one_last(either: Store, tmp_path: Path) -> None:
    with open_house(tmp_path, read_store=either) as house:
        for code, unknown_first in (("H29.12-261102-0001", True), ("H29.12-261102-0002", False)):
            parks(house, code, unknown_first=unknown_first)
        house.enter()
        with house.desk.look(PEOPLE["van.hanh"]) as look:
            rows, count = parked.held(look)

    assert count == 2
    assert [(one.code, one.due_on) for one in rows] == [
        ("H29.12-261102-0002", date(2026, 11, 5)),
        ("H29.12-261102-0001", None),
    ]


def parks(house: House, code: str, *, unknown_first: bool) -> None:
    """Say the state of a dossier of which a fact could not be folded, its first one or a later one."""
    fact = received(code=code)
    readable, newer = (fact, fact.encode()), (None, b"{}")
    kept = Kept()
    for event, raw in [newer, readable] if unknown_first else [readable, newer, readable]:
        kept, said = advance(kept, event, raw, "a fact", REFERENCE)
        for one in said:
            if one.topic == STATE:
                house.told.put(STATE, code, one.encode("0.1.0"))
    assert kept.parked
