"""A dossier's life as agencies state it: `vn.hoso.dossier.*`, what each fact carries, who may say it, what
status it enters.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from schemas.event import AgencyCode, Event, Frozen, Instant, LegName, Money, ProcedureCode, ShortText
from schemas.sealed import Contact, FreeText

LOG = "dossier.events"


class DossierStatus(StrEnum):
    """Where a dossier stands, in the words of the national portal's list. Overdue is never a status."""

    UNKNOWN = "UNKNOWN"
    SUBMITTED = "SUBMITTED"
    RECEIVED = "RECEIVED"
    RECEPTION_REFUSED = "RECEPTION_REFUSED"
    IN_PROCESS = "IN_PROCESS"
    AWAITING_SUPPLEMENT = "AWAITING_SUPPLEMENT"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    WITHDRAWN = "WITHDRAWN"
    STOPPED = "STOPPED"
    RESULT_READY = "RESULT_READY"
    RESULT_RETURNED = "RESULT_RETURNED"


NATIONAL = {
    DossierStatus.SUBMITTED: 1,
    DossierStatus.RECEIVED: 2,
    DossierStatus.RECEPTION_REFUSED: 3,
    DossierStatus.IN_PROCESS: 4,
    DossierStatus.AWAITING_SUPPLEMENT: 5,
    DossierStatus.AWAITING_PAYMENT: 6,
    DossierStatus.WITHDRAWN: 7,
    DossierStatus.STOPPED: 8,
    DossierStatus.RESULT_READY: 9,
    DossierStatus.RESULT_RETURNED: 10,
}
"""The code of each status as exchanged with the national portal (domain handbook, section 4)."""


class Channel(StrEnum):
    """How a dossier comes in (cách thức nộp)."""

    COUNTER = "COUNTER"
    ONLINE = "ONLINE"
    POSTAL = "POSTAL"


class ReturnMode(StrEnum):
    """How a result goes out (hình thức trả)."""

    COUNTER = "COUNTER"
    POST = "POST"
    ELECTRONIC = "ELECTRONIC"


class Role(StrEnum):
    """In what capacity an agency may state a fact about a dossier."""

    ONE_STOP = "one-stop"
    COMPETENT = "competent"
    LINKED = "linked"
    CONSULTED = "consulted"
    SAME = "the same agency"
    CITIZEN = "citizen"


class DocumentKind(StrEnum):
    """What lies in the envelope."""

    ORIGINAL = "ORIGINAL"
    COPY = "COPY"


