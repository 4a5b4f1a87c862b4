"""A carrier's bytes become facts of the right leg, as sure as their channel."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.seal import Evidence, Opener
from connectors.secrets import ensure_secrets
from connectors.store import items, open_store
from connectors.translate import Translate
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.ops import DeadLetterKept
from schemas.postal import (
    Certainty,
    FailureReason,
    FaultParty,
    FeeRemitted,
    ItemMoved,
    OrderAccepted,
    ParcelStatus,
    Via,
    WebhookReceived,
    WebhookVerdict,
)
from schemas.sealed import SealedText
from tests.connectors.carrying import AT, DOSSIER, Board, Known, Spoken, a_message, settings_in

ITEM = "EA000000011VN"
REFERENCE = f"{DOSSIER}/D1"


class Room:
    """A translate without a broker."""

    def __init__(self, home: Path) -> None:
        self.settings, self.board, self.codes = settings_in(home), Board(), Spoken()
        self.secrets = ensure_secrets(self.settings.secrets_dir)
        self.evidence = Evidence(self.secrets.evidence)
        self.translate = Translate(self.settings, threading.Event(), self.board, Known(), self.codes)

    def restarts(self) -> None:
        """Another process, which remembers nothing of what this one said."""
        self.translate.close()
        self.translate = Translate(self.settings, threading.Event(), self.board, Known(), self.codes)

    def takes(self, *events: Event) -> None:
        self.translate.handle([a_message(event, offset) for offset, event in enumerate(events)])

    def moves(self) -> list[ItemMoved]:
        return self.board.events(ItemMoved)

    def a_webhook(self, *records: dict[str, Any], body: bytes | None = None, **given: Any) -> WebhookReceived:
        raw = body if body is not None else json.dumps({"data": list(records), "sendDate": ""}).encode()
        defaults = {"carrier": "myvnpost", "via": Via.WEBHOOK, "verdict": WebhookVerdict.NONE}
        data = WebhookReceived.Data(**{**defaults, **given}, body=self.evidence.seal(raw))
        digest = Evidence(self.secrets.evidence).key_id + str(hash(raw))
        return WebhookReceived(
            id=f"webhook-{digest}", source="/hoso/edge", subject=digest, time=AT, recordedtime=AT, data=data
        )


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.translate.close()


def a_record(status: int = 6, **given: Any) -> dict[str, Any]:
    at = AT.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S")
    return {"itemCode": ITEM, "saleOrderCode": REFERENCE, "status": status, "updatedDate": at, **given}


def a_receipt(item: str = ITEM, leg: str = "D1", dossier: str = DOSSIER) -> OrderAccepted:
    data = OrderAccepted.Data(leg=leg, carrier="myvnpost", item_code=item, reference=f"{dossier}/{leg}")
    return OrderAccepted(id=f"accepted-{dossier}-{leg}", source="/hoso/dispatch", subject=dossier, time=AT, data=data)


def test_an_update_becomes_a_movement_of_its_leg(room: Room) -> None:
    webhook = room.a_webhook(a_record(6))

    room.takes(webhook)

    (moved,) = room.moves()
    assert (moved.subject, moved.source, moved.causationid) == (DOSSIER, "/carriers/myvnpost", webhook.ref)
    assert (moved.data.leg, moved.data.item_code, moved.data.status) == ("D1", ITEM, ParcelStatus.PICKED_UP)
    assert (moved.time, moved.data.at, moved.data.evidence) == (AT, AT, webhook.subject)
    assert (moved.data.carrier_code, moved.data.certainty) == ("6", Certainty.REPORTED)
    assert moved.refversion == Known().newest().version


@pytest.mark.parametrize(
    ("given", "status", "certainty"),
    [
        ({}, 14, Certainty.REPORTED),
        ({"verdict": WebhookVerdict.SECRET}, 14, Certainty.CONFIRMED),
        ({"verdict": WebhookVerdict.SIGNED}, 14, Certainty.CONFIRMED),
        ({"via": Via.QUERY}, 14, Certainty.CONFIRMED),
        ({"trusts": True}, 14, Certainty.CONFIRMED),
        ({"via": Via.QUERY}, 26, Certainty.REPORTED),
        ({"via": Via.QUERY}, 20, Certainty.REPORTED),
    ],
)
def test_an_update_is_as_sure_as_its_channel_and_its_code(
    room: Room, given: dict[str, Any], status: int, certainty: Certainty
) -> None:
    room.takes(room.a_webhook(a_record(status), **given))

    assert [moved.data.certainty for moved in room.moves()] == [certainty]


def test_a_repetition_has_the_same_name_and_digest_and_a_surer_copy_another(room: Room) -> None:
    room.takes(room.a_webhook(a_record(14)))
    room.restarts()
    room.takes(room.a_webhook(a_record(14), a_record(6, itemCode="EA000000012VN")))
    room.takes(room.a_webhook(a_record(14), via=Via.QUERY))

    first, again, other, surer = room.moves()
    assert (first.id, first.digest) == (again.id, again.digest)
    assert len({first.id, other.id, surer.id}) == 3


def test_what_was_said_lately_is_not_said_again(room: Room) -> None:
    room.takes(room.a_webhook(a_record(14)))
    room.takes(room.a_webhook(a_record(14), a_record(14)))

    assert len(room.moves()) == 1


def test_a_time_far_ahead_of_its_receipt_counts_as_missing(room: Room) -> None:
    wrong = (AT + timedelta(days=365)).strftime("%d/%m/%Y %H:%M:%S")

    room.takes(room.a_webhook(a_record(6, updatedDate=wrong)))

    (moved,) = room.moves()
    assert (moved.data.at, moved.time) == (None, AT)


def test_a_failure_names_its_reason_and_who_is_at_fault_and_seals_the_words(room: Room) -> None:
    room.takes(room.a_webhook(a_record(15, causeName="Ông Mẫu vắng nhà")))

    (moved,) = room.moves()
    assert (moved.data.reason, moved.data.fault_party) == (FailureReason.ABSENT, FaultParty.CITIZEN)
    assert isinstance(moved.data.carrier_words, SealedText)
    opener = Opener(open_store(room.settings.database_url), room.secrets.openers_private)
    assert opener.open_text(DOSSIER, moved.data.carrier_words) == "Ông Mẫu vắng nhà"


def test_an_update_of_an_item_nobody_knows_waits_for_its_receipt(room: Room) -> None:
    room.takes(room.a_webhook(a_record(6, saleOrderCode="")))
    before = room.moves()

    room.takes(a_receipt())
    room.takes(a_receipt())

    assert before == []
    assert [(moved.subject, moved.data.leg) for moved in room.moves()] == [(DOSSIER, "D1")]


def test_a_receipt_that_another_process_learnt_meanwhile_is_seen_once_the_update_waits(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Translate(room.settings, threading.Event(), Board(), Known(), Spoken())
    wait = items.wait

    def meanwhile(conn: Any, unmatched: Any) -> None:
        wait(conn, unmatched)
        kept.append(unmatched)

    kept: list[Any] = []
    monkeypatch.setattr(items, "wait", meanwhile)
    look = room.translate._known_by_now

    def late(*given: Any) -> Any:
        assert kept
        # The other read what waits before ours was to be seen: SQLite has one writer, so the two take turns here.
        monkeypatch.setattr("connectors.translate.items.waiting", lambda *_: [])
        other.handle([a_message(a_receipt(), 0)])
        return look(*given)

    monkeypatch.setattr(room.translate, "_known_by_now", late)
    room.takes(room.a_webhook(a_record(saleOrderCode="")))
    other.close()

    assert [one.data.leg for one in room.moves()] == ["D1"]


def test_an_item_and_a_reference_of_two_legs_are_kept_unmatched(room: Room) -> None:
    room.takes(a_receipt(ITEM, "D2"))

    room.takes(room.a_webhook(a_record(14)))

    assert room.moves() == []


def test_a_receipt_and_its_webhook_in_one_batch_meet_in_any_order(room: Room) -> None:
    room.takes(room.a_webhook(a_record(6, saleOrderCode="")), a_receipt())

    assert len(room.moves()) == 1


def test_a_batch_tells_of_every_leg_in_it(room: Room) -> None:
    other = "H29.12-261102-0002"

    room.takes(room.a_webhook(a_record(6), a_record(12, itemCode="EA2", saleOrderCode=f"{other}/C1")))

    assert [(moved.subject, moved.data.leg) for moved in room.moves()] == [(DOSSIER, "D1"), (other, "C1")]


def test_a_code_nobody_knows_travels_on_as_unknown(room: Room) -> None:
    room.takes(room.a_webhook(a_record(26)))

    (moved,) = room.moves()
    assert (moved.data.status, moved.data.carrier_code) == (ParcelStatus.UNKNOWN, "26")


def test_the_fee_is_remitted_once_that_is_sure(room: Room) -> None:
    room.takes(room.a_webhook(a_record(21, codAmount=35000)))
    reported = room.board.events(FeeRemitted)
    room.takes(room.a_webhook(a_record(21, codAmount=35000), via=Via.QUERY))

    (fee,) = room.board.events(FeeRemitted)
    assert reported == []
    assert (fee.data.amount, fee.data.borne_by) == (35000, FaultParty.CITIZEN)


@pytest.mark.parametrize("given", [{"body": b"{not json"}, {"carrier": "pigeon"}])
def test_what_nobody_can_read_goes_to_the_dead_letters_sealed(room: Room, given: dict[str, Any]) -> None:
    room.takes(room.a_webhook(a_record(6), **given), room.a_webhook(a_record(12)))

    (letter,) = room.board.events(DeadLetterKept)
    assert letter.data.topic == "postal.webhooks"
    assert len(room.moves()) == 1


def test_evidence_under_another_key_goes_to_the_dead_letters(room: Room) -> None:
    webhook = room.a_webhook(a_record(6))
    other = Evidence(bytes(32)).seal(b"{}")

    room.takes(webhook.model_copy(update={"data": webhook.data.model_copy(update={"body": other})}))

    assert len(room.board.events(DeadLetterKept)) == 1
