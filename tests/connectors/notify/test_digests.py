"""One change, many dossiers: one digest by every way of the agency, all of it in the feed, nothing lost and nothing
twice.
"""

import json
from typing import Any

import pytest

from connectors.notify.digests import Digests
from connectors.notify.owing import REMINDER
from connectors.notify.results import RESULTS_QUEUE, results_lane
from connectors.store import callbacks
from connectors.store.callbacks import Asked
from connectors.store.queue import OwedState, Queue
from connectors.verdicts import TryLater
from rules.digests import Span
from schemas.event import Event
from schemas.notice import Notice, NoticeKind
from schemas.reference import Bundle
from tests.builders import a_bundle, an_agency
from tests.connectors.notify.conftest import Rig, a_notice
from tests.connectors.notify.test_lane import settled
from tests.moving import codes, comes_into_force, moved
from tests.rules.test_rebasing import CLOSED_WEDNESDAY

QUIET = 30.0
SPAN = Span(QUIET, 600.0)


class Gathering:
    """The rig, and what owes its digests."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.begins()
        comes_into_force(rig.references, CLOSED_WEDNESDAY)
        self.is_now()

    def begins(self) -> None:
        """As a process that has just started."""
        self.digests = Digests(self.rig.store, self.rig.references, SPAN, lambda _: self.rig.lane.wake())

    def is_now(self, **fields: Any) -> None:
        """From now on the agency's profile says this."""
        said: dict[str, Any] = {"callback": {"url": self.rig.ear.url, "development": True}} | fields
        agencies = [an_agency("H29.12", **said), an_agency("H29.05")]
        comes_into_force(self.rig.references, in_force(a_bundle(agencies=agencies)))

    def passes(self, seconds: float) -> None:
        self.rig.passes(seconds)
        self.digests.look()

    def owed(self) -> list[str]:
        """The kinds that are owed by callback."""
        with self.rig.store.read() as connection:
            rows = callbacks.find(connection, Asked(tuple(OwedState)))
        return [str(Event.decode(row.body).data.kind) for row in rows]


def in_force(bundle: Bundle) -> Bundle:
    return bundle.model_copy(update={"version": "profile"})


@pytest.fixture
def given(rig: Rig) -> Gathering:
    return Gathering(rig)


def test_what_one_change_brought_many_is_one_signed_callback(given: Gathering) -> None:
    notices = moved(codes(300))
    given.rig.owes(notices)
    given.rig.lane.start()

    given.passes(QUIET)
    heard = given.rig.ear.next()

    assert heard.said["type"] == "vn.hoso.notice.digest.v1"
    assert (heard.said["subject"], heard.said["refversion"]) == ("H29.12", "test-2")
    data = heard.said["data"]
    assert (data["kind"], data["sequence"], data["payload"]["notices"]) == ("digest", 1, 300)
    assert (data["payload"]["later"], data["payload"]["earlier"], data["payload"]["part"]) == (300, 0, 1)
    assert data["payload"]["why"].startswith("calendar test-2: 2026-11-04 closed")
    assert settled(given.rig, heard.id) == "DONE"
    assert given.owed() == ["digest"]


def test_the_feed_has_each_of_them_where_the_link_leads(given: Gathering) -> None:
    own, notices = a_notice(1), moved(codes(3))
    given.rig.owes([own, *notices])
    given.passes(QUIET)

    with given.rig.store.read() as connection:
        [row] = [one for one in callbacks.find(connection, Asked(tuple(OwedState))) if "digest" in one.body.decode()]
    link = str(json.loads(row.body)["data"]["payload"]["link"])

    assert [json.loads(one.body)["id"] for one in given.rig.fed()] == [own.id, *(one.id for one in notices)]
    change = json.loads(row.body)["data"]["payload"]["change"]
    assert link == f"/v1/feed?change={change}&after={given.rig.fed()[0].cursor}"


def test_nothing_goes_before_the_quiet_span_is_over(given: Gathering) -> None:
    given.rig.owes(moved(codes(3)))
    given.passes(QUIET - 1)
    given.rig.owes(moved(codes(3, first=4)))
    given.passes(QUIET - 1)
    before = given.owed()

    given.passes(1)

    assert before == []
    assert given.owed() == ["digest"]