class Document(Frozen):
    """A line of the custody manifest; a paperless document is a file elsewhere, by `uri` and `sha256`."""

    name: ShortText
    kind: DocumentKind
    copies: Annotated[int, Field(strict=True, ge=1, le=1000)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    uri: Annotated[str, StringConstraints(max_length=500)] | None = None


Documents = Annotated[tuple[Document, ...], Field(max_length=100)]
Names = Annotated[tuple[ShortText, ...], Field(max_length=100)]


class DossierFact(Event):
    """A fact an agency (or, for `rated`, the citizen) states.

    `said_by` are the roles that may; `enters` the status it brings.
    """

    topic: ClassVar[str] = LOG
    writer: ClassVar[str] = "gate"
    said_by: ClassVar[tuple[Role, ...]] = (Role.ONE_STOP,)
    enters: ClassVar[DossierStatus | None] = None
    opens: ClassVar[bool] = False
    """Whether a dossier may begin with it."""


class OpenLeg(Frozen):
    """A postal leg that was under way when its agency joined."""

    leg: LegName
    carrier: ShortText
    item_code: ShortText | None = None


class Adopted(DossierFact):
    """The opening balance of a dossier already open when its agency joins; it sets nothing in motion."""

    class Data(Frozen):
        status: DossierStatus
        as_of: Instant
        procedure_code: ProcedureCode
        receiving_agency: AgencyCode
        competent_agency: AgencyCode
        promised_due_on: date | None = None
        return_mode: ReturnMode | None = None
        legs: tuple[OpenLeg, ...] = ()

    opens = True
    type: Literal["vn.hoso.dossier.adopted.v1"] = "vn.hoso.dossier.adopted.v1"
    data: Data


class Submitted(DossierFact):
    """Sent in, not yet accepted (đã nộp)."""

    class Data(Frozen):
        procedure_code: ProcedureCode
        channel: Channel
        receiving_agency: AgencyCode
        competent_agency: AgencyCode | None = None
        applicant_ref: ShortText | None = None
        documents: Documents = ()

    opens = True
    enters = DossierStatus.SUBMITTED
    type: Literal["vn.hoso.dossier.submitted.v1"] = "vn.hoso.dossier.submitted.v1"
    data: Data


FOR_THE_POST: JsonDict = {
    "if": {"properties": {"return_mode": {"const": "POST"}}, "required": ["return_mode"]},
    "then": {"properties": {"contact": {"type": "object"}}, "required": ["contact"]},
}
"""Return by post needs somewhere to go, as JSON Schema says it."""


class Received(DossierFact):
    """Accepted, with a code and the appointment slip (tiếp nhận, slip 01)."""

    class Data(Frozen):
        model_config = ConfigDict(json_schema_extra=FOR_THE_POST)

        procedure_code: ProcedureCode
        channel: Channel
        receiving_agency: AgencyCode
        competent_agency: AgencyCode
        return_mode: ReturnMode
        contact: Contact | None = Field(None, validate_default=True)
        promised_due_on: date | None = None
        fee: Money | None = None
        documents: Documents = ()

        @field_validator("contact")
        @classmethod
        def contact_for_the_post(cls, contact: Contact | None, info: ValidationInfo) -> Contact | None:
            """Return by post needs somewhere to go."""
            if contact is None and info.data.get("return_mode") is ReturnMode.POST:
                raise PydanticCustomError("contact_missing", "required when return_mode is POST")
            return contact

    opens = True
    enters = DossierStatus.RECEIVED
    type: Literal["vn.hoso.dossier.received.v1"] = "vn.hoso.dossier.received.v1"
    data: Data


class ReceptionRefused(DossierFact):
    """Never entered (từ chối tiếp nhận, slip 03)."""

    class Data(Frozen):
        reason: FreeText

    enters = DossierStatus.RECEPTION_REFUSED
    type: Literal["vn.hoso.dossier.reception_refused.v1"] = "vn.hoso.dossier.reception_refused.v1"
    data: Data


class Step(Frozen):
    """A step of a linked procedure: whose it is and by when."""

    step: ShortText
    agency: AgencyCode
    due_on: date | None = None


class Forwarded(DossierFact):
    """Sent on to the agency that decides; the first of `steps` leads a linked procedure."""

    class Data(Frozen):
        to_agency: AgencyCode
        steps: Annotated[tuple[Step, ...], Field(max_length=50)] = ()

    enters = DossierStatus.IN_PROCESS
    type: Literal["vn.hoso.dossier.forwarded.v1"] = "vn.hoso.dossier.forwarded.v1"
    data: Data


class Rerouted(DossierFact):
    """Sent to the right one-stop, or after an office merged away."""

    class Data(Frozen):
        from_agency: AgencyCode
        to_agency: AgencyCode

    enters = DossierStatus.IN_PROCESS
    type: Literal["vn.hoso.dossier.rerouted.v1"] = "vn.hoso.dossier.rerouted.v1"
    data: Data


class Assigned(DossierFact):
    """An officer named (phân công)."""

    class Data(Frozen):
        agency: AgencyCode
        officer_ref: ShortText
        step: ShortText | None = None
        step_due_on: date | None = None

    said_by = (Role.COMPETENT, Role.LINKED)
    enters = DossierStatus.IN_PROCESS
    type: Literal["vn.hoso.dossier.assigned.v1"] = "vn.hoso.dossier.assigned.v1"
    data: Data


class StepCompleted(DossierFact):
    """A linked agency has done its part."""

    class Data(Frozen):
        step: ShortText
        agency: AgencyCode

    said_by = (Role.COMPETENT, Role.LINKED)
    enters = DossierStatus.IN_PROCESS
    type: Literal["vn.hoso.dossier.step_completed.v1"] = "vn.hoso.dossier.step_completed.v1"
    data: Data


class ConsultationRequested(DossierFact):
    """A question to another agency, with the limit for its answer (lấy ý kiến)."""

    class Data(Frozen):
        consultation_id: ShortText
        agency: AgencyCode
        limit_on: date

    said_by = (Role.COMPETENT,)
    enters = DossierStatus.IN_PROCESS
    type: Literal["vn.hoso.dossier.consultation_requested.v1"] = "vn.hoso.dossier.consultation_requested.v1"
    data: Data


class ConsultationAnswered(DossierFact):
    """The consulted agency has answered."""

    class Data(Frozen):
        consultation_id: ShortText
        agency: AgencyCode

    said_by = (Role.CONSULTED,)
    enters = DossierStatus.IN_PROCESS
    type: Literal["vn.hoso.dossier.consultation_answered.v1"] = "vn.hoso.dossier.consultation_answered.v1"
    data: Data


class SupplementStage(StrEnum):
    """Before a code exists, or after reception."""

    COUNTER = "COUNTER"
    APPRAISAL = "APPRAISAL"


class SupplementRequested(DossierFact):
    """Papers are missing, named once and completely (bổ sung hồ sơ, slip 02)."""

    class Data(Frozen):
        stage: SupplementStage
        documents: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=100)]
        reason: FreeText

    said_by = (Role.ONE_STOP, Role.COMPETENT)
    enters = DossierStatus.AWAITING_SUPPLEMENT
    type: Literal["vn.hoso.dossier.supplement_requested.v1"] = "vn.hoso.dossier.supplement_requested.v1"
    data: Data


