"""What an agency hears, in which order, how often, and what becomes of what it does not take."""

import base64
from collections import Counter
from itertools import pairwise

from connectors.notify.retry import HOUR, MINUTE, TABLE
from connectors.seal import Sealer
from connectors.store import endpoints
from schemas.event import Event
from schemas.notice import NoticeAttemptFailed, NoticeDelivered, NoticeGaveUp, NoticeKind, NoticeSteppedAside
from tests.builders import CODE
from tests.connectors.notify.conftest import Rig, a_notice, a_rejection
from tests.connectors.notify.ear import WAIT_SECONDS, Heard

OTHER = "H29.12-261102-0002"


def settled(rig: Rig, id: str) -> str:
    """How a row stands once its call has landed."""
    for _ in range(WAIT_SECONDS * 20):
        if (state := rig.states()[id]) not in ("IN_FLIGHT",):
            return state
        rig.lane._woken.wait(0.05)
    return "IN_FLIGHT"


def receipts(rig: Rig) -> list[Event]:
    """What is on its way to agency.receipts: failed tries, then ends."""
    return [*rig.tools.receipts, *(Event.decode(answer.body) for answer in rig.queue.unpublished())]


def test_a_challenge_comes_first_and_every_call_is_signed(rig: Rig) -> None:
    rig.owes([a_notice(1)])
    rig.lane.start()

    heard = rig.ear.next()

    assert rig.ear.challenges == 1
    assert heard.id == a_notice(1).id == heard.said["id"]
    assert heard.headers["content-type"] == "application/cloudevents+json"
    v1a = next(one for one in heard.headers["webhook-signature"].split() if one.startswith("v1a,"))
    signed = f"{heard.id}.{heard.headers['webhook-timestamp']}.".encode() + heard.body
    rig.secrets.signing.public_key().verify(base64.b64decode(v1a.removeprefix("v1a,")), signed)
    assert settled(rig, heard.id) == "DONE"
    (told,) = receipts(rig)
    assert isinstance(told, NoticeDelivered)
    assert (told.subject, told.data.notice_id, told.data.attempt, told.data.status) == (CODE, heard.id, 1, 200)


def test_an_endpoint_that_fails_its_challenge_is_told_nothing(rig: Rig) -> None:
    rig.ear.proves = False
    rig.owes([a_notice(1)])
    rig.lane.start()

    for _ in range(3):
        rig.ear.next_challenge(lambda: rig.passes(60))

    assert rig.ear.hears_nothing()
    rig.ear.proves = True
    assert rig.ear.next_while(lambda: rig.passes(60)).id == a_notice(1).id


def test_within_a_dossier_the_order_is_kept_whatever_fails(rig: Rig) -> None:
    refused = Counter[str]()

    def every_second(heard: Heard) -> tuple[int, dict[str, str]]:
        refused[heard.id] += 1
        return (503 if refused[heard.id] == 1 else 200), {}

    rig.ear.answers = every_second
    dossiers = [f"H29.12-261102-{n:04}" for n in range(1, 6)]
    rig.owes([a_notice(n, dossier) for n in range(1, 5) for dossier in dossiers])
    rig.lane.start()

    taken: list[tuple[str, int]] = []
    while len(taken) < 20:
        heard = rig.ear.next_while(lambda: rig.passes(2 * MINUTE))
        if refused[heard.id] > 1:
            taken.append((heard.said["subject"], heard.said["data"]["sequence"]))

    for dossier in dossiers:
        assert [sequence for subject, sequence in taken if subject == dossier] == [1, 2, 3, 4]


def test_tries_follow_the_table_and_then_it_is_given_up(rig: Rig) -> None:
    rig.ear.answers = lambda _: (500, {})
    rig.owes([a_notice(1)])
    rig.lane.start()
    id = rig.ear.next().id
    assert settled(rig, id) == "OWED"

    for wait in TABLE:
        rig.passes(wait - 1)
        assert rig.queue.next_at("H29.12") == rig.clock.at + 1
        rig.passes(1)
        assert rig.ear.next().id == id
        settled(rig, id)

    assert rig.states()[id] == "GAVE_UP"
    *failed, ended = receipts(rig)
    assert all(isinstance(one, NoticeAttemptFailed) for one in failed)
    assert isinstance(ended, NoticeGaveUp)
    assert [one.data.attempt for one in receipts(rig)] == list(range(1, 11))


def test_a_wish_to_wait_is_heeded(rig: Rig) -> None:
    rig.ear.answers = lambda _: (429, {"retry-after": "3"})
    rig.owes([a_notice(1)])
    rig.lane.start()

    id = rig.ear.next().id

    assert settled(rig, id) == "OWED"
    assert rig.queue.next_at("H29.12") == rig.clock.at + 3 * rig.clock.speed


def test_410_disables_the_endpoint_and_loses_nothing(rig: Rig) -> None:
    rig.ear.answers = lambda _: (410, {})
    rig.owes([a_notice(1)])
    rig.lane.start()
    id = rig.ear.next().id
    assert settled(rig, id) == "OWED"
    heard = len(rig.ear.calls)

    rig.passes(HOUR)
    rig.lane.close()

    assert len(rig.ear.calls) == heard
    assert rig.states()[id] == "OWED"


