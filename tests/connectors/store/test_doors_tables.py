"""The tables of gate, notify and agencies say the same on SQLite and PostgreSQL."""

import threading
from datetime import timedelta
from typing import Any

from connectors.store import Store, callbacks, credentials, endpoints, feed, gate_seen, sealed_keys
from connectors.store.callbacks import Asked
from connectors.store.feed import Told
from connectors.store.queue import Owed, OwedState, Queue
from connectors.store.sealed_keys import WrappedKey
from schemas.instant import clock, now
from tests.connectors.notify.conftest import a_notice

AGENCY = "H29.12"


def test_a_wrapped_key_is_found_until_it_is_gone(store: Store) -> None:
    with store.begin() as transaction:
        sealed_keys.keep(transaction, [WrappedKey("k1", "D", b"1"), WrappedKey("k2", "D", b"2")])

    with store.read() as connection:
        assert (sealed_keys.find(connection, "k2"), sealed_keys.find(connection, "k3")) == (b"2", None)


def test_the_first_digest_of_an_id_stays(store: Store) -> None:
    facts = [a_notice(n).model_copy(update={"digest": f"d{n}", "source": "/agencies/H29.12"}) for n in (1, 2)]
    with store.begin() as transaction:
        gate_seen.remember(transaction, facts)
        gate_seen.remember(transaction, [facts[0].model_copy(update={"digest": "other"})])

    refs = [(fact.source, fact.id) for fact in facts]
    with store.read() as connection:
        assert gate_seen.digests(connection, [*refs, ("/agencies/H29.99", "x")]) == dict(
            zip(refs, ("d1", "d2"), strict=True)
        )
        (last,) = gate_seen.last(connection, ["/agencies/H29.12", "/agencies/H29.99"])
    assert last.id in {fact.id for fact in facts}


def test_keys_and_secrets_are_counted_and_retire(store: Store) -> None:
    with store.begin() as transaction:
        for _ in range(2):
            credentials.add_key(transaction, AGENCY, "hash")
        credentials.add_secret(transaction, AGENCY, "callback", b"old")
        credentials.retire_secrets(transaction, AGENCY, "callback", now() - timedelta(seconds=1))
        credentials.add_secret(transaction, AGENCY, "callback", b"new")

    with store.read() as connection:
        assert credentials.agency_of(connection, "hash") == AGENCY
        assert credentials.secrets(connection, AGENCY, "callback") == [b"new"]
        assert credentials.held(connection) == {AGENCY: credentials.Held(AGENCY, 1, 1)}


def test_a_revoked_key_is_good_no_longer_and_the_others_stay(store: Store) -> None:
    with store.begin() as transaction:
        for hashed in ("aaaaaaaa1", "aaaaaaaa2", "bbbbbbbb1"):
            credentials.add_key(transaction, AGENCY, hashed)
        credentials.add_key(transaction, "H29.99", "aaaaaaaa3")
        revoked = credentials.revoke_key(transaction, AGENCY, "aaaaaaaa1")

    with store.read() as connection:
        assert (revoked, credentials.agency_of(connection, "aaaaaaaa1")) == (1, None)
        assert [one.name for one in credentials.keys_since(connection) if one.agency == AGENCY] == [
            "aaaaaaaa",
            "bbbbbbbb",
        ]


def test_all_secrets_but_the_newest_end_at_once(store: Store) -> None:
    with store.begin() as transaction:
        credentials.add_secret(transaction, "H29.99", "callback", b"another's")
        for secret in (b"one", b"two", b"three"):
            credentials.add_secret(transaction, AGENCY, "callback", secret)
        ended = credentials.keep_newest(transaction, AGENCY, "callback")
        again = credentials.keep_newest(transaction, AGENCY, "callback")

    with store.read() as connection:
        assert (ended, again) == (2, 0)
        assert credentials.secrets(connection, AGENCY, "callback") == [b"three"]
        assert credentials.secrets(connection, "H29.99", "callback") == [b"another's"]
        assert [one.agency for one in credentials.secrets_since(connection, "callback")] == ["H29.99", AGENCY]


