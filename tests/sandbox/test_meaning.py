"""The sandbox shares no table with our translations: here they meet, and mean the same."""

from pathlib import Path

import pytest

from connectors.carriers import carriers
from schemas.postal import ParcelStatus
from tests.sandbox.customers import BUYERS, Buyer, Hook
from tests.sandbox.street import DAY, REFERENCE, a_street


def named(kind: type[Buyer]) -> str:
    return kind.name


@pytest.mark.parametrize("phone", ["0900000901", "0900000902", "0900000903", "0900000916"])
@pytest.mark.parametrize("kind", BUYERS, ids=named)
def test_our_translation_reads_in_a_webhook_the_step_that_the_carrier_meant(
    kind: type[Buyer], phone: str, tmp_path: Path
) -> None:
    ours = carriers()[kind.name]
    with a_street(tmp_path, kind) as street:
        street.buyer.order(REFERENCE, phone)
        street.ends()

    read = sorted(
        (str(one.status), str(one.reason or ""), one.at and int(one.at.timestamp()))
        for hook in street.hooks()
        for one in ours.updates(hook.body)
    )
    meant = sorted(
        (str(scan.status), _reason(kind, scan.status, str(scan.reason or "")), int(scan.at))
        for scan in street.parcel.plan
        if kind.name != "ghn" or scan.status is not ParcelStatus.FEE_SETTLED
    )
    assert read == meant


def _reason(kind: type[Buyer], status: ParcelStatus, reason: str) -> str:
    """Some carriers have no word of their own for a reason."""
    if reason == "NOT_FOUND" and kind.name in ("ghn", "ghtk"):
        return "ADDRESS_WRONG"
    if kind.name == "viettelpost" and status is ParcelStatus.DELIVERY_FAILED and reason != "REFUSED":
        return "ABSENT"
    return reason


@pytest.mark.parametrize("kind", BUYERS, ids=named)
def test_a_code_that_nobody_knows_is_unknown_to_our_translation_too(kind: type[Buyer], tmp_path: Path) -> None:
    ours = carriers()[kind.name]
    with a_street(tmp_path, kind) as street:
        street.buyer.order(REFERENCE, "0900000915")
        street.ends()

    read = [str(one.status) for hook in street.hooks() for one in ours.updates(hook.body)]
    assert read.count("UNKNOWN") == 1


@pytest.mark.parametrize("kind", BUYERS, ids=named)
def test_our_translation_reads_the_same_in_a_webhook_that_comes_twice(kind: type[Buyer], tmp_path: Path) -> None:
    ours = carriers()[kind.name]
    with a_street(tmp_path, kind) as street:
        street.buyer.order(REFERENCE, "0900000910")
        street.arrives()
        street.passes(DAY)
        street.quiet()

    def read(hook: Hook) -> list[tuple[str, str, object]]:
        return [(one.item, one.code, one.at) for one in ours.updates(hook.body)]

    found = [str(read(hook)) for hook in street.hooks()]
    assert all(found.count(one) % 2 == 0 for one in found)