class SupplementReceived(DossierFact):
    """The citizen brought papers; `complete` says whether all of them."""

    class Data(Frozen):
        complete: Annotated[bool, Field(strict=True)]

    enters = DossierStatus.IN_PROCESS
    type: Literal["vn.hoso.dossier.supplement_received.v1"] = "vn.hoso.dossier.supplement_received.v1"
    data: Data


class PaymentRequested(DossierFact):
    """A fee is due, in dong."""

    class Data(Frozen):
        amount: Money

    enters = DossierStatus.AWAITING_PAYMENT
    type: Literal["vn.hoso.dossier.payment_requested.v1"] = "vn.hoso.dossier.payment_requested.v1"
    data: Data


class PaymentReceived(DossierFact):
    """The fee is paid, in dong."""

    class Data(Frozen):
        amount: Money
        receipt_no: ShortText

    enters = DossierStatus.IN_PROCESS
    type: Literal["vn.hoso.dossier.payment_received.v1"] = "vn.hoso.dossier.payment_received.v1"
    data: Data


class ApologyChannel(StrEnum):
    """How the apology reached the citizen."""

    LETTER = "LETTER"
    SMS = "SMS"
    IN_PERSON = "IN_PERSON"


class ApologyIssued(DossierFact):
    """The letter that is owed before lateness (thư xin lỗi, slip 04)."""

    class Data(Frozen):
        reason: FreeText
        signed_by: ShortText
        channel: ApologyChannel
        new_due_on: date | None = None

    said_by = (Role.COMPETENT, Role.ONE_STOP)
    type: Literal["vn.hoso.dossier.apology_issued.v1"] = "vn.hoso.dossier.apology_issued.v1"
    data: Data


class Extended(DossierFact):
    """A new due date, lawful once (gia hạn, Decree 61/2018 art. 19(9))."""

    class Data(Frozen):
        new_due_on: date
        reason: FreeText
        basis: ShortText

    said_by = (Role.COMPETENT, Role.ONE_STOP)
    type: Literal["vn.hoso.dossier.extended.v1"] = "vn.hoso.dossier.extended.v1"
    data: Data


class ResultOutcome(StrEnum):
    """Granted, or refused after appraisal (`resolution_refused` in the deadline rules)."""

    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class ResultReady(DossierFact):
    """The agency has decided; the resolution clock stops and the result may leave the building."""

    class Data(Frozen):
        outcome: ResultOutcome
        physical: Annotated[bool, Field(strict=True)]
        result_no: ShortText | None = None
        documents: Documents = ()
        fee: Money | None = None

    said_by = (Role.COMPETENT,)
    enters = DossierStatus.RESULT_READY
    type: Literal["vn.hoso.dossier.result_ready.v1"] = "vn.hoso.dossier.result_ready.v1"
    data: Data


