"""Carriers' codes that an operator gave a meaning, until a release holds them in its table."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.event import Event, Frozen, LongText, ShortText
from schemas.postal import CarrierName, FailureReason, FaultParty, ParcelStatus

CODES = "ops.codes"
Count = Annotated[int, Field(ge=0)]


class CodeMapped(Event):
    """An operator says what a carrier's code means that no table holds. The status UNKNOWN takes that back.

    `api_version` is the one its webhooks came under; null: the carrier's newest list. `firm`: whether the carrier's
    document says so, so that a proven channel makes it CONFIRMED; null: whatever the carrier's own table would be.
    `reason`: why a try failed where the body does not say it, and `fault` who is to blame, if not as usual.
    """

    class Data(Frozen):
        carrier: CarrierName
        api_version: ShortText | None = None
        code: ShortText
        status: ParcelStatus
        firm: bool | None = None
        reason: FailureReason | None = None
        fault: FaultParty | None = None
        why: LongText
        by: ShortText

    topic: ClassVar[str] = CODES
    writer: ClassVar[str] = "operators"
    type: Literal["vn.hoso.ops.code_mapped.v1"] = "vn.hoso.ops.code_mapped.v1"
    data: Data


class CodeApplied(Event):
    """The stored webhooks that carried a mapped code were translated again: how many those were, and their updates.

    `mapping` is the id of its `code_mapped`. `facts` counts what was said on the log, `waiting` what still belongs to
    no leg we know and waits for its receipt.
    """

    class Data(Frozen):
        mapping: ShortText
        carrier: CarrierName
        code: ShortText
        webhooks: Count
        facts: Count
        waiting: Count = 0

    topic: ClassVar[str] = CODES
    writer: ClassVar[str] = "translate"
    type: Literal["vn.hoso.ops.code_applied.v1"] = "vn.hoso.ops.code_applied.v1"
    data: Data
