"""A callback is in its notice's trace: in its header always, as a span where spans are told."""

import json

from connectors.lane import LanePolicy
from connectors.notify.results import results_lane
from schemas import trace
from schemas.event import Event
from schemas.topics import results_topic
from tests.collector import told
from tests.connectors.notify.conftest import Rig, a_notice, a_rejection
from tests.connectors.notify.test_lane import receipts, settled

THEIRS = f"00-{'a' * 32}-{'b' * 16}-01"
CAUSE = "/agencies/H29.12 1"


def test_a_callback_bears_its_notices_trace_in_its_header_and_in_its_body(rig: Rig) -> None:
    rig.owes([a_notice(1).model_copy(update={"traceparent": THEIRS, "causationid": CAUSE})])
    rig.lane.start()

    heard = rig.ear.next()

    assert (heard.headers["traceparent"], heard.said["traceparent"]) == (THEIRS, THEIRS)
    settled(rig, heard.id)
    (told_so,) = receipts(rig)
    assert told_so.traceparent == THEIRS
    (fed,) = rig.fed()
    assert json.loads(fed.body)["traceparent"] == THEIRS


def test_a_notice_without_a_trace_is_called_in_one_that_begins(rig: Rig) -> None:
    rig.owes([a_notice(1)])
    rig.lane.start()

    heard = rig.ear.next()

    assert trace.known(heard.headers["traceparent"])


def test_each_try_is_a_span_beneath_the_fold_that_gave_rise_to_the_notice(rig: Rig) -> None:
    answers = iter([500, 200])
    rig.ear.answers = lambda _: (next(answers), {})
    with told() as kept:
        rig.owes([a_notice(1).model_copy(update={"traceparent": THEIRS, "causationid": CAUSE})])
        rig.lane.start()
        first = rig.ear.next()
        second = rig.ear.next_while(lambda: rig.passes(60))
        settled(rig, second.id)

    failed, taken = kept.named("callback")
    assert {failed.parent, taken.parent} == {trace.fold_of(THEIRS, CAUSE)}
    assert (failed.tells["status"], failed.tells["outcome"], failed.tells["attempt"]) == (500, "failed", 1)
    assert (taken.tells["status"], taken.tells["outcome"], taken.tells["attempt"]) == (200, "delivered", 2)
    assert [one.headers["traceparent"] for one in (first, second)] == [
        f"00-{'a' * 32}-{said.span}-01" for said in (failed, taken)
    ]


def test_a_rejection_is_called_beneath_the_span_in_which_the_gate_refused(rig: Rig) -> None:
    with told() as kept:
        rig.owes([a_rejection().model_copy(update={"traceparent": THEIRS})])
        rig.lane.start()
        settled(rig, rig.ear.next().id)

    assert kept.named("callback")[0].parent == "b" * 16


def test_what_goes_to_an_agencys_own_topic_keeps_its_trace(rig: Rig) -> None:
    lane = results_lane("H29.12", rig.store, rig.producer, "test", rig.broken.append, LanePolicy(rate_per_second=1000))
    with told() as kept:
        rig.owes([a_notice(1).model_copy(update={"traceparent": THEIRS, "causationid": CAUSE})])
        rig.producer.grew.clear()
        lane.start()
        assert rig.producer.grew.wait(60)
        lane.close()

    (said,) = kept.named("results")
    (word,) = [Event.decode(value) for topic, _, value in rig.producer.rows if topic == results_topic("H29.12")]
    assert (word.traceparent, said.parent) == (THEIRS, trace.fold_of(THEIRS, CAUSE))