class ResultReturned(DossierFact):
    """The citizen has it, at the counter or electronically."""

    class Data(Frozen):
        mode: Literal[ReturnMode.COUNTER, ReturnMode.ELECTRONIC]
        receiver: FreeText

    enters = DossierStatus.RESULT_RETURNED
    type: Literal["vn.hoso.dossier.result_returned.v1"] = "vn.hoso.dossier.result_returned.v1"
    data: Data


class Withdrawn(DossierFact):
    """The applicant takes it back (rút hồ sơ)."""

    class Data(Frozen):
        reason: FreeText

    enters = DossierStatus.WITHDRAWN
    type: Literal["vn.hoso.dossier.withdrawn.v1"] = "vn.hoso.dossier.withdrawn.v1"
    data: Data


class ProcessingStopped(DossierFact):
    """Ended without a result (dừng xử lý, slip 05)."""

    class Data(Frozen):
        basis: ShortText

    said_by = (Role.COMPETENT,)
    enters = DossierStatus.STOPPED
    type: Literal["vn.hoso.dossier.processing_stopped.v1"] = "vn.hoso.dossier.processing_stopped.v1"
    data: Data


class CollectionRegistered(DossierFact):
    """The citizen asks the post to fetch the dossier (thu gom)."""

    class Data(Frozen):
        contact: Contact
        documents: Documents
        procedure_code: ProcedureCode | None = None
        receiving_agency: AgencyCode | None = None

    opens = True
    enters = DossierStatus.SUBMITTED
    type: Literal["vn.hoso.dossier.collection_registered.v1"] = "vn.hoso.dossier.collection_registered.v1"
    data: Data


class CollectionCancelled(DossierFact):
    """The citizen no longer wants it fetched."""

    class Data(Frozen):
        reason: FreeText

    type: Literal["vn.hoso.dossier.collection_cancelled.v1"] = "vn.hoso.dossier.collection_cancelled.v1"
    data: Data


class ReturnRegistered(DossierFact):
    """The result is to go by post, to this address; after a return it opens the next leg."""

    class Data(Frozen):
        contact: Contact

    type: Literal["vn.hoso.dossier.return_registered.v1"] = "vn.hoso.dossier.return_registered.v1"
    data: Data


class ReturnCancelled(DossierFact):
    """The result is no longer to go by post."""

    class Data(Frozen):
        reason: FreeText

    type: Literal["vn.hoso.dossier.return_cancelled.v1"] = "vn.hoso.dossier.return_cancelled.v1"
    data: Data


class Direction(StrEnum):
    """Which way an envelope passes the counter."""

    POST_TO_AGENCY = "POST_TO_AGENCY"
    AGENCY_TO_POST = "AGENCY_TO_POST"


class HandoverSigned(DossierFact):
    """The hand-over minutes, signed by post and agency: of a collected dossier, the legal submission (Decision
    45/2016 art. 7(5)).
    """

    class Data(Frozen):
        leg: LegName
        direction: Direction
        minutes_no: ShortText
        documents: Documents
        discrepancies: Names = ()
        procedure_code: ProcedureCode | None = None
        receiving_agency: AgencyCode | None = None

    opens = True
    type: Literal["vn.hoso.dossier.handover_signed.v1"] = "vn.hoso.dossier.handover_signed.v1"
    data: Data


class Retracted(Frozen):
    """Which fact is taken back, by its id; the source is the corrector's own."""

    id: ShortText


class Corrected(DossierFact):
    """Retracts a fact of the same source; of one not yet seen, when it comes (đính chính)."""

    class Data(Frozen):
        retracts: Retracted
        reason: FreeText

    said_by = (Role.SAME,)
    type: Literal["vn.hoso.dossier.corrected.v1"] = "vn.hoso.dossier.corrected.v1"
    data: Data


class Rated(DossierFact):
    """The citizen's scores, 0 to 2 a question (đánh giá hài lòng): the nine indices of Circular 01/2018 art. 12-15, in
    its order. The first rating of a dossier is in effect.
    """

    class Data(Frozen):
        scores: Annotated[
            tuple[Annotated[int, Field(strict=True, ge=0, le=2)], ...], Field(min_length=1, max_length=20)
        ]
        comment: FreeText | None = None

    writer: ClassVar[str] = "edge"
    said_by = (Role.CITIZEN,)
    type: Literal["vn.hoso.dossier.rated.v1"] = "vn.hoso.dossier.rated.v1"
    data: Data
