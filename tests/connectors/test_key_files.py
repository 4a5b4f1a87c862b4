"""A key's file is changed whole: whoever reads meanwhile, or after a crash, finds keys; and nobody else may read it."""

import stat
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from connectors import changing, key_files
from connectors.changing import retired
from connectors.key_files import Line, NoSuchSecret, read, write
from connectors.secrets import DIGEST, EVIDENCE, SIGNING, ensure_secrets, load_secrets

DIES = """
import os, sys
from datetime import date
from pathlib import Path
from connectors import changing, key_files

folder, step, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
really = Path.replace

def dies(self, target):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return really(self, target)

Path.replace = dies
steps = {
    "prepare": lambda: changing.prepare(folder / "evidence.key"),
    "switch": lambda: changing.switch(folder / "evidence.key"),
    "finish": lambda: changing.finish_signing(folder),
    "date": lambda: changing.add_dated(folder / "digest.key", None, date(2026, 11, 26)),
}
steps[step]()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ensure_secrets(tmp_path / "keys").folder


def dies(folder: Path, step: str, replaced: int = 0) -> None:
    """Let another process die within this step, after so many files were replaced."""
    ran = subprocess.run([sys.executable, "-c", DIES, str(folder), step, str(replaced)], capture_output=True, text=True)
    assert ran.returncode == 9, ran.stderr


@pytest.mark.parametrize("step", ["prepare", "switch", "date"])
def test_who_dies_before_the_new_file_stands_leaves_the_old_one_and_the_step_may_be_repeated(
    folder: Path, step: str
) -> None:
    if step == "switch":
        changing.prepare(folder / EVIDENCE)
    file = folder / (DIGEST if step == "date" else EVIDENCE)
    before = read(file)

    dies(folder, step)

    assert read(file) == before
    assert read(file)[0].key in (load_secrets(folder).digest.all() if step == "date" else load_secrets(folder).evidence)


@pytest.mark.parametrize("replaced", [0, 1, 2])
def test_who_dies_while_a_key_is_taken_out_leaves_it_readable_somewhere_and_the_step_ends_it(
    folder: Path, replaced: int
) -> None:
    file = folder / SIGNING
    old = load_secrets(folder).signing.public_key()
    changing.prepare(file)
    changing.switch(file)

    dies(folder, "finish", replaced)

    assert old in load_secrets(folder).signing_public
    changing.finish_signing(folder)
    assert len(read(file)) == 1 and len(read(retired(file))) == 1
    assert load_secrets(folder).signing_public[1:] == (old,)


def test_a_changed_file_is_its_owners_alone(folder: Path) -> None:
    file = folder / EVIDENCE
    changing.prepare(file)
    changing.switch(file)

    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
    assert not [one for one in folder.iterdir() if one.name.startswith(".")]


def test_the_first_line_writes_and_every_line_reads(tmp_path: Path) -> None:
    lines = (Line(b"n" * 32), Line(b"o" * 32), Line(b"x" * 32, next=True))
    write(tmp_path / EVIDENCE, lines)

    assert read(tmp_path / EVIDENCE) == lines
    assert load_secrets(tmp_path).evidence == (b"n" * 32, b"o" * 32, b"x" * 32)


@pytest.mark.parametrize("raw", [b"", b"half", b"aGFsZg==\n", b64encode(b"k" * 32) + b" from tomorrow\n", b"\xff" * 44])
def test_half_a_file_is_no_file_and_its_sentence_holds_nothing_of_it(tmp_path: Path, raw: bytes) -> None:
    whole = b64encode(b"w" * 32) + b"\n"
    (tmp_path / EVIDENCE).write_bytes(whole + raw if raw else raw)

    with pytest.raises(NoSuchSecret, match=r"evidence\.key is damaged") as wrong:
        _ = load_secrets(tmp_path).evidence
    assert whole.decode().strip() not in str(wrong.value)


def test_a_line_printed_by_mistake_shows_no_key() -> None:
    assert "k" * 8 not in repr(Line(b"k" * 32)) and b64encode(b"k" * 32).decode() not in repr(Line(b"k" * 32))
    assert key_files.parsed(Line(b"k" * 32, next=True).written()) == (Line(b"k" * 32, next=True),)
