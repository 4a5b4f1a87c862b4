"""`deploy/reference/`: TOML and CSV written by hand, read into one bundle; what is wrong is named by file and key."""

import csv
import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from connectors.calendar_files import read_calendar
from connectors.forecast_files import HISTORY, POLICY, as_history
from rules.post.policy import forbidden
from schemas.event import canonical
from schemas.reference import (
    Agency,
    Bundle,
    Calendar,
    CarrierRule,
    CaseHistory,
    Forecasting,
    PlaceTable,
    Procedure,
    Release,
    Strict,
)
from schemas.release import FIRST_RELEASE

M = TypeVar("M", bound=Strict)
FLEET = "fleet.toml"
READ = (
    "agencies/*.toml",
    "procedures/*",
    "calendars/*.toml",
    "carriers/policy.toml",
    "carriers/places/*.csv",
    FLEET,
    POLICY,
    HISTORY,
)
"""Every file of the reference data."""
YES = {"yes": True, "no": False}


class WrongReference(ValueError):
    """Reference data that nobody may publish; `problems` has one line a mistake: file, key, reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class _Policy(Strict):
    """carriers/policy.toml."""

    rules: tuple[CarrierRule, ...]
    same_province_days: int = 2
    elsewhere_days: int = 4
    storage_days: int = 180


class _Fleet(Strict):
    """fleet.toml: how far the processes may write; `hoso fleet finalise` keeps it."""

    finalised: Release = FIRST_RELEASE


class _Reading:
    """Collects what is wrong, so that one look shows all of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.problems = folder, list[str]()
        self._unreadable = set[Path]()

    def files(self, pattern: str) -> list[Path]:
        return sorted(self.folder.glob(pattern))

    def toml(self, file: Path) -> Mapping[str, Any]:
        try:
            return tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            self.wrong(file, "", str(error))
            self._unreadable.add(file)
            return {}

    def rows(self, file: Path) -> Iterator[tuple[int, dict[str, str]]]:
        try:
            with file.open(encoding="utf-8", newline="") as lines:
                for number, row in enumerate(csv.DictReader(lines), start=2):
                    if None in row or None in row.values():
                        self.wrong(file, "", "the line has not as many cells as the header", number)
                    yield number, {key: value.strip() for key, value in row.items() if key and value and value.strip()}
        except UnicodeDecodeError:
            self.wrong(file, "", "it is not UTF-8")
        except csv.Error as error:
            self.wrong(file, "", f"it is no CSV: {error}")

    def model(self, kind: type[M], values: Any, file: Path, line: int | None = None) -> M | None:
        if file in self._unreadable:
            return None
        try:
            return kind.model_validate(values)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                self.wrong(file, ".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "), line)
            return None

    def wrong(self, file: Path, key: str, why: str, line: int | None = None) -> None:
        where = str(file.relative_to(self.folder)) + (f":{line}" if line else "")
        self.problems.append(f"{where}: {f'{key}: ' if key else ''}{why}")


def read_dir(path: Path) -> Bundle:
    """The bundle of this folder, its version drawn from its content. Raises WrongReference with every mistake."""
    reading = _Reading(path)
    agencies = [found for file in reading.files("agencies/*.toml") if (found := _agency(reading, file))]
    procedures = [row for file in reading.files("procedures/*") for row in _procedures(reading, file)]
    calendar = _calendar(reading)
    policy, fleet, forecast = _policy(reading), _fleet(reading), _forecast(reading)
    tables = [_places(reading, file) for file in reading.files("carriers/places/*.csv")]
    reading.problems += _twice("agency", [code for agency in agencies for code in (agency.code, *agency.aliases)])
    reading.problems += _twice("procedure", [procedure.code for procedure in procedures])
    if policy:
        reading.problems += _strangers(policy, agencies, procedures) + _unlawful(policy)
    if reading.problems or calendar is None or policy is None or fleet is None or forecast is None:
        raise WrongReference(reading.problems)
    bundle = Bundle(
        version="unknown",
        agencies=tuple(agencies),
        procedures=tuple(procedures),
        calendar=calendar,
        carrier_rules=policy.rules,
        same_province_days=policy.same_province_days,
        elsewhere_days=policy.elsewhere_days,
        storage_days=policy.storage_days,
        places=tuple(table for table in tables if table),
        forecast=forecast,
        finalised=fleet.finalised,
    )
    return versioned(bundle)


def strays(path: Path) -> list[str]:
    """The files in this folder that nobody reads: a slip in a name, most likely. Hidden ones and READMEs may be."""
    read = {file for pattern in READ for file in path.glob(pattern)}
    return [
        f"{file.relative_to(path)}: nothing reads it: is its name right?"
        for file in sorted(path.rglob("*"))
        if file.is_file() and file not in read and not file.name.startswith((".", "README"))
    ]


