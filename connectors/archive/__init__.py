"""The archive of the log: closed segments, hash-chained by partition, in a folder or in object storage."""

from connectors.archive.archive import Archive, Overtaken, open_archive
from connectors.archive.link import Link, Stretch
from connectors.archive.store import BrokenArchive, Store, open_store
from connectors.archive.whole import Gap, Whole, whole_key
from connectors.archive.writing import Limits, Writer

__all__ = [
    "Archive",
    "BrokenArchive",
    "Gap",
    "Limits",
    "Link",
    "Overtaken",
    "Store",
    "Stretch",
    "Whole",
    "Writer",
    "open_archive",
    "open_store",
    "whole_key",
]