def test_a_notice_refused_three_times_steps_aside_while_others_are_taken(rig: Rig) -> None:
    rig.ear.answers = lambda heard: (400 if heard.said["data"]["sequence"] == 1 else 200, {})
    first, behind, other = a_notice(1), a_notice(2), a_notice(3, OTHER)
    rig.owes([first, behind])
    rig.lane.start()
    rig.ear.next()
    rig.owes([other])
    assert rig.ear.next().id == other.id
    settled(rig, other.id)

    heard = []
    while behind.id not in heard:
        heard.append(rig.ear.next_while(lambda: rig.passes(MINUTE)).id)

    assert heard == [first.id, first.id, behind.id]
    assert rig.states()[first.id] == "ASIDE"
    assert any(isinstance(one, NoticeSteppedAside) for one in receipts(rig))


def test_an_endpoint_that_takes_nothing_lets_nothing_step_aside(rig: Rig) -> None:
    rig.ear.answers = lambda _: (400, {})
    rig.owes([a_notice(1)])
    rig.lane.start()

    for _ in range(5):
        id = rig.ear.next_while(lambda: rig.passes(HOUR)).id
        assert settled(rig, id) == "OWED"


def test_results_overtake_reminders_and_bring_their_dossiers_past_with_them(rig: Rig) -> None:
    reminders = [a_notice(1, f"H29.12-261102-{n:04}") for n in range(10, 40)]
    result = [a_notice(1, OTHER), a_notice(2, OTHER, NoticeKind.RESULT_DELIVERED)]
    rig.owes([*reminders, *result])

    rig.lane.start()

    heard = [rig.ear.next().said["subject"] for _ in range(32)]
    first, second = (n for n, subject in enumerate(heard) if subject == OTHER)
    assert first < 4
    assert second < 16


def test_an_agency_away_for_seventy_hours_hears_everything_in_order_when_it_is_back(rig: Rig) -> None:
    back = rig.clock.at + 70 * HOUR
    rig.ear.answers = lambda _: (503 if rig.clock.at < back else 200, {})
    rig.ear.silent = True
    rig.owes([a_notice(n, dossier) for n in range(1, 6) for dossier in (CODE, OTHER)])
    with rig.store.begin() as transaction:
        endpoints.verified(transaction, "H29.12", rig.ear.url)
    rig.lane.start()

    taken: list[tuple[str, int]] = []
    while len(taken) < 10:
        heard = rig.ear.next_while(lambda: rig.passes(20 * MINUTE if rig.clock.at < back else MINUTE))
        if rig.clock.at >= back:
            taken.append((heard.said["subject"], heard.said["data"]["sequence"]))

    for dossier in (CODE, OTHER):
        order = [sequence for subject, sequence in taken if subject == dossier]
        assert all(before <= after for before, after in pairwise(order))
        assert set(order) == {1, 2, 3, 4, 5}
    assert rig.clock.at < back + 2 * HOUR, "a healed lane does not wait for the table"


def test_what_an_agency_is_owed_of_a_citizen_comes_opened(rig: Rig) -> None:
    sealer = Sealer(rig.secrets.openers_public, rig.store)
    receiver = sealer.seal_text(CODE, "Trần Thị Nhận").model_dump()
    sealer.keep()
    rig.owes([a_notice(1, CODE, NoticeKind.RESULT_DELIVERED, proof={"receiver": receiver, "relation": "self"})])
    rig.lane.start()

    heard = rig.ear.next()

    assert heard.said["data"]["payload"]["proof"] == {"receiver": "Trần Thị Nhận", "relation": "self"}
    kept = b"".join(value for _, _, value in rig.producer.rows) + b"".join(row.body for row in rig.fed())
    assert "Trần Thị Nhận".encode() not in kept


def test_what_was_erased_says_so(rig: Rig) -> None:
    sealer = Sealer(rig.secrets.openers_public, rig.store)
    receiver = sealer.seal_text(CODE, "Trần Thị Nhận").model_dump()
    rig.owes([a_notice(1, CODE, NoticeKind.RESULT_DELIVERED, proof={"receiver": receiver})])
    rig.lane.start()

    assert rig.ear.next().said["data"]["payload"]["proof"] == {"receiver": "[erased]"}


def test_a_notice_too_long_is_shortened_and_says_where_it_is_whole(rig: Rig) -> None:
    rig.owes([a_notice(1, CODE, NoticeKind.MISSED, long="x" * 30_000)])
    rig.lane.start()

    heard = rig.ear.next()

    assert len(heard.body) <= 20_000
    assert "/v1/feed" in heard.said["data"]["shortened"]


def test_a_rejection_is_told_too(rig: Rig) -> None:
    rig.owes([a_rejection()])
    rig.lane.start()

    assert rig.ear.next().said["type"] == "vn.hoso.gate.event_rejected.v1"