def versioned(bundle: Bundle) -> Bundle:
    """The bundle under the name that its content gives it."""
    # Without what is as usual: a release that knows one more usual thing gives the same files the same version.
    content = canonical(bundle.model_dump(mode="json", exclude={"version", "why"}, exclude_defaults=True))
    version = f"{bundle.calendar.version}-{hashlib.sha256(content).hexdigest()[:8]}"
    return bundle.model_copy(update={"version": version})


def _agency(reading: _Reading, file: Path) -> Agency | None:
    agency = reading.model(Agency, reading.toml(file), file)
    if agency and agency.code != file.stem:
        reading.wrong(file, "code", f"{agency.code} is not the file's name")
    if agency and agency.callback and agency.callback.url.startswith("http:") and not agency.callback.development:
        reading.wrong(file, "callback.url", "http is for development only: say development = true or use https")
    return agency


def _procedures(reading: _Reading, file: Path) -> Iterator[Procedure]:
    match file.suffix:
        case ".csv":
            for line, row in reading.rows(file):
                if found := reading.model(Procedure, _procedure(row), file, line):
                    yield found
        case ".toml":
            for row in reading.toml(file).get("procedure", ()):
                if found := reading.model(Procedure, row, file):
                    yield found
        case _:
            reading.wrong(file, "", "procedures are .csv or .toml")


def _procedure(row: Mapping[str, str]) -> dict[str, Any]:
    """A line of the table: its column `procedure` is the name, `by_post` is yes or no."""
    said: dict[str, Any] = {"name" if key == "procedure" else key: value for key, value in row.items()}
    if "by_post" in said:
        said["by_post"] = YES.get(said["by_post"], said["by_post"])
    return said


def _calendar(reading: _Reading) -> Calendar | None:
    files = reading.files("calendars/*.toml")
    if len(files) != 1:
        reading.problems.append(f"calendars: one file is wanted, there are {len(files)}")
        return None
    found = read_calendar(files[0], str(files[0].relative_to(reading.folder)))
    reading.problems += found.mistakes
    return found.calendar


def _policy(reading: _Reading) -> _Policy | None:
    file = reading.folder / "carriers" / "policy.toml"
    return reading.model(_Policy, reading.toml(file), file)


def _fleet(reading: _Reading) -> _Fleet | None:
    file = reading.folder / FLEET
    return reading.model(_Fleet, reading.toml(file), file) if file.is_file() else _Fleet()


def _forecast(reading: _Reading) -> Forecasting | None:
    """What forecasts rest on: forecast/policy.toml and the history beside it; both may be missing."""
    policy, table = reading.folder / POLICY, reading.folder / HISTORY
    rows = reading.rows(table) if table.is_file() else ()
    found = [reading.model(CaseHistory, as_history(row), table, line) for line, row in rows]
    names = [f"{row.procedure} {row.stage or ''}".strip() for row in found if row]
    reading.problems += [f"{HISTORY}: {line}" for line in _twice("row", names)]
    said = reading.toml(policy) if policy.is_file() else {}
    if "history" in said:
        reading.wrong(policy, "history", f"its place is {HISTORY}")
        return None
    return reading.model(Forecasting, {**said, "history": [row for row in found if row]}, policy)


def _places(reading: _Reading, file: Path) -> PlaceTable | None:
    """A carrier's codes: columns level (province or ward), code, theirs."""
    codes: dict[str, dict[str, str]] = {"province": {}, "ward": {}}
    for line, row in reading.rows(file):
        if row.get("level") not in codes or "code" not in row or "theirs" not in row:
            reading.wrong(file, "", "a line has level (province or ward), code and theirs", line)
        else:
            codes[row["level"]][row["code"]] = row["theirs"]
    given = {"carrier": file.stem, "provinces": codes["province"], "wards": codes["ward"]}
    return reading.model(PlaceTable, given, file)


def _twice(what: str, codes: Sequence[str]) -> list[str]:
    return [f"the {what} {code} is there {times} times" for code, times in Counter(codes).items() if times > 1]


def _unlawful(policy: _Policy) -> list[str]:
    """Rules that send a hired carrier to whatever comes."""
    return [
        f"carriers/policy.toml: rules.{number}: {name} is a hired carrier: its rule names the procedures that it may "
        "carry (Decree 61/2018 art. 16(2))"
        for number, rule in enumerate(policy.rules)
        for name in forbidden(rule)
    ]


def _strangers(policy: _Policy, agencies: Sequence[Agency], procedures: Sequence[Procedure]) -> list[str]:
    """What the policy names and no file has."""
    known_agencies = {code for agency in agencies for code in (agency.code, *agency.aliases)}
    known_procedures = {procedure.code for procedure in procedures}
    return [
        f"carriers/policy.toml: {key}: nobody knows {code}"
        for rule in policy.rules
        for key, codes, known in (
            ("agencies", rule.agencies, known_agencies),
            ("procedures", rule.procedures, known_procedures),
        )
        for code in codes
        if code not in known
    ]
