"""Where an archive lies: names and bytes that are written once, in a folder or in object storage."""

from typing import Protocol
from urllib.parse import urlsplit

from connectors.verdicts import TryLater


class BrokenArchive(ValueError):
    """The archive is not what its chain says, or cannot be that of this log. The text says what and where."""


class Store(Protocol):
    """Named contents that never change. A name is a path of words between slashes.

    What `put` answered for is durable. Two who put under one name at once: one gets True, the other False, and the
    content is whole. Every method raises TryLater while the storage is away.
    """

    @property
    def url(self) -> str:
        """Where it lies, as `open_store` takes it; no secrets."""
        ...

    def put(self, name: str, content: bytes) -> bool:
        """Keep a content under a name; False, and nothing is changed, if the name is taken."""
        ...

    def get(self, name: str) -> bytes:
        """The content of a name. Raises BrokenArchive if nothing bears it."""
        ...

    def names(self, folder: str) -> list[str]:
        """Whole names of the contents right in this folder, sorted; none if there is no such folder."""
        ...

    def folders(self, folder: str) -> list[str]:
        """Last words of the folders right in this folder, sorted; none if there is no such folder."""
        ...


def open_store(url: str) -> Store:
    """The storage at `s3://bucket/prefix`, `file:///path` or a plain path. Raises TryLater or ValueError."""
    from connectors.archive.folder import Folder

    parts = urlsplit(url)
    match parts.scheme:
        case "s3":
            try:
                from connectors.archive.bucket import Bucket
            except ImportError as error:
                raise ValueError("object storage needs the extra `archive`: pip install 'hoso[archive]'") from error
            return Bucket(url)
        case "file" if not parts.netloc:
            return Folder(parts.path)
        case "":
            return Folder(url)
    raise ValueError(f"an archive lies at s3://bucket/prefix, file:///path or a path, not at {parts.scheme}://")


def away(url: str, error: Exception) -> TryLater:
    """The storage does not answer, or not as it should."""
    why = str(error).partition("\n")[0]
    return TryLater(f"the archive at {url} cannot be used now: {why[:300]}")
