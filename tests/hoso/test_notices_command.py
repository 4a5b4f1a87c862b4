"""`hoso notices`: what was not taken, found and owed again in its order, and called by a real lane."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connectors.notify.digests import Digests
from connectors.store import Store, callbacks, open_store
from connectors.store.callbacks import Asked
from connectors.store.queue import OwedState, Queue
from hoso.cli.notices import notices
from rules.digests import Span
from schemas.notice import NoticeKind
from schemas.reference import Bundle
from tests.builders import CODE, a_bundle, an_agency
from tests.connectors.notify.conftest import Rig as Lane
from tests.connectors.notify.conftest import a_notice, a_rejection
from tests.connectors.notify.conftest import clock as clock
from tests.connectors.notify.conftest import rig as rig
from tests.moving import codes, comes_into_force, moved
from tests.rules.test_rebasing import CLOSED_WEDNESDAY

OTHER = "H29.12-261102-0002"


class Rig:
    """A lane with its ear, whose database is the command's."""

    def __init__(self, lane: Lane) -> None:
        self.lane, self.store, self.queue = lane, lane.store, lane.queue

    def says(self, *words: str) -> Result:
        return CliRunner().invoke(notices, words)

    def rows(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.says("list", *words, "--json").stdout)
        return found

    def ends(self, id: str, state: OwedState, why: str, told: bool = True) -> None:
        """A callback that ended so, its receipt published."""
        with self.store.begin() as transaction:
            assert self.queue.end(transaction, id, state, b"{}", why)
        if told:
            self.queue.published([id])


@pytest.fixture
def command(rig: Lane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    for name in ("HOSO_SECRETS_DIR", "HOSO_KAFKA_BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOSO_HOME", str(tmp_path))
    monkeypatch.setenv("HOSO_DATABASE_URL", f"sqlite:///{tmp_path / 'hoso.db'}")
    return Rig(rig)


@pytest.fixture
def given(command: Rig) -> Rig:
    """Of one dossier two that gave up and a third that is owed; of another one that stands aside; a rejection done."""
    lane = command.lane
    lane.owes([a_notice(1), a_notice(2), a_notice(3), a_notice(1, OTHER), a_rejection()])
    for sequence in (1, 2):
        command.ends(a_notice(sequence).id, OwedState.GAVE_UP, "status 500")
    command.ends(a_notice(1, OTHER).id, OwedState.ASIDE, "status 422")
    command.ends(a_rejection().id, OwedState.DONE, "")
    return command


def test_what_was_not_taken_is_listed_with_why(given: Rig) -> None:
    rows = given.rows()

    assert [(row["dossier"], row["sequence"], row["state"], row["last_failure"]) for row in rows] == [
        (CODE, 1, "GAVE_UP", "status 500"),
        (CODE, 2, "GAVE_UP", "status 500"),
        (OTHER, 1, "ASIDE", "status 422"),
    ]
    assert given.says("list").stdout.splitlines()[-1] == "2 GAVE_UP, 1 ASIDE"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--dossier", OTHER], 1),
        (["--dossier", "0002"], 0),
        (["--agency", "H29.12"], 3),
        (["--agency", "H29.99"], 0),
        (["--failure", "STATUS 5"], 2),
        (["--failure", "50%"], 0),
        (["--state", "aside"], 1),
        (["--state", "all"], 5),
        (["--state", "owed"], 1),
        (["--since", "2026-09-21"], 3),
        (["--since", "2026-09-23"], 0),
        (["--until", "2026-09-21"], 3),
        (["--until", "2026-09-20"], 0),
        (["--until", "2026-09-21T21:00"], 0),
    ],
)
def test_they_are_found_by_dossier_agency_range_or_failure(given: Rig, words: list[str], found: int) -> None:
    assert len(given.rows(*words)) == found


def test_one_is_shown_with_its_word_by_the_beginning_of_its_id(given: Rig) -> None:
    id = a_notice(1).id

    shown = given.says("show", id[:8], "--json")

    said = json.loads(shown.stdout)
    assert (said["id"], said["attempts"], said["event"]["data"]["kind"]) == (id, 0, "due_today")
    assert given.says("show", "no such id").exit_code == 1


def test_a_dry_run_changes_nothing(given: Rig) -> None:
    before = given.lane.states()

    answer = given.says("replay", "--agency", "H29.12", "--dry-run")

    assert answer.stdout.splitlines()[-1] == "3 would be owed again"
    assert given.lane.states() == before


