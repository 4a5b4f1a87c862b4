"""The keys of carriers' bytes and of the feed are changed without a gap: what was locked at any step opens at each."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from connectors import changing, rewrapping
from connectors.changing import finish_evidence, finish_feed, prepare, retired, stage, switch
from connectors.day_keys import DayEvidence
from connectors.key_files import read
from connectors.rewrapping import Wrapped
from connectors.rotating import CannotRotate, Stage
from connectors.seal import CannotOpen, Evidence
from connectors.secrets import EVIDENCE, FEED, Secrets, ensure_secrets, load_secrets
from connectors.store import Store, feed, items
from connectors.store.feed import Told
from connectors.store.items import Unmatched
from connectors.store.tables import DAY_KEYS
from connectors.store.tables import FEED as FED
from schemas.sealed import Box
from tests.connectors.store.test_day_keys import it_is

PLAIN = b'{"specversion":"1.0"}'
Finish = Callable[[Path, Store], Wrapped]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ensure_secrets(tmp_path / "keys").folder


def on_day(day: int, monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(datetime.fromisoformat(f"2026-11-{day:02d}T12:00:00+07:00"), monkeypatch)


def sealed(store: Store, secrets: Secrets, text: str) -> Box:
    """A carrier's bytes, as a process seals them that read its keys when it started."""
    return DayEvidence(store, secrets.evidence).seal(text.encode())


def opens(store: Store, folder: Path, box: Box) -> str:
    """What a process reads of it that starts now."""
    return DayEvidence(store, load_secrets(folder).evidence).open(box).decode()


def fed(store: Store, secrets: Secrets, text: str) -> None:
    """A row of the feed, as notify writes it that read its keys when it started."""
    body = Evidence(secrets.feed).seal(text.encode()).model_dump_json().encode()
    with store.begin() as connection:
        feed.put(connection, [Told("H29.12", f"n-{text}", "agency.notices", 0, 1, body)])


def bodies(store: Store) -> list[bytes]:
    with store.read() as connection:
        return list(connection.execute(select(FED.c.body).order_by(FED.c.cursor)).scalars())


def told(store: Store, secrets: Secrets) -> list[str]:
    """What the edge reads of the feed."""
    box = Evidence(secrets.feed)
    return [box.open(Box.model_validate_json(body)).decode() for body in bodies(store) if body != PLAIN]


def steps(file: Path, finish: Callable[[], object]) -> dict[str, Callable[[], object]]:
    return {"prepared": lambda: prepare(file), "switched": lambda: switch(file), "finished": finish}


# ---------------------------------------------------------------- carriers' bytes


