"""A dossier erased: its keys are gone, what else opens is blank, the log hears of it once, the certificate holds."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import insert, select

from connectors.erasing import NothingToErase, certificate, destroy, faults, state
from connectors.notify.telling import opened
from connectors.seal import Erased, Evidence, Opener, Openers, Sealer
from connectors.settings import Settings
from connectors.store import Store, erasures, feed, items
from connectors.store.feed import Told
from connectors.store.items import Item, Unmatched
from connectors.store.tables import FEED, SEALED_KEYS, UNMATCHED
from connectors.verdicts import TryLater
from hoso import postgres
from schemas import ops
from tests.connectors.carrying import CONTACT, Board
from tests.postgres import files_of

CODE, OTHER = "H29.12-261126-0001", "H29.12-261126-0002"
PRIVATE, SIGNING, BOX = X25519PrivateKey.generate(), Ed25519PrivateKey.generate(), Evidence(b"f" * 32)
OPENERS = Openers((PRIVATE,))
SETTINGS = Settings(kafka_bootstrap="nowhere:1")
WHO = {"why": "request 14/2026", "by": "Trần Thị Mẫu", "refversion": "v1"}


class Away(Board):
    """A broker that takes nothing."""

    def _deliver(self, rows: Any) -> None:
        raise TryLater("no broker")


def a_life(store: Store, code: str) -> Any:
    """A contact that was sealed, a boxed row of the feed, and an update that waits for its receipt."""
    sealer = Sealer(PRIVATE.public_key(), store)
    contact = sealer.seal_contact(code, CONTACT)
    sealer.keep()
    notice = {"subject": code, "data": {"kind": "result_delivered", "payload": {"receiver": CONTACT.name}}}
    body = BOX.seal(json.dumps(notice).encode()).model_dump_json().encode()
    with store.begin() as connection:
        feed.put(connection, [Told("H29.12", f"n-{code}", "agency.notices", 0, 1, body, code)])
        items.learn(connection, Item("ems", f"E-{code}", f"{code}-D1", code, "D1"))
        items.wait(connection, Unmatched(f"u-{code}", "ems", f"E-{code}", "?", b"{}", "no receipt names it"))
        items.wait(connection, Unmatched(f"v-{code}", "ems", "?", f"{code}/D1", b"{}", "no receipt names it"))
    return contact


def bodies(store: Store) -> dict[str, bytes]:
    with store.read() as connection:
        return {row.notice_id: row.body for row in connection.execute(select(FEED.c.notice_id, FEED.c.body))}


def test_after_it_nothing_of_that_dossier_opens_and_everything_of_another_does(store: Store) -> None:
    contact, others = a_life(store, CODE), a_life(store, OTHER)

    destroy(store, BOX, CODE, **WHO)

    opener = Opener(store, OPENERS)
    with pytest.raises(Erased):
        opener.open_contact(CODE, contact)
    assert opener.open_contact(OTHER, others) == CONTACT
    fed = bodies(store)
    assert json.loads(fed[f"n-{CODE}"]) == {
        "subject": CODE,
        "data": {"kind": "result_delivered", "payload": {"erased": True}},
    }
    assert fed[f"n-{OTHER}"].startswith(b'{"key_id"')
    with store.read() as connection:
        assert set(connection.execute(select(UNMATCHED.c.id)).scalars()) == {f"u-{OTHER}", f"v-{OTHER}"}


def test_a_row_of_the_feed_from_a_release_that_did_not_say_whose_it_is_is_found_by_opening_it(store: Store) -> None:
    a_life(store, CODE)
    a_life(store, OTHER)
    with store.begin() as connection:
        connection.execute(FEED.update().values(dossier=None))

    destroy(store, BOX, CODE, **WHO)

    assert [id for id, body in bodies(store).items() if body.startswith(b'{"key_id"')] == [f"n-{OTHER}"]


def test_what_is_told_of_it_afterwards_says_that_it_is_erased(store: Store) -> None:
    contact = a_life(store, CODE)
    notice = {"subject": CODE, "data": {"payload": {"contact": contact.model_dump(mode="json")}}}
    destroy(store, BOX, CODE, **WHO)

    told = json.loads(opened(json.dumps(notice).encode(), Opener(store, OPENERS)))

    assert told["data"]["payload"] == {"contact": "[erased]"}


def test_the_log_is_told_once_how_many_keys_there_were_and_by_whom(store: Store) -> None:
    a_life(store, CODE)
    board = Board()

    destroy(store, BOX, CODE, **WHO)
    for _ in range(3):
        state(store, board, CODE)

    (fact,) = board.events(ops.Erased)
    assert (fact.subject, fact.data.keys, fact.data.by, fact.refversion) == (CODE, 1, "Trần Thị Mẫu", "v1")


def test_a_crash_before_the_log_was_told_is_made_good_by_the_same_call(store: Store) -> None:
    a_life(store, CODE)
    board = Board()
    destroy(store, BOX, CODE, **WHO)
    with pytest.raises(TryLater):
        state(store, Away(), CODE)

    destroy(store, BOX, CODE, **WHO)
    state(store, board, CODE)

    (fact,) = board.events(ops.Erased)
    assert fact.data.keys == 1


def test_what_comes_after_an_erasure_is_erased_by_another_and_both_are_on_record(store: Store) -> None:
    board = Board()
    for _ in range(2):
        sealer = Sealer(PRIVATE.public_key(), store)
        sealer.seal_contact(CODE, CONTACT)
        sealer.keep()
        destroy(store, BOX, CODE, **WHO)
        state(store, board, CODE)

    with store.read() as connection:
        assert [one.keys for one in erasures.of(connection, CODE)] == [1, 1]
    assert len({fact.id for fact in board.events(ops.Erased)}) == 2


def test_a_mistyped_code_is_refused_and_leaves_no_record(store: Store) -> None:
    a_life(store, CODE)

    with pytest.raises(NothingToErase):
        destroy(store, BOX, "H29.12-261126-9999", **WHO)

    with store.read() as connection:
        assert erasures.of(connection, "H29.12-261126-9999") == []
        assert len(connection.execute(select(SEALED_KEYS)).all()) == 1


def test_the_certificate_is_the_same_each_time_and_a_changed_one_does_not_hold(store: Store) -> None:
    a_life(store, CODE)
    destroy(store, BOX, CODE, **WHO)
    found = state(store, Board(), CODE)

    first, second = (certificate(CODE, found, SETTINGS, SIGNING) for _ in range(2))

    key = SIGNING.public_key()
    assert first == second and faults(first, [key]) == []
    assert [one["keys"] for one in first["erasures"]] == [1] and len(first["expires"]) == 3
    assert faults(first | {"dossier": OTHER}, [key]) and faults([], [key])
    assert faults(first, [Ed25519PrivateKey.generate().public_key()])
    assert CONTACT.name not in json.dumps(first, ensure_ascii=False)


def test_a_destroyed_key_is_in_no_file_of_the_database(store: Store, url: str) -> None:
    with store.begin() as connection:
        values = [{"key_id": str(n), "dossier": OTHER, "wrapped": b"w" * 80, "at": 0.0} for n in range(200)]
        connection.execute(insert(SEALED_KEYS), values)
    a_life(store, CODE)
    with store.read() as connection:
        wrapped = connection.execute(select(SEALED_KEYS.c.wrapped).where(SEALED_KEYS.c.dossier == CODE)).scalar_one()

    destroy(store, BOX, CODE, **WHO)

    if store.on_postgres:
        # What operators are told to do in a quiet hour: docs/privacy.md.
        postgres.tell(url, "VACUUM FULL sealed_keys")
    assert not any(wrapped in one for one in _files(store, url))


def _files(store: Store, url: str) -> list[bytes]:
    if store.on_postgres:
        return files_of(store)
    file = Path(url.removeprefix("sqlite:///"))
    return [one.read_bytes() for one in file.parent.glob(f"{file.name}*")]
