"""Proposals are tried one at a time; what they found is kept for a while, and what went wrong is said."""

import csv
import threading
from collections.abc import Iterable, Iterator
from datetime import date, datetime

import pytest

from connectors.calendars.drafts import NoSuchVersion, WrongDraft, earlier, with_days, written
from connectors.calendars.proposals import Proposal
from connectors.calendars.standings import Progress, Standing, standing_of
from connectors.calendars.trials import KEPT, Trial, Trials
from connectors.reference import Published
from connectors.verdicts import TryLater
from schemas.instant import VIETNAM
from schemas.reference import CalendarDay
from tests.builders import a_bundle, fold, received

VERSIONS = [Published(datetime(2026, 11, 1, tzinfo=VIETNAM), a_bundle())]
TODAY = date(2026, 11, 2)
OFF = CalendarDay(day="2026-11-04", basis="mẫu", document="1/MAU")
CODES = [f"H29.12-261102-{number:04d}" for number in range(1, 4)]


def begin(trials: Trials, standings: Iterable[Standing] = ()) -> Trial:
    draft = with_days(VERSIONS, OFF, None, TODAY)
    return trials.begin(draft, Proposal(VERSIONS, draft.calendar), lambda _: standings)


def some() -> Iterator[Standing]:
    """Dossiers due on 5 November."""
    for code in CODES:
        dossier, _ = fold([received(code=code)])
        standing = standing_of(dossier)
        assert standing is not None
        yield standing


def test_a_trial_finds_whom_a_calendar_touches_and_lists_them_in_its_table() -> None:
    trials = Trials()

    trial = begin(trials, some())
    trial.ended.wait()

    assert trial.done and trial.proposal.totals.later == 3
    assert [one.consequence.moved.code for one in trial.worst.kept] == CODES
    with trial.csv.open(encoding="utf-8", newline="") as file:
        assert [row["due_on"] for row in csv.DictReader(file)] == ["2026-11-06"] * 3


def test_trials_are_run_one_at_a_time_in_turn() -> None:
    trials, goes_on, running = Trials(), threading.Event(), threading.Event()

    def slow() -> Iterator[Standing]:
        running.set()
        goes_on.wait()
        yield from some()

    first = begin(trials, slow())
    running.wait()
    second = begin(trials, some())
    waits = not second.ended.is_set() and second.size == 0
    goes_on.set()
    second.ended.wait()

    assert waits and first.done and second.done


@pytest.mark.parametrize(
    ("error", "says"), [(TryLater("there is no read model"), "there is no read model"), (OSError("the disk"), "")]
)
def test_a_trial_that_breaks_off_is_not_done_and_says_what_passes_by_itself(error: Exception, says: str) -> None:
    def broken() -> Iterator[Standing]:
        yield from some()
        raise error

    trials = Trials()
    trial = begin(trials, broken())
    trial.ended.wait()

    assert (trial.done, trial.error) == (False, says)


def test_the_oldest_trial_that_is_over_makes_room_and_one_that_runs_does_not() -> None:
    trials, goes_on = Trials(), threading.Event()

    def slow() -> Iterator[Standing]:
        goes_on.wait()
        yield from ()

    over = begin(trials)
    over.ended.wait()
    waiting = [begin(trials, slow()) for _ in range(KEPT)]

    with pytest.raises(TryLater, match="too many"):
        begin(trials)
    goes_on.set()

    assert trials.get(over.name) is None and not over.csv.exists()
    assert all(trials.get(one.name) is one for one in waiting)
    for one in waiting:
        one.ended.wait()


def test_progress_is_that_of_what_is_read() -> None:
    def standings(progress: Progress) -> Iterator[Standing]:
        for number, one in enumerate(some(), start=1):
            progress(number, 10)
            yield one

    draft = with_days(VERSIONS, OFF, None, TODAY)
    trials = Trials()
    trial = trials.begin(draft, Proposal(VERSIONS, draft.calendar), standings)
    trial.ended.wait()

    assert (trial.read, trial.size) == (3, 10)


def test_a_draft_of_days_has_a_name_of_its_own_and_says_which_lack_a_paper() -> None:
    unsigned = with_days(VERSIONS, OFF.model_copy(update={"document": None, "basis": "hoán đổi"}), None, TODAY)
    signed = with_days(VERSIONS, OFF, None, TODAY)

    assert signed.calendar.version == "2026-11-02"
    assert (signed.unsigned, unsigned.unsigned) == ((), (date(2026, 11, 4),))


def test_a_wrong_text_is_no_draft_and_an_unknown_version_neither() -> None:
    with pytest.raises(WrongDraft, match=r"calendar\.toml"):
        written("version = [")
    with pytest.raises(NoSuchVersion):
        earlier(VERSIONS, "2001-01-01", TODAY)
    with pytest.raises(NoSuchVersion):
        earlier(VERSIONS, None, TODAY)
