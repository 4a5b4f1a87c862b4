"""The openers' key pair is changed without a gap: what was sealed before, meanwhile and afterwards opens."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import Row, select, update

from connectors import rewrapping
from connectors.agencies import new_secret, rotate_secret, secrets_of
from connectors.letter_boxes import LetterBoxes, LetterOpener
from connectors.rewrapping import Wrapped
from connectors.rotating import CannotRotate, Stage, finish, prepare, stage, switch
from connectors.seal import CannotOpen, Opener, Sealer
from connectors.secrets import OPENERS_BEFORE, Secrets, ensure_secrets, load_secrets
from connectors.store import Store, sealed_keys
from connectors.store.tables import SEALED_KEYS
from schemas.sealed import SealedText
from tests.builders import CODE
from tests.connectors.store.test_letter_boxes import a_letter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ensure_secrets(tmp_path / "keys").folder


def sealed(store: Store, secrets: Secrets, text: str) -> SealedText:
    """A text that a process seals which read its key when it started."""
    sealer = Sealer(secrets.openers_public, store)
    box = sealer.seal_text(CODE, text)
    sealer.keep()
    return box


def opens(store: Store, folder: Path, box: SealedText) -> str:
    """What a process reads of it that starts now."""
    return Opener(store, load_secrets(folder).openers_private).open_text(CODE, box)


def rotated(store: Store, folder: Path) -> Wrapped:
    prepare(folder)
    switch(folder)
    return finish(folder, store)


def test_what_is_sealed_at_any_step_opens_at_that_step_and_at_every_later_one(store: Store, folder: Path) -> None:
    said = {"before": sealed(store, load_secrets(folder), "before")}
    steps: dict[str, Callable[[], object]] = {
        "prepared": lambda: prepare(folder),
        "switched": lambda: switch(folder),
        "finished": lambda: finish(folder, store),
    }
    for step, does in steps.items():
        does()
        said[step] = sealed(store, load_secrets(folder), step)
        assert {text: opens(store, folder, box) for text, box in said.items()} == {text: text for text in said}

    assert stage(folder) is Stage.SETTLED and not (folder / OPENERS_BEFORE).exists()


def test_who_started_before_the_switch_reads_what_is_sealed_after_it(store: Store, folder: Path) -> None:
    prepare(folder)
    started = Opener(store, load_secrets(folder).openers_private)
    switch(folder)

    box = sealed(store, load_secrets(folder), "after")

    assert started.open_text(CODE, box) == "after"


def test_the_retired_key_opens_nothing_any_more_neither_texts_nor_letters_nor_secrets(
    store: Store, folder: Path
) -> None:
    old = load_secrets(folder)
    box, letter = sealed(store, old, "text"), a_letter()
    shut = LetterBoxes(store, old.openers_public).sealed(letter, "kind")
    secret = new_secret(store, old.openers_public, "H29.12")
    rotate_secret(store, old.openers_public, "H29.12")
    signs = secrets_of(store, old.openers_private, "H29.12")

    done = rotated(store, folder)

    new = load_secrets(folder).openers_private
    assert (done.anew, done.shut) == (4, 0) and secret
    assert opens(store, folder, box) == "text"
    assert LetterOpener(store, new).opened(shut).data.bytes == letter.data.bytes
    assert secrets_of(store, new, "H29.12") == signs
    for tried in (
        lambda: Opener(store, old.openers_private).open_text(CODE, box),
        lambda: LetterOpener(store, old.openers_private).opened(shut),
        lambda: secrets_of(store, old.openers_private, "H29.12"),
    ):
        with pytest.raises(CannotOpen):
            tried()


def test_a_second_rotation_follows_a_first(store: Store, folder: Path) -> None:
    box = sealed(store, load_secrets(folder), "text")

    assert (rotated(store, folder).anew, rotated(store, folder).anew) == (1, 1)

    assert opens(store, folder, box) == "text"


def test_more_than_a_portion_is_wrapped_and_said_as_it_goes(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrapping, "PORTION", 3)
    boxes = [sealed(store, load_secrets(folder), str(number)) for number in range(8)]
    prepare(folder)
    switch(folder)
    portions: list[int] = []

    done = finish(folder, store, portions.append)

    assert done.anew == 8 and portions == [3, 3, 2]
    assert [opens(store, folder, box) for box in boxes] == [str(number) for number in range(8)]


def test_a_key_that_is_destroyed_meanwhile_stays_destroyed(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(store, load_secrets(folder), "text")
    prepare(folder)
    switch(folder)
    portions = rewrapping.portions

    def erased_once_read(store: Store, place: rewrapping.Place, only: Any) -> Iterator[list[Row[Any]]]:
        for rows in portions(store, place, only):
            with store.begin() as connection:
                sealed_keys.destroy(connection, sealed_keys.of(connection, CODE))
            yield rows

    monkeypatch.setattr(rewrapping, "portions", erased_once_read)
    finish(folder, store)

    with store.read() as connection:
        assert connection.execute(select(SEALED_KEYS.c.key_id)).all() == []


def test_who_still_seals_for_the_key_before_is_noticed_and_nothing_is_lost(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleepy = load_secrets(folder)
    assert isinstance(sleepy.openers_public, X25519PublicKey)
    prepare(folder)
    switch(folder)
    late: list[SealedText] = []
    first = rewrapping._walked

    def seals_meanwhile(*given: Any) -> Wrapped:
        done = first(*given)
        if not late:
            late.append(sealed(store, sleepy, "late"))
        return done

    monkeypatch.setattr(rewrapping, "_walked", seals_meanwhile)
    with pytest.raises(CannotRotate, match="restart every process"):
        finish(folder, store)

    assert stage(folder) is Stage.SWITCHED and opens(store, folder, late[0]) == "late"
    finish(folder, store)
    assert opens(store, folder, late[0]) == "late"


def test_what_neither_key_opens_is_left_as_it_is_and_counted(store: Store, folder: Path) -> None:
    sealed(store, load_secrets(folder), "text")
    with store.begin() as connection:
        connection.execute(update(SEALED_KEYS).values(wrapped=b"x" * 80))

    assert rotated(store, folder).shut == 1


@pytest.mark.parametrize("step", ["switch", "finish"])
def test_a_step_out_of_turn_is_refused_and_says_which_comes_first(store: Store, folder: Path, step: str) -> None:
    with pytest.raises(CannotRotate, match="hoso keys rotate"):
        switch(folder) if step == "switch" else finish(folder, store)


def test_a_switch_that_broke_off_half_way_is_ended_by_the_next(store: Store, folder: Path) -> None:
    box = sealed(store, load_secrets(folder), "before")
    prepare(folder)
    (folder / OPENERS_BEFORE).hardlink_to(folder / "openers.key")

    assert stage(folder) is Stage.PREPARED
    switch(folder)
    (folder / "openers.pub.next").write_bytes(b"half")
    switch(folder)

    assert stage(folder) is Stage.SWITCHED and opens(store, folder, box) == "before"
    assert opens(store, folder, sealed(store, load_secrets(folder), "after")) == "after"
    finish(folder, store)
    with pytest.raises(CannotRotate):
        finish(folder, store)
