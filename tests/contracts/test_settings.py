"""Every setting of every room has its line in the example, and every line is a setting's."""

from pathlib import Path

from pydantic_settings import BaseSettings

from connectors.carrier_settings import CarrierSettings
from connectors.carriers import carriers
from connectors.console.settings import Openid
from connectors.settings import Settings
from hoso.settings import Settings as Command
from sandbox.settings import Settings as Rehearsal
from streams.settings import WorkerSettings

EXAMPLE = Path(__file__).parents[2] / "deploy" / "env.example"
BESIDE = {"HOSO_CLOCK"}
"""Read where the time comes from, by no room's settings."""


def the_names_of(kind: type[BaseSettings], prefix: str = "HOSO_") -> set[str]:
    return {f"{prefix}{name}".upper() for name in kind.model_fields if name not in (*carriers(), "openid")}


def test_the_example_and_the_settings_are_one_list() -> None:
    lines = EXAMPLE.read_text().splitlines()
    shown = {line.partition("=")[0] for line in lines if line.startswith("HOSO_")}
    known = set(BESIDE)
    for room in (Settings, Command, Rehearsal, WorkerSettings):
        known |= the_names_of(room)
    for carrier in carriers():
        kind = Settings.model_fields[carrier].annotation
        assert isinstance(kind, type) and issubclass(kind, CarrierSettings)
        known |= the_names_of(kind, f"HOSO_{carrier}_")
    known |= the_names_of(Openid, "HOSO_OPENID_")

    assert (known - shown, shown - known) == (set(), set())
