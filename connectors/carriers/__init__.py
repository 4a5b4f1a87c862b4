"""The carriers: every module of this folder that ends with `CARRIER = ...` is one, found by that name."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from connectors.carrier_settings import CarrierSettings
from connectors.carriers.carrier import Carrier, Fee, InDoubt, Order, Party, Receipt, Update
from connectors.settings import Settings

__all__ = [
    "Carrier",
    "Fee",
    "InDoubt",
    "Order",
    "Party",
    "Receipt",
    "Update",
    "carriers",
    "settings_of",
]


@cache
def carriers() -> dict[str, Carrier]:
    """Every carrier by its name."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    found: list[Carrier] = [module.CARRIER for module in modules if hasattr(module, "CARRIER")]
    return {carrier.name: carrier for carrier in found}


def settings_of(settings: Settings, carrier: str) -> CarrierSettings:
    """A carrier's part of the settings: the field with its name."""
    found = getattr(settings, carrier)
    assert isinstance(found, CarrierSettings)
    return found
