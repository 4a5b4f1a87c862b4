"""Carriers' contracts as this environment has them: webhooks that would be refused, or that anybody could send."""

from collections.abc import Iterator
from typing import Any

from connectors.carrier_settings import Signature
from connectors.carriers import carriers, settings_of
from connectors.doctor.finding import Finding, Severity
from connectors.doctor.place import Place
from connectors.doctor.words import Said, named

AREA = "carriers"
SECRETS = ("webhook_secret", "webhook_key_file")
"""What a carrier's webhooks are known by, as its settings call it."""
SET = Said("đã đặt trong môi trường này: {names}", "set in this environment: {names}")
NONE_SET = Said("môi trường này chưa đặt đơn vị bưu chính nào", "no carrier is set in this environment")
REFUSED = Said(
    "{carrier}: mọi webhook đều bị từ chối, chưa đặt {setting}",
    "{carrier}: every webhook is refused, {setting} is not set",
)
ANYBODY = Said(
    "{carrier}: ai cũng gửi được webhook của đơn vị này, chưa đặt {setting}",
    "{carrier}: anybody could send its webhooks, {setting} is not set",
)
ONLY_REPORTED = Said(
    "điều webhook nói chỉ là được báo, không bao giờ là đã xác nhận",
    "what they say is only reported, never confirmed",
)


def findings(place: Place) -> Iterator[Finding]:
    """Every carrier that is spoken to and whose webhooks nobody can tell from others'."""
    spoken_to = [name for name in sorted(carriers()) if settings_of(place.settings, name).url is not None]
    found = [one for name in spoken_to if (one := _unknown(name, settings_of(place.settings, name)))]
    yield from found
    if not found:
        what = SET.of(names=named(spoken_to)) if spoken_to else NONE_SET
        yield Finding(AREA, Severity.OK, what)


def _unknown(name: str, settings: Any) -> Finding | None:
    known_by = [one for one in SECRETS if hasattr(settings, one)]
    if not known_by or any(_is_set(getattr(settings, one)) for one in known_by):
        return None
    setting = f"HOSO_{name}_{known_by[0]}".upper()
    if settings.signature is Signature.REQUIRED:
        return Finding(AREA, Severity.BAD, REFUSED.of(carrier=name, setting=setting), "hoso carrier list")
    what = ANYBODY.of(carrier=name, setting=setting)
    return Finding(AREA, Severity.WARNING, what, "hoso carrier list", ONLY_REPORTED)


def _is_set(value: Any) -> bool:
    return bool(value.get_secret_value() if hasattr(value, "get_secret_value") else value)
