"""Reference data: agencies, procedures, calendars, carrier policy, and the bundle of one version of them all."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from schemas.clock import SupplementPolicy, Unit
from schemas.event import AgencyCode, Event, Frozen, LongText, ProcedureCode, ShortText
from schemas.notice import NoticeKind
from schemas.postal import CarrierName
from schemas.release import FIRST_RELEASE
from schemas.sealed import PlaceCode

REFERENCE = "reference"

Minute = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-4]):[0-5][0-9]$")]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Release = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4}){2}$")]


class Strict(Frozen):
    """Reference data is written by hand: a key it does not know is a mistake."""

    model_config = {"frozen": True, "extra": "forbid"}


class Stage(StrEnum):
    """How far an agency has joined: computed only; told; told and the post asked."""

    SHADOW = "shadow"
    NOTIFY = "notify"
    ACT = "act"


class AgencyRole(StrEnum):
    """What an agency may be to a dossier; which of them it is, the dossier says."""

    ONE_STOP = "one-stop"
    COMPETENT = "competent"


class AgencyAddress(Strict):
    """The post's other end of a leg."""

    line: ShortText
    ward_code: PlaceCode
    ward: ShortText
    province_code: PlaceCode
    province: ShortText


class Callback(Strict):
    """Where notices are sent. http is for development only. `ed25519` asks for a second signature, v1a."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://", max_length=500)]
    development: bool = False
    ed25519: bool = False


class Agency(Strict):
    """One agency: who it is, where the post finds it, when it is open, what it wants to be told and how."""

    code: AgencyCode
    name: ShortText
    name_en: ShortText
    phone: ShortText
    address: AgencyAddress
    aliases: tuple[AgencyCode, ...] = ()
    roles: tuple[AgencyRole, ...] = (AgencyRole.ONE_STOP, AgencyRole.COMPETENT)
    stage: Stage = Stage.ACT
    hours: tuple[tuple[Minute, Minute], ...] = (("07:30", "11:30"), ("13:00", "17:00"))
    callback: Callback | None = None
    results_topic: bool = False
    wants: tuple[NoticeKind, ...] = ()
    """Which kinds it wants by callback; empty: all. The feed always has all."""
    transfers_by_post: bool = False
    near_due_working_days: Annotated[int, Field(ge=1, le=30)] = 2
    events_per_minute: Annotated[int, Field(ge=1)] = 6000


class Procedure(Strict):
    """One administrative procedure: its term, what a supplement does to it, whether the post may carry it."""

    code: ProcedureCode
    name: ShortText
    level: ShortText
    amount: Annotated[int, Field(ge=1)] | None = None
    unit: Unit | None = None
    supplement_policy: SupplementPolicy = SupplementPolicy.RESTART
    supplement_days: int | None = None
    by_post: bool = True
    note: str = ""


class CarrierRule(Strict):
    """Which carriers may carry which legs of which procedures, first match wins; the order is the order of trying."""

    carriers: Annotated[tuple[CarrierName, ...], Field(min_length=1)]
    because: ShortText
    procedures: tuple[ProcedureCode, ...] = ()
    agencies: tuple[AgencyCode, ...] = ()
    legs: tuple[Annotated[str, StringConstraints(pattern=r"^[CDRT]$")], ...] = ()


class CalendarDay(Strict):
    """A weekday that is closed, or a weekend day that is worked, and why."""

    day: Day
    basis: ShortText
    document: ShortText | None = None


class Calendar(Strict):
    """A version of the official calendar of public offices."""

    calendar: ShortText
    version: ShortText
    first_year: int
    last_year: int
    provisional_years: tuple[int, ...] = ()
    closed: tuple[CalendarDay, ...] = ()
    worked: tuple[CalendarDay, ...] = ()


class PlaceTable(Strict):
    """A carrier's own codes for our provinces and wards."""

    carrier: CarrierName
    provinces: dict[PlaceCode, ShortText] = {}
    wards: dict[PlaceCode, ShortText] = {}


class Bundle(Strict):
    """One version of all reference data: what a fact's `refversion` names. No secrets."""

    version: ShortText
    agencies: tuple[Agency, ...]
    procedures: tuple[Procedure, ...]
    calendar: Calendar
    carrier_rules: tuple[CarrierRule, ...]
    same_province_days: Annotated[int, Field(ge=0, le=30)] = 2
    """J + n working days to the first attempt within a province (Circular 17/2017 art. 7)."""
    elsewhere_days: Annotated[int, Field(ge=0, le=30)] = 4
    """J + n working days elsewhere."""
    places: tuple[PlaceTable, ...] = ()
    finalised: Release = FIRST_RELEASE
    """The newest release that every process runs (`hoso fleet finalise`): nobody writes what a newer one brought."""
    why: LongText | None = None
    """Why it was put in force, in the words of who did it; no part of what the version's name is drawn from."""


def _of_any_release(value: object) -> object:
    """A bundle of a newer release may say more than we know. A file may not: there a key we do not know is a slip."""
    return Bundle.model_validate(value, extra="ignore") if isinstance(value, dict) else value


class ReferencePublished(Event):
    """A version of the reference data came into force."""

    topic: ClassVar[str] = REFERENCE
    writer: ClassVar[str] = "hoso reference apply"
    type: Literal["vn.hoso.reference.published.v1"] = "vn.hoso.reference.published.v1"
    data: Annotated[Bundle, BeforeValidator(_of_any_release)]
