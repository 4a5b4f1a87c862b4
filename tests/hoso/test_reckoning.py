"""The reconciliation can fail: each thing that may go wrong between agencies, post and topics is found and named."""

from typing import Any

import pytest

from hoso.reckoning import Ledgers, Reckoning, reckon
from hoso.watching import Seen
from rules.kept import Kept
from rules.rebasing import rebased
from schemas.event import Event
from tests.builders import CODE, a_move, a_postal_fact, fold, received, result_ready
from tests.moving import BOTH, IN_FORCE, WAS_IN_FORCE
from tests.rules.test_rebasing import PUBLISHED

REFERENCE = f"{CODE}/D1"
LOG = [
    received("2026-11-02 09:05", return_mode="POST"),
    result_ready("2026-11-03 15:30"),
    a_postal_fact("order_accepted", "2026-11-03 15:40", leg="D1", item_code="EA000000011VN", reference=REFERENCE),
    a_move("DELIVERED", "2026-11-04 10:00"),
]


def the_topics(log: list[Event]) -> dict[str, list[Seen]]:
    _, said = fold(log)
    found: dict[str, list[Seen]] = {}
    for number, event in enumerate([*log, *said]):
        found.setdefault(type(event).topic, []).append(Seen(type(event).topic, number, event))
    return found


def the_ledgers(topics: dict[str, list[Seen]], **changes: Any) -> Ledgers:
    """What honest people would have seen of these topics."""
    sent = [
        {"id": event.id, "expects": "accepted", "dossier": CODE, "sent_real": 0.0}
        for event in LOG
        if event.source.startswith("/agencies/")
    ]
    notices = [
        {"id": seen.event.id, "kind": str(seen.event.data.kind), "dossier": CODE, "sequence": seen.event.data.sequence,
         "received_real": 1.0, "payload": seen.event.data.payload}
        for seen in topics["agency.notices"]
    ]  # fmt: skip
    parcel = {"reference": REFERENCE, "scans": [{"status": 6}, {"status": 14}], "webhooks": []}
    dossier = {"code": CODE, "facts": ["received", "result_ready"]}
    agency = {"notices": notices, "refused_signatures": [], "repetitions": 0, "turned_away": 0, "down": []}
    seen: dict[str, Any] = {"events": sent, "dossiers": [dossier], "parcels": [parcel], "agency": agency} | changes
    city = {"events": seen["events"], "dossiers": seen["dossiers"]}
    return Ledgers(city, {"parcels": seen["parcels"], "lapses": {}}, {"H29.12": seen["agency"]})


def reckoned(log: list[Event] = LOG, **changes: Any) -> Reckoning:
    topics = the_topics(log)
    return reckon(topics, the_ledgers(topics, **changes))


def test_honest_books_add_up() -> None:
    result = reckoned()

    assert result.open == []
    assert (result.figures["dossiers"], result.figures["results_owed"], result.figures["results_received"]) == (1, 1, 1)


def test_a_fact_that_was_acknowledged_and_is_not_on_the_log_is_missed() -> None:
    lost = {"id": "lost-1", "expects": "accepted", "dossier": CODE, "sent_real": 0.0}

    result = reckoned(events=[lost])

    assert any("lost-1" in line for line in result.open)


def test_a_second_parcel_for_one_order_is_found() -> None:
    parcel = {"reference": REFERENCE, "scans": [{"status": 14}], "webhooks": []}

    assert any("two parcels" in line for line in reckoned(parcels=[parcel, parcel]).open)


def test_an_order_that_no_post_knows_of_is_found() -> None:
    assert any("has no parcel" in line for line in reckoned(parcels=[]).open)


def test_a_parcel_whose_end_the_leg_does_not_know_is_found() -> None:
    assert any("the post says DELIVERED" in line for line in reckoned(LOG[:3]).open)


def test_a_notice_that_its_agency_never_got_is_found() -> None:
    agency = {"notices": [], "refused_signatures": [], "repetitions": 0, "turned_away": 0, "down": []}

    assert any("never told" in line and "result_delivered" in line for line in reckoned(agency=agency).open)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"refused_signatures": [{"id": "n-1", "why": "no match"}]}, "wrong signature"),
        ({"notices_extra": True}, "nobody owed"),
    ],
)
def test_a_wrong_signature_or_an_invented_notice_is_found(change: dict[str, Any], words: str) -> None:
    topics = the_topics(LOG)
    honest = the_ledgers(topics)
    agency = dict(honest.agencies["H29.12"])
    if change.pop("notices_extra", False):
        stray = {"id": "stray", "kind": "missed", "dossier": CODE, "sequence": 99, "received_real": 1.0}
        change = {"notices": [*agency["notices"], stray]}

    result = reckon(topics, Ledgers(honest.city, honest.post, {"H29.12": agency | change}))

    assert any(words in line for line in result.open)


def test_notices_of_a_dossier_out_of_order_are_found() -> None:
    topics = the_topics(LOG)
    honest = the_ledgers(topics)
    agency = dict(honest.agencies["H29.12"])
    agency["notices"] = list(reversed(agency["notices"]))

    result = reckon(topics, Ledgers(honest.city, honest.post, {"H29.12": agency}))

    assert any("came after" in line for line in result.open)


def digested(*counts: int) -> Reckoning:
    """The books of a dossier that another calendar moved, of whose notice its agency was told in digests."""
    change = moves()
    _, said = fold([*LOG[:1], change], reference=BOTH)
    topics: dict[str, list[Seen]] = {}
    for number, event in enumerate([*LOG[:1], change, *said]):
        topics.setdefault(type(event).topic, []).append(Seen(type(event).topic, number, event))
    honest = the_ledgers(topics, parcels=[], dossiers=[{"code": CODE, "facts": ["received"]}], events=[])
    agency = dict(honest.agencies["H29.12"])
    digests = [
        {"id": f"d-{n}", "kind": "digest", "dossier": "H29.12", "sequence": n, "received_real": 1.0,
         "payload": {"version": change.data.to, "notices": count}}
        for n, count in enumerate(counts, start=1)
    ]  # fmt: skip
    agency["notices"] = [one for one in agency["notices"] if one["kind"] != "deadline_moved"] + digests
    return reckon(topics, Ledgers(honest.city, honest.post, {"H29.12": agency}))


def moves() -> Event:
    dossier, _ = fold(LOG[:1], reference=BOTH)
    fact = rebased(Kept(dossier), WAS_IN_FORCE, IN_FORCE, PUBLISHED, PUBLISHED)
    assert fact is not None
    return fact


def test_a_notice_that_a_change_brought_is_accounted_for_by_a_digest_that_counts_it() -> None:
    result = digested(1)

    assert not [line for line in result.open if "told" in line]
    assert (result.figures["notices_in_digests"], result.figures["digests_received"]) == (1, 1)


@pytest.mark.parametrize(("counts", "words"), [((), "never told"), ((2,), "never told"), ((1, 1), "never told")])
def test_digests_that_count_too_few_or_too_many_are_found(counts: tuple[int, ...], words: str) -> None:
    assert any(words in line and "deadline_moved" in line for line in digested(*counts).open)