def test_bytes_sealed_at_any_step_open_at_that_step_and_at_every_later_one(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_day(20, monkeypatch)
    said = {"before": sealed(store, load_secrets(folder), "before")}
    for day, (step, does) in enumerate(steps(folder / EVIDENCE, lambda: finish_evidence(folder, store)).items(), 21):
        does()
        on_day(day, monkeypatch)
        said[step] = sealed(store, load_secrets(folder), step)
        assert {text: opens(store, folder, box) for text, box in said.items()} == {text: text for text in said}

    assert stage(folder / EVIDENCE) is Stage.SETTLED


def test_whoever_was_restarted_before_the_switch_reads_what_is_sealed_after_it_and_the_other_way_round(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(folder / EVIDENCE)
    started = load_secrets(folder)
    assert len(started.evidence) == 2
    switch(folder / EVIDENCE)

    on_day(20, monkeypatch)
    by_the_new = sealed(store, load_secrets(folder), "new")
    on_day(21, monkeypatch)
    by_the_old = sealed(store, started, "old")

    assert DayEvidence(store, started.evidence).open(by_the_new) == b"new"
    assert opens(store, folder, by_the_old) == "old"


def test_after_the_last_step_the_key_before_opens_no_day_any_more(store: Store, folder: Path) -> None:
    old = load_secrets(folder)
    box = sealed(store, old, "text")
    prepare(folder / EVIDENCE)
    switch(folder / EVIDENCE)

    done = finish_evidence(folder, store)

    assert (done.anew, done.shut) == (1, 0) and opens(store, folder, box) == "text"
    with pytest.raises(CannotOpen):
        DayEvidence(store, old.evidence).open(box)
    assert [one.key for one in read(retired(folder / EVIDENCE))] == list(old.evidence)


def test_an_update_that_waits_in_a_box_of_an_older_release_opens_with_the_new_key(store: Store, folder: Path) -> None:
    of_a_day = sealed(store, load_secrets(folder), "a day's").model_dump_json().encode()
    older = Evidence(load_secrets(folder).evidence).seal(b"older").model_dump_json().encode()
    with store.begin() as connection:
        for name, body in (("day", of_a_day), ("older", older)):
            items.wait(connection, Unmatched(name, "ems", "E-1", "?", body, "no receipt names it"))
    prepare(folder / EVIDENCE)
    switch(folder / EVIDENCE)

    finish_evidence(folder, store)

    with store.read() as connection:
        waiting = {one.id: one.update for one in items.waiting(connection, "ems", "E-1", "?")}
    assert waiting["day"] == of_a_day
    assert opens(store, folder, Box.model_validate_json(waiting["older"])) == "older"


def test_a_day_whose_key_is_destroyed_stays_shut(store: Store, folder: Path) -> None:
    sealed(store, load_secrets(folder), "text")
    with store.begin() as connection:
        connection.execute(update(DAY_KEYS).values(wrapped=None))
    prepare(folder / EVIDENCE)
    switch(folder / EVIDENCE)

    assert finish_evidence(folder, store) == Wrapped()
    with store.read() as connection:
        assert connection.execute(select(DAY_KEYS.c.wrapped)).scalars().all() == [None]


# ---------------------------------------------------------------- the feed


def test_the_feed_reads_the_same_at_every_step_whenever_a_row_was_written(store: Store, folder: Path) -> None:
    fed(store, load_secrets(folder), "before")
    with store.begin() as connection:
        feed.put(connection, [Told("H29.12", "plain", "agency.notices", 0, 2, PLAIN)])
    said = ["before"]
    for step, does in steps(folder / FEED, lambda: finish_feed(folder, store)).items():
        does()
        fed(store, load_secrets(folder), step)
        said.append(step)
        assert told(store, load_secrets(folder)) == said

    assert PLAIN in bodies(store)
    assert stage(folder / FEED) is Stage.SETTLED


def test_after_the_last_step_a_copy_of_the_old_key_opens_no_row(store: Store, folder: Path) -> None:
    old = load_secrets(folder)
    fed(store, old, "text")
    prepare(folder / FEED)
    switch(folder / FEED)

    assert finish_feed(folder, store).anew == 1

    with pytest.raises(CannotOpen):
        told(store, old)
    assert told(store, load_secrets(folder)) == ["text"]


def test_a_row_that_is_blanked_meanwhile_stays_blank(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed(store, load_secrets(folder), "text")
    prepare(folder / FEED)
    switch(folder / FEED)
    portions = rewrapping.portions

    def erased_once_read(*given: Any) -> Any:
        for rows in portions(*given):
            with store.begin() as connection:
                connection.execute(update(FED).values(body=PLAIN))
            yield rows

    monkeypatch.setattr(rewrapping, "portions", erased_once_read)
    finish_feed(folder, store)

    assert bodies(store) == [PLAIN]


def test_who_still_locks_with_the_key_before_is_noticed_named_and_nothing_is_lost(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleepy = load_secrets(folder)
    assert len(sleepy.feed) == 1
    prepare(folder / FEED)
    switch(folder / FEED)
    walked, late = rewrapping._walked, iter(["late"])

    def feeds_meanwhile(*given: Any) -> Wrapped:
        done = walked(*given)
        for text in late:
            fed(store, sleepy, text)
        return done

    monkeypatch.setattr(rewrapping, "_walked", feeds_meanwhile)
    with pytest.raises(CannotRotate, match=r"1 value was .* restart notify"):
        finish_feed(folder, store)

    assert stage(folder / FEED) is Stage.SWITCHED and told(store, load_secrets(folder)) == ["late"]
    finish_feed(folder, store)
    assert told(store, load_secrets(folder)) == ["late"]


# ---------------------------------------------------------------- the steps


@pytest.mark.parametrize("name", [EVIDENCE, FEED])
def test_a_step_out_of_turn_is_refused_and_a_step_again_changes_nothing(store: Store, folder: Path, name: str) -> None:
    file = folder / name
    finish: Finish = finish_evidence if name == EVIDENCE else finish_feed
    for early in (lambda: switch(file), lambda: finish(folder, store)):
        with pytest.raises(CannotRotate, match=f"hoso keys rotate {file.stem}"):
            early()

    prepare(file)
    prepared = file.read_bytes()
    prepare(file)
    assert file.read_bytes() == prepared
    switch(file)
    switched = file.read_bytes()
    switch(file)
    assert file.read_bytes() == switched
    with pytest.raises(CannotRotate, match="not finished"):
        prepare(file)
    finish(folder, store)
    assert len(read(file)) == 1
    assert changing.stage(file) is Stage.SETTLED


def test_each_value_is_read_once_and_again_only_what_came_since(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        fed(store, load_secrets(folder), str(number))
    with store.begin() as connection:
        connection.execute(update(FED).where(FED.c.cursor <= 4).values(at=FED.c.at - 2 * rewrapping.SKEW_SECONDS))
    prepare(folder / FEED)
    switch(folder / FEED)
    looked: list[int] = []
    portions = rewrapping.portions

    def counting(*given: Any) -> Any:
        for rows in portions(*given):
            looked.append(len(rows))
            yield rows

    monkeypatch.setattr(rewrapping, "portions", counting)
    finish_feed(folder, store)

    assert looked == [5, 1]
