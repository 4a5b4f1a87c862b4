"""Room on the disks: of the home, the keys, the databases, the archive, and where the brokers keep their topics."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from connectors.broker.cluster import log_dirs
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import GIB, Said, alike, listed, size
from connectors.store import Store
from connectors.verdicts import TryLater

AREA = "disk"
FREE = Said("còn trống {free} trên {total}: {names}", "{free} free of {total}: {names}")
HOME, KEYS, DATABASE, READ_MODEL, ARCHIVE = (
    Said("thư mục làm việc", "home"),
    Said("khóa", "keys"),
    Said("cơ sở dữ liệu", "database"),
    Said("mô hình đọc", "read model"),
    Said("kho lưu trữ", "archive"),
)
TOPICS_OF = Said("topic của broker {broker}", "topics of broker {broker}")
NO_ARCHIVE = Said("không có kho lưu trữ tại {folder}", "there is no archive at {folder}")


@dataclass(frozen=True, slots=True)
class Room:
    """How much a disk should have free, in bytes or as a share of it: below either somebody is told."""

    least: int
    share: float

    def lacks(self, free: int, total: int) -> bool:
        """Whether a disk has less."""
        return free < self.least or free < total * self.share


SCARCE, USED_UP = Room(5 * GIB, 0.15), Room(GIB, 0.05)


def findings(place: Place, scarce: Room = SCARCE, used_up: Room = USED_UP) -> Iterator[Finding]:
    """Each disk once, with what lies on it."""
    for names, path, free, total in [*_local(place), *_brokers(place)]:
        severity = Severity.OK
        if scarce.lacks(free, total):
            severity = Severity.BAD if used_up.lacks(free, total) else Severity.WARNING
        helps = f"du -xh --max-depth=2 {path}" if severity else ""
        yield Finding(AREA, severity, FREE.of(free=size(free), total=size(total), names=names), helps, alike(path))
    yield from _away(place)


def _local(place: Place) -> Iterator[tuple[Said, str, int, int]]:
    disks: dict[int, tuple[list[Said], Path]] = {}
    for name, path in _paths(place):
        # What is not there yet will be made in the nearest folder that is.
        there = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
        disks.setdefault(there.stat().st_dev, ([], there))[0].append(name)
    for names, path in disks.values():
        usage = shutil.disk_usage(path)
        yield listed(names), str(path), usage.free, usage.total


def _paths(place: Place) -> Iterator[tuple[Said, Path]]:
    yield HOME, place.settings.home
    yield KEYS, place.settings.secrets_dir
    for name, store in ((DATABASE, place.store), (READ_MODEL, place.read_store)):
        if (file := _file_of(store)) is not None:
            yield name, file
    if place.archive and urlsplit(place.archive).scheme in ("", "file"):
        yield ARCHIVE, Path(urlsplit(place.archive).path)


def _file_of(store: Store) -> Path | None:
    return None if store.on_postgres else Path(store.engine.url.database or "")


def _brokers(place: Place) -> Iterator[tuple[Said, str, int, int]]:
    """The brokers' disks, but those that were looked at as ours."""
    try:
        place.need_kafka()
        found = log_dirs(place.bootstrap)
    except TryLater:
        return
    local = _paths(place) if place.kafka_is_local else ()
    ours = {path.stat().st_dev for _, path in local if path.exists()}
    for one in found:
        if one.free is None or one.total is None or _is_one_of(ours, Path(one.path)):
            continue
        yield TOPICS_OF.of(broker=one.broker), one.path, one.free, one.total


def _is_one_of(ours: set[int], path: Path) -> bool:
    """A broker on another machine has another disk, be its path called as one of ours."""
    return bool(ours) and path.is_dir() and path.stat().st_dev in ours


def _away(place: Place) -> Iterator[Finding]:
    if place.archive and urlsplit(place.archive).scheme in ("", "file"):
        folder = Path(urlsplit(place.archive).path)
        if not folder.is_dir():
            what = NO_ARCHIVE.of(folder=str(folder))
            yield Finding(AREA, Severity.WARNING, what, f"hoso archive write --to {folder} --once")
