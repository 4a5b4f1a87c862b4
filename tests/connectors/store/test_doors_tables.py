"""The tables of gate, notify and agencies say the same on SQLite and PostgreSQL."""

import threading
from datetime import timedelta

from connectors.store import Store, callbacks, credentials, endpoints, feed, gate_seen, sealed_keys
from connectors.store.feed import Told
from connectors.store.queue import Owed, Queue
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
    assert next(row.id for row in queue.claim(AGENCY, driven, 3)) == "2"
    queue.later("0", driven + 900, callbacks.THROTTLED + "status 503")
    queue.later("1", driven + 900, "status 400")

    with store.begin() as transaction:
        callbacks.healed(transaction, AGENCY, driven)

    assert [row.id for row in queue.claim(AGENCY, driven, 3)] == ["0"]