def test_what_is_replayed_is_called_in_its_order_under_the_same_id(given: Rig) -> None:
    answer = given.says("replay", "--dossier", CODE)
    given.lane.lane.start()

    heard = [given.lane.ear.next_while(lambda: given.lane.passes(60)) for _ in range(3)]

    assert answer.exit_code == 0, answer.output
    assert [one.id for one in heard] == [a_notice(sequence).id for sequence in (1, 2, 3)]
    assert given.lane.states()[a_notice(1, OTHER).id] == "ASIDE"


def test_by_failure_only_those_are_owed_again(given: Rig) -> None:
    given.says("replay", "--failure", "422")

    assert [row["state"] for row in given.rows("--state", "all", "--dossier", OTHER)] == ["OWED"]
    assert len(given.rows()) == 2


def test_a_result_hurries_along_what_is_before_it(command: Rig) -> None:
    reminder, result = a_notice(1), a_notice(2, kind=NoticeKind.RESULT_DELIVERED)
    for one in (reminder, result):
        command.lane.owes([one])
        command.ends(one.id, OwedState.GAVE_UP, "status 500")
    assert _urgencies(command.store) == {0, 1}

    command.says("replay", "--dossier", CODE)

    assert _urgencies(command.store) == {0}


def _urgencies(store: Store) -> set[int]:
    with store.read() as connection:
        return {one.urgency for one in callbacks.find(connection, Asked(tuple(OwedState)))}


def test_with_all_its_tries(given: Rig) -> None:
    queue = Queue(given.store, callbacks.QUEUE)
    given.says("replay", a_notice(1).id)
    queue.later(a_notice(1).id, 0.0, "status 500")
    given.ends(a_notice(1).id, OwedState.GAVE_UP, "status 500")

    given.says("replay", a_notice(1).id)

    assert [row["attempts"] for row in given.rows("--state", "owed") if row["id"] == a_notice(1).id] == [0]


def test_what_was_taken_or_is_owed_is_not_said_again(given: Rig) -> None:
    for id, why in ((a_notice(3).id, "it is owed"), (a_rejection().id, "it is done")):
        answer = given.says("replay", id)

        assert answer.exit_code == 1
        assert why in answer.stdout
    assert given.lane.states()[a_rejection().id] == "DONE"


def test_what_has_no_receipt_yet_waits_for_it(command: Rig) -> None:
    command.lane.owes([a_notice(1)])
    command.ends(a_notice(1).id, OwedState.GAVE_UP, "status 500", told=False)

    answer = command.says("replay", "--dossier", CODE)

    assert answer.exit_code == 1
    assert "receipt" in answer.stdout
    assert len(command.queue.unpublished()) == 1


def test_a_digest_is_shown_with_what_it_counts_found_by_its_dossiers_and_replayed(command: Rig) -> None:
    lane, [first, *_] = command.lane, codes(30)
    comes_into_force(lane.references, CLOSED_WEDNESDAY)
    comes_into_force(lane.references, _without_wishes(lane))
    lane.owes(moved(codes(30)))
    gathering = Digests(lane.store, lane.references, Span(30, 600), lambda _: None)
    lane.passes(30)
    gathering.look()
    [row] = command.rows("--state", "all")
    command.ends(row["id"], OwedState.GAVE_UP, "status 500")

    assert (row["kind"], row["dossier"], row["notices"], row["sequence"]) == ("digest", None, 30, 1)
    assert "- digest of 30" in command.says("list").stdout
    assert [one["id"] for one in command.rows("--dossier", first)] == [row["id"]]
    assert json.loads(command.says("show", row["id"], "--json").stdout)["event"]["data"]["payload"]["notices"] == 30
    assert command.says("replay", row["id"]).exit_code == 0
    assert lane.states() == {row["id"]: "OWED"}


def _without_wishes(lane: Lane) -> Bundle:
    bundle = lane.references.newest().model_copy(update={"version": "profile"})
    callback = {"url": lane.ear.url, "development": True}
    return bundle.model_copy(update={"agencies": a_bundle(agencies=[an_agency("H29.12", callback=callback)]).agencies})


@pytest.mark.parametrize(
    "words",
    [
        ["replay"],
        ["replay", "--agency", "H29.12", "--state", "done"],
        ["list", "--state", "x"],
        ["list", "--since", "x"],
    ],
)
def test_a_question_that_makes_no_sense_is_not_answered(given: Rig, words: list[str]) -> None:
    assert given.says(*words).exit_code == 2


def test_the_command_opens_the_database_that_the_setting_names(given: Rig, tmp_path: Path) -> None:
    assert open_store(f"sqlite:///{tmp_path / 'hoso.db'}").address == given.store.address