def test_callbacks_are_found_by_what_is_asked(store: Store) -> None:
    queue = Queue(store, callbacks.QUEUE)
    rows = [Owed(f"id-{n}", AGENCY, f"{AGENCY}|D{n % 2}", n, b"{}", created_at=100.0 + n) for n in range(4)]
    with store.begin() as transaction:
        queue.put(transaction, rows)
        queue.end(transaction, "id-1", OwedState.GAVE_UP, b"{}", "Status 500")
    every = tuple(OwedState)

    def found(**asked: Any) -> list[str]:
        with store.read() as connection:
            return [one.id for one in callbacks.find(connection, Asked(**{"states": every} | asked))]

    assert found() == ["id-0", "id-2", "id-1", "id-3"], "a dossier's in their order"
    assert found(states=[OwedState.GAVE_UP], failure="status 5") == ["id-1"]
    assert found(dossier="D1", since=102.0) == ["id-3"]
    assert found(until=101.0) == found(id="id-0") == ["id-0"]
    assert found(agency="H29.99") == found(dossier="1") == found(id="d-0") == found(failure="%") == []
    with store.read() as connection:
        (ended,) = callbacks.find(connection, Asked([OwedState.GAVE_UP]))
    assert not ended.told
    queue.published(["id-1"])
    with store.read() as connection:
        assert callbacks.find(connection, Asked([OwedState.GAVE_UP]))[0].told


def test_the_feed_keeps_its_order_and_its_cursor(store: Store) -> None:
    rows = [Told(AGENCY, f"n{n}", "agency.notices", 0, n, b"%d" % n) for n in range(5)]
    with store.begin() as transaction:
        feed.put(transaction, rows[:3])
        feed.put(transaction, rows)

    with store.read() as connection:
        first = feed.after(connection, AGENCY, 0, 2)
        rest = feed.after(connection, AGENCY, first[-1].cursor, 10)
    assert [row.body for row in (*first, *rest)] == [b"0", b"1", b"2", b"3", b"4"]


def test_a_reader_of_the_feed_passes_nobody_who_is_still_writing(store: Store) -> None:
    def feed_another() -> None:
        with store.begin() as transaction:
            feed.put(transaction, [Told(AGENCY, "second", "agency.notices", 1, 0, b"second")])

    other = threading.Thread(target=feed_another)
    with store.begin() as transaction:
        feed.put(transaction, [Told(AGENCY, "first", "agency.notices", 0, 0, b"first")])
        other.start()
        other.join(0.3)
        with store.read() as connection:
            early = feed.after(connection, AGENCY, 0, 10)
    other.join(20)

    with store.read() as connection:
        late = feed.after(connection, AGENCY, early[-1].cursor if early else 0, 10)
    assert [row.body for row in (*early, *late)] == [b"first", b"second"]


def test_an_endpoint_at_a_new_address_begins_anew(store: Store) -> None:
    with store.begin() as transaction:
        endpoints.verified(transaction, AGENCY, "https://old")
        endpoints.disabled(transaction, AGENCY, "https://old", "410")

    with store.read() as connection:
        old, new = (endpoints.find(connection, AGENCY, url) for url in ("https://old", "https://new"))
    assert (old.verified, old.disabled, old.why) == (False, True, "410")
    assert (new.verified, new.disabled) == (False, False)


def test_a_healed_lane_hurries_what_only_waited_for_it(store: Store) -> None:
    queue, driven = Queue(store, callbacks.QUEUE), clock().seconds()
    with store.begin() as transaction:
        queue.put(transaction, [Owed(f"{n}", AGENCY, f"key-{n}", 1, b"", urgency=1) for n in range(3)])
        callbacks.hurry(transaction, {"key-2"}, 0)
    assert next(row.id for row in queue.claim(AGENCY, driven, 3).rows) == "2"
    queue.later("0", driven + 900, callbacks.THROTTLED + "status 503")
    queue.later("1", driven + 900, "status 400")

    with store.begin() as transaction:
        callbacks.healed(transaction, AGENCY, driven)

    assert [row.id for row in queue.claim(AGENCY, driven, 3).rows] == ["0"]
