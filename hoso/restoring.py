"""An archive onto a fresh cluster: its topics made, the workers kept off, every record copied."""

from collections.abc import Callable, Mapping

from connectors import adopting
from connectors import topics as plan
from connectors.archive import Archive
from connectors.archive.restoring import CannotRestore, Progress, Source, restore, sources
from connectors.broker import Reader
from schemas.dossier import LOG
from schemas.reference import Bundle
from schemas.topics import CHANGELOG
from streams.engine import adoption

__all__ = ["CannotRestore", "Source", "prepare", "restore_all"]


def prepare(
    bootstrap: str, archive: Archive, bundle: Bundle, partitions: int, replication: int | None, ids: Mapping[str, str]
) -> list[Source]:
    """Make the topics; what is to be copied. Raises CannotRestore, WrongPartitions, BrokenArchive, TryLater."""
    results = [agency.code for agency in bundle.agencies if agency.results_topic]
    plan.apply(bootstrap, [agency.code for agency in bundle.agencies], partitions, replication, results)
    return sources(archive, bootstrap, ids)


def restore_all(
    bootstrap: str, archive: Archive, found: list[Source], progress: Progress, say: Callable[[str], None]
) -> int:
    """Copy everything. From before the first record of the log until `hoso adopt-log`, workers refuse it."""
    log_id = next((one.stretch.topic_id for one in found if one.stretch.topic == LOG), "none")
    with Reader(bootstrap, CHANGELOG) as reader:
        empty = [partition for partition, (_, end) in reader.bounds().items() if end == 0]
    if empty:
        adopting.guard(bootstrap, empty, lambda id, fence: adoption(id.encode(), fence), f"the archive of {log_id}")
        say("workers refuse this log until `hoso adopt-log`")
    return restore(archive, bootstrap, found, progress)
