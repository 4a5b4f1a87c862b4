"""What is only reported is asked about at once if it may leave the house; what is expected, once it is late."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.asking import Asker, Question
from connectors.carriers import Update, settings_of
from connectors.carriers.myvnpost import CARRIER
from connectors.day_keys import DayEvidence
from connectors.partner import Partner
from connectors.poll import Poll, anew
from connectors.seal import Evidence
from connectors.secrets import ensure_secrets
from connectors.store import open_store
from connectors.store.queue import Owed, OwedState, Queue
from connectors.store.tables import OWED
from connectors.verdicts import Refused
from schemas import instant
from schemas.dossier import DossierStatus
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.postal import Certainty, ItemMoved, ParcelStatus, Via, WebhookReceived
from schemas.state import ClockShown, DossierStateChanged, LegShown
from tests.connectors.carriers.post_double import Parcel, Post, a_post, on, says
from tests.connectors.carrying import AT, DOSSIER, Board, a_message, settings_in
from tests.waiting import until

REFERENCE, ITEM = f"{DOSSIER}/D1", "EA000000011VN"
ASK, HISTORY = "/getOrder", "/GetStatusHistoryOrder"


@pytest.fixture(autouse=True)
def _driven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(AT.timestamp(), 100.0, time.time()),)))


class Desk:
    """A poll with a post office, without a broker."""

    def __init__(self, home: Path, post: Post) -> None:
        self.settings, self.post, self.board = settings_in(home, post.url), post, Board()
        self.poll = Poll(self.settings, threading.Event(), self.board)
        self.queue = Queue(open_store(self.settings.database_url), "poll")

    def takes(self, *events: Event) -> None:
        self.poll.handle([a_message(event, offset) for offset, event in enumerate(events)])

    def until(self, happened: Callable[[], bool], seconds: float = 60) -> None:
        until(happened, seconds, there_is=lambda: (self.post.calls, self.queue.counts()))

    def answers(self) -> list[ParcelStatus]:
        """What the evidence says that poll has put on the topic."""
        secrets = ensure_secrets(self.settings.secrets_dir)
        evidence = DayEvidence(open_store(self.settings.database_url), secrets.evidence)
        received = self.board.events(WebhookReceived)
        assert all(one.data.via is Via.QUERY for one in received)
        return [update.status for one in received for update in CARRIER.updates(evidence.open(one.data.body))]


@contextmanager
def a_desk(home: Path) -> Iterator[Desk]:
    with a_post() as post:
        desk = Desk(home, post)
        post.parcels.append(Parcel(ITEM, REFERENCE, {}, 6, shown_at(AT)))
        desk.poll.open_lanes()
        try:
            yield desk
        finally:
            desk.poll.close_lanes()
            desk.poll.close()


def shown_at(at: datetime) -> str:
    return at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")


def a_move(status: ParcelStatus = ParcelStatus.PICKED_UP, at: datetime | None = AT, **given: Any) -> ItemMoved:
    defaults = {
        "leg": "D1",
        "carrier": "myvnpost",
        "item_code": ITEM,
        "status": status,
        "at": at,
        "certainty": Certainty.REPORTED,
        "carrier_code": "6",
        "table_version": "t",
        "evidence": "e",
    }
    data = ItemMoved.Data(**{**defaults, **given})
    return ItemMoved(id=f"moved-{status}", source="/carriers/myvnpost", subject=DOSSIER, time=AT, data=data)


def a_state(
    expected_by: datetime | None, expected: ParcelStatus | None = ParcelStatus.DELIVERED, order: str = "ACCEPTED"
) -> DossierStateChanged:
    leg = LegShown(
        leg="D1",
        carrier="myvnpost",
        reference=REFERENCE,
        item_code=ITEM,
        order=order,
        expected=expected,
        expected_by=expected_by,
    )
    data = DossierStateChanged.Data(
        sequence=1, status=DossierStatus.RESULT_READY, clock=ClockShown(state="STOPPED"), legs=(leg,)
    )
    return DossierStateChanged(id="state", source="/hoso/worker", subject=DOSSIER, time=AT, data=data)


def test_what_is_reported_is_asked_about_at_once(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_move())

        desk.until(lambda: not desk.queue.counts())

        assert desk.answers() == [ParcelStatus.PICKED_UP]
        assert desk.post.calls.count(HISTORY) == 0


def test_a_movement_within_the_post_is_asked_about_a_day_later_unless_another_answer_confirms_it(
    tmp_path: Path,
) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_move())
        desk.until(lambda: not desk.queue.counts())

        desk.takes(a_move(ParcelStatus.IN_TRANSIT, AT + timedelta(hours=1)))

        with desk.queue.store.read() as conn:
            (row,) = desk.queue.waiting(conn, f"patient:{REFERENCE}")
        assert row.next_at == pytest.approx(instant.clock().seconds() + 24 * 3600, abs=600)
        desk.takes(a_move(ParcelStatus.IN_TRANSIT, AT + timedelta(hours=1), certainty=Certainty.CONFIRMED))
        assert desk.queue.counts() == {}
        assert desk.post.calls.count(ASK) == 1


def test_what_must_be_known_at_once_does_not_wait_behind_what_may_wait(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_move())
        desk.until(lambda: not desk.queue.counts())
        delivered_at = AT + timedelta(hours=2)
        desk.post.parcels[0].status, desk.post.parcels[0].updated = 14, shown_at(delivered_at)

        desk.takes(
            a_move(ParcelStatus.IN_TRANSIT, AT + timedelta(hours=1)), a_move(ParcelStatus.DELIVERED, delivered_at)
        )

        desk.until(lambda: ParcelStatus.DELIVERED in desk.answers())


def test_a_movement_that_is_the_first_sign_of_the_envelope_is_asked_about_at_once(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.post.parcels[0].status = 7
        desk.takes(a_move(ParcelStatus.IN_TRANSIT))

        desk.post.wait_for(ASK)


def test_a_status_the_item_has_passed_is_found_in_its_history(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        later = AT + timedelta(hours=1)
        desk.post.parcels[0].status, desk.post.parcels[0].updated = 12, shown_at(later)
        desk.post.parcels[0].history = [(6, shown_at(AT)), (12, shown_at(later))]
        desk.takes(a_move())

        desk.until(lambda: not desk.queue.counts())

        assert desk.answers() == [
            ParcelStatus.OUT_FOR_DELIVERY,
            ParcelStatus.PICKED_UP,
            ParcelStatus.OUT_FOR_DELIVERY,
        ]


def test_an_answer_that_is_not_there_yet_is_asked_for_again(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        delivered_at = AT + timedelta(hours=2)
        desk.takes(a_move(ParcelStatus.DELIVERED, delivered_at))
        desk.post.wait_for(ASK, 2)
        too_early = desk.answers()
        desk.post.parcels[0].status, desk.post.parcels[0].updated = 14, shown_at(delivered_at)

        desk.until(lambda: not desk.queue.counts())

        assert too_early == []
        assert desk.answers() == [ParcelStatus.DELIVERED]


def test_a_carrier_that_is_down_is_asked_again(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.post.before += [on(ASK, says(503)), on(ASK, says(429, Retry_After="1"))]
        desk.takes(a_move())

        desk.until(lambda: not desk.queue.counts())

        assert desk.answers() == [ParcelStatus.PICKED_UP]


def test_what_is_confirmed_meanwhile_is_asked_no_more(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_move(ParcelStatus.DELIVERED, AT + timedelta(hours=1)))
        desk.post.wait_for(ASK)

        def confirmed() -> bool:
            desk.takes(a_move(ParcelStatus.DELIVERED, AT + timedelta(hours=1), certainty=Certainty.CONFIRMED))
            return not desk.queue.counts()

        desk.until(confirmed)
        assert desk.answers() == []


def test_what_tells_of_no_movement_is_not_asked_about(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_move(ParcelStatus.UNKNOWN), a_move(ParcelStatus.PICKED_UP, carrier="pigeon"))

        assert desk.queue.counts() == {}


def test_silence_past_its_time_is_asked_about_and_again_at_growing_spans(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_state(instant.now() + timedelta(seconds=200)))
        early = list(desk.post.calls)

        desk.post.wait_for(ASK)
        desk.until(lambda: (desk.queue.next_at("myvnpost") or 0) > instant.clock().seconds() + 5 * 3600)

        assert early == []
        assert desk.answers() == [ParcelStatus.PICKED_UP]


def test_only_the_newest_expectation_of_a_leg_is_kept(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_state(AT + timedelta(days=3)), a_state(AT + timedelta(days=4)), a_state(AT + timedelta(days=4)))
        two = desk.queue.counts()
        desk.takes(a_state(None, None))

        assert (two, desk.queue.counts()) == ({"myvnpost": 1}, {})


def test_a_state_that_another_follows_in_a_batch_asks_for_nothing(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        with_a_leg = a_state(AT + timedelta(days=300))
        without = with_a_leg.model_copy(update={"data": with_a_leg.data.model_copy(update={"legs": ()})})

        desk.takes(with_a_leg, without)
        followed = desk.queue.counts()
        desk.takes(without, with_a_leg)

        assert (followed, desk.queue.counts()) == ({}, {"myvnpost": 1})


def test_states_that_come_anew_after_a_crash_leave_the_question_of_the_last(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        first, last = a_state(AT + timedelta(days=30)), a_state(AT + timedelta(days=33))
        desk.takes(first, last)

        desk.takes(first, last)

        due = (AT + timedelta(days=33)).timestamp()
        assert (desk.queue.next_at("myvnpost"), desk.queue.counts()) == (due, {"myvnpost": 1})


def test_what_is_expected_again_is_asked_about_again(tmp_path: Path) -> None:
    with a_desk(tmp_path) as desk:
        desk.takes(a_state(AT + timedelta(days=30)), a_state(AT + timedelta(days=33)))

        desk.takes(a_state(AT + timedelta(days=30)))
        assert desk.queue.next_at("myvnpost") == (AT + timedelta(days=30)).timestamp()

        desk.takes(a_state(None, None))
        assert desk.queue.counts() == {}


def test_after_a_log_was_adopted_an_item_is_asked_about_once_and_not_before_its_leg_is_known_again(
    tmp_path: Path,
) -> None:
    question = Question(dossier=DOSSIER, leg="D1", carrier="myvnpost", reference=REFERENCE, once=True)
    row = Owed(anew(REFERENCE), "myvnpost", "anew", 0, question.model_dump_json().encode(), state=OwedState.ASIDE)
    store = open_store(settings_in(tmp_path).database_url)
    with store.begin() as conn:
        Queue(store, "poll").put(conn, [row])
    with a_desk(tmp_path) as desk:
        later = AT + timedelta(hours=1)
        desk.post.parcels[0].history = [(6, shown_at(AT)), (12, shown_at(later))]
        desk.takes(a_state(None, None, order="REQUESTED"))
        early = list(desk.post.calls)

        desk.takes(a_state(None, None), a_state(None, None))
        desk.until(lambda: not desk.queue.counts() and bool(desk.answers()))

        assert early == []
        # The history alone, in its order.
        assert desk.answers() == [ParcelStatus.PICKED_UP, ParcelStatus.OUT_FOR_DELIVERY]
        desk.takes(a_state(None, None))
        assert desk.queue.counts() == {}


class NoAnswer:
    """A carrier that refuses every question, in words that name a citizen."""

    carrier = CARRIER

    def status(self, reference: str, item: str | None) -> Any:
        raise Refused("Không tìm thấy đơn của ông Mẫu", code="404")


def a_question_in(queue: Queue, **given: Any) -> Owed:
    """A question that is owed."""
    queue.store.migrate()
    question = Question(dossier=DOSSIER, leg="D1", carrier="myvnpost", reference=REFERENCE, item=ITEM, **given)
    row = Owed("q", "myvnpost", REFERENCE, 1, question.model_dump_json().encode())
    with queue.store.begin() as connection:
        queue.put(connection, [row])
    return row


def stands(queue: Queue) -> Any:
    """How the one question stands, and the last word on it."""
    with queue.store.read() as connection:
        [row] = connection.execute(select(OWED.c.state, OWED.c.last_error)).all()
    return tuple(row)


def test_a_question_that_the_carrier_refuses_is_given_up_and_its_words_are_not_kept(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    queue = Queue(open_store(settings.database_url), "poll")
    row = a_question_in(queue)
    evidence = Evidence(ensure_secrets(settings.secrets_dir).evidence)

    asker = Asker(queue, NoAnswer(), evidence, lambda said: None, unknown)  # type: ignore[arg-type]  # as much as it asks
    asker.work(row)

    assert stands(queue) == (OwedState.GAVE_UP, "refused (404)")


def unknown(update: Update) -> Update:
    return update


NOBODY_KNOWS = 26


@pytest.mark.parametrize(
    ("mapped", "state"), [(None, OwedState.OWED), (ParcelStatus.PICKED_UP, OwedState.DONE)], ids=["nobody", "mapped"]
)
def test_an_answer_in_a_code_that_an_operator_mapped_answers_the_question(
    tmp_path: Path, mapped: ParcelStatus | None, state: OwedState
) -> None:
    said: list[WebhookReceived] = []
    with a_post() as post:
        post.parcels.append(Parcel(ITEM, REFERENCE, {}, NOBODY_KNOWS, shown_at(AT)))
        settings = settings_in(tmp_path, post.url)
        queue = Queue(open_store(settings.database_url), "poll")
        row = a_question_in(queue, status=ParcelStatus.PICKED_UP, at=AT)
        partner = Partner(CARRIER, settings_of(settings, "myvnpost"), 5)
        evidence = Evidence(ensure_secrets(settings.secrets_dir).evidence)

        asker = Asker(queue, partner, evidence, said.extend, lambda one: replace(one, status=mapped or one.status))
        asker.work(row)

    assert stands(queue)[0] == state
    assert bool(said) is (mapped is not None)
