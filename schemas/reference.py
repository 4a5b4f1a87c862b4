"""Reference data: agencies, procedures, calendars, carrier policy, and the bundle of one version of them all."""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from schemas.clock import SupplementPolicy, Unit
from schemas.dossier import DossierStatus
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
    digest: bool = True
    """Whether what one change of the reference data brought its dossiers is told as one `digest`; false: singly."""
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
    """Which carriers may carry which legs of which procedures, first match wins; the order is the order of trying.

    `provinces` are those of the citizen's end: a route. What is left out fits everything; but a carrier that is not the
    designated enterprise carries only procedures that its rule names.
    """

    carriers: Annotated[tuple[CarrierName, ...], Field(min_length=1)]
    because: ShortText
    procedures: tuple[ProcedureCode, ...] = ()
    agencies: tuple[AgencyCode, ...] = ()
    provinces: tuple[PlaceCode, ...] = ()
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


SHARES: Final = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 100)
"""Of how many cases in a hundred a row of history says how long they took."""


class CaseHistory(Strict):
    """How long a procedure's cases took: `days` are the working days within which each of `SHARES` had its result.

    Counted from the day on which a case entered `stage`; without one, from the day on which the count in force began.
    """

    procedure: ProcedureCode
    stage: DossierStatus | None = None
    cases: Annotated[int, Field(ge=1)]
    days: tuple[Annotated[int, Field(ge=0, le=25_000)], ...]

    @model_validator(mode="after")
    def _one_for_each_share(self) -> Self:
        if len(self.days) != len(SHARES):
            raise ValueError(f"a row has {len(SHARES)} numbers of days, one for each share; this has {len(self.days)}")
        if any(later < earlier for earlier, later in pairwise(self.days)):
            raise ValueError("more cases cannot be done in fewer days: the numbers of days rise")
        return self


class Forecasting(Strict):
    """What a forecast rests on (docs/forecast.md): how it judges, and the history of each procedure's cases.

    `share` is how many in a hundred of the cases that lasted as long must have been done in what is left; a row of
    history with fewer than `least_cases` counts for nothing. All days are working days.
    """

    share: Annotated[int, Field(ge=1, le=99)] = 50
    least_cases: Annotated[int, Field(ge=1)] = 20
    default_days: Annotated[int, Field(ge=0, le=250)] = 1
    """How long a case still takes of which there is no history."""
    transfer_days: Annotated[int, Field(ge=0, le=250)] = 2
    """How long at least one takes that is not with the competent agency yet."""
    after_wait_days: Annotated[int, Field(ge=0, le=250)] = 1
    """How long at least the result takes once there is what it waits for: an answer, a step, a payment, papers."""
    history: tuple[CaseHistory, ...] = ()


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
    storage_days: Annotated[int, Field(ge=0, le=3660)] = 180
    """Calendar days for which an agency keeps a result that came back undelivered; 0: no clock. No page of law that we
    know says how many: the city's own rule."""
    places: tuple[PlaceTable, ...] = ()
    forecast: Forecasting = Forecasting()
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
