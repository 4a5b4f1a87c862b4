"""Which release this is, how releases are compared, and how a running process says which one it is."""

from dataclasses import dataclass
from importlib.metadata import version

RELEASE = version("hoso")
"""The release of this code: what our facts carry as `codeversion`."""
FIRST_RELEASE = "0.1.0"
"""The release that all others must be able to follow."""
HEADER = "Hoso-Process"
"""The header of every answer of an operators' port: kind, name and release, as `edge edge-0 0.1.0`."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that runs: of which kind (`worker`), its lasting name among its equals (`worker-0`), its release."""

    kind: str
    name: str
    release: str = RELEASE

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.release}"


def running(text: str) -> Running | None:
    """The process that such a header names; None for one that names none."""
    parts = text.split()
    return Running(*parts) if len(parts) == 3 else None


def reaches(one: str, other: str) -> bool:
    """Whether a release is as new as another: `0.10.0` is newer than `0.9.1`. Raises ValueError for no release."""
    return _numbers(one) >= _numbers(other)


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
