"""`deploy/reference/agencies/CODE.toml`, written for a new agency and checked with everything beside it."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connectors.reference_files import WrongReference, read_dir
from schemas.reference import Agency

TABLES = ("address", "callback")


def checked(said: Mapping[str, Any]) -> Agency:
    """The agency that these values make. Raises WrongReference with every mistake: key, reason."""
    try:
        return Agency.model_validate(said)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise WrongReference([f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found]) from error


def add(folder: Path, said: Mapping[str, Any]) -> Path:
    """Write a new agency's file into the reference data's folder. Raises WrongReference, and then nothing is there.

    The folder must be right before, so that what is wrong afterwards is the new file's.
    """
    agency = checked(said)
    read_dir(folder)
    file = folder / "agencies" / f"{agency.code}.toml"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError as error:
        raise WrongReference([f"{file} is there already: edit it, and `hoso check`"]) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(toml_of(said))
        read_dir(folder)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return file


def toml_of(said: Mapping[str, Any]) -> str:
    """An agency's values as its file has them: those of one line first, then its tables."""
    plain = [f"{name} = {_value(value)}" for name, value in said.items() if name not in TABLES]
    tables = [
        "\n".join([f"\n[{name}]", *(f"{key} = {_value(value)}" for key, value in said[name].items())])
        for name in TABLES
        if said.get(name)
    ]
    return "\n".join([*plain, *tables]) + "\n"


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            # TOML's basic strings escape as JSON does, but for DEL, which JSON leaves alone.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Sequence():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return str(value)