def test_what_comes_later_is_a_second_digest_that_continues_the_first(given: Gathering) -> None:
    given.rig.owes(moved(codes(3)))
    given.passes(QUIET)
    given.rig.owes(moved(codes(5)))
    given.passes(QUIET)
    given.rig.lane.start()

    first, second = given.rig.ear.next(), given.rig.ear.next()

    counts = [one.said["data"]["payload"] for one in (first, second)]
    assert [(one["part"], one["notices"]) for one in counts] == [(1, 3), (2, 2)]
    assert (counts[1]["continues"], "continues" in counts[0]) == (first.id, False)
    assert [one.said["data"]["sequence"] for one in (first, second)] == [1, 2]


def test_an_own_fact_and_a_result_of_a_moved_dossier_go_at_once(given: Gathering) -> None:
    [code] = codes(1)
    given.rig.owes([*moved([code]), a_notice(3, code), a_notice(4, code, NoticeKind.RESULT_DELIVERED)])
    given.rig.lane.start()

    heard = [given.rig.ear.next().said["data"]["kind"] for _ in range(2)]

    assert heard == ["due_today", "result_delivered"]
    assert given.rig.ear.hears_nothing()


def test_an_agency_that_wants_the_single_ones_gets_each_at_once(given: Gathering) -> None:
    given.is_now(digest=False, results_topic=True)
    notices = moved(codes(300))

    given.rig.owes(notices)
    given.passes(QUIET)

    assert given.rig.states().keys() == {one.id for one in notices}
    assert Queue(given.rig.store, RESULTS_QUEUE).counts() == {"H29.12": 300}


def test_a_results_topic_gets_the_digest_instead(given: Gathering) -> None:
    given.is_now(results_topic=True, callback=None)
    given.rig.owes(moved(codes(30)))
    given.passes(QUIET)

    rig, tools = given.rig, given.rig.tools
    lane = results_lane("H29.12", rig.store, rig.producer, "test", rig.broken.append, tools.policy)
    taken = len(rig.producer.rows)
    rig.producer.grew.clear()
    lane.start()
    assert rig.producer.grew.wait(60)
    lane.close()

    [(topic, key, value)] = rig.producer.rows[taken:]
    assert (topic, key) == ("results.H29.12", b"H29.12")
    assert Event.decode(value).data.payload["notices"] == 30
    assert given.owed() == []


@pytest.mark.parametrize(
    ("wants", "owed"),
    [
        (["due_today"], []),
        (["due_today", "digest"], ["digest"]),
        (["deadline_moved"], ["digest"]),
        (["miss_withdrawn"], []),
    ],
)
def test_a_callback_hears_it_if_it_wants_digests_or_what_it_counts(
    given: Gathering, wants: list[str], owed: list[str]
) -> None:
    given.is_now(wants=wants)
    given.rig.owes(moved(codes(3)))

    given.passes(QUIET)

    assert given.owed() == owed


def test_an_agency_that_only_pulls_finds_all_in_the_feed_and_is_owed_no_digest(given: Gathering) -> None:
    notices = [to_agency("H29.05", one) for one in moved(codes(3))]

    given.rig.owes(notices)
    given.passes(QUIET)

    assert [json.loads(one.body)["id"] for one in given.rig.fed("H29.05")] == [one.id for one in notices]
    assert given.owed() == []


def to_agency(agency: str, notice: Notice) -> Notice:
    return notice.model_copy(update={"data": notice.data.model_copy(update={"agency": agency})})


def test_a_batch_that_comes_again_after_its_digest_begins_no_other(given: Gathering) -> None:
    notices = moved(codes(30))
    given.rig.owes(notices)
    given.passes(QUIET)

    given.rig.owes(notices)
    given.passes(QUIET)

    assert given.owed() == ["digest"]


def test_a_process_that_dies_while_it_owes_a_digest_owes_it_when_it_is_back(
    given: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    given.rig.owes(moved(codes(30)))
    with monkeypatch.context() as dying:
        dying.setattr(Queue, "put", _dies)
        with pytest.raises(TryLater):
            given.passes(QUIET)
    lost = given.owed()

    given.begins()
    given.passes(QUIET)

    assert (lost, given.owed()) == ([], ["digest"])


def _dies(*_: object) -> int:
    raise TryLater("the database went away")


def test_a_process_that_was_away_reads_what_came_before_it_owes_a_digest(given: Gathering) -> None:
    given.rig.owes(moved(codes(30)))
    given.rig.passes(3600)
    given.begins()
    given.digests.look()
    before = given.owed()

    given.rig.owes(moved(codes(60)))
    given.passes(QUIET)

    assert before == []
    with given.rig.store.read() as connection:
        [row] = callbacks.find(connection, Asked(tuple(OwedState)))
    assert json.loads(row.body)["data"]["payload"]["notices"] == 60
    assert row.urgency == REMINDER
