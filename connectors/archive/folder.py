"""An archive in a folder: a name is a file, whole and on the disk before it is seen."""

import os
import tempfile
from pathlib import Path

from connectors.archive.store import BrokenArchive, away

UNFINISHED = ".part-"
"""How the name of a file begins that somebody is writing, or was when the power went."""


class Folder:
    """A folder of one machine, or one that is mounted; its file system must know hard links."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).absolute()

    @property
    def url(self) -> str:
        """The path."""
        return str(self._path)

    def put(self, name: str, content: bytes) -> bool:
        """Written beside its place, forced to the disk, and then given its name, which fails if the name is taken."""
        place = self._path / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            descriptor, beside = tempfile.mkstemp(prefix=UNFINISHED, dir=place.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(beside).chmod(0o644)
                fresh = _named(beside, place)
            finally:
                Path(beside).unlink()
            _on_disk(place.parent, self._path.parent)
        except OSError as error:
            raise away(self.url, error) from error
        return fresh

    def get(self, name: str) -> bytes:
        """The file's bytes."""
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError as error:
            raise BrokenArchive(f"{self.url} has no {name}") from error
        except OSError as error:
            raise away(self.url, error) from error

    def names(self, folder: str) -> list[str]:
        """Files, but those that somebody is writing."""
        found = self._entries(folder)
        return sorted(f"{folder}/{one.name}" for one in found if one.is_file() and not one.name.startswith(UNFINISHED))

    def folders(self, folder: str) -> list[str]:
        """Folders right below."""
        return sorted(one.name for one in self._entries(folder) if one.is_dir())

    def _entries(self, folder: str) -> list[Path]:
        try:
            return list((self._path / folder).iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise away(self.url, error) from error


def _named(beside: str, place: Path) -> bool:
    """Give a finished file its name; False if the name is taken."""
    try:
        os.link(beside, place)
    except FileExistsError:
        return False
    return True


def _on_disk(folder: Path, top: Path) -> None:
    """Force a folder's list of names to the disk, and those above it, which may be new as well."""
    for one in (folder, *folder.parents):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if one == top:
            return
