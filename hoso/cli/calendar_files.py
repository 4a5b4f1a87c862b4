"""What the calendar's commands share: a file read or its mistakes said, the file that is kept, and how it ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from hoso.cli.cluster import later

if TYPE_CHECKING:
    from schemas.reference import Calendar


def read(file: Path) -> "Calendar":
    """The calendar of a file, or its mistakes and status 1."""
    from connectors.calendar_files import read_calendar

    found = read_calendar(file)
    if found.calendar is None or found.mistakes:
        stop("\n".join(found.mistakes))
    return found.calendar


def kept(folder: Path | None = None) -> Path:
    """The same; a sentence and status 1 if there is none."""
    return target(folder) or stop("there is no calendar in the reference data's folder: name one with --from")


def target(folder: Path | None) -> Path | None:
    """The calendar's file in the reference data's folder, if there is one."""
    from connectors.calendars.versions import kept_in
    from hoso.rehearsal import reference_dir

    return kept_in(folder or reference_dir())


@contextmanager
def answering() -> Iterator[None]:
    """What cannot be done becomes a sentence and status 1."""
    from connectors.archive import BrokenArchive
    from connectors.calendars.versions import CannotApply
    from connectors.reference import WrongReference
    from connectors.verdicts import Refused, TryLater
    from rules.reference import UnknownVersion

    try:
        yield
    except UnknownVersion as error:
        stop(f"a dossier rests on version {error.args[0]}, which is not on the topic reference")
    except TryLater as error:
        stop(later(error))
    except (Refused, BrokenArchive, WrongReference, CannotApply, OSError) as error:
        stop(str(error))


def stop(sentence: str) -> NoReturn:
    """One sentence and status 1."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(1)
