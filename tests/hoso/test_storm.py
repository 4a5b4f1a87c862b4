"""A storm's books: what counts as twice, what as repeated, and how storms add up."""

from pathlib import Path
from typing import Any

from connectors.broker import Message
from hoso.cli.storm import EMPTY, added, opened
from hoso.reckoning import Ledgers
from hoso.storm import Verdict, twice, unsaid, webhooks_taken
from schemas.dossier import LOG
from tests.builders import CODE, a_move


def ledgers(parcels: list[str], sequences: list[int | None]) -> Ledgers:
    notices = [{"dossier": "d", "sequence": sequence} for sequence in sequences]
    return Ledgers({}, {"parcels": [{"reference": ref} for ref in parcels]}, {"H29.12": {"notices": notices}})


def test_a_second_parcel_and_a_second_notice_of_one_number_are_twice_in_effect() -> None:
    assert twice(ledgers(["d/D1", "d/R1"], [1, 2, None, None])) == 0
    assert twice(ledgers(["d/D1", "d/D1"], [1, 2, 2])) == 2


def test_a_webhook_that_was_taken_and_moved_nothing_is_lost() -> None:
    webhooks = [{"status": 6, "taken": True}, {"status": 14, "taken": True}, {"status": 5, "taken": False}]
    post = {"parcels": [{"reference": f"{CODE}/D1", "webhooks": webhooks}]}
    move = a_move("DELIVERED", "2026-11-04 10:00", carrier_code="14")
    topics = {LOG: [Message(LOG, 0, 0, CODE.encode(), move.encode())]}

    taken = webhooks_taken(Ledgers({}, post, {}))

    assert taken == [(f"{CODE}/D1", "6"), (f"{CODE}/D1", "14")]
    assert unsaid(taken, topics) == [f"{CODE}/D1 6"]


def a_storm(**changes: Any) -> dict[str, Any]:
    verdict = Verdict(seed=1, nodes=1, kills={"worker": {"SIGKILL": 2}}, acknowledged=10, recover_seconds=[1.5])
    return verdict.document() | changes


def test_storms_add_up() -> None:
    first = added(EMPTY, a_storm(repeated={"callbacks": 1}))

    totals = added(first, a_storm(seed=2, kills={"worker": {"SIGKILL": 1, "SIGTERM": 1}, "edge": {"SIGSTOP": 1}}))

    assert totals["storms"] == ["1/1", "2/1"]
    assert totals["struck"] == 5
    assert totals["kills"] == {"worker": {"SIGKILL": 3, "SIGTERM": 1}, "edge": {"SIGSTOP": 1}}
    assert (totals["acknowledged"], totals["repeated"], totals["recover_seconds"]) == (20, {"callbacks": 1}, [1.5, 1.5])
    assert EMPTY["struck"] == 0


def test_a_book_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert opened(tmp_path / "none.json") == EMPTY


def test_one_line_unaccounted_for_spoils_a_storm() -> None:
    assert Verdict(1, 1).adds_up
    assert not Verdict(1, 1, open=["something"]).adds_up
    assert not Verdict(1, 1, twice_in_effect=1).adds_up
