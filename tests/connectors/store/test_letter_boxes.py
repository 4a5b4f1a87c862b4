"""Dead letters under the key of their day: whoever puts bytes aside cannot open them, nothing of them stays outside."""

import base64
import time
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connectors.broker import Message
from connectors.dead_letters import State, kind_of, letters_of, opened
from connectors.letter_boxes import LetterBoxes, LetterOpener, shown
from connectors.redriving import Case, plan
from connectors.retention import DaysSweep
from connectors.seal import CannotOpen, Erased, Openers
from connectors.settings import Settings
from connectors.store import Store
from schemas import instant
from schemas.event import Event, NotAnEvent, UnknownType
from schemas.ops import REDRIVEN, REDRIVEN_TIMES, DeadLetterKept

CANARY, PHONE = "Hoàng Yến Canary", "0909777333"
RAW = f'{{"name": "{CANARY}", "phone": "{PHONE}"'.encode()
PRIVATE = X25519PrivateKey.generate()
OPENERS = Openers((PRIVATE,))
NOON = datetime.fromisoformat("2026-11-26T12:00:00+07:00")
TOPIC = "agency.events.H29.12"


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(NOON, monkeypatch)


def it_is(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instant, "_clock", instant.Clock((instant.Segment(at.timestamp(), 1.0, time.time()),)))


def a_letter(key: bytes = CANARY.encode(), headers: tuple[tuple[str, bytes], ...] = (), raw: bytes = RAW,
             reason: str = f"not JSON: '{CANARY}'") -> DeadLetterKept:  # fmt: skip
    met = Message(TOPIC, 0, 7, key, raw, headers)
    return DeadLetterKept.of(TOPIC, met, reason, "/hoso/dead-letters", "letter-1")


def sealed(store: Store, letter: DeadLetterKept) -> DeadLetterKept:
    return LetterBoxes(store, PRIVATE.public_key()).sealed(letter, kind_of(letter.data.reason))


def test_a_sealed_letter_says_where_and_why_and_nothing_of_its_bytes(store: Store) -> None:
    letter = sealed(store, a_letter(headers=(("ce_subject", PHONE.encode()),)))

    wire = letter.encode()
    assert (letter.data.place, letter.data.reason) == ("agency.events.H29.12/0/7", "not JSON: …")
    assert letter.data.sealed is not None and letter.data.sealed.key_id == "letters-2026-11-26"
    for part in (CANARY, PHONE):
        assert part.encode() not in wire and base64.b64encode(part.encode())[:-4] not in wire


def test_an_opener_has_it_as_it_came_and_nobody_else_has(store: Store) -> None:
    letter = a_letter(headers=(("ce_subject", b"x"),))

    assert LetterOpener(store, OPENERS).opened(Event.decode(sealed(store, letter).encode())) == letter  # type: ignore[arg-type]
    with pytest.raises(CannotOpen):
        LetterOpener(store, Openers((X25519PrivateKey.generate(),))).opened(sealed(store, letter))


def test_letters_of_several_processes_of_a_day_open_alike(store: Store) -> None:
    letters = [sealed(store, a_letter()) for _ in range(3)]

    assert {LetterOpener(store, OPENERS).opened(one).data.bytes for one in letters} == {a_letter().data.bytes}
    assert len({one.data.sealed.box for one in letters if one.data.sealed}) == 3


def test_which_dossier_it_is_of_and_that_it_was_put_back_may_be_read_without_a_key(store: Store) -> None:
    put = ((REDRIVEN, b"6d0f3a52-0000-5000-8000-000000000000"), (REDRIVEN_TIMES, b"2"))

    (letter,) = letters_of([sealed(store, a_letter(b"H29.12-261126-0001", put))])

    assert (letter.kept.data.key, letter.times, letter.state) == ("H29.12-261126-0001", 2, State.WAITING)


def test_a_header_that_only_looks_like_ours_is_sealed(store: Store) -> None:
    assert sealed(store, a_letter(headers=((REDRIVEN, CANARY.encode()),))).data.headers is None


def test_a_letter_without_its_key_is_listed_and_not_put_back(store: Store) -> None:
    (letter,) = letters_of([sealed(store, a_letter())])

    (planned,) = plan([opened(letter, None)], unread=True, once_more=True)

    assert planned.case is Case.SHUT
    assert planned.refused is not None and "openers' key" in planned.refused


def test_an_opened_letter_keeps_the_kind_under_which_it_is_listed(store: Store) -> None:
    (shut,) = letters_of([sealed(store, a_letter())])

    letter = opened(shut, LetterOpener(store, OPENERS).opened)

    assert (letter.kind, letter.raw) == (shut.kind, RAW)
    assert letter.kept.data.reason == f"not JSON: '{CANARY}'"


def test_a_letter_whose_day_is_destroyed_says_so_and_is_not_put_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (letter,) = letters_of([sealed(store, a_letter())])
    it_is(NOON + timedelta(days=91), monkeypatch)
    DaysSweep(store, Settings(kafka_bootstrap="nowhere:1")).look()

    with pytest.raises(Erased):
        LetterOpener(store, OPENERS).opened(letter.kept)
    (planned,) = plan([opened(letter, LetterOpener(store, OPENERS).opened)])
    assert planned.case is Case.SHUT and "is destroyed" in (planned.refused or "")


@pytest.mark.parametrize(
    "raw",
    [
        f'{{"type": "{CANARY}"}}'.encode(),
        f'{{"type": "vn.hoso.dossier.received.v1", "{CANARY}": 1, "subject": "{CANARY}"}}'.encode(),
        RAW,
        CANARY.encode(),
    ],
)
def test_what_may_be_read_of_a_reason_quotes_no_value(raw: bytes) -> None:
    with pytest.raises((NotAnEvent, UnknownType)) as refused:
        Event.decode(raw)

    assert CANARY not in shown(kind_of(str(refused.value)))
