"""The keys of this installation: files that are missing, damaged, or open to others. No key is told."""

import stat
from collections.abc import Iterator
from pathlib import Path

from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, many, named
from connectors.key_files import parsed
from connectors.secrets import CONSOLE, DIGEST, EVIDENCE, FEED, OPENERS, OPENERS_PUBLIC, SIGNING, TRACKING

AREA = "keys"
NAMES = (OPENERS, OPENERS_PUBLIC, EVIDENCE, FEED, DIGEST, TRACKING, SIGNING, CONSOLE)
OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
WELL = Said("{count} khóa trong {folder}, không ai khác đọc được", "{count} keys in {folder}, for nobody else to read")
NO_FOLDER = Said("không có khóa nào: không thấy {folder}", "there are no keys: {folder} is not there")
RESTORE_ANY = Said("khôi phục từ bản sao lưu nếu đã từng có khóa", "restore them if there were any")
RESTORE = Said("khôi phục từ bản sao lưu", "restore it from its backup")
RESTORE_OR_MAKE = Said(
    "khôi phục từ bản sao lưu: khóa mới không mở được gì mà khóa cũ đã niêm phong; `hoso up` tạo khóa mới",
    "restore it from its backup: a new key opens nothing that the old one sealed; `hoso up` makes new ones",
)
MISSING = Said("thiếu {keys} trong {folder}: {names}", "{keys} missing in {folder}: {names}")
MAY_READ = Said("người khác trên máy này đọc được {names}", "others on this machine may read {names}")
MAY_PUT = Said(
    "người khác trên máy này đặt được khóa vào {folder}", "others on this machine may put keys into {folder}"
)
DAMAGED = Said(
    "{keys} trong {folder} bị hỏng: {names}",
    "{keys} in {folder} damaged: {names}",
)


def findings(place: Place) -> Iterator[Finding]:
    """What is wrong with the folder of keys; one line if nothing is."""
    folder = place.settings.secrets_dir
    found = list(_all(place, folder)) if folder.is_dir() else [_no_folder(folder)]
    yield from found
    if not found:
        yield Finding(AREA, Severity.OK, WELL.of(count=len(NAMES), folder=str(folder)))


def _all(place: Place, folder: Path) -> Iterator[Finding]:
    yield from _missing(place, folder)
    yield from _open(folder, place.settings.people_file)
    yield from _damaged(folder)


def _no_folder(folder: Path) -> Finding:
    return Finding(AREA, Severity.BAD, NO_FOLDER.of(folder=str(folder)), "hoso up", RESTORE_ANY)


def _missing(place: Place, folder: Path) -> Iterator[Finding]:
    """On one machine all must be there; in a city each process has its own, and this machine may have few."""
    if missing := [name for name in NAMES if not (folder / name).exists()]:
        severity = Severity.NOTE if place.store.on_postgres else Severity.BAD
        keys = many(len(missing), "key", vi="khóa")
        what = MISSING.of(keys=keys, folder=str(folder), names=named(missing))
        yield Finding(AREA, severity, what, f"ls -l {folder}", RESTORE_OR_MAKE)


def _open(folder: Path, people: Path) -> Iterator[Finding]:
    # Those too that a rotation left behind, or has under way.
    secret = [people, *sorted(folder.glob("*.key"))]
    opened = [file for file in secret if file.exists() and file.stat().st_mode & OTHERS]
    if opened:
        files = " ".join(map(str, opened))
        what = MAY_READ.of(names=named([one.name for one in opened]))
        yield Finding(AREA, Severity.BAD, what, f"chmod 600 {files}")
    if folder.stat().st_mode & OTHERS_WRITE:
        yield Finding(AREA, Severity.BAD, MAY_PUT.of(folder=str(folder)), f"chmod 700 {folder}")


def _damaged(folder: Path) -> Iterator[Finding]:
    files = [folder / name for name in NAMES]
    if damaged := [file.name for file in files if file.exists() and _is_damaged(file)]:
        keys = many(len(damaged), "key", vi="khóa")
        what = DAMAGED.of(keys=keys, folder=str(folder), names=named(damaged))
        yield Finding(AREA, Severity.BAD, what, f"ls -l {folder}", RESTORE)


def _is_damaged(file: Path) -> bool:
    """Whether it holds no key; of another's, which cannot be read here, nothing is said."""
    try:
        return not parsed(file.read_bytes())
    except PermissionError:
        return False
