"""A storm's books: what counts as twice, what as repeated, how partners failed, and how storms add up."""

from pathlib import Path
from typing import Any

import pytest

from connectors.broker import Message
from hoso import totals
from hoso.cli.main import main
from hoso.reckoning import Ledgers
from hoso.strikes import How, Situation, Trouble
from hoso.verdict import Verdict, forgeries, partners, twice, unsaid, webhooks_taken
from schemas.dossier import LOG
from tests.builders import CODE, a_move

FULL = str(Trouble.FULL_DISK)


def ledgers(parcels: list[str], sequences: list[int | None]) -> Ledgers:
    notices = [{"dossier": "d", "sequence": sequence} for sequence in sequences]
    return Ledgers({}, {"parcels": [{"reference": ref} for ref in parcels]}, {"H29.12": {"notices": notices}})


def test_a_second_parcel_and_a_second_notice_of_one_number_are_twice_in_effect() -> None:
    assert twice({}, ledgers(["d/D1", "d/R1"], [1, 2, None, None])) == 0
    assert twice({}, ledgers(["d/D1", "d/D1"], [1, 2, 2])) == 2


def test_a_webhook_that_was_taken_and_moved_nothing_is_lost() -> None:
    webhooks = [{"status": 6, "taken": True}, {"status": 14, "taken": True}, {"status": 5, "taken": False}]
    post = {"parcels": [{"reference": f"{CODE}/D1", "webhooks": webhooks}]}
    move = a_move("DELIVERED", "2026-11-04 10:00", carrier_code="14")
    topics = {LOG: [Message(LOG, 0, 0, CODE.encode(), move.encode())]}

    taken = webhooks_taken(Ledgers({}, post, {}))

    assert taken == [(f"{CODE}/D1", "6"), (f"{CODE}/D1", "14")]
    assert unsaid(taken, topics) == [f"{CODE}/D1 6"]


def test_every_fault_of_a_partner_has_its_row_and_nought_says_that_it_was_not_tried() -> None:
    post = {
        "lapses": {"create: taken and held": 2, "query: 500": 1},
        "parcels": [{"webhooks": [{"fate": "held"}, {"fate": "straight"}, {"fate": "repeated"}]}],
        "forged": {"refused": 3},
    }
    found = partners(Ledgers({}, post, {"H29.12": {"lapses": {"500": 4, "taken and dropped": 1}, "turned_away": 5}}))

    assert found == {
        "accepts, then times out": 3, "500": 5, "429": 0, "slow body": 0, "duplicate": 1, "reordered": 1, "late": 0,
        "never sent": 0, "forged": 3, "closed for a day": 5,
    }  # fmt: skip


def test_a_forged_word_that_was_taken_spoils_a_storm() -> None:
    assert forgeries(Ledgers({}, {"forged": {"refused": 3}}, {})) == []
    assert forgeries(Ledgers({}, {"forged": {"refused": 3, "taken": 1}}, {})) == ["1 forged webhooks were taken"]


def a_storm(**changes: Any) -> dict[str, Any]:
    blows = {"worker": {"SIGKILL": {"burst": 2}}}
    verdict = Verdict(seed=1, nodes=1, blows=blows, acknowledged=10, recover_seconds=[1.5], seconds={"settled": 90.0})
    return verdict.document() | changes


def test_storms_add_up() -> None:
    first = totals.added(totals.EMPTY, a_storm(repeated={"callbacks": 1}, troubles={FULL: 1}))
    blows = {
        "worker": {"SIGKILL": {"burst": 1, "quiet": 1}, "SIGTERM": {"quiet": 1}},
        "edge": {"SIGSTOP": {"burst": 1}},
    }

    found = totals.added(first, a_storm(seed=2, blows=blows, struck=4, troubles={FULL: 2, "clock back": 1}))

    assert found["storms"] == ["1/1/sqlite", "2/1/sqlite"]
    assert (found["struck"], found["minutes"]) == (6, 3.0)
    assert found["blows"]["worker"] == {"SIGKILL": {"burst": 3, "quiet": 1}, "SIGTERM": {"quiet": 1}}
    assert totals.cells(found)["worker", How.KILL, Situation.BURST] == 3
    assert found["troubles"] == {FULL: 3, "clock back": 1}
    assert (found["acknowledged"], found["repeated"], found["recover_seconds"]) == (20, {"callbacks": 1}, [1.5, 1.5])
    assert totals.EMPTY["struck"] == 0


def test_a_book_that_is_not_there_yet_is_empty_and_one_that_is_written_comes_back(tmp_path: Path) -> None:
    book = tmp_path / "books" / "storms.json"
    assert totals.opened(book) == totals.EMPTY

    totals.write(book, totals.added(totals.EMPTY, a_storm()))

    assert totals.opened(book)["struck"] == 2


def test_a_book_of_another_release_is_refused_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text('{"storms": [], "kills": {}}')

    with pytest.raises(totals.WrongBook, match="name another file"):
        totals.opened(tmp_path / "old.json")


def test_a_page_shows_what_was_struck_and_what_was_not(tmp_path: Path) -> None:
    page = totals.markdown(totals.added(totals.EMPTY, a_storm()), "2 blows").splitlines()

    assert "| lost | 0 |" in page
    assert "| worker | 0 | 2 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 2 |" in page
    assert f"| {FULL} | 0 |" in page


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int | str | None, str]:
    """The exit status of this command and what it printed, to both streams."""
    with pytest.raises(SystemExit) as ended:
        main(list(argv))
    printed = capsys.readouterr()
    return ended.value.code, printed.out + printed.err


def test_the_command_prints_a_book_and_says_where_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "storms.json"
    code, said = told(capsys, "storm", "--table", str(book))
    assert (code, "begins one" in said) == (1, True)

    totals.write(book, totals.added(totals.EMPTY, a_storm()))

    assert "| inputs acknowledged | 10 |" in told(capsys, "storm", "--table", str(book), "--markdown")[1]
    assert "median 1.5 s, worst 1.5 s" in told(capsys, "storm", "--table", str(book))[1]


def test_the_storm_is_found_under_the_sandbox_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(capsys, "sandbox", "storm", "--help")

    assert code == 0
    assert "--until" in said


def test_one_line_unaccounted_for_spoils_a_storm() -> None:
    assert Verdict(1, 1).adds_up
    assert not Verdict(1, 1, open=["something"]).adds_up
    assert not Verdict(1, 1, twice_in_effect=1).adds_up
