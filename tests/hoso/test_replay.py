"""A replay shows what other reference data or code would have made of history, and nothing where both are ours."""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.broker import Message
from connectors.reference import Published
from hoso.replaying.differing import Difference, What, counts
from hoso.replaying.shadow import CannotReplay, Release, Window, replaced, replay
from schemas.dossier import LOG
from schemas.event import Event
from schemas.instant import VIETNAM
from schemas.reference import Bundle
from tests.builders import CODE, ROOT, a_bundle, a_move, a_postal_fact, received, result_ready

OTHER = "H29.12-261102-0002"
FACTS = [
    received("2026-11-02 09:05", return_mode="POST"),
    received("2026-11-02 09:30", code=OTHER),
    result_ready("2026-11-09 15:30"),
    a_postal_fact("order_accepted", "2026-11-09 15:40", leg="D1", item_code="EA000000011VN", reference=f"{CODE}/D1"),
    a_move("DELIVERED", "2026-11-10 10:00"),
]
US = Release("this release")
DAY_OFF = {"day": "2026-11-04", "basis": "Lễ mẫu", "document": None}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


NOVEMBER = Window(at("2026-11-01"), at("2026-12-01"))
HISTORY = [Published(at("2026-10-01"), a_bundle())]


def closed_on_wednesday() -> Bundle:
    """The same reference data, with one day more on which offices are closed."""
    bundle = a_bundle("test-2").model_dump(mode="json")
    bundle["calendar"]["closed"] = [*bundle["calendar"]["closed"], DAY_OFF]
    return Bundle.model_validate(bundle)


def differing(
    other: Release = US,
    references: Sequence[Published] = HISTORY,
    window: Window = NOVEMBER,
    facts: Sequence[Event] = FACTS,
) -> list[Difference]:
    log = [Message(LOG, 0, n, fact.subject.encode(), fact.encode()) for n, fact in enumerate(facts)]
    return replay(log, ((US, HISTORY), (other, references)), window).differences()


def of(differences: list[Difference], kind: str, dossier: str = OTHER) -> list[Difference]:
    return [one for one in differences if (one.kind, one.dossier) == (kind, dossier)]


def another_release(folder: Path, file: str, old: str, new: str) -> Release:
    """A checkout with one line changed."""
    for room in ("rules", "schemas"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    return Release("the other release", folder)


def data(one: Difference) -> tuple[Any, Any]:
    return one.was and one.was["data"], one.would_be and one.would_be["data"]


def test_the_same_rules_over_the_same_reference_say_the_same() -> None:
    assert differing(references=replaced(HISTORY, a_bundle())) == []


def test_another_calendar_moves_dates_and_all_that_hangs_on_them() -> None:
    found = differing(references=replaced(HISTORY, closed_on_wednesday()))

    [projected] = of(found, "deadline.projected")
    was, would = data(projected)
    assert (was["due_on"], would["due_on"]) == ("2026-11-05", "2026-11-06")
    assert projected.what is What.OTHERWISE
    [missed] = of(found, "deadline.missed")
    was, would = data(missed)
    assert (was["due_on"], would["due_on"]) == ("2026-11-05", "2026-11-06")
    [state] = of(found, "dossier.state_changed")
    assert [data["clock"]["due_on"] for data in data(state)] == ["2026-11-05", "2026-11-06"]
    assert "notice.deadline_set" in counts(found)


def test_a_timer_that_history_never_fired_is_fired_in_the_shadow() -> None:
    in_time = [received("2026-11-02 09:05"), result_ready("2026-11-05 10:00")]
    shorter = a_bundle().model_dump(mode="json")
    shorter["procedures"][0]["amount"] = 1
    found = differing(references=replaced(HISTORY, Bundle.model_validate(shorter)), facts=in_time)

    [missed] = of(found, "deadline.missed", CODE)

    assert missed.what is What.NEW and missed.would_be is not None
    assert missed.would_be["time"].startswith("2026-11-0")


def test_only_facts_recorded_in_the_window_are_compared() -> None:
    later = Window(at("2026-11-10"), at("2026-11-30"))

    found = differing(references=replaced(HISTORY, closed_on_wednesday()), window=later)

    assert all(
        at("2026-11-10") <= datetime.fromisoformat((one.was or one.would_be or {})["recordedtime"]) for one in found
    )
    assert not of(found, "deadline.projected")


def test_other_code_runs_in_a_process_of_its_own_and_its_differences_show(tmp_path: Path) -> None:
    other = another_release(
        tmp_path, "rules/deadlines/calendar.py", "def after(self, start: date, days: int) -> date:",
        "def after(self, start: date, days: int) -> date:\n        return self._after(start, days + 1)\n\n"
        "    def _after(self, start: date, days: int) -> date:",
    )  # fmt: skip

    [projected] = of(differing(other), "deadline.projected")

    was, would = data(projected)
    assert (was["due_on"], would["due_on"]) == ("2026-11-05", "2026-11-06")


def test_code_that_cannot_fold_the_log_is_said_with_its_last_words(tmp_path: Path) -> None:
    other = another_release(tmp_path, "rules/parking.py", "def due_of(", "def due_of_old(")

    with pytest.raises(CannotReplay, match=r"the other release at .* could not fold the log: ImportError"):
        differing(other)


def test_a_state_that_other_code_cannot_draw_parks_its_dossier_and_the_others_go_on(tmp_path: Path) -> None:
    line = '        "sequence": dossier.sequence,\n'
    other = another_release(tmp_path, "rules/shown.py", line, line + '        "no": 1 // (2 - len(dossier.life)),\n')

    found = differing(other)

    [(_, would)] = [data(one) for one in of(found, "dossier.state_changed", CODE)]
    assert would["parked"]["why"].startswith("Unsayable: ZeroDivisionError")
    assert not of(found, "notice.deadline_set")
